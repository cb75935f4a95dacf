package rows

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"time"

	"github.com/symphainy/symphainy/test/chaos/bed"
	"github.com/symphainy/symphainy/test/chaos/check"
)

func r17() Row {
	row := Row{
		ID: "R17", Title: "replicas whose clocks are wrong by ten minutes",
		Goal: "leases by database time: double claims 0, early expiries 0",
	}
	const steps = 4
	row.Run = func(ctx context.Context, r *Run) Result {
		o := r.outcome(row)
		// The leases of a real deployment, so that none lapses by itself.
		b, err := r.bed(ctx, func(o *bed.Options) { o.Vars = nil })
		if err != nil {
			o.wrong(err)
			return o.result(nil)
		}
		for i, offset := range []string{"-10m", "0s", "10m"} {
			o.wrong(b.Replicas[i].Kill())
			o.wrong(b.Replicas[i].Start(ctx, "CHAOS_CLOCK="+offset))
		}
		// Times at which work falls due are the accepting host's, so clients talk to the replica whose clock is right; all three work.
		b.Prefer = b.Replicas[1]
		began := time.Now()
		work := load{clients: 6, executions: r.pick(300, 60), parameters: map[string]any{"steps": steps, "work_ms": 600}}.start(ctx, b)
		ids, err := work.submitted()
		o.wrong(err)
		o.count("executions", len(ids))
		o.notTaken(o.judge(ctx, b, ids, steps), "hosts wrong")
		o.figure("all ended after %s", round(time.Since(began)))
		o.want(time.Since(began) < 2*time.Minute, "the last execution ended only after %s", time.Since(began))
		o.wrong(o.tokens(ctx, b))
		o.wrong(o.hourAhead(ctx, r, steps))
		return o.result(b)
	}
	return row
}

// notTaken holds that no execution was taken from its owner: nobody died.
func (o *outcome) notTaken(tables check.Tables, when string) {
	f := check.TakenOver(tables)
	o.figure("%s: taken over %d of %d", when, f.Count("taken over"), f.Checked)
	o.want(f.Checked > 0, "%s: nothing was claimed", when)
	o.zero(f)
}

// tokens of a host that is ten minutes ahead are not good yet; within the leeway of 30 s they are.
func (o *outcome) tokens(ctx context.Context, b *bed.Bed) error {
	use := func(name string, made, used *bed.Replica, want int) error {
		b.Prefer = made
		user, err := b.Register(ctx, name)
		if err != nil {
			return err
		}
		a, err := user.Call(ctx, used.URL(), http.MethodGet, "/api/auth/me", nil)
		if err != nil {
			return err
		}
		return status(a, want)
	}
	late, right, early := b.Replicas[0], b.Replicas[1], b.Replicas[2]
	if err := errors.Join(use("tokenahead", early, right, http.StatusUnauthorized), use("tokenright", right, late, http.StatusUnauthorized)); err != nil {
		return err
	}
	o.wrong(late.Kill())
	o.wrong(early.Kill())
	if err := errors.Join(late.Start(ctx, "CHAOS_CLOCK=-20s"), early.Start(ctx, "CHAOS_CLOCK=20s")); err != nil {
		return err
	}
	o.figure("tokens 10 min ahead refused 2/2, 20 s ahead taken 2/2")
	return errors.Join(use("tokensoon", early, right, http.StatusOK), use("tokenfits", right, late, http.StatusOK))
}

// hourAhead lets the database's own clock be an hour ahead of everybody's.
func (o *outcome) hourAhead(ctx context.Context, r *Run, steps int) error {
	found, err := filepath.Glob("/usr/lib/*/faketime/libfaketime.so.1")
	if err != nil {
		return err
	}
	if len(found) == 0 {
		o.figure("the database's clock: not run, there is no libfaketime here")
		return nil
	}
	b, err := r.bed(ctx, func(o *bed.Options) { o.Vars, o.Private = nil, true })
	if err != nil {
		return err
	}
	defer func() { o.wrong(b.Close()) }()
	if err := b.ControlPostgres(ctx, "stop", "-m", "fast"); err != nil {
		return err
	}
	if err := b.StartPostgres(ctx, bed.Change{Environ: []string{"LD_PRELOAD=" + found[0], "FAKETIME=+1h", "FAKETIME_DONT_FAKE_MONOTONIC=1"}}); err != nil {
		return err
	}
	ahead, err := b.Int(ctx, fmt.Sprintf("SELECT (extract(epoch FROM clock_timestamp()) - %d)::bigint", time.Now().Unix()))
	if err != nil {
		return err
	}
	o.want(ahead > 3500 && ahead < 3700, "the database is %d s ahead, not an hour", ahead)
	ids, err := load{clients: 6, executions: r.pick(300, 40), parameters: map[string]any{"steps": steps, "work_ms": 600}}.start(ctx, b).submitted()
	o.wrong(err)
	o.count("executions under a database an hour ahead", len(ids))
	o.notTaken(o.judge(ctx, b, ids, steps), "database ahead")
	return nil
}
