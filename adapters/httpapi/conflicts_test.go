package httpapi_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/test/sheet"
)

// said is a request that gives one thing twice; same gives it twice alike.
type said struct {
	method, path, body string
	header             [][2]string
}

// once sends it straight to the handler, which also takes headers that come twice.
func (w *world) once(s said) (int, string) {
	w.t.Helper()
	req := httptest.NewRequestWithContext(w.t.Context(), s.method, s.path, strings.NewReader(s.body))
	if s.body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	for _, h := range s.header {
		if h[0] == "Content-Type" {
			req.Header.Del(h[0])
		}
		req.Header.Add(h[0], h[1])
	}
	rec := httptest.NewRecorder()
	w.handler.ServeHTTP(rec, req)
	w.recorded(req, s.body, rec)
	return rec.Code, rec.Body.String()
}

// N5: one thing said twice, and differently, is refused wherever the two stand; said twice alike it is as good as once.
func TestWhatConflictsIsRefused(t *testing.T) {
	w := newWorld(t)
	ada, v, other := w.register("ada"), w.visit(), w.visit()
	second := w.do(call{method: "POST", path: "/api/session/create", token: ada.token, body: map[string]any{}}).is(201).str("session_id")
	execution := w.submit(call{token: ada.token}, "wait", map[string]any{})
	bearer := func(token string) [2]string { return [2]string{"Authorization", "Bearer " + token} }
	as := bearer(ada.token)
	type pair struct {
		differ, same said
		code         string
	}
	const form = "--x\r\nContent-Disposition: form-data; name=\"session_id\"\r\n\r\n%s\r\n--x\r\nContent-Disposition: form-data; name=\"idempotency_key\"\r\n\r\n%k\r\n" +
		"--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.csv\"\r\n\r\na,b\n1,2\n\r\n--x--\r\n"
	multi := [2]string{"Content-Type", "multipart/form-data; boundary=x"}
	// twice makes a pair of a template: % is the second value.
	twice := func(method, path, body string, header [][2]string, differ, same string) pair {
		fill := func(value string) said {
			s := said{method: method, path: strings.ReplaceAll(path, "%", value), body: strings.ReplaceAll(body, "%", value)}
			for _, h := range header {
				s.header = append(s.header, [2]string{h[0], strings.ReplaceAll(h[1], "%", value)})
			}
			return s
		}
		return pair{differ: fill(differ), same: fill(same), code: "conflicting_values"}
	}
	key := func(n string) [][2]string { return [][2]string{as, {"Idempotency-Key", n}} }
	pairs := map[string]pair{
		"two logins":               twice("GET", "/api/auth/me", "", [][2]string{as, {"Authorization", "Bearer %"}}, "x.y.z", ada.token),
		"two secrets":              twice("GET", "/api/session/"+v.session, "", [][2]string{{"X-Session-Secret", v.secret}, {"X-Session-Secret", "%"}}, other.secret, v.secret),
		"two keys":                 twice("POST", "/api/intent/submit", `{"intent_type":"wait"}`, append(key("n1"), [2]string{"Idempotency-Key", "%"}), "n2", "n1"),
		"key of header and intent": twice("POST", "/api/intent/submit", `{"intent_type":"wait","idempotency_key":"%"}`, key("n3"), "n4", "n3"),
		"key of header and pending intent": twice("POST", "/api/intent/pending/create", `{"intent_type":"wait","context":{},"session_id":"`+ada.session+`","idempotency_key":"%"}`,
			key("n5"), "n6", "n5"),
		"key of header and schedule":   twice("POST", "/api/schedules", `{"intent_type":"list_files","parameters":{},"cron":"0 3 * * *","idempotency_key":"%"}`, key("n7"), "n8", "n7"),
		"key of header and form":       twice("POST", "/api/files", strings.NewReplacer("%s", ada.session, "%k", "%").Replace(form), append(key("n9"), multi), "n10", "n9"),
		"session of form and query":    twice("POST", "/api/files?session_id="+ada.session, strings.NewReplacer("%s", "%", "%k", "n11").Replace(form), [][2]string{as, multi}, second, ada.session),
		"session of query and intent":  twice("POST", "/api/intent/submit?session_id="+ada.session, `{"intent_type":"wait","session_id":"%"}`, [][2]string{as}, second, ada.session),
		"session of query and message": twice("POST", "/api/v1/guide-agent/analyze-intent?session_id="+ada.session, `{"message":"hi","session_id":"%"}`, [][2]string{as}, second, ada.session),
		"session of query and list":    twice("POST", "/api/artifact/list?session_id="+ada.session, `{"session_id":"%"}`, [][2]string{as}, second, ada.session),
		"session of query and ticket":  twice("POST", "/api/runtime/agent/ticket?session_id="+ada.session, `{"session_id":"%"}`, [][2]string{as}, second, ada.session),
		"session of path and query":    twice("GET", "/api/session/"+ada.session+"?session_id=%", "", [][2]string{as}, second, ada.session),
		"session of path and history":  twice("GET", "/api/v1/guide-agent/history/"+ada.session+"?session_id=%", "", [][2]string{as}, second, ada.session),
		"session of query twice":       twice("GET", "/api/intents?session_id="+ada.session+"&session_id=%", "", [][2]string{as}, second, ada.session),
		"limit twice":                  twice("GET", "/api/executions?limit=1&limit=%", "", [][2]string{as}, "2", "1"),
		"filter twice":                 twice("GET", "/api/executions?status=running&status=%", "", [][2]string{as}, "completed", "running"),
		"place in a stream twice":      twice("GET", "/api/execution/"+execution+"/events?after_seq=0&after_seq=%", "", [][2]string{as}, "1", "0"),
		"unknown thing twice":          twice("GET", "/health?a=1&a=%", "", nil, "2", "1"),
		"login of header and body":     twice("PATCH", "/api/session/"+other.session+"/upgrade", `{"access_token":"%"}`, [][2]string{as, {"X-Session-Secret", other.secret}}, "x.y.z", ada.token),
		"login beside credentials": {
			differ: said{"POST", "/api/session/create", `{"credentials":{"email":"ada@example.org","password":"` + password + `"}}`, [][2]string{as}},
			same:   said{"POST", "/api/session/create", `{}`, [][2]string{as}}, code: "conflicting_values",
		},
	}
	for name, p := range pairs {
		status, got := w.once(p.differ)
		require.Equal(t, http.StatusBadRequest, status, "%s: %s", name, got)
		require.Contains(t, got, `"code":"`+p.code+`"`, name)
	}
	for name, p := range pairs { // an upgrade, for one, changes what the others try
		status, got := w.once(p.same)
		require.NotEqual(t, http.StatusBadRequest, status, "%s, alike: %s", name, got)
	}
	w.exceptions(v, ada)
	sheet.Record(t, "N5", len(pairs), "400 conflicting_values; alike they pass; the exceptions are 403 and the header", "400, 12/12")
}

// exceptions are what §1.5 takes out: tenants are compared with the credential, and a header counts before a cookie.
func (w *world) exceptions(v visitor, ada user) {
	w.t.Helper()
	bob := w.register("bob")
	w.do(call{method: "GET", path: "/api/sessions?tenant_id=" + ada.tenant + "&tenant_id=" + bob.tenant, token: ada.token}).fails(403, "tenant_mismatch")
	w.do(call{method: "GET", path: "/api/auth/me", token: ada.token, cookies: bob.cookies}).is(200)
	w.do(call{method: "GET", path: "/api/session/" + v.session, secret: v.secret, cookies: []*http.Cookie{{Name: "sas-" + v.session, Value: "sas_" + strings.Repeat("A", 43)}}}).is(200)
}
