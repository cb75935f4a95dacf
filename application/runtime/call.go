package runtime

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/symphainy/symphainy/application/intents"
	"github.com/symphainy/symphainy/domain/event"
	"github.com/symphainy/symphainy/domain/execution"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/domain/realm"
	"github.com/symphainy/symphainy/ports"
)

// call is what a handler gets. It belongs to one run and one goroutine.
type call struct {
	engine  *Engine
	run     *run
	entry   intents.Entry
	claimed execution.Snapshot
	// finished holds the steps of earlier attempts and of this one.
	finished map[string]execution.Step
	// suspended tells that a wait has freed the execution: this run writes nothing more.
	suspended bool
	// undo holds what undoes steps that are not done yet.
	undo map[string]string
}

var _ ports.IntentCall = (*call)(nil)

// load reads the finished steps; a first claim has none.
func (c *call) load(ctx context.Context) error {
	c.finished = map[string]execution.Step{}
	c.run.finished = c.finished
	if c.claimed.Fence <= 1 && c.claimed.RetryOf == "" {
		return nil
	}
	return c.engine.UnitOfWork.View(ctx, func(ctx context.Context, tx ports.Tx) error {
		now, err := tx.Leases.Hold(ctx, c.claimed.Lease())
		if err != nil {
			return err
		}
		steps, err := tx.Steps.Of(ctx, now.Snapshot().TenantID, c.claimed.ID)
		for _, s := range steps {
			c.finished[s.Name] = s
		}
		return err
	})
}

// authorise re-checks the frozen principal's rights against today's grants: rights may fall while work waits, never rise.
func (c *call) authorise(ctx context.Context) error {
	if c.claimed.Ending != "" {
		return nil // what was done must be undone, whatever became of the rights
	}
	return c.permit(ctx, c.entry.Spec)
}

// permit checks whether the frozen principal may do this today.
func (c *call) permit(ctx context.Context, spec realm.IntentSpec) error {
	p := c.claimed.Principal
	today, err := c.engine.Grants.Current(ctx, p)
	if err != nil {
		return err
	}
	p.Roles = slices.DeleteFunc(slices.Clone(p.Roles), func(r identity.Role) bool { return !slices.Contains(today, r) })
	if !p.May(spec.Permission) || p.Anonymous() && !spec.Anonymous {
		return fault.ErrPermission
	}
	return nil
}

// Execution is the execution as it was claimed.
func (c *call) Execution() execution.Snapshot { return c.claimed }

// Step runs fn once for all attempts; its start is visible before it runs.
func (c *call) Step(ctx context.Context, name string, fn func(ctx context.Context, key string) ([]byte, error)) ([]byte, error) {
	if err := checkName(name); err != nil {
		return nil, err
	}
	if done, ok := c.finished[name]; ok {
		return done.Result, nil
	}
	if err := c.authorise(ctx); err != nil {
		return nil, err
	}
	step := c.begin(name)
	if err := c.Emit(ctx, stepDraft(event.StepStarted, step, "")); err != nil {
		return nil, err
	}
	result, err := fn(ctx, execution.EffectKey(c.claimed.ID, name))
	if err != nil {
		return nil, c.failed(ctx, step, err)
	}
	// What happened is recorded also when the run has been stopped meanwhile: it must not happen again.
	kept, cancel := context.WithTimeout(context.WithoutCancel(ctx), finishTime)
	defer cancel()
	return c.store(kept, step, result, nil, stepDraft(event.StepCompleted, step, ""))
}

// Transact is a step whose effects commit with its record.
func (c *call) Transact(ctx context.Context, name string, fn func(ctx context.Context, tx ports.Tx, now execution.Snapshot) ([]byte, error)) ([]byte, error) {
	if err := checkName(name); err != nil {
		return nil, err
	}
	if done, ok := c.finished[name]; ok {
		return done.Result, nil
	}
	if err := c.authorise(ctx); err != nil {
		return nil, err
	}
	step := c.begin(name)
	return c.store(ctx, step, nil, fn, stepDraft(event.StepStarted, step, ""), stepDraft(event.StepCompleted, step, ""))
}

func (c *call) begin(name string) execution.Step {
	return execution.Step{
		ExecutionID: c.claimed.ID, Name: name, Undo: c.undo[name], Position: len(c.finished) + 1, Attempt: c.claimed.Attempt, StartedAt: c.engine.Clock.Now(),
	}
}

