package realmtest

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/symphainy/symphainy/domain/execution"
	"github.com/symphainy/symphainy/ports"
)

// errNobodyDecides is a handler that asks for a decision in a world without World.Decide.
var errNobodyDecides = errors.New("the world has nobody who decides")

// OnUndo notes what undoes a step.
func (c *Call) OnUndo(step, undo string) {
	if c.Undos == nil {
		c.Undos = map[string]string{}
	}
	c.Undos[step] = undo
}

// Sleep moves the clock instead of waiting.
func (c *Call) Sleep(ctx context.Context, name string, d time.Duration) error {
	_, err := c.Step(ctx, name, func(context.Context, string) ([]byte, error) {
		c.world.Clock.Advance(d)
		return []byte("null"), nil
	})
	return err
}

// AwaitDecision asks World.Decide.
func (c *Call) AwaitDecision(ctx context.Context, name string, r execution.DecisionRequest) (execution.Decision, error) {
	raw, err := c.Step(ctx, name, func(context.Context, string) ([]byte, error) {
		if c.world.Decide == nil {
			return nil, errNobodyDecides
		}
		d, err := c.world.Decide(name, r)
		if err != nil {
			return nil, err
		}
		return json.Marshal(d)
	})
	var d execution.Decision
	if err == nil {
		err = json.Unmarshal(raw, &d)
	}
	return d, err
}

// AwaitSignal gives what is in World.Signals.
func (c *Call) AwaitSignal(ctx context.Context, name string, w ports.SignalWait) (execution.Signal, error) {
	raw, err := c.Step(ctx, name, func(context.Context, string) ([]byte, error) {
		signal := cmp.Or(w.Signal, name)
		payload, ok := c.world.Signals[signal]
		if !ok {
			return nil, execution.ErrSignalExpired
		}
		return json.Marshal(execution.Signal{ID: "sig_" + signal, ExecutionID: c.at.ID, Name: signal, Payload: payload, TakenBy: name})
	})
	var s execution.Signal
	if err == nil {
		err = json.Unmarshal(raw, &s)
	}
	return s, err
}

// Children runs the children to their ends, one after the other.
func (c *Call) Children(ctx context.Context, name string, specs []ports.ChildSpec, _ int) ([]execution.Snapshot, error) {
	raw, err := c.Step(ctx, name, func(context.Context, string) ([]byte, error) {
		ids := make([]string, len(specs))
		for i, spec := range specs {
			entry, err := c.world.Catalogue.Find(spec.IntentType)
			if err != nil {
				return nil, fmt.Errorf("child %d: %w", i, err)
			}
			parameters, err := entry.Parameters(spec.Parameters)
			if err != nil {
				return nil, fmt.Errorf("child %d: %w", i, err)
			}
			if entry.Stager != nil {
				if parameters, err = entry.Stager.Stage(ctx, c.at.Principal, entry.Spec.Type, parameters); err != nil {
					return nil, err
				}
			}
			// A child that fails is no failure of the wait: its snapshot tells.
			outcome, _ := c.world.run(c.t, entry, c.at.Principal, parameters)
			ids[i] = outcome.Execution.ID
		}
		return json.Marshal(ids)
	})
	if err != nil {
		return nil, err
	}
	var ids []string
	if err := json.Unmarshal(raw, &ids); err != nil {
		return nil, err
	}
	list := make([]execution.Snapshot, len(ids))
	err = c.world.Store.View(ctx, func(ctx context.Context, tx ports.Tx) error {
		for i, id := range ids {
			ex, err := tx.Executions.ByID(ctx, c.world.scope(c.at), id)
			if err != nil {
				return err
			}
			list[i] = ex.Snapshot()
		}
		return nil
	})
	return list, err
}
