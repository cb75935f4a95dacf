package check_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/test/chaos/check"
	"github.com/symphainy/symphainy/test/chaos/history"
)

// did is an operation from one moment to another; a result of "" is none.
func did(client, kind, argument, result string, from, to int) history.Op {
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	op := history.Op{
		Client: client, Op: kind, Args: history.On{Object: "x", Argument: argument}, Start: start.Add(time.Duration(from) * time.Second),
		End: start.Add(time.Duration(to) * time.Second), Outcome: history.OK, Result: result,
	}
	if result == "" {
		op.Outcome = history.Unknown
	}
	return op
}

func TestLinear(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		good bool
		ops  []history.Op
	}{
		"one owner": {true, []history.Op{
			did("a", check.Upgrade, "ada", "ok", 0, 3), did("b", check.Upgrade, "bob", check.Refused, 1, 4), did("a", check.Upgrade, "ada", "ok", 5, 6),
		}},
		"two owners": {false, []history.Op{did("a", check.Upgrade, "ada", "ok", 0, 3), did("b", check.Upgrade, "bob", "ok", 1, 4)}},
		"no owner":   {false, []history.Op{did("a", check.Upgrade, "ada", check.Refused, 0, 3)}},
		"an owner without an answer": {true, []history.Op{
			did("a", check.Upgrade, "ada", "", 0, 1), did("b", check.Upgrade, "bob", check.Refused, 2, 3), did("a", check.Upgrade, "ada", "ok", 4, 5),
		}},
		"one execution": {true, []history.Op{
			did("a", check.Reserve, "1", "", 0, 1), did("b", check.Reserve, "1", "exe", 2, 3), did("a", check.Reserve, "2", check.Refused, 2, 3),
		}},
		"two executions":          {false, []history.Op{did("a", check.Reserve, "1", "exe", 0, 1), did("b", check.Reserve, "1", "other", 0, 1)}},
		"two bodies":              {false, []history.Op{did("a", check.Reserve, "1", "exe", 0, 1), did("b", check.Reserve, "2", "exe", 0, 1)}},
		"an end":                  {true, []history.Op{did("a", check.Observe, "", "running", 0, 1), did("b", check.Cancel, "", "ok", 0, 1), did("a", check.Observe, "", "cancelled", 2, 3)}},
		"back from an end":        {false, []history.Op{did("a", check.Observe, "", "completed", 0, 1), did("b", check.Observe, "", "running", 2, 3)}},
		"two ends":                {false, []history.Op{did("a", check.Observe, "", "completed", 0, 1), did("b", check.Observe, "", "cancelled", 2, 3)}},
		"cancelled after its end": {false, []history.Op{did("a", check.Observe, "", "completed", 0, 1), did("b", check.Cancel, "", "ok", 2, 3)}},
		"one lineage": {true, []history.Op{
			did("a", check.Login, "", "1", 0, 1), did("a", check.Refresh, "1", "", 2, 3), did("b", check.Refresh, "1", "2", 4, 5), did("a", check.Refresh, "1", "2", 4, 6),
			did("a", check.Refresh, "2", "3", 7, 8), did("b", check.Refresh, "1", check.Refused, 9, 10), did("a", check.Refresh, "3", check.Refused, 11, 12),
		}},
		"two children":        {false, []history.Op{did("a", check.Login, "", "1", 0, 1), did("a", check.Refresh, "1", "2", 2, 3), did("b", check.Refresh, "1", "2b", 2, 3)}},
		"an old token":        {false, []history.Op{did("a", check.Login, "", "1", 0, 1), did("a", check.Refresh, "1", "2", 2, 3), did("a", check.Refresh, "2", "3", 4, 5), did("b", check.Refresh, "1", "2", 6, 7)}},
		"refused for nothing": {false, []history.Op{did("a", check.Login, "", "1", 0, 1), did("a", check.Refresh, "1", check.Refused, 2, 3)}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			found, _ := check.Linear(c.ops, 10*time.Second)
			require.Equal(t, len(c.ops), found.Checked)
			require.Equal(t, c.good, found.Total() == 0, "%v", found.Problems)
		})
	}
}
