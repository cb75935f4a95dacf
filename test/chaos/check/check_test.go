package check_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/test/chaos/check"
	"github.com/symphainy/symphainy/test/chaos/history"
)

func event(seq int64, kind string, attempt int) check.Event {
	return check.Event{Seen: history.Seen{Execution: "x", Epoch: 1, Seq: seq, Type: kind}, Attempt: attempt}
}

// good is a table in which everything is as it must be: one take-over, two steps.
func good() check.Tables {
	return check.Tables{
		Executions: map[string]check.Execution{"x": {ID: "x", State: "completed", Attempt: 2, LastSeq: 6, Epoch: 1}},
		Effects:    []check.Effect{{Execution: "x", Name: "x/1"}, {Execution: "x", Name: "x/2"}},
		Logs: map[string][]check.Event{"x": {
			event(1, "execution.accepted", 0), event(2, "execution.started", 1), event(3, "execution.step.completed", 1),
			event(4, "execution.started", 2), event(5, "execution.step.completed", 2), event(6, "execution.completed", 0),
		}},
	}
}

func seen(t check.Tables, from, to int64) []history.Seen {
	var out []history.Seen
	for _, e := range t.Logs["x"][from-1 : to] {
		out = append(out, e.Seen)
	}
	return out
}

func TestGood(t *testing.T) {
	t.Parallel()
	tables := good()
	require.Zero(t, check.Accepted([]string{"x"}, tables).Total())
	effects := check.Effects([]string{"x"}, 2, tables)
	require.Zero(t, effects.Total())
	require.Equal(t, 2, effects.Checked)
	require.Zero(t, check.Logs(tables).Total())
	watched := check.Watches([]history.Watch{
		{Watcher: "w", Connection: 2, Execution: "x", After: 3, Recovered: true, Events: seen(tables, 4, 6), Ended: true},
		{Watcher: "w", Connection: 1, Execution: "x", Recovered: true, Events: seen(tables, 1, 3)},
		{Watcher: "v", Connection: 1, Execution: "x", After: 99, Recovered: false, Reason: "future_position", Events: seen(tables, 1, 6), Ended: true},
	}, tables)
	require.Equal(t, 12, watched.Checked)
	require.Empty(t, watched.Problems)
}

// Each way to be wrong is found, and only it.
func TestEveryFaultIsFound(t *testing.T) {
	t.Parallel()
	for kind, breakIt := range map[string]func(*check.Tables) check.Finding{
		"lost": func(t *check.Tables) check.Finding {
			delete(t.Executions, "x")
			return check.Accepted([]string{"x"}, *t)
		},
		"stuck": func(t *check.Tables) check.Finding {
			t.Executions["x"] = check.Execution{ID: "x", State: "running", LastSeq: 6}
			return check.Accepted([]string{"x"}, *t)
		},
		"doubled": func(t *check.Tables) check.Finding {
			t.Effects = append(t.Effects, t.Effects[0])
			return check.Effects([]string{"x"}, 2, *t)
		},
		"numbers": func(t *check.Tables) check.Finding {
			t.Logs["x"][5].Seq = 7
			return check.Logs(*t)
		},
		"terminal": func(t *check.Tables) check.Finding {
			t.Logs["x"][4].Type = "execution.completed"
			return check.Logs(*t)
		},
		"state": func(t *check.Tables) check.Finding {
			t.Executions["x"] = check.Execution{ID: "x", State: "completed", LastSeq: 7}
			return check.Logs(*t)
		},
		"zombie": func(t *check.Tables) check.Finding {
			t.Logs["x"][4].Attempt = 1
			return check.Logs(*t)
		},
	} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			tables := good()
			found := breakIt(&tables)
			require.Contains(t, found.Kinds(), kind)
			for _, other := range found.Kinds() {
				require.True(t, other == kind || kind == "terminal", "%v", found.Problems)
			}
		})
	}
	t.Run("taken over", func(t *testing.T) {
		t.Parallel()
		tables := good()
		require.Equal(t, 1, check.TakenOver(tables).Count("taken over"))
		tables.Logs["x"][2].Type = "execution.retrying"
		require.Zero(t, check.TakenOver(tables).Total())
		require.Equal(t, 2, check.TakenOver(tables).Checked)
	})
	t.Run("lost effect", func(t *testing.T) {
		t.Parallel()
		tables := good()
		tables.Effects = tables.Effects[:1]
		require.Equal(t, 1, check.Effects([]string{"x"}, 2, tables).Count("lost"))
	})
}

func TestEveryBrokenWatchIsFound(t *testing.T) {
	t.Parallel()
	whole := history.Watch{Watcher: "w", Connection: 1, Execution: "x", Recovered: true, Events: seen(good(), 1, 6), Ended: true}
	for property, breakIt := range map[string]func(*history.Watch){
		"ordered":      func(w *history.Watch) { w.Events[2], w.Events[1] = w.Events[1], w.Events[2] },
		"unique":       func(w *history.Watch) { w.Events = append(w.Events, w.Events[5]) },
		"reliable":     func(w *history.Watch) { w.Events = w.Events[:4] },
		"resumable":    func(w *history.Watch) { w.Events = w.Events[1:] },
		"bookmarkable": func(w *history.Watch) { w.Events[3].Type = "another" },
		"filtered":     func(w *history.Watch) { w.Events = append(w.Events, history.Seen{Execution: "y", Seq: 1}) },
	} {
		t.Run(property, func(t *testing.T) {
			t.Parallel()
			require.Contains(t, check.Properties(), property)
			w := whole
			w.Events = append([]history.Seen(nil), whole.Events...)
			breakIt(&w)
			require.Contains(t, check.Watches([]history.Watch{w}, good()).Kinds(), property)
		})
	}
	t.Run("no end", func(t *testing.T) {
		t.Parallel()
		w := whole
		w.Ended = false
		require.Equal(t, 1, check.Unended([]history.Watch{w}).Count("unended"))
		again := whole
		again.Connection = 2
		require.Zero(t, check.Unended([]history.Watch{w, again}).Total())
	})
	t.Run("a hole in the middle", func(t *testing.T) {
		t.Parallel()
		w := whole
		w.Events = append(append([]history.Seen(nil), whole.Events[:2]...), whole.Events[3:]...)
		require.Equal(t, []string{"reliable"}, check.Watches([]history.Watch{w}, good()).Kinds())
	})
	t.Run("no reason", func(t *testing.T) {
		t.Parallel()
		w := whole
		w.Recovered = false
		require.Equal(t, []string{"resumable"}, check.Watches([]history.Watch{w}, good()).Kinds())
	})
	t.Run("again over connections", func(t *testing.T) {
		t.Parallel()
		again := whole
		again.Connection = 2
		require.Equal(t, []string{"unique"}, check.Watches([]history.Watch{whole, again}, good()).Kinds())
	})
}