// store writes the step's record, its events and, for effects in the store, the effects, all in one transaction under the lease.
func (c *call) store(ctx context.Context, step execution.Step, result []byte, effects func(context.Context, ports.Tx, execution.Snapshot) ([]byte, error), drafts ...event.Draft) ([]byte, error) {
	var after execution.Snapshot
	err := c.engine.again(ctx, func(ctx context.Context, tx ports.Tx) error {
		ex, err := tx.Leases.Hold(ctx, c.claimed.Lease())
		if err != nil {
			return err
		}
		now := ex.Snapshot()
		step.Result = result
		if effects != nil {
			if cause := wanted(now); cause != nil {
				return cause
			}
			if step.Result, err = effects(ctx, tx, now); err != nil {
				return err
			}
		}
		if step.Result == nil {
			step.Result = []byte("null")
		}
		step.Position, step.CompletedAt = len(c.finished)+1, c.engine.Clock.Now()
		if err := c.engine.append(ctx, tx, &ex, drafts...); err != nil {
			return err
		}
		after = ex.Snapshot()
		return tx.Steps.Put(ctx, now.TenantID, step)
	})
	if err != nil {
		return nil, err
	}
	c.run.latest = execution.Restore(after)
	c.finished[step.Name] = step
	c.engine.hint(ctx, after, false)
	return step.Result, nil
}

// staleTries bounds how often a transaction starts again because somebody else changed what it had read.
const staleTries = 10

// again runs fn in a transaction, and anew while an aggregate that it saves was changed by somebody else after it was read: of two
// executions that work on one object both succeed, one after the other. When that does not end, another attempt follows.
func (e *Engine) again(ctx context.Context, fn func(ctx context.Context, tx ports.Tx) error) error {
	var err error
	for range staleTries {
		if err = e.UnitOfWork.Do(ctx, fn); !errors.Is(err, fault.ErrStale) {
			return err
		}
	}
	return fault.ErrUnavailable.Because(err)
}

// failed makes the failure of a step visible and gives back its error.
func (c *call) failed(ctx context.Context, step execution.Step, cause error) error {
	if err := c.Emit(ctx, stepDraft(event.StepFailed, step, fault.As(cause).Code)); err != nil && ctx.Err() == nil {
		c.engine.Report(ctx, "record a failed step", err)
	}
	return fmt.Errorf("step %s: %w", step.Name, cause)
}

func stepDraft(eventType string, s execution.Step, code string) event.Draft {
	data := map[string]any{"step": s.Name, "position": s.Position, "attempt": s.Attempt}
	if code != "" {
		data["error_code"] = code
	}
	return draft(eventType, data)
}

// Read looks at the store under the execution's present scope.
func (c *call) Read(ctx context.Context, fn func(ctx context.Context, tx ports.Tx, scope identity.Scope) error) error {
	// It is nearly always in the scope in which it was claimed, and then there is nothing to wait for before the first read.
	scope := c.claimed.Scope()
	err := c.engine.UnitOfWork.View(ctx, func(ctx context.Context, tx ports.Tx) error {
		if err := tx.Scopes.Held(ctx, c.claimed.Lease(), scope); err != nil {
			return err
		}
		return fn(ctx, tx, scope)
	})
	if !errors.Is(err, execution.ErrLeaseLost) {
		return err
	}
	return c.engine.UnitOfWork.View(ctx, func(ctx context.Context, tx ports.Tx) error {
		ex, err := tx.Leases.Hold(ctx, c.claimed.Lease())
		if err != nil {
			return err
		}
		return fn(ctx, tx, ex.Snapshot().Scope())
	})
}

// Emit appends events at once.
func (c *call) Emit(ctx context.Context, drafts ...event.Draft) error {
	return c.change(ctx, func(*execution.Execution) {}, drafts...)
}

// Progress reports done of total with a note for people.
func (c *call) Progress(ctx context.Context, done, total int64, note string) error {
	data := encode(map[string]any{"done": done, "total": total, "note": note})
	return c.change(ctx, func(ex *execution.Execution) { ex.SetProgress(data) }, event.Draft{Type: event.ExecutionProgress, Data: data})
}

func (c *call) change(ctx context.Context, mutate func(*execution.Execution), drafts ...event.Draft) error {
	var after execution.Snapshot
	err := c.engine.UnitOfWork.Do(ctx, func(ctx context.Context, tx ports.Tx) error {
		ex, err := tx.Leases.Hold(ctx, c.claimed.Lease())
		if err != nil {
			return err
		}
		if cause := wanted(ex.Snapshot()); cause != nil {
			return cause
		}
		mutate(&ex)
		err = c.engine.append(ctx, tx, &ex, drafts...)
		after = ex.Snapshot()
		return err
	})
	if err == nil {
		c.run.latest = execution.Restore(after)
		c.engine.hint(ctx, after, false)
	}
	return err
}
