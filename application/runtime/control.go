package runtime

import (
	"context"
	"time"

	"github.com/symphainy/symphainy/domain/audit"
	"github.com/symphainy/symphainy/domain/event"
	"github.com/symphainy/symphainy/domain/execution"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/ports"
)

// Execution reads one execution in scope.
func (e *Engine) Execution(ctx context.Context, scope identity.Scope, id string) (execution.Snapshot, error) {
	var s execution.Snapshot
	err := e.UnitOfWork.Look(ctx, func(ctx context.Context, tx ports.Tx) error {
		ex, err := tx.Executions.ByID(ctx, scope, id)
		s = ex.Snapshot()
		return err
	})
	return s, err
}

// Executions lists executions in scope, newest first.
func (e *Engine) Executions(ctx context.Context, scope identity.Scope, f ports.ExecutionFilter, page ports.Page) ([]execution.Snapshot, error) {
	var list []execution.Snapshot
	err := e.UnitOfWork.Look(ctx, func(ctx context.Context, tx ports.Tx) error {
		found, err := tx.Executions.List(ctx, scope, f, page)
		list = make([]execution.Snapshot, len(found))
		for i, ex := range found {
			list[i] = ex.Snapshot()
		}
		return err
	})
	return list, err
}

// Cancel ends an execution that nobody works on, and otherwise asks its owner to stop, wherever that runs.
func (e *Engine) Cancel(ctx context.Context, p identity.Principal, id string) (execution.Snapshot, error) {
	if !p.May(identity.PermWrite) {
		return execution.Snapshot{}, fault.ErrPermission
	}
	return e.cancelIn(ctx, p, p.Scope(), id)
}

// cancelIn is Cancel of an execution in the given scope, whose right to it has been checked.
func (e *Engine) cancelIn(ctx context.Context, p identity.Principal, scope identity.Scope, id string) (execution.Snapshot, error) {
	var after execution.Snapshot
	err := e.again(ctx, func(ctx context.Context, tx ports.Tx) error {
		ex, err := tx.Executions.Lock(ctx, scope, id)
		if err != nil {
			return err
		}
		before, now := ex.Snapshot(), e.Clock.Now()
		changed, err := e.cancel(ctx, tx, &ex, &after, now)
		if err != nil || !changed {
			return err
		}
		record := e.record(before, "execution.cancel", audit.Allowed, now)
		record.Actor = p.Actor()
		return tx.Audit.Append(ctx, record)
	})
	if err != nil {
		return execution.Snapshot{}, err
	}
	e.hint(ctx, after, true)
	if after.State == execution.Cancelled {
		e.cancelOrphans(ctx)
	}
	return after, nil
}

// cancel ends an execution that nobody works on, by way of its undos if it has any, and otherwise asks its owner to stop. It reports whether
// that changed anything.
func (e *Engine) cancel(ctx context.Context, tx ports.Tx, ex *execution.Execution, after *execution.Snapshot, now time.Time) (changed bool, err error) {
	before := ex.Snapshot()
	if !before.State.Terminal() && before.Ending == "" && !ex.Owned(now) {
		return true, e.giveUp(ctx, tx, ex, after, execution.Cancelled, nil, now)
	}
	_, err = ex.RequestCancel(now)
	*after = ex.Snapshot()
	if err != nil || before.CancelRequested == after.CancelRequested {
		return false, err
	}
	return true, tx.Executions.Save(ctx, *ex)
}

// end stores the terminal state with its events and audit record, and lets the next of its lane go.
func (e *Engine) end(ctx context.Context, tx ports.Tx, ex *execution.Execution, after *execution.Snapshot, now time.Time, drafts ...event.Draft) error {
	events := ex.Record(now, append(e.failureEvents(ctx, ex.Snapshot()), drafts...)...)
	s := ex.Snapshot()
	if err := tx.Executions.Save(ctx, *ex); err != nil {
		return err
	}
	ex.Saved()
	*after = ex.Snapshot()
	if err := tx.Events.Append(ctx, s.TenantID, events); err != nil {
		return err
	}
	if err := tx.Audit.Append(ctx, e.record(s, "intent.ended", results[s.State], now)); err != nil {
		return err
	}
	if err := e.wakeParent(ctx, tx, s, now); err != nil {
		return err
	}
	if s.Intent.Lane == "" {
		return nil
	}
	next, err := tx.Leases.NextInLane(ctx, s.TenantID, s.Intent.Lane)
	if err != nil || next == "" {
		return err
	}
	return tx.Queue.Enqueue(ctx, ports.Job{ExecutionID: next})
}

// failureEvents gives what the realm of a failed or cancelled execution adds to its log. A realm that panics here adds nothing: the
// execution must be able to end.
func (e *Engine) failureEvents(ctx context.Context, s execution.Snapshot) (drafts []event.Draft) {
	entry, err := e.Catalogue.Find(s.Intent.Type)
	if err != nil || entry.FailureReporter == nil || s.State == execution.Completed {
		return nil
	}
	code, message := s.ErrorCode, s.ErrorMessage
	if s.State == execution.Cancelled {
		code, message = "cancelled", "The execution was cancelled."
	}
	err = guarded(func() error {
		drafts = entry.FailureReporter.FailureEvents(s, code, message)
		return nil
	})
	if err != nil {
		e.Report(ctx, "ask a realm about a failure", err)
	}
	return drafts
}

//nolint:gochecknoglobals // a constant table
var results = map[execution.State]audit.Result{
	execution.Completed: audit.Completed, execution.Failed: audit.Failed, execution.Cancelled: audit.Cancelled,
}

// Wait returns the execution with the beginning of its log when it is terminal, or as it is when d or ctx is over. Where this process has written all
// of that, it is not read again.
func (e *Engine) Wait(ctx context.Context, scope identity.Scope, id string, d time.Duration) (ports.EventPage, error) {
	s, err := e.wait(ctx, scope, id, d)
	if err != nil || !s.State.Terminal() {
		return ports.EventPage{Execution: s, Epoch: s.Epoch}, err
	}
	return e.seeAfter(ctx, place{scope: scope, execution: id}, s.LastSeq)
}

func (e *Engine) wait(ctx context.Context, scope identity.Scope, id string, d time.Duration) (execution.Snapshot, error) {
	over := time.NewTimer(d)
	defer over.Stop()
	e.mu.Lock()
	here := e.running[id]
	e.mu.Unlock()
	var last execution.Snapshot
	if here != nil && here.claimed.Scope() == scope {
		s, ok := e.witness(ctx, here, d)
		if ok {
			return s, nil
		}
		last = here.claimed
	}
	hints, unsubscribe, err := e.Bus.Subscribe(ports.TopicExecution(id))
	if err != nil {
		return execution.Snapshot{}, err
	}
	defer unsubscribe()
	poll := time.NewTicker(e.cfg.Poll)
	defer poll.Stop()
	for {
		s, err := e.Execution(ctx, scope, id)
		if err != nil && ctx.Err() != nil && last.ID != "" {
			return last, nil
		}
		if err != nil || s.State.Terminal() {
			return s, err
		}
		last = s
		select {
		case <-hints:
		case <-poll.C:
		case <-over.C:
			return s, nil
		case <-ctx.Done():
			return s, nil
		}
	}
}
