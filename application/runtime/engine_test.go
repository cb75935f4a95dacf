package runtime_test

import (
	"context"
	"encoding/json"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/domain/artifact"
	"github.com/symphainy/symphainy/domain/audit"
	"github.com/symphainy/symphainy/domain/event"
	"github.com/symphainy/symphainy/domain/execution"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/ports"
)

func TestAnIntentRunsToItsResult(t *testing.T) {
	w := newWorld(t, only(func(ctx context.Context, c ports.IntentCall) (ports.IntentResult, error) {
		raw, err := c.Step(ctx, "look", func(_ context.Context, key string) ([]byte, error) { return json.Marshal(key) })
		if err != nil {
			return ports.IntentResult{}, err
		}
		if err := c.Progress(ctx, 1, 2, "half"); err != nil {
			return ports.IntentResult{}, err
		}
		return ports.IntentResult{
			Values: map[string]string{"key": string(raw)},
			Artifacts: []ports.ResultArtifact{{Key: "thing", Aliases: []string{"other"}, Artifact: artifact.Snapshot{
				ID: "art_1", Type: "thing", DataClass: artifact.Outcome, State: artifact.Draft, Payload: []byte(`{}`),
			}}},
			Events: []event.Draft{{Type: "thing_made", Data: []byte(`{"n":1}`)}},
		}, nil
	}))
	id := w.submit(submission("act"))
	require.Equal(t, execution.Accepted, w.get(id).State, "submit does not wait for the run")
	w.work()

	s := w.get(id)
	require.Equal(t, execution.Completed, s.State)
	require.JSONEq(t, `{"key":"\"`+id+`/look\"","thing":{"artifact_id":"art_1","artifact_type":"thing"},
		"other":{"artifact_id":"art_1","artifact_type":"thing","alias_of":"thing"}}`, string(s.Artifacts))
	require.JSONEq(t, `{"done":1,"total":2,"note":"half"}`, string(s.Progress))
	require.Equal(t, append(started, event.StepStarted, event.StepCompleted, event.ExecutionProgress, event.ArtifactCreated, "thing_made", event.ExecutionCompleted), w.types(id))

	require.NoError(t, w.store.View(t.Context(), func(ctx context.Context, tx ports.Tx) error {
		a, err := tx.Artifacts.ByID(ctx, ada().Scope(), "art_1")
		require.NoError(t, err)
		require.Equal(t, "ten_a", a.Snapshot().TenantID)
		require.Equal(t, "usr_ada", a.Snapshot().OwnerID)
		require.Equal(t, id, a.Snapshot().ExecutionID)
		records, err := tx.Audit.List(ctx, "ten_a", ports.Page{Limit: 10})
		require.NoError(t, err)
		require.Len(t, records, 2)
		require.ElementsMatch(t, []audit.Result{audit.Open, audit.Completed}, []audit.Result{records[0].Result, records[1].Result})
		return nil
	}))
}

func TestInputErrorsAreFinalAndSafe(t *testing.T) {
	w := newWorld(t, only(func(context.Context, ports.IntentCall) (ports.IntentResult, error) {
		return ports.IntentResult{}, fault.New(fault.Invalid, "empty_content", "The file is empty.").Because(errors.New("driver text"))
	}))
	id := w.submit(submission("act"))
	w.work()
	s := w.get(id)
	require.Equal(t, execution.Failed, s.State)
	require.Equal(t, "empty_content", s.ErrorCode)
	require.Equal(t, "The file is empty.", s.ErrorMessage)
	require.Equal(t, 1, s.Attempt)
	require.Equal(t, append(started, event.ExecutionFailed), w.types(id))
}

func TestFaultsOfTheSurroundingsAreTriedAgainWithBackoff(t *testing.T) {
	calls := 0
	w := newWorld(t, only(func(context.Context, ports.IntentCall) (ports.IntentResult, error) {
		calls++
		if calls < 3 {
			return ports.IntentResult{}, fault.ErrUnavailable
		}
		return ports.IntentResult{}, nil
	}))
	id := w.submit(submission("act"))
	w.work()
	require.Equal(t, execution.Retrying, w.get(id).State)
	require.Equal(t, 1, calls, "not before it is due")
	due := w.get(id).DueAt
	require.WithinRange(t, due, w.clock.Now().Add(160*time.Millisecond), w.clock.Now().Add(240*time.Millisecond))
	for range 2 {
		w.clock.Advance(time.Second)
		w.work()
	}
	require.Equal(t, execution.Completed, w.get(id).State)
	require.Equal(t, 3, calls)
	require.Equal(t, append(started, event.ExecutionRetrying, event.ExecutionStarted, event.ExecutionRetrying, event.ExecutionStarted, event.ExecutionCompleted), w.types(id))
}

func TestAttemptsRunOut(t *testing.T) {
	calls := 0
	w := newWorld(t, only(func(context.Context, ports.IntentCall) (ports.IntentResult, error) {
		calls++
		panic("secret detail")
	}))
	id := w.submit(submission("act"))
	for range 10 {
		w.work()
		w.clock.Advance(time.Minute)
	}
	s := w.get(id)
	require.Equal(t, execution.Failed, s.State)
	require.Equal(t, 3, calls)
	require.NotContains(t, s.ErrorMessage, "secret")
	require.NotEmpty(t, w.reports, "the log gets the panic")
	require.ErrorContains(t, w.reports[0], "secret detail")
}

