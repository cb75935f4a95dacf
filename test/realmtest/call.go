package realmtest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/symphainy/symphainy/domain/event"
	"github.com/symphainy/symphainy/domain/execution"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/ports"
)

// errInterrupted is what a step returns after it was stored when the run is to break off there.
var errInterrupted = errors.New("interrupted after a step")

// errReplayed is a step that ran although its execution had finished: its name changed between runs.
var errReplayed = errors.New("a replayed handler did new work")

// Call is a ports.IntentCall without an engine: it stores steps in the store and gives back stored ones. It belongs to one run.
type Call struct {
	t     *testing.T
	world *World
	lease execution.Lease
	at    execution.Snapshot
	// interrupt breaks the run off after each step that is new.
	interrupt bool
	// replay refuses new steps.
	replay bool
	// Drafts are the events that the handler emitted at once, Notes its progress.
	Drafts []event.Draft
	Notes  []string
	// Undos are the undos that the handler named, by step.
	Undos map[string]string
}

var _ ports.IntentCall = (*Call)(nil)

// Execution is the execution as it was claimed.
func (c *Call) Execution() execution.Snapshot { return c.at }

// Step runs fn, or gives the stored result.
func (c *Call) Step(ctx context.Context, name string, fn func(ctx context.Context, key string) ([]byte, error)) ([]byte, error) {
	if stored, ok, err := c.stored(ctx, name); ok || err != nil {
		return stored, err
	}
	result, err := fn(ctx, execution.EffectKey(c.at.ID, name))
	if err != nil {
		return nil, fmt.Errorf("step %s: %w", name, err)
	}
	return c.store(ctx, name, func(context.Context, ports.Tx, execution.Snapshot) ([]byte, error) { return result, nil })
}

// Transact runs fn in the transaction that stores its result, or gives the stored one.
func (c *Call) Transact(ctx context.Context, name string, fn func(ctx context.Context, tx ports.Tx, now execution.Snapshot) ([]byte, error)) ([]byte, error) {
	if stored, ok, err := c.stored(ctx, name); ok || err != nil {
		return stored, err
	}
	return c.store(ctx, name, fn)
}

func (c *Call) stored(ctx context.Context, name string) (result []byte, ok bool, err error) {
	err = c.world.Store.View(ctx, func(ctx context.Context, tx ports.Tx) error {
		ex, err := tx.Executions.ByID(ctx, c.world.scope(c.at), c.at.ID)
		if err != nil {
			return err
		}
		steps, err := tx.Steps.Of(ctx, ex.Snapshot().TenantID, c.at.ID)
		for _, s := range steps {
			if s.Name == name {
				result, ok = s.Result, true
			}
		}
		return err
	})
	if err == nil && !ok && c.replay {
		err = fmt.Errorf("%w: %s", errReplayed, name)
	}
	return result, ok, err
}

func (c *Call) store(ctx context.Context, name string, fn func(ctx context.Context, tx ports.Tx, now execution.Snapshot) ([]byte, error)) ([]byte, error) {
	var result []byte
	err := c.world.Store.Do(ctx, func(ctx context.Context, tx ports.Tx) error {
		ex, err := tx.Leases.Hold(ctx, c.lease)
		if err != nil {
			return err
		}
		now := ex.Snapshot()
		if result, err = fn(ctx, tx, now); err != nil {
			return err
		}
		before, err := tx.Steps.Of(ctx, now.TenantID, now.ID)
		if err != nil {
			return err
		}
		at := c.world.Clock.Now()
		return tx.Steps.Put(ctx, now.TenantID, execution.Step{
			ExecutionID: now.ID, Name: name, Position: len(before) + 1, Result: result, Attempt: now.Attempt, StartedAt: at, CompletedAt: at,
		})
	})
	if err == nil && c.interrupt {
		err = errInterrupted
	}
	return result, err
}

// Read looks at the store under the execution's present scope.
func (c *Call) Read(ctx context.Context, fn func(ctx context.Context, tx ports.Tx, scope identity.Scope) error) error {
	return c.world.Store.View(ctx, func(ctx context.Context, tx ports.Tx) error { return fn(ctx, tx, c.world.scope(c.at)) })
}

// Emit notes the events.
func (c *Call) Emit(_ context.Context, drafts ...event.Draft) error {
	c.Drafts = append(c.Drafts, drafts...)
	return nil
}

// Progress notes the report.
func (c *Call) Progress(_ context.Context, done, total int64, note string) error {
	c.Notes = append(c.Notes, fmt.Sprintf("%d/%d %s", done, total, note))
	return nil
}

// lease is how long a test's claim lasts; its clock stands still meanwhile.
const lease = time.Hour
