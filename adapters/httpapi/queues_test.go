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

func TestAdminsSeeAndSteerTheirTenantsExecutions(t *testing.T) {
	w := newWorld(t)
	// The first who registers operates the platform; the others own a tenant each.
	operator, ada, eve := w.register("op"), w.register("ada"), w.register("eve")
	id := w.submit(call{token: ada.token}, "wait", map[string]any{})
	w.stands(call{token: ada.token}, id, "running")
	list := func(u user, query string) []any {
		return w.do(call{method: http.MethodGet, path: "/api/admin/executions" + query, token: u.token}).is(http.StatusOK).json()["executions"].([]any)
	}
	steer := func(u user, body map[string]any) reply {
		return w.do(call{method: http.MethodPost, path: "/api/admin/executions/control", token: u.token, body: body})
	}
	own := list(ada, "?status=running")
	require.Len(t, own, 1)
	seen := own[0].(map[string]any)
	require.Equal(t, id, seen["execution_id"])
	require.Equal(t, false, seen["stuck"])
	require.NotContains(t, seen, "parameters")
	require.Empty(t, list(ada, "?stuck=true"))
	require.Empty(t, list(eve, ""))
	w.do(call{method: http.MethodGet, path: "/api/admin/executions?scope=platform", token: eve.token}).is(http.StatusForbidden)
	w.do(call{method: http.MethodGet, path: "/api/admin/executions?tenant=" + ada.tenant, token: eve.token}).is(http.StatusForbidden)
	w.do(call{method: http.MethodGet, path: "/api/admin/executions"}).is(http.StatusUnauthorized)
	require.Empty(t, steer(eve, map[string]any{"action": "cancel", "execution_ids": []string{id}}).is(http.StatusOK).json()["execution_ids"])
	steer(eve, map[string]any{"action": "cancel", "scope": "platform"}).is(http.StatusForbidden)

	if all := w.do(call{method: http.MethodGet, path: "/api/admin/executions?scope=platform&tenant=" + ada.tenant, token: operator.token}); all.status == http.StatusOK {
		require.Len(t, all.json()["executions"], 1)
		require.Equal(t, []any{id}, steer(operator, map[string]any{"action": "pause", "scope": "platform", "tenant": ada.tenant}).is(http.StatusOK).json()["execution_ids"])
		w.stands(call{token: ada.token}, id, "paused")
	} else {
		require.Equal(t, http.StatusForbidden, all.status, "nobody operates this platform")
	}
	require.Equal(t, []any{id}, steer(ada, map[string]any{"action": "cancel", "intent_type": "wait"}).is(http.StatusOK).json()["execution_ids"])
	require.Equal(t, "cancelled", w.settle(call{token: ada.token}, id)["status"])
	require.Len(t, list(ada, "?status=cancelled"), 1)
}
