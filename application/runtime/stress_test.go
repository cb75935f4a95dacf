package runtime_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/symphainy/symphainy/ports"
	"github.com/symphainy/symphainy/test/sheet"
)

// F2: an engine that is started and stopped again and again, with its loops and its subscriptions, leaves no goroutine.
func TestEnginesStopWithoutATrace(t *testing.T) {
	w := newWorld(t, map[string]ports.IntentHandler{})
	before := goleak.IgnoreCurrent()
	times := sheet.Times(100, 20)
	for range times {
		e := w.idle(map[string]ports.IntentHandler{})
		require.NoError(t, e.Start(t.Context()))
		require.NoError(t, e.Stop(t.Context()))
	}
	require.NoError(t, goleak.Find(before))
	sheet.Record(t, "F2", times, "goroutines left of the engine 0", "leaks 0")
}
