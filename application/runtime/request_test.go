package runtime_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/domain/execution"
	"github.com/symphainy/symphainy/ports"
	"github.com/symphainy/symphainy/test/sheet"
)

// Nothing runs inside a request: what was accepted is a row and a job, whatever becomes of the request and its process, and another process does
// it (H19; R1 kills real ones).
func TestAcceptedWorkIsNotItsRequests(t *testing.T) {
	const submissions = 20
	ran := 0
	handlers := only(func(ctx context.Context, _ ports.IntentCall) (ports.IntentResult, error) {
		ran++
		return ports.IntentResult{}, ctx.Err()
	})
	w := newWorld(t, handlers)
	dies := w.idle(handlers) // accepts, and never works
	var ids []string
	for range submissions {
		request, end := context.WithCancel(t.Context())
		r, err := dies.Submit(request, submission("act"))
		require.NoError(t, err)
		end()
		require.Equal(t, execution.Accepted, r.Execution.State)
		require.Equal(t, execution.Accepted, w.get(r.Execution.ID).State, "it is a row before the answer, and nothing has begun")
		ids = append(ids, r.Execution.ID)
	}
	require.Zero(t, ran)
	w.work()
	for _, id := range ids {
		require.Equal(t, execution.Completed, w.get(id).State)
	}
	require.Equal(t, submissions, ran)
	sheet.Record(t, "R1", submissions, "accepted by a process that does nothing more, with requests that ended: run by another 20, inside a request 0", "lost 0, twice 0")
}
