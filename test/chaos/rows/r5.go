package rows

import (
	"context"
	"errors"
	"fmt"
	"syscall"
	"time"

	"github.com/symphainy/symphainy/test/chaos/bed"
)

func r5() Row {
	row := Row{
		ID: "R5", Title: "owners that stand still and come back", Short: true,
		Goal: "stale writes tried > 0, accepted 0",
	}
	const steps = 5
	row.Run = func(ctx context.Context, r *Run) Result {
		o := r.outcome(row)
		b, err := r.bed(ctx, nil)
		if err != nil {
			o.wrong(err)
			return o.result(nil)
		}
		c, err := b.Anonymous(ctx, "client")
		if err != nil {
			o.wrong(err)
			return o.result(b)
		}
		// The work lasts four leases, so that the owner that comes back meets another in the middle of it, and it does not hear that it
		// should stop.
		parameters := map[string]any{"steps": steps, "work_ms": r.lease().Milliseconds() * 8 / 10, "stubborn": true}
		goal, paused, stops := r.pick(100, 20), 0, 0
		var ids []string
		for round := 0; paused < goal && round < 3*goal; round++ {
			for i := range 6 {
				id, err := c.Insist(ctx, bed.Intent{Type: "chaos_run", Parameters: parameters, Key: fmt.Sprintf("zombie-%d-%d", round, i)})
				o.wrong(err)
				ids = append(ids, id)
			}
			n, err := standStill(ctx, r, b, b.Replicas[round%len(b.Replicas)])
			if err != nil {
				o.wrong(errors.Join(errSkipped, err))
				break
			}
			if paused += n; n > 0 {
				stops++
			}
		}
		o.count("executions", len(ids))
		o.count("paused owners", paused)
		o.count("SIGSTOPs", stops)
		o.judge(ctx, b, ids, steps)
		stale, err := b.Protocol("stale")
		o.wrong(err)
		o.figure("stale writes tried %d", len(stale))
		o.numbers["stale tried"] = float64(len(stale))
		o.want(len(stale) > 0, "no stale write was tried: nothing was shown")
		return o.result(b)
	}
	return row
}

// standStill stops a replica that owns something for three leases, and gives how many executions it owned.
func standStill(ctx context.Context, r *Run, b *bed.Bed, victim *bed.Replica) (int, error) {
	var owned []string
	search, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	err := bed.Until(search, 20*time.Millisecond, func() (bool, error) {
		ids, err := b.OwnedBy(ctx, victim.Worker())
		owned = ids
		return len(ids) > 0, err
	})
	if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
		return 0, nil // the others took everything
	}
	if err != nil {
		return 0, err
	}
	if err := victim.Signal(syscall.SIGSTOP); err != nil {
		return 0, err
	}
	return len(owned), errors.Join(pause(ctx, 3*r.lease()), victim.Signal(syscall.SIGCONT))
}
