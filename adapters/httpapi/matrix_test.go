package httpapi_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/test/sheet"
)

// documented are the methods of each path of the document, which TestRouterPolicyDocumentAgree holds against router and policy table.
func documented(t *testing.T, w *world) map[string][]string {
	t.Helper()
	var doc struct {
		Paths map[string]map[string]json.RawMessage `json:"paths"`
	}
	require.NoError(t, json.Unmarshal(w.handler.OpenAPI(), &doc))
	paths := map[string][]string{}
	for path, item := range doc.Paths {
		for method := range item {
			paths[path] = append(paths[path], strings.ToUpper(method))
		}
	}
	return paths
}

// victim is somebody who has one of everything.
type victim struct {
	user
	execution, artifact, schedule, invitation string
	since                                     time.Time
}

func (w *world) victim(name string) victim {
	v := victim{user: w.register(name), since: w.clock.Now()}
	v.execution = w.submit(call{token: v.token}, "wait", map[string]any{"n": 1})
	uploaded := w.upload(call{token: v.token}, "canary-"+name+".csv", "a,b\n1,2\n", nil).is(202)
	w.settle(call{token: v.token}, uploaded.str("execution_id"))
	v.artifact = uploaded.str("file_id")
	v.schedule = w.do(call{method: "POST", path: "/api/schedules", token: v.token, body: map[string]any{
		"name": "canary-" + name, "intent_type": "list_files", "parameters": map[string]any{}, "cron": "0 3 * * *",
	}}).is(201).str("schedule_id")
	v.invitation = w.do(call{method: "POST", path: "/api/admin/invitations", token: v.token, body: map[string]any{
		"email": "canary-" + name + "@example.org", "role": "member",
	}}).is(201).str("invitation_id")
	w.do(call{method: "PUT", path: "/api/admin/agents/guide", token: v.token, body: map[string]any{"role": "canary-" + name}}).is(200)
	return v
}

// object gives the kinds of objects that paths name, each with the victim's and one that does not exist. A path that is not listed fails the test.
func (v victim) object(path string) (theirs, unknown string, ok bool) {
	switch {
	case strings.HasPrefix(path, "/api/session/{id}"), strings.HasPrefix(path, "/api/admin/sessions/{id}"), path == "/api/v1/guide-agent/history/{id}":
		return v.session, "ses_01jd8h0000exampe0000000000", true
	case strings.HasPrefix(path, "/api/execution/{id}"):
		return v.execution, "exe_01jd8h0000exampe0000000000", true
	case strings.HasPrefix(path, "/api/artifacts/{id}"):
		return v.artifact, "art_01jd8h0000exampe0000000000", true
	case strings.HasPrefix(path, "/api/files/{id}"), path == "/api/v1/content-pillar/delete-file/{file_id}":
		return v.artifact, "fil_01jd8h0000exampe0000000000", true
	case strings.HasPrefix(path, "/api/admin/users/{id}"):
		return v.id, "usr_01jd8h0000exampe0000000000", true
	case strings.HasPrefix(path, "/api/admin/tenants/{id}"):
		return v.tenant, "ten_01jd8h0000exampe0000000000", true
	case strings.HasPrefix(path, "/api/admin/invitations/{id}"):
		return v.invitation, "inv_01jd8h0000exampe0000000000", true
	case strings.HasPrefix(path, "/api/schedules/{id}"):
		return v.schedule, "sch_01jd8h0000exampe0000000000", true
	case path == "/api/admin/agents/{id}":
		return "guide", "guide", true // everybody has the agent; what the victim's tenant has set is looked for below
	case strings.HasSuffix(path, "/{file}"):
		return "canary.js", "unknown.js", true
	}
	return "", "", false
}

