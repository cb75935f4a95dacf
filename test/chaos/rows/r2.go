package rows

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/symphainy/symphainy/test/chaos/bed"
)

// sites are the places at which a process can end between two durable facts.
func sites() []string {
	return []string{
		"submit.before", "submit.commit", "submit.committed", "claim.committed", "step.middle", "outside.done", "step.committed", "end.event",
		"publish.before", "upgrade.commit", "refresh.committed", "drain", "renew.commit",
	}
}

func r2() Row {
	row := Row{
		ID: "R2", Title: "a process ends at each crash point",
		Goal: "violations 0 at every site",
	}
	const steps = 3
	row.Run = func(ctx context.Context, r *Run) Result {
		o := r.outcome(row)
		b, err := r.bed(ctx, nil)
		if err != nil {
			o.wrong(err)
			return o.result(nil)
		}
		owner, err := b.Register(ctx, "owner")
		if err != nil {
			o.wrong(err)
			return o.result(b)
		}
		var ids []string
		crashes := 0
		for _, site := range sites() {
			n := 0
			for try := range r.pick(10, 2) {
				made, crashed, err := crash(ctx, b, owner, site, try)
				o.wrong(err)
				ids = append(ids, made...)
				if crashed {
					n++
				}
			}
			crashes += n
			o.figure("%s %d", site, n)
			o.want(n > 0, "no process ended at %s: nothing was shown there", site)
		}
		migrations, err := migrationKills(ctx, r, b, r.pick(10, 2))
		o.wrong(err)
		o.count("crashes", crashes+migrations)
		o.judge(ctx, b, ids, steps)
		o.outside(b)
		return o.result(b)
	}
	return row
}

// crash arms a site in one replica, works until that has ended there, and starts it again without. Not every try gets there: another
// replica may take the work.
func crash(ctx context.Context, b *bed.Bed, owner *bed.Client, site string, try int) (ids []string, crashed bool, err error) {
	victim := b.Replicas[try%len(b.Replicas)]
	at := 1 + try%2
	if site == "drain" {
		at = 1 // a process drains once
	}
	if err := errors.Join(victim.Kill(), victim.Start(ctx, "CHAOS_POINTS="+site+"=exit@"+fmt.Sprint(at))); err != nil {
		return nil, false, err
	}
	c, err := b.Anonymous(ctx, fmt.Sprintf("%s-%d", site, try))
	if err != nil {
		return nil, false, err
	}
	for i := 0; i < 25 && victim.Running(); i++ {
		in := bed.Intent{Type: "chaos_run", Parameters: map[string]any{"steps": 3, "work_ms": 30, "outside": true}, Key: fmt.Sprintf("%s-%d-%d", site, try, i)}
		if strings.HasPrefix(site, "submit") {
			_, _, _ = c.Submit(ctx, victim.URL(), in) // lost with its replica, and insisted on below
		}
		id, err := c.Insist(ctx, in)
		if err != nil {
			return ids, false, err
		}
		ids = append(ids, id)
		switch site {
		case "upgrade.commit":
			err = upgradeAt(ctx, b, owner, victim)
		case "refresh.committed":
			err = refreshAt(ctx, b, owner, victim)
		case "drain":
			if code, err := signalled(ctx, victim); err != nil || code == 0 {
				return ids, false, errors.Join(err, fmt.Errorf("a drain ended with %d", code))
			}
		default:
			err = pause(ctx, 60*time.Millisecond)
		}
		if err != nil {
			return ids, false, err
		}
	}
	crashed = !victim.Running()
	return ids, crashed, errors.Join(victim.Kill(), victim.Start(ctx))
}

// upgradeAt upgrades a visitor's session at a replica that may end in the middle of it, and insists.
func upgradeAt(ctx context.Context, b *bed.Bed, owner *bed.Client, victim *bed.Replica) error {
	visitor, err := b.Anonymous(ctx, "visitor")
	if err != nil {
		return err
	}
	both := *visitor
	both.Token = owner.Token
	_, err = retried(ctx, &both, b, victim.URL(), http.StatusOK, func(base string) (bed.Answer, error) {
		return both.Call(ctx, base, http.MethodPatch, "/api/session/"+visitor.Session+"/upgrade", map[string]any{})
	})
	return err
}

func refreshAt(ctx context.Context, b *bed.Bed, owner *bed.Client, victim *bed.Replica) error {
	anyone := *owner
	anyone.Token = ""
	a, err := retried(ctx, &anyone, b, victim.URL(), http.StatusOK, func(base string) (bed.Answer, error) {
		return anyone.Call(ctx, base, http.MethodPost, "/api/auth/refresh", map[string]any{"refresh_token": owner.Refresh})
	})
	if err == nil {
		owner.Refresh, owner.Token = a.Text("refresh_token"), a.Text("access_token")
	}
	return err
}

// migrationKills kills `migrate` of a new database at different moments; the next run has to bring it to the end.
func migrationKills(ctx context.Context, r *Run, b *bed.Bed, n int) (int, error) {
	killed := 0
	for i := range n {
		dir := filepath.Join(b.Dir, fmt.Sprintf("migrated-%d", i))
		migrate := func(ctx context.Context) error {
			cmd := exec.CommandContext(ctx, r.Suite.Binary, "migrate")
			cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + b.Dir, "SYMPHAINY_DATA_DIR=" + dir}
			out, err := cmd.CombinedOutput()
			if err != nil {
				return fmt.Errorf("migrate: %w: %s", err, out)
			}
			return nil
		}
		short, cancel := context.WithTimeout(ctx, time.Duration(20+b.Random(200))*time.Millisecond)
		if migrate(short) != nil && short.Err() != nil {
			killed++
		}
		cancel()
		if err := migrate(ctx); err != nil {
			return killed, err
		}
	}
	return killed, nil
}

// signalled sends SIGTERM and gives the code with which the process ended.
func signalled(ctx context.Context, r *bed.Replica) (int, error) {
	ctx, cancel := context.WithTimeout(ctx, 45*time.Second)
	defer cancel()
	if err := r.Signal(syscall.SIGTERM); err != nil {
		return 0, err
	}
	return r.Ended(ctx)
}
