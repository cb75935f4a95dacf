package runtime

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/symphainy/symphainy/domain/event"
	"github.com/symphainy/symphainy/domain/execution"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/ports"
)

// standsStill reports whether an execution's deadline stands still while it does nothing: that of an intent which declares none.
func (e *Engine) standsStill(s execution.Snapshot) bool {
	entry, err := e.Catalogue.Find(s.Intent.Type)
	return err == nil && entry.Spec.Timeout == 0
}

// Pause stops an execution until it is resumed.
func (e *Engine) Pause(ctx context.Context, p identity.Principal, id string) (execution.Snapshot, error) {
	if !p.May(identity.PermWrite) {
		return execution.Snapshot{}, fault.ErrPermission
	}
	return e.pauseIn(ctx, p, p.Scope(), id)
}

func (e *Engine) pauseIn(ctx context.Context, p identity.Principal, scope identity.Scope, id string) (execution.Snapshot, error) {
	return e.steer(ctx, p, scope, id, "execution.pause", func(_ context.Context, _ ports.Tx, ex *execution.Execution, now time.Time) (act, error) {
		before := ex.Snapshot()
		done, err := ex.RequestPause(e.standsStill(before), now)
		if err != nil || before.State == execution.Paused || !done && ex.Snapshot().PauseRequested == before.PauseRequested {
			return act{}, err
		}
		a := act{changed: true, control: true}
		if done {
			a.drafts = []event.Draft{draft(event.ExecutionPaused, map[string]any{"status": execution.Paused.Wire()})}
		}
		return a, nil
	})
}

// Resume lets a paused execution go on.
func (e *Engine) Resume(ctx context.Context, p identity.Principal, id string) (execution.Snapshot, error) {
	if !p.May(identity.PermWrite) {
		return execution.Snapshot{}, fault.ErrPermission
	}
	return e.resumeIn(ctx, p, p.Scope(), id)
}

func (e *Engine) resumeIn(ctx context.Context, p identity.Principal, scope identity.Scope, id string) (execution.Snapshot, error) {
	return e.steer(ctx, p, scope, id, "execution.resume", e.resume)
}

func (e *Engine) resume(ctx context.Context, tx ports.Tx, ex *execution.Execution, now time.Time) (act, error) {
	paused := ex.State() == execution.Paused
	changed, err := ex.Resume(now)
	if err != nil || !changed {
		return act{}, err
	}
	a := act{changed: true, drafts: []event.Draft{draft(event.ExecutionResumed, map[string]any{"status": execution.Running.Wire()})}}
	if !paused { // a pause that was only asked for is taken back
		return act{changed: true}, nil
	}
	return a, tx.Queue.Enqueue(ctx, ports.Job{ExecutionID: ex.ID()})
}

// bulkBatch is how many executions one bulk call takes.
const bulkBatch = 500

// errBulk is an action that there is not.
var errBulk = fault.New(fault.Invalid, "invalid_action", "The action must be cancel, pause or resume.")

// Bulk does one thing to all live executions that pass the filter, each in a transaction of its own.
func (e *Engine) Bulk(ctx context.Context, p identity.Principal, action ports.BulkAction, f ports.ExecutionFilter) (ports.BulkResult, error) {
	var one func(context.Context, identity.Principal, string) (execution.Snapshot, error)
	switch action {
	case ports.BulkCancel:
		one = e.Cancel
	case ports.BulkPause:
		one = e.Pause
	case ports.BulkResume:
		one = e.Resume
	default:
		return ports.BulkResult{}, errBulk
	}
	if !p.May(identity.PermWrite) {
		return ports.BulkResult{}, fault.ErrPermission
	}
	f.Status = bulkStates(action, f.Status)
	if len(f.Status) == 0 {
		return ports.BulkResult{IDs: []string{}, Refused: []string{}}, nil
	}
	list, err := e.Executions(ctx, p.Scope(), f, ports.Page{Limit: bulkBatch + 1})
	if err != nil {
		return ports.BulkResult{}, err
	}
	return each(list, func(s execution.Snapshot) (string, error) {
		_, err := one(ctx, p, s.ID)
		return s.ID, err
	})
}

// each acts on a batch of a list that was read with one more than that. What cannot be done to one is told; what fails for another reason ends it.
func each[V any](list []V, act func(V) (id string, err error)) (ports.BulkResult, error) {
	result := ports.BulkResult{IDs: []string{}, Refused: []string{}, More: len(list) > bulkBatch}
	for _, v := range list[:min(len(list), bulkBatch)] {
		id, err := act(v)
		switch {
		case err == nil:
			result.IDs = append(result.IDs, id)
		case errors.Is(err, execution.ErrEnded), errors.Is(err, execution.ErrIllegal), fault.KindOf(err) == fault.NotFound:
			result.Refused = append(result.Refused, id)
		default:
			return result, err
		}
	}
	return result, nil
}

// bulkStates narrows the states asked for to those in which the action changes something, so that the same call again goes on with what
// is left.
func bulkStates(action ports.BulkAction, asked []execution.State) []execution.State {
	var states []execution.State
	for _, s := range execution.Live() {
		if (action == ports.BulkResume) != (s == execution.Paused) && action != ports.BulkCancel {
			continue
		}
		if len(asked) > 0 && !slices.Contains(asked, s) {
			continue
		}
		states = append(states, s)
	}
	return states
}
