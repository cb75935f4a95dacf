package rows

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/symphainy/symphainy/test/chaos/bed"
	"github.com/symphainy/symphainy/test/chaos/history"
)

func r25() Row {
	row := Row{
		ID: "R25", Title: "an earlier version and the present one on one store, with the migration between them",
		Goal: "errors 0, rows lost 0",
	}
	const steps = 3
	row.Run = func(ctx context.Context, r *Run) Result {
		o := r.outcome(row)
		old, err := r.Suite.Earlier(ctx, r.Old)
		if errors.Is(err, bed.ErrNoRelease) {
			result := o.result(nil)
			result.Pass, result.CannotRun = false, err.Error()
			return result
		}
		if err != nil {
			o.wrong(err)
			return o.result(nil)
		}
		b, err := r.bed(ctx, func(o *bed.Options) { o.Private, o.Binary = true, old })
		if err != nil {
			o.wrong(err)
			return o.result(nil)
		}
		c, err := b.Anonymous(ctx, "client")
		if err != nil {
			o.wrong(err)
			return o.result(b)
		}
		part := time.Duration(r.pick(24, 4)) * time.Second
		asked := startAsking(ctx, c, map[string]any{"steps": steps, "work_ms": 100})
		over, end := context.WithCancel(ctx)
		var requests atomic.Int64
		broken := make(chan error, 10_000)
		var balanced sync.WaitGroup
		for n := range 4 {
			balanced.Go(func() { balance(over, b, n, &requests, broken) })
		}
		o.wrong(pause(ctx, part))
		o.wrong(r.Suite.Migrate(ctx, b.DSN, r.Suite.Binary))
		for _, replica := range b.Replicas {
			o.wrong(pause(ctx, part))
			o.wrong(stop(ctx, replica))
			replica.Binary = r.Suite.Binary
			o.wrong(replica.Start(ctx))
		}
		o.wrong(pause(ctx, part))
		end()
		o.wrong(asked.stop())
		balanced.Wait()
		close(broken)
		failed := 0
		for err := range broken {
			if failed++; failed <= 3 {
				o.wrong(err)
			}
		}
		var ids []string
		for _, op := range b.History.Ops() {
			if op.Outcome == history.OK {
				ids = append(ids, op.Result)
			}
		}
		o.count("replicas replaced", len(b.Replicas))
		o.count("executions", len(ids))
		o.count("requests", int(requests.Load()))
		o.figure("failed requests %d", failed)
		o.none(failed, "failed requests", "%d of %d", failed, requests.Load())
		o.judge(ctx, b, ids, steps)
		return o.result(b)
	}
	return row
}
