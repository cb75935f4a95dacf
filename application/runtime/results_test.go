package runtime_test

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/domain/artifact"
	"github.com/symphainy/symphainy/domain/execution"
	"github.com/symphainy/symphainy/ports"
)

// What is kept of renderings is the deployment's choice by type; payload and lineage always stay, and views are as they were made.
func TestResultPoliciesDecideWhatIsKept(t *testing.T) {
	results := func(ctx context.Context, call ports.IntentCall) (ports.IntentResult, error) {
		var out ports.IntentResult
		if _, err := call.Step(ctx, "draw", func(context.Context, string) ([]byte, error) { return []byte(`{"svg":"x"}`), nil }); err != nil {
			return out, err
		}
		for _, kind := range []string{"kept", "cached", "discarded", "view"} {
			a := artifact.Snapshot{
				ID: "art_" + kind, Type: kind, DataClass: artifact.Outcome, State: artifact.Draft, Payload: []byte(`{"n":1}`),
				Renderings: []byte(`{"svg":"x"}`), Lineage: artifact.Lineage{DerivedFrom: []string{"art_0"}},
			}
			out.Artifacts = append(out.Artifacts, ports.ResultArtifact{Key: kind, Artifact: a, View: kind == "view"})
		}
		return out, nil
	}
	w := &world{t: t, results: artifact.ResultPolicies{"cached": artifact.CacheResult, "discarded": artifact.DiscardResult, "view": artifact.DiscardResult}}
	w.open(only(results))
	id := w.submit(submission("act"))
	w.work()

	var answer map[string]map[string]any
	require.NoError(t, json.Unmarshal(w.get(id).Artifacts, &answer))
	for kind, want := range map[string]struct{ stored, answered bool }{"kept": {true, true}, "cached": {true, false}, "discarded": {false, false}} {
		require.NoError(t, w.store.View(t.Context(), func(ctx context.Context, tx ports.Tx) error {
			a, err := tx.Artifacts.ByID(ctx, ada().Scope(), "art_"+kind)
			require.NoError(t, err)
			require.Equal(t, want.stored, a.Snapshot().Renderings != nil, kind)
			require.JSONEq(t, `{"n":1}`, string(a.Snapshot().Payload))
			require.Equal(t, []string{"art_0"}, a.Snapshot().Lineage.DerivedFrom)
			return nil
		}))
		require.Equal(t, want.answered, answer[kind]["renderings"] != nil, kind)
	}
	require.NotNil(t, answer["view"]["renderings"], "a view is shown, not kept")
	require.Empty(t, w.stepsOf(id), "nor do the steps keep what their results do not")

	w = &world{t: t}
	w.open(only(results))
	id = w.submit(submission("act"))
	w.work()
	require.Len(t, w.stepsOf(id), 1)
}

// stepsOf gives the finished steps of an execution.
func (w *world) stepsOf(id string) (steps []execution.Step) {
	w.t.Helper()
	require.NoError(w.t, w.store.View(w.t.Context(), func(ctx context.Context, tx ports.Tx) (err error) {
		steps, err = tx.Steps.Of(ctx, ada().TenantID, id)
		return err
	}))
	return steps
}
