package runtime_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/domain/event"
	"github.com/symphainy/symphainy/domain/execution"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/ports"
)

// closing is a handler that ends with a step.
func closing(do func(ctx context.Context, tx ports.Tx, now execution.Snapshot) error) map[string]ports.IntentHandler {
	return only(func(ctx context.Context, c ports.IntentCall) (ports.IntentResult, error) {
		if _, err := c.Step(ctx, "first", func(context.Context, string) ([]byte, error) { return nil, nil }); err != nil {
			return ports.IntentResult{}, err
		}
		return ports.IntentResult{Events: []event.Draft{{Type: "note"}}, Last: &ports.LastStep{Name: "last", Do: do}}, nil
	})
}

func TestTheLastStepIsRecordedWithTheEnd(t *testing.T) {
	runs := 0
	w := newWorld(t, closing(func(ctx context.Context, tx ports.Tx, now execution.Snapshot) error {
		runs++
		require.Equal(t, execution.Completed, now.State)
		return nil
	}))
	id := w.submit(submission("act"))
	w.work()
	require.Equal(t, execution.Completed, w.get(id).State)
	require.Equal(t, 1, runs)
	page, err := w.engine.Page(t.Context(), ada().Scope(), id, ports.Position{}, 100)
	require.NoError(t, err)
	var kinds []string
	for _, e := range page.Events[len(page.Events)-4:] {
		kinds = append(kinds, e.Type)
	}
	require.Equal(t, []string{event.StepStarted, event.StepCompleted, "note", event.ExecutionCompleted}, kinds)
	require.JSONEq(t, `{"step":"last","position":2,"attempt":1}`, string(page.Events[len(page.Events)-3].Data))
	require.NoError(t, w.store.View(t.Context(), func(ctx context.Context, tx ports.Tx) error {
		steps, err := tx.Steps.Of(ctx, "ten_a", id)
		require.Len(t, steps, 2)
		require.Equal(t, "last", steps[1].Name)
		return err
	}))
}

func TestALastStepThatFailsLeavesNothing(t *testing.T) {
	for name, do := range map[string]func() error{
		"an error": func() error { return fault.ErrPermission }, "a panic": func() error { panic(errors.New("broken")) },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, closing(func(ctx context.Context, tx ports.Tx, _ execution.Snapshot) error {
				require.NoError(t, tx.Steps.Put(ctx, "ten_a", execution.Step{ExecutionID: "exe_other", Name: "effect", Result: []byte("null")}))
				return do()
			}))
			id := w.submit(submission("act"))
			w.work()
			require.NotEqual(t, execution.Completed, w.get(id).State)
			require.NoError(t, w.store.View(t.Context(), func(ctx context.Context, tx ports.Tx) error {
				effects, err := tx.Steps.Of(ctx, "ten_a", "exe_other")
				require.Empty(t, effects)
				steps, more := tx.Steps.Of(ctx, "ten_a", id)
				require.Len(t, steps, 1)
				return errors.Join(err, more)
			}))
		})
	}
}
