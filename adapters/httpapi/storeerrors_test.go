package httpapi_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/test/sheet"
)

// N6: a store that fails with all that a driver likes to tell: on every route, at every call of the store, nothing of it is in the answer.
func TestWhatAStoreSaysIsNotTold(t *testing.T) {
	w := newWorld(t)
	ada := w.victim("ada")
	w.failing.Store(true)
	driver := errors.New(`ERROR: relation "executions" does not exist (SQLSTATE 42P01): SELECT * FROM executions; /var/lib/postgresql/17/main goroutine 7 [running] pgx v5.9.2 go1.26.6`)
	failed, routes := map[int]int{}, 0
	for path, methods := range documented(t, w) {
		theirs, _, _ := ada.object(path)
		at := strings.ReplaceAll(path, "{user_id}", ada.id)
		at = pathParameter.ReplaceAllString(at, theirs)
		for _, method := range methods {
			if strings.HasSuffix(path, "/stream") || strings.HasSuffix(path, "/erase") || strings.HasSuffix(path, "/suspend") || path == "/api/auth/logout" || method == http.MethodDelete {
				continue // what ends what the next ones need
			}
			routes++
			body := bodyFor(path, ada.session, ada.artifact, ada.execution)
			for n := 1; n <= 12; n++ {
				w.calls.FailAt(n, driver)
				req := said{method: method, path: at, header: [][2]string{{"Authorization", "Bearer " + ada.token}}}
				if method != http.MethodGet {
					req.body = body
				}
				status, got := w.once(req)
				struck := w.calls.Struck() != ""
				w.calls.FailAt(0, nil)
				if status >= 500 {
					failed[status]++
					require.NotContains(t, got, "relation", "%s %s", method, path)
				}
				if !struck {
					break
				}
			}
		}
	}
	all := 0
	for _, n := range failed {
		all += n
	}
	require.Greater(t, all, 100)
	sheet.Record(t, "N6", all, fmt.Sprintf("a failing store on %d routes: answers by status %v, driver's words in 0", routes, failed), "bad 0")
}
