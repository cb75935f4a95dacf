package runtime

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"github.com/symphainy/symphainy/domain/event"
	"github.com/symphainy/symphainy/domain/execution"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/ports"
)

// wait is the stored form of what an execution waits for. Clients read it too.
type wait struct {
	For  execution.WaitKind `json:"for"`
	Name string             `json:"name"`
	// Since is when it was first asked for; Until when it is over, if it ends by itself.
	Since time.Time `json:"since"`
	Until time.Time `json:"until,omitzero"`

	// Signal is the name of the signal.
	Signal string `json:"signal,omitempty"`

	// Total is how many children there will be, Submitted how many there are. WakeAt is at how few live ones the parent looks again.
	Total     int `json:"total,omitempty"`
	Submitted int `json:"submitted,omitempty"`
	WakeAt    int `json:"wake_at,omitempty"`

	Prompt         string          `json:"prompt,omitempty"`
	Arguments      json.RawMessage `json:"arguments,omitempty"`
	ArgumentsHash  string          `json:"arguments_hash,omitempty"`
	ResponseSchema json.RawMessage `json:"response_schema,omitempty"`
	MayDecide      *mayDecide      `json:"may_decide,omitempty"`
	// Escalated tells that nobody decided in time and others may now.
	Escalated bool `json:"escalated,omitempty"`
}

// mayDecide is the stored form of execution.Deciders.
type mayDecide struct {
	Owner      bool                `json:"owner,omitempty"`
	Permission identity.Permission `json:"permission,omitempty"`
	Roles      []identity.Role     `json:"roles,omitempty"`
	Users      []string            `json:"users,omitempty"`
	FourEyes   bool                `json:"four_eyes,omitempty"`
}

func (m *mayDecide) deciders() execution.Deciders {
	if m == nil {
		return execution.Deciders{}
	}
	return execution.Deciders(*m)
}

// waitOf reads what an execution waits for; the zero wait is none.
func waitOf(s execution.Snapshot) wait {
	var w wait
	if s.State != execution.Waiting || s.Waiting == nil || json.Unmarshal(s.Waiting, &w) != nil {
		return wait{}
	}
	return w
}

// openMark is what the name of a step ends with that keeps when a wait began. Handlers cannot use it.
const openMark = "#"

// errName is a step's name that a handler must not use.
var errName = fault.New(fault.Internal, "invalid_step_name", "a step's name must not be empty and has no '#'")

func checkName(name string) error {
	if name == "" || strings.Contains(name, openMark) {
		return errName
	}
	return nil
}

// look judges a wait within the transaction that may suspend: the result if it is over, nil if it is not. It may change the wait, which
// is then stored as it is.
type look func(ctx context.Context, tx ports.Tx, now execution.Snapshot, w *wait, at time.Time) ([]byte, error)

// await gives the stored result of a wait that is over. Otherwise it looks and, in the same transaction, either stores the result or
// suspends the execution, so that what comes between the look and the suspension is never missed: whoever brings it waits for the row.
// lasts is how long the wait may take, 0 for one that does not end by itself.
func (c *call) await(ctx context.Context, lasts time.Duration, first wait, look look) ([]byte, error) {
	if err := checkName(first.Name); err != nil {
		return nil, err
	}
	if done, ok := c.finished[first.Name]; ok {
		return done.Result, nil
	}
	if err := c.authorise(ctx); err != nil {
		return nil, err
	}
	step := c.begin(first.Name)
	var after execution.Snapshot
	err := c.engine.again(ctx, func(ctx context.Context, tx ports.Tx) error {
		ex, err := tx.Leases.Hold(ctx, c.claimed.Lease())
		if err != nil {
			return err
		}
		now, at := ex.Snapshot(), c.engine.Clock.Now()
		if cause := wanted(now); cause != nil {
			return cause
		}
		w, err := c.opened(first, lasts, at)
		if err != nil {
			return err
		}
		if step.Result, err = look(ctx, tx, now, &w, at); err != nil {
			return err
		}
		if step.Result == nil {
			after, err = c.suspend(ctx, tx, &ex, w, at)
			return err
		}
		step.CompletedAt = at
		if err := c.engine.append(ctx, tx, &ex, stepDraft(event.StepCompleted, step, "")); err != nil {
			return err
		}
		after = ex.Snapshot()
		return tx.Steps.Put(ctx, now.TenantID, step)
	})
	if err != nil {
		return nil, err
	}
	c.engine.hint(ctx, after, false)
	c.run.latest = execution.Restore(after)
	if step.Result == nil {
		c.suspended = true
		return nil, ports.ErrSuspended
	}
	c.finished[first.Name] = step
	return step.Result, nil
}

// suspend frees the execution of this worker and lets it be looked at when its wait is over. What the wait was when it began is kept as a
// step, so that its end does not move when the handler runs again.
func (c *call) suspend(ctx context.Context, tx ports.Tx, ex *execution.Execution, w wait, at time.Time) (execution.Snapshot, error) {
	raw, err := json.Marshal(w)
	if err != nil {
		return execution.Snapshot{}, fault.As(err)
	}
	if _, kept := c.finished[w.mark()]; !kept {
		step := c.begin(w.mark())
		step.Result, step.CompletedAt = raw, at
		if err := tx.Steps.Put(ctx, ex.Snapshot().TenantID, step); err != nil {
			return execution.Snapshot{}, err
		}
	}
	if err := ex.Suspend(w.For, raw, w.Until, c.entry.Spec.Timeout == 0, at); err != nil {
		return execution.Snapshot{}, err
	}
	err = c.engine.append(ctx, tx, ex, draft(event.ExecutionWaiting, map[string]any{
		"status": execution.Waiting.Wire(), "waiting": json.RawMessage(raw),
	}))
	if err != nil || w.Until.IsZero() {
		return ex.Snapshot(), err
	}
	return ex.Snapshot(), tx.Queue.Enqueue(ctx, ports.Job{ExecutionID: ex.ID(), DueAt: w.Until})
}

// mark is the name of the step that keeps the wait.
func (w wait) mark() string {
	if w.Escalated {
		return w.Name + openMark + "escalated"
	}
	return w.Name + openMark + "opened"
}

// opened gives a wait as it was when it began, or begins it.
func (c *call) opened(first wait, lasts time.Duration, at time.Time) (wait, error) {
	for _, escalated := range []bool{true, false} {
		if s, ok := c.finished[wait{Name: first.Name, Escalated: escalated}.mark()]; ok {
			var w wait
			if err := json.Unmarshal(s.Result, &w); err != nil {
				return wait{}, fault.As(err)
			}
			return w, nil
		}
	}
	first.Since = at
	if lasts > 0 {
		first.Until = at.Add(lasts)
	}
	return first, nil
}

// wanted is why an execution must stop at once although it could go on.
func wanted(s execution.Snapshot) error {
	switch {
	case s.Ending != "":
		return nil
	case s.CancelRequested:
		return errCancelRequested
	case s.PauseRequested:
		return errPauseRequested
	}
	return nil
}
