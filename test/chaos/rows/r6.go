package rows

import (
	"context"
	"fmt"
	"syscall"
	"time"

	"github.com/symphainy/symphainy/test/chaos/bed"
)

func r6() Row {
	row := Row{
		ID: "R6", Title: "replicas start and stop under load", Short: true,
		Goal: "running work adopted 0, run again 0",
	}
	const steps = 3
	row.Run = func(ctx context.Context, r *Run) Result {
		o := r.outcome(row)
		// The leases of a real deployment, so that none lapses by itself.
		b, err := r.bed(ctx, func(o *bed.Options) { o.Vars = nil })
		if err != nil {
			o.wrong(err)
			return o.result(nil)
		}
		starts := r.pick(100, 8)
		// Long enough that one that was adopted would be claimed again before it ends.
		l := load{clients: 10, executions: starts * 12, every: 1200 * time.Millisecond, parameters: map[string]any{"steps": steps, "work_ms": 600}}
		work := l.start(ctx, b)
		guest := b.Replicas[2]
		o.wrong(stop(ctx, guest))
		for range starts {
			o.wrong(guest.Start(ctx))
			o.wrong(pause(ctx, time.Duration(50+b.Random(300))*time.Millisecond))
			o.wrong(stop(ctx, guest))
		}
		ids, err := work.submitted()
		o.wrong(err)
		o.count("starts", starts)
		o.count("executions", len(ids))
		o.notTaken(o.judge(ctx, b, ids, steps), "under load")
		return o.result(b)
	}
	return row
}

// stop sends SIGTERM and waits for a good end.
func stop(ctx context.Context, r *bed.Replica) error {
	ctx, cancel := context.WithTimeout(ctx, 45*time.Second)
	defer cancel()
	if err := r.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	code, err := r.Ended(ctx)
	if err == nil && code != 0 {
		err = fmt.Errorf("a stopped replica ended with %d: %s", code, r.Log())
	}
	return err
}