// bodies are good bodies for routes that name objects in them; everything else gets an empty object.
func bodyFor(path, session, artifact, execution string) string {
	body := map[string]any{}
	switch path {
	case "/api/artifact/resolve":
		body = map[string]any{"artifact_id": artifact, "artifact_type": "file"}
	case "/api/content/save_materialization":
		body = map[string]any{"boundary_contract_id": "bct_01jd8h0000exampe0000000000", "file_id": artifact, "session_id": session}
	case "/api/intent/submit":
		body = map[string]any{"intent_type": "wait", "parameters": map[string]any{}, "session_id": session}
	case "/api/runtime/agent/ticket", "/api/artifact/list", "/api/intent/pending/list":
		body = map[string]any{"session_id": session}
	case "/api/executions/control", "/api/admin/executions/control":
		body = map[string]any{"action": "cancel", "execution_ids": []string{execution}}
	case "/api/execution/{id}/signal":
		body = map[string]any{"name": "go"}
	case "/api/execution/{id}/decision":
		body = map[string]any{"decision": "approve", "arguments_hash": strings.Repeat("0", 64)}
	case "/api/artifacts/{id}":
		body = map[string]any{"lifecycle_state": "archived", "reason": "x"}
	case "/api/admin/users/{id}/role", "/api/admin/tenants/{id}/members/{user_id}/role":
		body = map[string]any{"role": "viewer"}
	case "/api/schedules":
		body = map[string]any{"name": "x", "intent_type": "list_files", "parameters": map[string]any{}, "cron": "0 3 * * *", "session_id": session}
	case "/api/admin/tenants/{id}/erase":
		body = map[string]any{"name": "x"}
	}
	raw, _ := json.Marshal(body) //nolint:errchkjson // maps of texts
	return string(raw)
}

// actor is somebody who is not the owner.
type actor struct {
	name          string
	token, secret string
}

// eight are the actors of T1: none of them may have what is the victim's.
func (w *world) eight(v victim, expired string) []actor {
	foreign := w.register("foreign-admin")
	invite := func(by user, role string) (token, id string) {
		invitation := w.do(call{method: "POST", path: "/api/admin/invitations", token: by.token, body: map[string]any{"email": role + by.id + "@example.org", "role": role}}).is(201).str("token")
		r := w.do(call{method: "POST", path: "/api/auth/register", body: map[string]any{
			"name": role, "email": role + by.id + "@example.org", "password": password, "invitation": invitation,
		}}).is(201)
		return r.str("access_token"), r.str("user_id")
	}
	mate, _ := invite(v.user, "member")
	viewer, _ := invite(v.user, "viewer")
	stranger, _ := invite(foreign, "member")
	disabled, id := invite(foreign, "admin")
	w.do(call{method: "POST", path: "/api/admin/users/" + id + "/disable", token: foreign.token, body: map[string]any{}}).is(200)
	return []actor{
		{name: "none"}, {name: "other anonymous", secret: w.visit().secret}, {name: "foreign user", token: stranger}, {name: "same tenant", token: mate},
		{name: "viewer", token: viewer}, {name: "foreign admin", token: foreign.token}, {name: "disabled", token: disabled},
		{name: "expired", token: expired},
	}
}

const fixedTrace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

// plainly sends a request straight to the handler: the matrix has thousands of cells.
func (w *world) plainly(a actor, method, path, body string) (int, string) {
	rec := w.sent(a, method, path, body)
	return rec.Code, rec.Body.String()
}

func (w *world) sent(a actor, method, path, body string) *httptest.ResponseRecorder {
	req := httptest.NewRequestWithContext(w.t.Context(), method, path, nil)
	if body != "" && method != http.MethodGet && method != http.MethodHead {
		req.Body, req.ContentLength = io.NopCloser(strings.NewReader(body)), int64(len(body))
		req.Header.Set("Content-Type", "application/json")
	}
	req.Header.Set("Traceparent", fixedTrace)
	if a.token != "" {
		req.Header.Set("Authorization", "Bearer "+a.token)
	}
	if a.secret != "" {
		req.Header.Set("X-Session-Secret", a.secret)
	}
	rec := httptest.NewRecorder()
	w.handler.ServeHTTP(rec, req)
	w.recorded(req, body, rec)
	return rec
}

