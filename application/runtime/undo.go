package runtime

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/symphainy/symphainy/domain/event"
	"github.com/symphainy/symphainy/domain/execution"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/ports"
)

// undoPrefix begins the names of the steps that undo others.
const undoPrefix = "undo:"

// OnUndo says what undoes a step that is not done yet.
func (c *call) OnUndo(step, undo string) {
	if c.undo == nil {
		c.undo = map[string]string{}
	}
	c.undo[step] = undo
}

// toUndo gives the finished steps that something undoes and that are not undone yet, the last one first.
func toUndo(steps []execution.Step) []execution.Step {
	undone := map[string]bool{}
	for _, s := range steps {
		undone[s.Name] = true
	}
	var list []execution.Step
	for i := len(steps) - 1; i >= 0; i-- {
		if s := steps[i]; s.Undo != "" && !undone[undoPrefix+s.Name] {
			list = append(list, s)
		}
	}
	return list
}

// giveUp sends an execution to its end without completion: at once, or, where finished steps are to be undone, by way of a claim that does
// that.
func (e *Engine) giveUp(ctx context.Context, tx ports.Tx, ex *execution.Execution, after *execution.Snapshot, ending execution.State, f *fault.Error, now time.Time) error {
	s := ex.Snapshot()
	if entry, err := e.Catalogue.Find(s.Intent.Type); err == nil && len(entry.Undos) > 0 && s.Ending == "" {
		steps, err := tx.Steps.Of(ctx, s.TenantID, s.ID)
		if err != nil {
			return err
		}
		if len(toUndo(steps)) > 0 {
			return e.beginUndo(ctx, tx, ex, after, ending, f, now)
		}
	}
	var err error
	if ending == execution.Cancelled {
		err = ex.Cancel(now)
	} else {
		err = ex.Fail(f.Code, safeMessage(f), now)
	}
	if err != nil {
		return err
	}
	return e.end(ctx, tx, ex, after, now, endDraft(ex.Snapshot()))
}

func (e *Engine) beginUndo(ctx context.Context, tx ports.Tx, ex *execution.Execution, after *execution.Snapshot, ending execution.State, f *fault.Error, now time.Time) error {
	code, message := "", ""
	if f != nil {
		code, message = f.Code, safeMessage(f)
	}
	if err := ex.Unwind(ending, code, message, now); err != nil {
		return err
	}
	if err := tx.Executions.Save(ctx, *ex); err != nil {
		return err
	}
	*after = ex.Snapshot()
	return tx.Queue.Enqueue(ctx, ports.Job{ExecutionID: ex.ID()})
}

// endDraft is the last event of an execution that did not complete.
func endDraft(s execution.Snapshot) event.Draft {
	if s.State == execution.Cancelled {
		return draft(event.ExecutionCancelled, map[string]any{"status": execution.Cancelled.Wire()})
	}
	return draft(event.ExecutionFailed, map[string]any{
		"status": execution.Failed.Wire(), "error": s.ErrorMessage, "error_code": s.ErrorCode, "intent_type": s.Intent.Type,
	})
}

// unwind undoes finished steps in reverse order, each once. An undo that fails for good is recorded and does not keep the others from
// running: the execution must be able to end.
func (c *call) unwind(ctx context.Context) error {
	steps := slices.SortedFunc(maps.Values(c.finished), func(a, b execution.Step) int { return cmp.Compare(a.Position, b.Position) })
	for _, s := range toUndo(steps) {
		undo, ok := c.entry.Undos[s.Undo]
		if !ok {
			undo = func(context.Context, ports.IntentCall, []byte) error { return errNoUndo }
		}
		_, err := c.Step(ctx, undoPrefix+s.Name, func(ctx context.Context, _ string) ([]byte, error) {
			return nil, guarded(func() error { return undo(ctx, c, s.Result) })
		})
		if c.suspended {
			return errAway
		}
		if err == nil {
			continue
		}
		if errors.Is(err, execution.ErrLeaseLost) || ctx.Err() != nil || c.engine.another(c.entry.Spec.RetryPolicy(), c.claimed, fault.As(err), c.engine.Clock.Now()) {
			return err
		}
		c.engine.Report(ctx, "undo a step of "+c.claimed.ID, err)
		if err := c.lost(ctx, undoPrefix+s.Name, fault.As(err).Code); err != nil {
			return err
		}
	}
	return nil
}

// errNoUndo is a step whose undo this version of the realm does not have.
var errNoUndo = fault.New(fault.Conflict, "no_such_undo", "The step cannot be undone by this version.")

// lost records a step that failed for good as finished, so that what comes after it can run.
func (c *call) lost(ctx context.Context, name, code string) error {
	_, err := c.store(ctx, c.begin(name), encode(map[string]any{"failed": code}), nil)
	return err
}

// unwound ends an execution whose steps are undone.
func (e *Engine) unwound(ctx context.Context, r *run) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), finishTime)
	defer cancel()
	return e.conclude(ctx, r, false, func(ctx context.Context, tx ports.Tx, ex *execution.Execution, after *execution.Snapshot, now time.Time) error {
		return e.endUnwound(ctx, tx, ex, after, now)
	})
}

func (e *Engine) endUnwound(ctx context.Context, tx ports.Tx, ex *execution.Execution, after *execution.Snapshot, now time.Time) error {
	if err := ex.Unwound(now); err != nil {
		return err
	}
	return e.end(ctx, tx, ex, after, now, endDraft(ex.Snapshot()))
}
