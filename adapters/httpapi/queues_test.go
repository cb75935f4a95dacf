package httpapi_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestQueuesAreForAdminsAndOperators(t *testing.T) {
	w := newWorld(t)
	owner := w.register("Ada")
	get := func(token, query string) reply {
		return w.do(call{method: http.MethodGet, path: "/api/admin/queues" + query, token: token})
	}
	own := get(owner.token, "").is(http.StatusOK).json()
	require.Equal(t, "tenant", own["scope"])
	require.Empty(t, own["queues"])
	get(owner.token, "?scope=platform").is(http.StatusForbidden)
	get(owner.token, "?scope=galaxy").is(http.StatusBadRequest)
	get("", "").is(http.StatusUnauthorized)
	v := w.visit()
	w.do(call{method: http.MethodGet, path: "/api/admin/queues", secret: v.secret}).is(http.StatusUnauthorized)
}
