package runtime_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/domain/execution"
	"github.com/symphainy/symphainy/ports"
)

// What lost many owners runs with no other such work in its process, so that an execution that ends its process cannot use up the claims of
// another that only ran beside it.
func TestSuspectsRunApart(t *testing.T) {
	t.Parallel()
	var w *world
	var culprit, beside string
	var ran []string
	w = newWorld(t, only(func(ctx context.Context, c ports.IntentCall) (ports.IntentResult, error) {
		id := c.Execution().ID
		ran = append(ran, id)
		if id == culprit {
			require.NoError(t, w.desk.handle(ctx, beside))
			require.Equal(t, []string{culprit}, ran, "the other one waits")
		}
		return ports.IntentResult{}, nil
	}))
	culprit, beside = w.submit(submission("act")), w.submit(submission("act"))
	w.desk.take()
	const deaths = 5
	for range deaths {
		for _, id := range []string{culprit, beside} {
			require.NoError(t, w.store.Do(t.Context(), func(ctx context.Context, tx ports.Tx) error {
				_, err := tx.Leases.Claim(ctx, id, "wrk_dead", time.Second)
				return err
			}))
		}
		w.clock.Advance(2 * time.Second)
	}
	require.NoError(t, w.desk.handle(t.Context(), culprit))
	require.Equal(t, deaths, w.get(beside).Attempt, "being refused is no claim")
	require.NoError(t, w.desk.handle(t.Context(), beside))
	require.Equal(t, []string{culprit, beside}, ran)
	require.Equal(t, execution.Completed, w.get(beside).State)
}
