package runtime_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/domain/execution"
	"github.com/symphainy/symphainy/domain/intent"
	"github.com/symphainy/symphainy/ports"
)

// An idempotency key means the same execution for a day, and a signal without a time of its own is waited for a week: to the second.
func TestLivesEndToTheSecond(t *testing.T) {
	w := newWorld(t, map[string]ports.IntentHandler{
		"act": done,
		"wait": func(ctx context.Context, c ports.IntentCall) (ports.IntentResult, error) {
			_, err := c.AwaitSignal(ctx, "go", ports.SignalWait{Signal: "go"})
			return ports.IntentResult{}, err
		},
	})
	s := submission("act")
	s.IdempotencyKey, s.Fingerprint = "key", []byte("body")
	first, err := w.engine.Submit(t.Context(), s)
	require.NoError(t, err)
	w.work()
	w.clock.Advance(intent.IdempotencyLife - time.Second)
	again, err := w.engine.Submit(t.Context(), s)
	require.NoError(t, err)
	require.True(t, again.Repeated)
	require.Equal(t, first.Execution.ID, again.Execution.ID)
	w.clock.Advance(time.Second)
	anew, err := w.engine.Submit(t.Context(), s)
	require.NoError(t, err)
	require.False(t, anew.Repeated)
	require.NotEqual(t, first.Execution.ID, anew.Execution.ID)

	waits := w.submit(submission("wait"))
	w.work()
	w.clock.Advance(execution.SignalTime - time.Second)
	w.work()
	require.Equal(t, execution.Waiting, w.get(waits).State)
	w.clock.Advance(time.Second)
	w.work()
	require.Equal(t, "signal_expired", w.get(waits).ErrorCode)
}
