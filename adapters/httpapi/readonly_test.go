package httpapi_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/test/sheet"
)

// T9: what the server alone writes cannot be written by a client, whatever route changes the object.
func TestReadOnlyFieldsStayAsTheyAre(t *testing.T) {
	w := newWorld(t)
	w.register("operator")
	ada, v := w.victim("ada"), w.visit()
	as := func(method, path string, body any) reply {
		return w.do(call{method: method, path: path, token: ada.token, body: body})
	}
	fields := map[string]any{
		"id": "usr_01jd8h0000exampe0000000000", "owner_id": "usr_01jd8h0000exampe0000000000", "owner_user_id": "usr_01jd8h0000exampe0000000000", "created_at": "2020-01-01T00:00:00Z",
		"updated_at": "2020-01-01T00:00:00Z", "version": 99, "epoch": 99, "state": "active", "roles": []string{"operator"}, "permissions": []string{"operate"},
		"password_hash": "x", "secret_hash": "x", "storage_key": "../x", "TenantID": "ten_01jd8h0000exampe0000000000", "runs": 1, "next_run_at": "2020-01-01T00:00:00Z", "fence": 1,
	}
	routes := []struct {
		method, path, look string
		good               map[string]any
	}{
		{"PATCH", "/api/artifacts/" + ada.artifact, "/api/artifacts/" + ada.artifact, map[string]any{"lifecycle_state": "archived", "reason": "x"}},
		{"PATCH", "/api/schedules/" + ada.schedule, "/api/schedules/" + ada.schedule, map[string]any{"name": "changed"}},
		{"PUT", "/api/admin/agents/guide", "/api/admin/agents/guide", map[string]any{"role": "changed"}},
		{"PUT", "/api/admin/agent-posture", "/api/admin/agent-posture", map[string]any{"tone": "changed"}},
		{"PATCH", "/api/session/" + v.session + "/upgrade", "", map[string]any{}},
	}
	tried := 0
	for _, r := range routes {
		before := ""
		if r.look != "" {
			before = string(as("GET", r.look, nil).is(200).body)
		}
		for name, value := range fields {
			body := map[string]any{name: value}
			for k, good := range r.good {
				body[k] = good
			}
			c := call{method: r.method, path: r.path, token: ada.token, body: body}
			if r.look == "" {
				c.secret = v.secret
			}
			w.do(c).fails(400, "unknown_field")
			tried++
		}
		if r.look != "" {
			require.Equal(t, before, string(as("GET", r.look, nil).is(200).body), "%s is as it was, also in what might have been changed", r.path)
		}
	}
	var seen map[string]any
	require.NoError(t, json.Unmarshal(w.do(call{method: "GET", path: "/api/session/" + v.session, secret: v.secret}).is(200).body, &seen))
	require.Equal(t, "anonymous", fmt.Sprint(seen["status"]))
	sheet.Record(t, "T9", tried, "fields that are the server's, in what changes an object: written 0", "written 0")
}
