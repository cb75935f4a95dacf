package runtime_test

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/domain/execution"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/ports"
)

// family is a parent of n children whose handler is work.
func family(n, parallel int, runs *int, work ports.IntentHandler) map[string]ports.IntentHandler {
	return map[string]ports.IntentHandler{
		"parent": func(ctx context.Context, c ports.IntentCall) (ports.IntentResult, error) {
			*runs++
			specs := make([]ports.ChildSpec, n)
			for i := range specs {
				specs[i] = ports.ChildSpec{IntentType: "child", Parameters: fmt.Appendf(nil, `{"n":%d}`, i)}
			}
			kids, err := c.Children(ctx, "kids", specs, parallel)
			if err != nil {
				return ports.IntentResult{}, err
			}
			values := map[string]string{}
			for i, k := range kids {
				values[fmt.Sprint(i)] = string(k.State) + " " + string(k.Intent.Parameters)
			}
			return ports.IntentResult{Values: values}, nil
		},
		"child": work,
	}
}

func (w *world) children(id string) []execution.Child {
	w.t.Helper()
	var kids []execution.Child
	require.NoError(w.t, w.store.View(w.t.Context(), func(ctx context.Context, tx ports.Tx) (err error) {
		kids, err = tx.Children.Of(ctx, "ten_a", id)
		return err
	}))
	return kids
}

func TestChildrenRunAFewAtATimeAndTheParentWaitsWithoutAWorker(t *testing.T) {
	runs, worked, most := 0, 0, 0
	var w *world
	w = newWorld(t, family(20, 4, &runs, func(_ context.Context, c ports.IntentCall) (ports.IntentResult, error) {
		worked++
		live := 0
		for _, k := range w.children(c.Execution().ParentID) {
			if !k.State.Terminal() {
				live++
			}
		}
		most = max(most, live)
		require.Equal(t, execution.Waiting, w.get(c.Execution().ParentID).State)
		if worked == 3 {
			return ports.IntentResult{}, fault.New(fault.Invalid, "broken", "No.")
		}
		return ports.IntentResult{}, nil
	}))
	id := w.submit(submission("parent"))
	w.work()
	s := w.get(id)
	require.Equal(t, execution.Completed, s.State)
	require.Equal(t, 20, worked)
	require.Equal(t, 4, most)
	require.Less(t, runs, 12, "the parent does not run once for each child")
	var values map[string]string
	require.NoError(t, json.Unmarshal(s.Artifacts, &values))
	require.Len(t, values, 20)
	failed := 0
	for i := range 20 {
		var state, parameters string
		_, err := fmt.Sscan(values[fmt.Sprint(i)], &state, &parameters)
		require.NoError(t, err)
		require.Equal(t, fmt.Sprintf(`{"n":%d}`, i), parameters, "in the order of the specs")
		if state == "failed" {
			failed++
		}
	}
	require.Equal(t, 1, failed, "a child that fails is told, and does not end the parent")
	kid, err := w.engine.Execution(t.Context(), ada().Scope(), w.children(id)[0].ID)
	require.NoError(t, err)
	require.Equal(t, ada(), kid.Principal)
	require.Equal(t, "ses_a", kid.SessionID)
}

func TestCancelGoesDownToTheLastGrandchild(t *testing.T) {
	handlers := map[string]ports.IntentHandler{
		"parent": nested("child"), "child": nested("grandchild"),
		"grandchild": func(ctx context.Context, c ports.IntentCall) (ports.IntentResult, error) {
			_, err := c.AwaitSignal(ctx, "go", ports.SignalWait{})
			return ports.IntentResult{}, err
		},
	}
	w := newWorld(t, handlers)
	id := w.submit(submission("parent"))
	w.work()
	kid := w.children(id)[0].ID
	grandchild := w.children(kid)[0].ID
	require.Equal(t, execution.Waiting, w.get(grandchild).State)
	_, err := w.engine.Cancel(t.Context(), ada(), id)
	require.NoError(t, err)
	for _, each := range []string{id, kid, grandchild} {
		require.Equal(t, execution.Cancelled, w.get(each).State)
	}
}

func nested(kind string) ports.IntentHandler {
	return func(ctx context.Context, c ports.IntentCall) (ports.IntentResult, error) {
		_, err := c.Children(ctx, "kids", []ports.ChildSpec{{IntentType: kind}}, 0)
		return ports.IntentResult{}, err
	}
}

func TestChildrenAreCheckedLikeAnyIntent(t *testing.T) {
	cases := map[string]struct {
		specs []ports.ChildSpec
		code  string
	}{
		"unknown":    {[]ports.ChildSpec{{IntentType: "child"}, {IntentType: "nothing"}}, "unknown_intent"},
		"parameters": {[]ports.ChildSpec{{IntentType: "child", Parameters: []byte(`[]`)}}, "invalid_parameters"},
		"rights":     {[]ports.ChildSpec{{IntentType: "forbidden"}}, "permission_denied"},
		"too many":   {make([]ports.ChildSpec, execution.MaxChildren+1), "too_many_children"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, map[string]ports.IntentHandler{"child": done, "forbidden": done, "parent": func(ctx context.Context, call ports.IntentCall) (ports.IntentResult, error) {
				_, err := call.Children(ctx, "kids", c.specs, 0)
				return ports.IntentResult{}, err
			}})
			id := w.submit(submission("parent"))
			w.work()
			require.Equal(t, c.code, w.get(id).ErrorCode)
			require.Empty(t, w.children(id), "one that is refused refuses all")
		})
	}
	t.Run("too deep", func(t *testing.T) {
		w := newWorld(t, map[string]ports.IntentHandler{"parent": nested("parent")})
		id := w.submit(submission("parent"))
		w.work()
		depth := 0
		for kids := w.children(id); len(kids) > 0; kids = w.children(kids[0].ID) {
			depth++
		}
		require.Equal(t, execution.MaxDepth, depth)
	})
	t.Run("none", func(t *testing.T) {
		runs := 0
		w := newWorld(t, family(0, 0, &runs, done))
		id := w.submit(submission("parent"))
		w.work()
		require.Equal(t, execution.Completed, w.get(id).State)
	})
}