func TestACapabilityThatIsMissingIsNotTriedAgain(t *testing.T) {
	w := newWorld(t, only(func(context.Context, ports.IntentCall) (ports.IntentResult, error) {
		return ports.IntentResult{}, fault.New(fault.Unavailable, "capability_unavailable", "This server has no OCR.")
	}))
	id := w.submit(submission("act"))
	w.work()
	require.Equal(t, execution.Failed, w.get(id).State)
	require.Equal(t, "capability_unavailable", w.get(id).ErrorCode)
}

func TestFinishedStepsDoNotRunAgain(t *testing.T) {
	runs := map[string]int{}
	w := newWorld(t, only(func(ctx context.Context, c ports.IntentCall) (ports.IntentResult, error) {
		for _, name := range []string{"one", "two"} {
			raw, err := c.Transact(ctx, name, func(_ context.Context, _ ports.Tx, now execution.Snapshot) ([]byte, error) {
				runs[name]++
				require.Equal(t, "ten_a", now.TenantID)
				return json.Marshal(runs[name])
			})
			if err != nil {
				return ports.IntentResult{}, err
			}
			require.Equal(t, "1", string(raw), "the stored result")
		}
		if c.Execution().Attempt == 1 {
			return ports.IntentResult{}, fault.ErrUnavailable
		}
		return ports.IntentResult{}, nil
	}))
	id := w.submit(submission("act"))
	w.work()
	w.clock.Advance(time.Second)
	w.work()
	require.Equal(t, execution.Completed, w.get(id).State)
	require.Equal(t, map[string]int{"one": 1, "two": 1}, runs)
}

func TestAFailedTransactionLeavesNeitherEffectNorStep(t *testing.T) {
	w := newWorld(t, only(func(ctx context.Context, c ports.IntentCall) (ports.IntentResult, error) {
		_, err := c.Transact(ctx, "break", func(ctx context.Context, tx ports.Tx, now execution.Snapshot) ([]byte, error) {
			a, err := artifact.New(artifact.Snapshot{ID: "art_1", TenantID: now.TenantID, OwnerID: now.OwnerID, Type: "x", State: artifact.Pending, DataClass: artifact.WorkingMaterial})
			require.NoError(t, err)
			require.NoError(t, tx.Artifacts.Insert(ctx, a))
			return nil, fault.New(fault.Conflict, "broken", "No.")
		})
		return ports.IntentResult{}, err
	}))
	id := w.submit(submission("act"))
	w.work()
	require.Equal(t, "broken", w.get(id).ErrorCode)
	require.NoError(t, w.store.View(t.Context(), func(ctx context.Context, tx ports.Tx) error {
		_, err := tx.Artifacts.ByID(ctx, ada().Scope(), "art_1")
		require.ErrorIs(t, err, fault.ErrNotFound)
		steps, err := tx.Steps.Of(ctx, "ten_a", id)
		require.Empty(t, steps)
		return err
	}))
}

func TestADeadOwnersWorkIsTakenOverAndItsWritesAreRefused(t *testing.T) {
	release, inside := make(chan struct{}), make(chan struct{})
	var late error
	handlers := only(func(ctx context.Context, c ports.IntentCall) (ports.IntentResult, error) {
		if c.Execution().Attempt == 1 {
			close(inside)
			<-release
			// It does not look at its context, so that it is the fence that refuses.
			late = c.Emit(context.WithoutCancel(ctx), event.Draft{Type: "stale"})
			return ports.IntentResult{Values: map[string]string{"by": "the dead"}}, nil
		}
		return ports.IntentResult{Values: map[string]string{"by": "the living"}}, nil
	})
	w := newWorld(t, handlers)
	id := w.submit(submission("act"))
	var frozen sync.WaitGroup
	frozen.Go(w.work)
	<-inside
	w.start(handlers) // another process, which has the desk's work from here on
	for w.get(id).Attempt == 1 {
		// Longer than the lease. The first process, which is alive here, may renew it once more after the clock has jumped.
		w.clock.Advance(10 * time.Second)
		w.desk.Wake(id)
		w.work()
	}
	require.JSONEq(t, `{"by":"the living"}`, string(w.get(id).Artifacts))
	close(release)
	frozen.Wait()
	require.ErrorIs(t, late, execution.ErrLeaseLost)
	require.JSONEq(t, `{"by":"the living"}`, string(w.get(id).Artifacts), "terminal once")
	require.Equal(t, append(started, event.ExecutionStarted, event.ExecutionCompleted), w.types(id))
}

// What an execution read may be changed by another one before it is saved. It reads again; it does not fail.
func TestAnEffectThatWasOvertakenReadsAgain(t *testing.T) {
	tries := 0
	w := newWorld(t, only(func(ctx context.Context, c ports.IntentCall) (ports.IntentResult, error) {
		_, err := c.Transact(ctx, "write", func(context.Context, ports.Tx, execution.Snapshot) ([]byte, error) {
			if tries++; tries < 4 {
				return nil, fault.ErrStale
			}
			return nil, nil
		})
		return ports.IntentResult{}, err
	}))
	id := w.submit(submission("act"))
	w.work()
	require.Equal(t, execution.Completed, w.get(id).State)
	require.Equal(t, 4, tries)
	require.Equal(t, 1, w.get(id).Attempt)
}
