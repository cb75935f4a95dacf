package system_test

import (
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/adapters/system"
	"github.com/symphainy/symphainy/domain/typeid"
)

func TestClockGivesWholeMicrosecondsInUTC(t *testing.T) {
	before := time.Now().Add(-time.Microsecond)
	now := system.Clock{}.Now()
	require.Equal(t, time.UTC, now.Location())
	require.Zero(t, now.Nanosecond()%1000)
	require.True(t, now.After(before))
	require.False(t, now.After(time.Now()))
	require.Equal(t, now, now.Round(0), "no monotonic part, which a store could not give back")
}

func TestIDsAreValidAndSortByCreation(t *testing.T) {
	ids := system.IDs{}
	last := ""
	for range 5000 {
		id := ids.NewID(typeid.Execution)
		require.True(t, typeid.Valid(typeid.Execution, id), id)
		require.Greater(t, id, last)
		last = id
	}
}

func TestIDsAreUniqueAcrossGoroutines(t *testing.T) {
	const workers, each = 8, 500
	made := make([][]string, workers)
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			for range each {
				made[w] = append(made[w], system.IDs{}.NewID(typeid.Event))
			}
		})
	}
	wg.Wait()
	seen := map[string]bool{}
	for _, ids := range made {
		for _, id := range ids {
			require.False(t, seen[id], id)
			seen[id] = true
		}
	}
	require.Len(t, seen, workers*each)
}

func TestSecretHas256FreshBits(t *testing.T) {
	a, b := system.IDs{}.Secret(), system.IDs{}.Secret()
	require.Len(t, a, 32)
	require.NotEqual(t, a, b)
}
