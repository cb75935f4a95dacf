package localqueue_test

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/symphainy/symphainy/adapters/localqueue"
	"github.com/symphainy/symphainy/ports"
	"github.com/symphainy/symphainy/test/sheet"
)

// F2: a queue that is started and stopped again and again, with work in it, leaves no goroutine.
func TestQueuesStopWithoutATrace(t *testing.T) {
	before := goleak.IgnoreCurrent()
	times := sheet.Times(100, 20)
	for range times {
		q := quiet(localqueue.Config{Logger: slog.New(slog.DiscardHandler)})
		ran := make(chan struct{}, 8)
		require.NoError(t, q.Start(t.Context(), func(context.Context, string) error {
			ran <- struct{}{}
			return nil
		}))
		q.Enqueued([]ports.Job{{ExecutionID: "exe_1"}, {ExecutionID: "exe_2", DueAt: time.Now().Add(time.Hour)}})
		q.Wake("exe_3")
		<-ran
		require.NoError(t, q.Stop(t.Context()))
		require.NoError(t, goleak.Find(before))
	}
	sheet.Record(t, "F2", times, "goroutines left of the local queue 0", "leaks 0")
}
