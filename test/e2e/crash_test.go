package e2e_test

import (
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
)

func itoa(n int64) string { return strconv.FormatInt(n, 10) }

// Intents are being accepted when the process is killed: with the fiftieth answer, in the middle of more. After a restart every accepted
// one has ended exactly once, and asking again under the same key makes no second one, whether its answer had come or not.
func TestKillAndRestart(t *testing.T) {
	t.Parallel()
	onEach(t, func(e environment) {
		t := e.t
		const accepted, tried = 50, 70
		first := start(t, e)
		a := newAPI(t, first)
		who := a.anonymous()
		content := hexOf(fixture(t, "employees.csv"))
		intent := func(i int) request {
			return request{who: who.caller(), method: http.MethodPost, path: "/api/intent/submit", json: map[string]any{
				"session_id": who.id, "intent_type": "ingest_file", "idempotency_key": "crash-" + strconv.Itoa(i),
				"parameters": map[string]any{"ui_name": "employees.csv", "file_type": "csv", "file_content": content},
			}}
		}
		ids := make([]string, tried)
		var answers atomic.Int64
		var all sync.WaitGroup
		for i := range ids {
			all.Go(func() {
				res, _, err := a.try(intent(i))
				if err != nil || res.status != http.StatusAccepted {
					return // killed before it answered
				}
				ids[i] = res.text("execution_id")
				if answers.Add(1) == accepted {
					first.kill()
				}
			})
		}
		all.Wait()
		require.GreaterOrEqual(t, answers.Load(), int64(accepted))
		t.Logf("%d of %d were accepted before the kill", answers.Load(), tried)

		b := newAPI(t, start(t, e))
		for i, id := range ids {
			if id != "" {
				require.Equal(t, "completed", b.ended(who.caller(), id)["status"], "execution %d", i)
			}
			again := b.do(intent(i)).is(http.StatusAccepted).text("execution_id")
			if id != "" {
				require.Equal(t, id, again, "the key still means the same execution")
			}
			ids[i] = again
		}
		for _, id := range ids {
			require.Equal(t, "completed", b.ended(who.caller(), id)["status"])
			checkLog(b, who.caller(), id)
		}
		files := b.run(who.caller(), who.id, "list_files", "file_list", map[string]any{"include_pending": true, "limit": 200})
		require.EqualValues(t, tried, files["count"], "every file was taken in exactly once")
	})
}
