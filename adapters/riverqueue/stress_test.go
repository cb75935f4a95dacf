package riverqueue_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/symphainy/symphainy/adapters/riverqueue"
	"github.com/symphainy/symphainy/test/sheet"
)

// F2: a queue on PostgreSQL that is started and stopped again and again leaves no goroutine and no connection.
func TestQueuesStopWithoutATrace(t *testing.T) {
	dsn := database(t)
	before := goleak.IgnoreCurrent()
	times := sheet.Times(100, 3)
	for range times {
		q, err := riverqueue.New(config(dsn))
		require.NoError(t, err)
		require.NoError(t, q.Start(t.Context(), nothing))
		q.Wake("exe_1")
		require.NoError(t, q.Stop(t.Context()))
		require.NoError(t, q.Close())
	}
	require.NoError(t, goleak.Find(before))
	sheet.Record(t, "F2", times, "goroutines left of the queue on PostgreSQL 0", "leaks 0")
}
