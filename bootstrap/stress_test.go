package bootstrap_test

import (
	"net/http"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/symphainy/symphainy/test/sheet"
)

// descriptors counts what the process has open.
func descriptors(t *testing.T) int {
	t.Helper()
	open, err := os.ReadDir("/proc/self/fd")
	require.NoError(t, err)
	return len(open)
}

// F2: the whole platform (store, queue, engine, bus, sockets' hub, upkeep, schedules, both listeners) started and stopped again and again leaves no
// goroutine and no open file.
func TestThePlatformStopsWithoutATrace(t *testing.T) {
	cfg := variant(t)
	cfg.Metrics.Addr = "127.0.0.1:0"
	once := func() {
		require.NoError(t, run(t, cfg, func(url string) {
			status, body := get(t, url+"/health/ready")
			require.Equal(t, http.StatusOK, status, body)
		}))
	}
	once() // the store is made, and what lives as long as the process is there
	before, files := goleak.IgnoreCurrent(), descriptors(t)
	times := sheet.Times(100, 3)
	for range times {
		once()
	}
	require.NoError(t, goleak.Find(before))
	require.LessOrEqual(t, descriptors(t), files)
	sheet.Record(t, "F2", times, "goroutines and open files left of the whole platform 0", "leaks 0")
}
