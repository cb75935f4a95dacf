package e2e_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Two processes on one PostgreSQL database are one platform: what happens at the one is seen at the other, a sign-out counts at both
// within a second, and when one is killed the other finishes its work.
func TestTwoReplicas(t *testing.T) {
	t.Parallel()
	e := onPostgres(t)
	first, second := start(t, e), start(t, e)
	a, b := newAPI(t, first), newAPI(t, second)
	v := a.anonymous()
	s := b.open(v.caller(), v.id)
	submitted := a.submit(v.caller(), v.id, "list_files", map[string]any{})
	for f := (frame{}); f.ExecutionID != submitted; {
		f = s.until("execution.completed", nil)
	}

	ada := a.register("Ada")
	b.get(ada.caller(), "/api/auth/me").is(http.StatusOK)
	at := b.open(ada.caller(), ada.session)
	a.post(ada.caller(), "/api/auth/logout", nil).is(http.StatusOK)
	left := time.Now()
	code, _ := at.closed()
	require.Equal(t, 4409, code)
	limit := time.Second
	if underRace {
		limit *= 3
	}
	require.Less(t, time.Since(left), limit)
	b.get(ada.caller(), "/api/auth/me").is(http.StatusUnauthorized)

	var ids []string
	for range 20 {
		ids = append(ids, a.submit(v.caller(), v.id, "ingest_file", map[string]any{
			"ui_name": "employees.csv", "file_type": "csv", "file_content": hexOf(fixture(t, "employees.csv")),
		}))
	}
	first.kill()
	for _, id := range ids {
		require.Equal(t, "completed", b.ended(v.caller(), id)["status"])
		checkLog(b, v.caller(), id)
	}
}
