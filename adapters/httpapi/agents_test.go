package httpapi_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
)

// An admin sees the agents of the own tenant, sets what is different, and takes it back; two who change the same do not overwrite each other.
func TestAgentsAreSetByTheTenantsAdmin(t *testing.T) {
	w := newWorld(t)
	ada, bob := w.register("Ada"), w.register("Bob")
	v := w.visit()
	do := func(who, method, path, match string, body any) reply {
		c := call{method: method, path: "/api/admin/" + path, token: who, body: body, header: map[string]string{}}
		if match != "" {
			c.header["If-Match"] = match
		}
		return w.do(c)
	}
	for _, path := range []string{"agents", "agents/guide", "agent-posture", "agent-tools", "agent-budget"} {
		w.do(call{method: http.MethodGet, path: "/api/admin/" + path}).is(http.StatusUnauthorized)
		w.do(call{method: http.MethodGet, path: "/api/admin/" + path, secret: v.secret}).is(http.StatusUnauthorized)
		do(ada.token, http.MethodGet, path, "", nil).is(http.StatusOK)
	}
	list := do(ada.token, http.MethodGet, "agents", "", nil).json()
	require.EqualValues(t, 5, list["total"])
	do(ada.token, http.MethodGet, "agents/nobody", "", nil).is(http.StatusNotFound)
	first := do(ada.token, http.MethodGet, "agents/guide", "", nil).is(http.StatusOK)
	require.Equal(t, `"0"`, first.header.Get("ETag"))
	require.Equal(t, "platform", first.json()["origin"].(map[string]any)["role"])

	set := do(ada.token, http.MethodPut, "agents/guide", `"0"`, map[string]any{"role": "Concierge", "tools": []string{}}).is(http.StatusOK)
	require.Equal(t, `"1"`, set.header.Get("ETag"))
	require.Equal(t, "Concierge", set.json()["role"])
	require.Empty(t, set.json()["tools"])
	require.Equal(t, "tenant", set.json()["origin"].(map[string]any)["role"])
	do(ada.token, http.MethodPut, "agents/guide", "", map[string]any{"role": "Other"}).is(http.StatusConflict)
	do(ada.token, http.MethodPut, "agents/guide", `"7"`, map[string]any{"role": "Other"}).is(http.StatusConflict)
	do(ada.token, http.MethodPut, "agents/guide", "x", map[string]any{"role": "Other"}).is(http.StatusBadRequest)
	do(ada.token, http.MethodPut, "agents/guide", `"1"`, map[string]any{"tools": []string{"agent.turn"}}).is(http.StatusUnprocessableEntity)
	do(ada.token, http.MethodPut, "agents/guide", `"1"`, map[string]any{"permission": "read"}).is(http.StatusBadRequest)
	require.Equal(t, "Guide", do(bob.token, http.MethodGet, "agents/guide", "", nil).json()["role"], "another tenant's stays")
	do(bob.token, http.MethodDelete, "agents/guide", `"1"`, nil).is(http.StatusNotFound)
	do(ada.token, http.MethodDelete, "agents/guide", `"2"`, nil).is(http.StatusConflict)
	do(ada.token, http.MethodDelete, "agents/guide", `"1"`, nil).is(http.StatusOK)

	do(ada.token, http.MethodPut, "agent-posture", "", map[string]any{"turn": map[string]any{"tokens": 10_000_000}}).is(http.StatusUnprocessableEntity)
	posture := do(ada.token, http.MethodPut, "agent-posture", "", map[string]any{
		"strict": true, "turn": map[string]any{"tokens": 1000}, "day": map[string]any{"steps": 7},
	}).is(http.StatusOK).json()
	require.Equal(t, true, posture["effective"].(map[string]any)["strict"])
	require.Equal(t, false, posture["deployment"].(map[string]any)["strict"])
	require.Equal(t, map[string]any{"strict": "tenant", "turn.tokens": "tenant", "day.steps": "tenant"}, posture["origin"])
	budget := do(ada.token, http.MethodGet, "agent-budget", "", nil).json()
	require.EqualValues(t, 7, budget["bound"].(map[string]any)["steps"])
	do(ada.token, http.MethodDelete, "agent-posture", `"1"`, nil).is(http.StatusOK)

	tool := do(ada.token, http.MethodGet, "agent-tools", "", nil).json()["tools"].([]any)[0].(map[string]any)
	require.Equal(t, "unused", tool["state"])
	approve := func(fingerprint any) reply {
		return do(ada.token, http.MethodPost, "agent-tools/approve", "", map[string]any{"tools": []any{map[string]any{"name": tool["name"], "fingerprint": fingerprint}}})
	}
	approve("0000").is(http.StatusConflict)
	after := approve(tool["fingerprint"]).is(http.StatusOK).json()["tools"].([]any)[0].(map[string]any)
	require.Equal(t, "approved", after["state"])
	require.Equal(t, "unused", do(bob.token, http.MethodGet, "agent-tools", "", nil).json()["tools"].([]any)[0].(map[string]any)["state"])
}
