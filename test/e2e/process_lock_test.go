package e2e_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A second process on the embedded database refuses at once and says which file it is about; a dead one leaves no lock.
func TestSecondProcessRefuses(t *testing.T) {
	t.Parallel()
	e := onSQLite(t)
	first := start(t, e)
	for _, args := range [][]string{{"serve"}, {"migrate"}} {
		begin := time.Now()
		out, err := command(t, e, args...).CombinedOutput()
		require.Error(t, err, args)
		require.Contains(t, string(out), "symphainy.db", args)
		require.Contains(t, string(out), "in use by another process", args)
		limit := 2 * time.Second
		if underRace {
			limit *= 3 // the detector makes starting itself slow
		}
		require.Less(t, time.Since(begin), limit, args)
	}
	first.kill()
	second := start(t, e)
	second.terminate()
	require.Zero(t, second.exit())
}