var pathParameter = regexp.MustCompile(`\{[a-z_]+\}`)

// T1: every route of the router, by every verb, as eight actors, with the victim's ids and with unknown ones in every place that takes an id.
func TestMatrixOfActorsRoutesAndIDs(t *testing.T) {
	w := newWorld(t)
	expired := w.register("expired").token
	w.clock.Advance(11 * time.Minute)
	v := w.victim("victim")
	actors, paths := w.eight(v, expired), documented(t, w)
	canaries := []string{v.execution, v.artifact, v.schedule, v.invitation, "canary-victim", v.id + `"`, v.session}
	objects := []string{v.execution, v.artifact, v.schedule, v.session}
	cells, leaks, diffs := 0, []string{}, []string{}
	for _, path := range slices.Sorted(func(yield func(string) bool) {
		for p := range paths {
			if !yield(p) {
				return
			}
		}
	}) {
		theirs, unknown, listed := v.object(path)
		require.True(t, listed || !strings.Contains(path, "{"), "%s names an object that the matrix does not know", path)
		for _, method := range []string{"GET", "POST", "PUT", "PATCH", "DELETE"} {
			if !slices.Contains(paths[path], method) {
				for _, a := range actors {
					status, _ := w.plainly(a, method, pathParameter.ReplaceAllString(path, theirs), "{}")
					require.Contains(t, []int{401, 404, 405}, status, "%s %s as %s", method, path, a.name)
					cells++
				}
				continue
			}
			for _, a := range actors {
				if strings.HasPrefix(path, "/api/auth/") || strings.HasSuffix(path, "/stream") || path == "/api/session/create" || path == "/api/session/create-anonymous" {
					continue // they name nobody's object, or are sockets, which other rows hold
				}
				type place struct{ path, body string }
				with := func(id, member, session, artifact, execution string) []place {
					at := pathParameter.ReplaceAllString(strings.ReplaceAll(path, "{user_id}", member), id)
					list := []place{{at, bodyFor(path, session, artifact, execution)}}
					if !strings.Contains(path, "/admin/") {
						list = append(list, place{at + "?session_id=" + session, "{}"})
					}
					return list
				}
				owned := with(theirs, v.id, v.session, v.artifact, v.execution)
				none := with(unknown, "usr_01jd8h0000exampe0000000000", "ses_01jd8h0000exampe0000000000", "fil_01jd8h0000exampe0000000000", "exe_01jd8h0000exampe0000000000")
				for i := range owned {
					status, got := w.plainly(a, method, owned[i].path, owned[i].body)
					other, want := w.plainly(a, method, none[i].path, none[i].body)
					cells += 2
					cell := fmt.Sprintf("%s %s #%d as %s", method, path, i, a.name)
					for _, c := range canaries {
						named := strings.Contains(owned[i].path+owned[i].body, c) // an answer may say what was asked for; a list says what nobody named
						if strings.Contains(got, c) && (!strings.Contains(want, c) || slices.Contains(objects, c) && !named) {
							leaks = append(leaks, cell+": "+c)
						}
					}
					names := listed && theirs != unknown || i > 0 || owned[i].body != none[i].body
					if names && (status != other || steady(got) != steady(want)) {
						diffs = append(diffs, fmt.Sprintf("%s: %d %s / %d %s", cell, status, got, other, want))
					}
				}
			}
		}
	}
	for _, a := range actors {
		for _, path := range []string{"/api/admin/agents", "/api/admin/agents/guide", "/api/realms", "/api/admin/audit"} {
			if _, got := w.plainly(a, "GET", path, ""); strings.Contains(got, "canary-victim") {
				leaks = append(leaks, path+" as "+a.name)
			}
			cells++
		}
	}
	require.Empty(t, leaks)
	require.Empty(t, diffs)
	require.Equal(t, "canary-victim", w.do(call{method: "GET", path: "/api/admin/agents/guide", token: v.token}).is(200).str("role"))
	after := w.do(call{method: "GET", path: "/api/execution/" + v.execution + "/status", token: v.token}).is(200)
	require.Contains(t, []string{"pending", "running"}, after.str("status"), "nobody has touched the victim's work")
	w.do(call{method: "GET", path: "/api/artifacts/" + v.artifact, token: v.token}).is(200)
	require.Equal(t, "active", w.do(call{method: "GET", path: "/api/schedules/" + v.schedule, token: v.token}).is(200).str("status"))
	w.do(call{method: "DELETE", path: "/api/admin/invitations/" + v.invitation, token: v.token}).is(200)
	sheet.Record(t, "T1", cells, fmt.Sprintf("%d paths × 5 verbs × 8 actors: leaks %d, body differences %d", len(paths), len(leaks), len(diffs)), "0, 0; frames: W15")
}

