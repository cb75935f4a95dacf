package rows

import (
	"context"
	"time"

	"github.com/symphainy/symphainy/test/chaos/bed"
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
		o.judge(ctx, b, ids, steps)
		claims, err := b.Protocol("claim")
		o.wrong(err)
		again := 0
		for _, line := range claims {
			if line.Words[1] != "1" {
				again++
			}
		}
		o.count("executions", len(ids))
		o.figure("claimed again %d, all ended after %s", again, round(time.Since(began)))
		o.none(again, "claimed again", "%d times although no owner died", again)
		o.want(time.Since(began) < 2*time.Minute, "the last execution ended only after %s", time.Since(began))
		return o.result(b)
	}
	return row
}
