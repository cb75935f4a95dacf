package httpapi_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/test/sheet"
)

// adminRoutes are all routes of the document below /api/admin, with their methods.
func adminRoutes(t *testing.T, w *world) (list []call) {
	t.Helper()
	var doc struct {
		Paths map[string]map[string]json.RawMessage `json:"paths"`
	}
	require.NoError(t, json.Unmarshal(w.handler.OpenAPI(), &doc))
	for path, item := range doc.Paths {
		if !strings.HasPrefix(path, "/api/admin/") {
			continue
		}
		path = strings.NewReplacer("{id}", "usr_01jd8h0000exampe0000000000", "{user_id}", "usr_01jd8h0000exampe0000000000").Replace(path)
		for method := range item {
			c := call{method: strings.ToUpper(method), path: path}
			if c.method == http.MethodPost {
				c.body = map[string]any{}
			}
			list = append(list, c)
		}
	}
	return list
}

// T8: who is no admin is refused before anything is looked at, whatever they call themselves.
func TestAdminRoutesAreForAdminsAlone(t *testing.T) {
	w := newWorld(t)
	owner := w.register("admin-of-everything")
	invite := func(role string) string {
		return w.do(call{method: "POST", path: "/api/admin/invitations", token: owner.token, body: map[string]any{"email": role + "@example.org", "role": role}}).is(201).str("token")
	}
	join := func(role, name string) string {
		r := w.do(call{method: "POST", path: "/api/auth/register", body: map[string]any{
			"name": name, "email": role + "@example.org", "password": password, "invitation": invite(role),
		}}).is(201)
		return r.str("access_token")
	}
	member, viewer := join("member", "admin"), join("viewer", "operator")
	session := w.do(call{method: "POST", path: "/api/session/create", token: member, body: map[string]any{"metadata": map[string]any{"role": "admin", "roles": []string{"operator"}}}}).is(201).str("session_id")
	visitor := w.visit()
	seven := map[string]func(call) (call, int){
		"nobody":  func(c call) (call, int) { return c, 401 },
		"visitor": func(c call) (call, int) { c.secret = visitor.secret; return c, 401 },
		"member":  func(c call) (call, int) { c.token = member; return c, 403 },
		"viewer":  func(c call) (call, int) { c.token = viewer; return c, 403 },
		"a member who names an admin": func(c call) (call, int) {
			c.token, c.header = member, map[string]string{"X-User-Id": owner.id, "X-Session-Id": owner.session, "X-Role": "admin"}
			return c, 403
		},
		"a member with an admin in the query": func(c call) (call, int) {
			c.token, c.path = member, c.path+"?user_id="+owner.id
			return c, 403
		},
		"a member with a role in the session": func(c call) (call, int) {
			c.token, c.path = member, c.path+"?session_id="+session
			return c, 403
		},
	}
	routes, cells := adminRoutes(t, w), 0
	require.Greater(t, len(routes), 30)
	for _, c := range routes {
		for who, as := range seven {
			got, want := as(c)
			require.Equal(t, want, w.do(got).status, "%s: %s %s", who, got.method, got.path)
			cells++
		}
	}
	sheet.Record(t, "T8", cells, fmt.Sprintf("%d admin routes × 7 who are none: passed 0", len(routes)), "0")

	// An admin of a tenant is nobody on the platform.
	for _, c := range []call{
		{method: "GET", path: "/api/admin/control-room/system-health"}, {method: "GET", path: "/api/admin/users?scope=platform"},
		{method: "GET", path: "/api/admin/sessions?scope=platform"}, {method: "GET", path: "/api/admin/audit?scope=platform"},
		{method: "GET", path: "/api/admin/control-room/statistics?scope=platform"},
		{method: "POST", path: "/api/admin/tenants", body: map[string]any{"name": "x", "owner_email": "x@example.org"}},
		{method: "POST", path: "/api/admin/tenants/" + owner.tenant + "/suspend", body: map[string]any{}},
	} {
		c.token = owner.token
		w.do(c).fails(403, "permission_denied")
	}
}