// steady takes what differs between any two answers out of one: times and ids that were made for it.
func steady(body string) string {
	return fresh.ReplaceAllString(body, "~")
}

var fresh = regexp.MustCompile(`(exe|int|con|msg|evt)_[0-9a-z]{26}|wst_[A-Za-z0-9_-]+|\d{4}-\d\d-\d\dT[0-9:.]+Z`)

// T2: thirty ways to name somebody else's tenant or user, on every route with a JSON body. Each is refused, or is plain data of the caller's.
func TestNamedTenantsOnEveryRoute(t *testing.T) {
	w := newWorld(t)
	ada, bob := w.register("ada"), w.register("bob")
	shapes := shapesOf(bob.tenant, bob.id)
	require.Len(t, shapes, 30)
	cells, taken := 0, 0
	for path, methods := range documented(t, w) {
		if strings.HasPrefix(path, "/api/auth/") || strings.HasPrefix(path, "/api/admin/") || path == "/mcp" || path == "/api/files" || strings.HasSuffix(path, "/upload-file") {
			continue
		}
		at := pathParameter.ReplaceAllString(path, "exe_01jd8h0000exampe0000000000")
		for _, method := range methods {
			if method == http.MethodGet {
				continue
			}
			for name, s := range shapes {
				req := httptest.NewRequestWithContext(t.Context(), method, at+s.query, strings.NewReader(s.body))
				req.Header.Set("Content-Type", "application/json")
				req.Header.Set("Authorization", "Bearer "+ada.token)
				for k, value := range s.header {
					req.Header.Set(k, value)
				}
				rec := httptest.NewRecorder()
				w.handler.ServeHTTP(rec, req)
				w.recorded(req, s.body, rec)
				cells++
				require.Less(t, rec.Code, 500, "%s %s with %s: %s", method, path, name, rec.Body)
				if s.refused {
					require.Contains(t, []int{400, 403, 404, 422}, rec.Code, "%s %s with %s: %s", method, path, name, rec.Body)
				}
				if rec.Code < 300 {
					taken++
					require.NotContains(t, rec.Body.String(), `"tenant_id":"`+bob.tenant, "%s %s with %s", method, path, name)
				}
			}
		}
	}
	for _, path := range []string{"/api/sessions", "/api/executions"} {
		list := w.do(call{method: "GET", path: path, token: bob.token}).is(200)
		require.NotContains(t, string(list.body), ada.session)
		require.NotContains(t, string(list.body), "exe_")
	}
	sheet.Record(t, "T2", cells, fmt.Sprintf("30 shapes on every route with a body: %d taken as the caller's own, 0 as another tenant's", taken), "0")
}

type shape struct {
	query, body string
	header      map[string]string
	// refused are shapes that no route may take.
	refused bool
}

