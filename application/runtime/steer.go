package runtime

import (
	"context"
	"time"

	"github.com/symphainy/symphainy/domain/audit"
	"github.com/symphainy/symphainy/domain/event"
	"github.com/symphainy/symphainy/domain/execution"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/ports"
)

var _ ports.Control = (*Engine)(nil)

// act is what a caller's control of an execution did.
type act struct {
	// changed is false for a request that changes nothing, such as a second one; then nothing is recorded either.
	changed bool
	drafts  []event.Draft
	// detail is added to the audit record.
	detail map[string]any
	// control asks the owner of the execution, wherever it runs, to look at its row.
	control bool
}

// steer changes an execution in scope under its row's lock, with its events and audit record in one transaction, and tells the watchers. That
// the caller may has been checked.
func (e *Engine) steer(ctx context.Context, p identity.Principal, scope identity.Scope, id, action string,
	change func(ctx context.Context, tx ports.Tx, ex *execution.Execution, now time.Time) (act, error),
) (execution.Snapshot, error) {
	var after execution.Snapshot
	var done act
	err := e.again(ctx, func(ctx context.Context, tx ports.Tx) error {
		now := e.Clock.Now()
		ex, err := tx.Executions.Lock(ctx, scope, id)
		if err != nil {
			return err
		}
		if done, err = change(ctx, tx, &ex, now); err != nil {
			return err
		}
		if done.changed {
			if err := e.recordAct(ctx, tx, p, &ex, action, done, now); err != nil {
				return err
			}
		}
		after = ex.Snapshot()
		return nil
	})
	if err != nil {
		return execution.Snapshot{}, err
	}
	if done.changed {
		e.hint(ctx, after, done.control)
	}
	return after, nil
}

// recordAct stores a changed execution with the events and the audit record of a caller's act.
func (e *Engine) recordAct(ctx context.Context, tx ports.Tx, p identity.Principal, ex *execution.Execution, action string, done act, now time.Time) error {
	if err := e.append(ctx, tx, ex, done.drafts...); err != nil {
		return err
	}
	record := e.record(ex.Snapshot(), action, audit.Allowed, now)
	record.Actor, record.Detail = p.Actor(), encode(done.detail)
	return tx.Audit.Append(ctx, record)
}
