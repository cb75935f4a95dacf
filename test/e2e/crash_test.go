package e2e_test

import (
	"net/http"
	"strconv"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

func itoa(n int64) string { return strconv.FormatInt(n, 10) }

// Fifty intents are accepted, the process is killed at once, and after a restart each has ended exactly once.
func TestKillAndRestart(t *testing.T) {
	t.Parallel()
	onEach(t, func(e environment) {
		t := e.t
		const n = 50
		first := start(t, e)
		a := newAPI(t, first)
		who := a.anonymous()
		content := map[string]any{"ui_name": "employees.csv", "file_type": "csv", "file_content": hexOf(fixture(t, "employees.csv"))}
		ids := make([]string, n)
		var all sync.WaitGroup
		for i := range ids {
			all.Go(func() {
				res, _, err := a.try(request{who: who.caller(), method: http.MethodPost, path: "/api/intent/submit", json: map[string]any{
					"session_id": who.id, "intent_type": "ingest_file", "parameters": content, "idempotency_key": "crash-" + strconv.Itoa(i),
				}})
				if err == nil && res.status == http.StatusAccepted {
					ids[i] = res.text("execution_id")
				}
			})
		}
		all.Wait()
		first.kill()
		for i, id := range ids {
			require.NotEmpty(t, id, "submission %d was accepted", i)
		}

		second := start(t, e)
		b := newAPI(t, second)
		for i, id := range ids {
			status := b.ended(who.caller(), id)
			require.Equal(t, "completed", status["status"], "execution %d: %v", i, status["error"])
		}
		for _, id := range ids {
			checkLog(b, who.caller(), id)
		}
		again := b.post(who.caller(), "/api/intent/submit", map[string]any{
			"session_id": who.id, "intent_type": "ingest_file", "parameters": content, "idempotency_key": "crash-7",
		}).is(http.StatusAccepted)
		require.Equal(t, ids[7], again.text("execution_id"), "the key still means the same execution")
		files := b.run(who.caller(), who.id, "list_files", "file_list", map[string]any{"include_pending": true, "limit": 200})
		require.EqualValues(t, n, files["count"], "every file was taken in exactly once")
	})
}