func shapesOf(tenant, user string) map[string]shape {
	const submit = `{"intent_type":"wait","parameters":{},`
	out := map[string]shape{}
	for name, body := range map[string]string{
		"tenant": `"tenant_id":"` + tenant + `"}`, "user": `"user_id":"` + user + `"}`, "both": `"tenant_id":"` + tenant + `","user_id":"` + user + `"}`,
		"case": `"Tenant_ID":"` + tenant + `"}`, "upper": `"TENANT_ID":"` + tenant + `"}`, "camel": `"tenantId":"` + tenant + `"}`,
		"twice": `"tenant_id":"","tenant_id":"` + tenant + `"}`, "twin": `"tenant_id":"","Tenant_id":"` + tenant + `"}`, "array": `"tenant_id":["` + tenant + `"]}`,
		"object": `"tenant_id":{"id":"` + tenant + `"}}`, "number": `"tenant_id":1}`, "true": `"tenant_id":true}`, "spaces": `"tenant_id":" ` + tenant + ` "}`,
		"escaped": `"\u0074enant_id":"` + tenant + `"}`, "principal": `"principal":{"tenant_id":"` + tenant + `"}}`, "scope": `"scope_tenant":"` + tenant + `"}`,
		"roles": `"roles":["admin"],"tenant_id":"` + tenant + `"}`, "user array": `"user_id":["` + user + `"]}`,
	} {
		out["body "+name] = shape{body: submit + body, refused: true}
	}
	for name, query := range map[string]string{
		"tenant": "?tenant_id=" + tenant, "user": "?user_id=" + user, "twice": "?tenant_id=&tenant_id=" + tenant, "escaped": "?tenant%5Fid=" + tenant,
	} {
		out["query "+name] = shape{query: query, body: `{"intent_type":"wait","parameters":{}}`, refused: true}
	}
	for name, body := range map[string]string{
		"metadata": `{"intent_type":"wait","parameters":{},"metadata":{"tenant_id":"` + tenant + `"}}`,
		"context":  `{"intent_type":"wait","parameters":{},"metadata":{"context":{"tenant_id":"` + tenant + `","user_id":"` + user + `"}}}`,
	} {
		out["nested "+name] = shape{body: body}
	}
	out["nested parameters"] = shape{body: `{"intent_type":"wait","parameters":{"tenant_id":"` + tenant + `"}}`, refused: true}
	out["nested user_context"] = shape{body: `{"intent_type":"wait","parameters":{"user_context":{"tenant_id":"` + tenant + `"}}}`, refused: true}
	out["header tenant"] = shape{body: `{"intent_type":"wait","parameters":{}}`, header: map[string]string{"X-Tenant-Id": tenant}}
	out["header user"] = shape{body: `{"intent_type":"wait","parameters":{}}`, header: map[string]string{"X-User-Id": user}}
	out["header session"] = shape{body: `{"intent_type":"wait","parameters":{}}`, header: map[string]string{"X-Session-Id": "ses_x"}}
	out["header forwarded"] = shape{body: `{"intent_type":"wait","parameters":{}}`, header: map[string]string{"X-Forwarded-User": user}}
	return out
}

// T2, H9: the older headers that name a user, a tenant and a session are not looked at.
func TestHeadersNameNobody(t *testing.T) {
	w := newWorld(t)
	ada, bob := w.register("ada"), w.register("bob")
	as := map[string]string{"X-User-Id": bob.id, "X-Tenant-Id": bob.tenant, "X-Session-Id": bob.session}
	made := w.do(call{method: "POST", path: "/api/session/create", token: ada.token, header: as}).is(201)
	require.Equal(t, ada.tenant, made.str("tenant_id"))
	list := w.do(call{method: "GET", path: "/api/sessions", token: ada.token, header: as}).is(200)
	require.Contains(t, string(list.body), ada.session)
	require.NotContains(t, string(list.body), bob.session)
	require.Equal(t, ada.id, w.do(call{method: "GET", path: "/api/auth/me", token: ada.token, header: as}).is(200).json()["user"].(map[string]any)["id"])
	sheet.Record(t, "T2", 3, "headers that name another user, tenant and session: obeyed 0", "0")
}
