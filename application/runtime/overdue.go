package runtime

import (
	"context"
	"errors"

	"github.com/symphainy/symphainy/domain/execution"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/ports"
)

// errQueueTimeout is an execution that did not start in time.
var errQueueTimeout = fault.New(fault.Unavailable, "queue_timeout", "The execution did not start in time.")

// failOverdue fails what is past its time and that nobody works on: queued, waiting, between attempts, or paused. Who works on one ends it
// by itself.
func (e *Engine) failOverdue(ctx context.Context) error {
	var ids []string
	err := e.UnitOfWork.View(ctx, func(ctx context.Context, tx ports.Tx) (err error) {
		ids, err = tx.Deadlines.Overdue(ctx, sweepBatch)
		return err
	})
	if err != nil {
		return err
	}
	for _, id := range ids {
		var after execution.Snapshot
		err := e.again(ctx, func(ctx context.Context, tx ports.Tx) error {
			ex, err := tx.Deadlines.Seize(ctx, id)
			if err != nil {
				return err
			}
			now, reason := e.Clock.Now(), errTimeout
			if s := ex.Snapshot(); s.Deadline.IsZero() || s.Deadline.After(now) {
				reason = errQueueTimeout
			}
			return e.giveUp(ctx, tx, &ex, &after, execution.Failed, reason, now)
		})
		if errors.Is(err, fault.ErrNotFound) { // another process was here first, or it goes on
			continue
		}
		if err != nil {
			return err
		}
		e.hint(ctx, after, false)
	}
	return nil
}