func TestAnAdminRulesTheTenant(t *testing.T) {
	w := newWorld(t)
	owner, stranger := w.register("ada"), w.register("eve")
	as := func(method, path string, body any) reply {
		return w.do(call{method: method, path: "/api/admin" + path, token: owner.token, body: body})
	}
	invited := as("POST", "/invitations", map[string]any{"email": "bob@example.org", "role": "member"}).is(201)
	require.Equal(t, "open", invited.str("status"))
	bob := w.do(call{method: "POST", path: "/api/auth/register", body: map[string]any{
		"name": "Bob", "email": "bob@example.org", "password": password, "invitation": invited.str("token"),
	}}).is(201)
	require.Equal(t, owner.tenant, bob.str("tenant_id"))
	list := as("GET", "/invitations", nil).is(200)
	require.Contains(t, string(list.body), `"used"`)
	require.NotContains(t, string(list.body), invited.str("token"))
	as("DELETE", "/invitations/"+invited.str("invitation_id"), nil).fails(404, "not_found")

	first := as("GET", "/users?limit=1", nil).is(200)
	second := as("GET", "/users?limit=1&cursor="+first.str("next_cursor"), nil).is(200).json()
	require.Nil(t, second["next_cursor"])
	require.NotContains(t, string(first.body), "argon2")
	as("GET", "/sessions?cursor="+first.str("next_cursor"), nil).fails(400, "invalid_cursor")

	w.do(call{method: "POST", path: "/api/intent/submit", token: bob.str("access_token"), body: map[string]any{"intent_type": "wait", "parameters": map[string]any{}}}).is(202)
	as("POST", "/users/"+bob.str("user_id")+"/role", map[string]any{"role": "viewer"}).is(200)
	as("POST", "/users/"+bob.str("user_id")+"/role", map[string]any{"role": "operator"}).is(422)
	as("POST", "/users/"+owner.id+"/role", map[string]any{"role": "viewer"}).fails(409, "own_account")
	as("POST", "/users/"+stranger.id+"/disable", map[string]any{}).fails(404, "not_found")
	as("DELETE", "/sessions/"+stranger.session, nil).fails(404, "not_found")
	as("GET", "/tenants/"+stranger.tenant+"/export", nil).fails(404, "not_found")
	w.clock.Advance(time.Second)
	w.do(call{method: "POST", path: "/api/intent/submit", token: bob.str("access_token"), body: map[string]any{"intent_type": "wait", "parameters": map[string]any{}}}).is(403)

	as("DELETE", "/sessions/"+bob.str("session_id"), nil).is(200)
	w.do(call{method: "GET", path: "/api/auth/me", token: bob.str("access_token")}).is(401)

	export := as("GET", "/tenants/"+owner.tenant+"/export", nil).is(200)
	require.Equal(t, "application/x-ndjson", export.header.Get("Content-Type"))
	kinds := map[string]int{}
	for line := range bytes.Lines(export.body) {
		var one struct{ Kind string }
		require.NoError(t, json.Unmarshal(line, &one))
		kinds[one.Kind]++
	}
	require.Equal(t, 2, kinds["member"])
	require.Equal(t, 1, kinds["execution"])
	require.Positive(t, kinds["event"])

	records := as("GET", "/audit", nil).is(200)
	for _, action := range []string{"admin.invited", "admin.role_changed", "admin.session_revoked", "admin.tenant_exported"} {
		require.Contains(t, string(records.body), action)
	}
	about := as("GET", "/audit?target="+bob.str("user_id"), nil).is(200).json()["records"].([]any)
	require.NotEmpty(t, about)
	for _, record := range about {
		require.Equal(t, bob.str("user_id"), record.(map[string]any)["target"])
	}
	require.Empty(t, as("GET", "/audit?target=usr_of_nobody", nil).is(200).json()["records"].([]any))
	verified := as("GET", "/audit/verify", nil).is(200).json()
	require.Equal(t, true, verified["intact"])
	require.Positive(t, verified["unsealed"])

	w.clock.Advance(16 * time.Minute)
	again := w.do(call{method: "POST", path: "/api/auth/refresh", body: map[string]any{"refresh_token": owner.refresh}}).is(200).str("access_token")
	w.do(call{method: "POST", path: "/api/admin/users/" + bob.str("user_id") + "/disable", token: again, body: map[string]any{}}).fails(403, "fresh_authentication_required")
}

func TestTheControlRoom(t *testing.T) {
	w := newWorld(t)
	owner := w.register("ada")
	as := func(path string) map[string]any {
		return w.do(call{method: "GET", path: "/api/admin/" + path, token: owner.token}).is(200).json()
	}
	w.submit(call{token: owner.token}, "wait", map[string]any{"n": 1})
	statistics := as("control-room/statistics")
	require.InDelta(t, 1, statistics["users"], 0)
	require.InDelta(t, 1, statistics["executions"].(map[string]any)["live"], 0)
	metrics := as("control-room/execution-metrics?hours=1")
	require.InDelta(t, 1, metrics["total"], 0)
	require.InDelta(t, 1, metrics["success_rate"], 0)
	require.Equal(t, "healthy", as("control-room/realm-health")["status"])
	w.down.Store(true)
	require.Equal(t, "unhealthy", as("control-room/realm-health")["status"])
	require.Empty(t, as("control-room/solution-registry")["solutions"])
	require.NotEmpty(t, as("developer/docs")["documents"])
	for _, path := range []string{"developer/documentation", "developer/examples"} {
		require.Positive(t, as(path)["total"])
	}
	require.Contains(t, as("developer/code-examples")["examples"].([]any)[0].(map[string]any)["code"], "curl")
	require.Positive(t, as("developer/patterns")["total"])
	require.NotEmpty(t, as("business/composition-guide")["links"])
	require.NotNil(t, as("business/solution-templates")["templates"])
	require.NotEmpty(t, as("business/templates")["templates"])
	compose := func(intents ...string) map[string]any {
		return w.do(call{method: "POST", path: "/api/admin/business/compose", token: owner.token, body: map[string]any{"intents": intents}}).is(200).json()
	}
	require.Equal(t, true, compose("ingest_file", "save_materialization")["composable"])
	require.Equal(t, false, compose("save_materialization")["composable"])
	require.Equal(t, []any{"fly"}, compose("fly")["unknown"])
}
