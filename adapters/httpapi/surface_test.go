package httpapi_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/adapters/httpapi"
	"github.com/symphainy/symphainy/test/sheet"
)

func shapes() map[string]string {
	var keys strings.Builder
	for i := range 10_001 {
		fmt.Fprintf(&keys, `"k%d":0,`, i)
	}
	return map[string]string{
		"duplicate": `{"session_id":"a","session_id":"b"}`, "case twin": `{"tenant_id":"a","Tenant_ID":"b"}`, "nested twin": `{"metadata":{"a":1,"A":2}}`,
		"trailing": `{} {}`, "trailing text": `{}]`, "1e400": `{"metadata":{"n":1e400}}`, "lone surrogate": `{"metadata":{"s":"\ud800"}}`,
		"not utf-8": "{\"metadata\":\"\xff\"}", "utf-16": "{\x00}\x00", "deep": `{"metadata":` + strings.Repeat("[", 20_000) + strings.Repeat("]", 20_000) + `}`,
		"keys": `{"metadata":{` + strings.TrimSuffix(keys.String(), ",") + `}}`, "array": `[{}]`, "broken": `{"a":`, "bom": "\ufeff{}",
	}
}

// bodyRoutes are all routes that take JSON.
func bodyRoutes(w *world) map[string]string {
	out := map[string]string{}
	v := w.visit()
	id := w.submit(call{secret: v.secret}, "wait", map[string]any{})
	for _, path := range []string{"/api/auth/register", "/api/auth/login", "/api/auth/refresh", "/api/auth/logout", "/api/auth/password", "/api/auth/verify", "/api/auth/reset",
		"/api/auth/reset/confirm", "/api/session/create", "/api/session/create-anonymous", "/api/intent/submit", "/api/intent/pending/create", "/api/intent/pending/list",
		"/api/content/save_materialization", "/api/execution/" + id + "/cancel", "/api/execution/" + id + "/pause", "/api/execution/" + id + "/decision", "/api/executions/control", "/api/artifact/resolve", "/api/artifact/list", "/api/runtime/agent/ticket"} {
		out[path] = "POST"
	}
	out["/api/session/"+v.session+"/upgrade"] = "PATCH"
	out["/api/session/"+v.session] = "DELETE"
	return out
}

func TestStrictJSONOnEveryBodyRoute(t *testing.T) {
	w := newWorld(t)
	routes := bodyRoutes(w)
	v, ada := w.visit(), w.register("ada")
	as := func(path string) call {
		if strings.HasPrefix(path, "/api/auth/") || strings.HasSuffix(path, "/upgrade") {
			return call{token: ada.token}
		}
		return call{secret: v.secret}
	}
	for path, method := range routes {
		for name, raw := range shapes() {
			c := as(path)
			c.method, c.path, c.body = method, path, raw
			got := w.do(c).is(400)
			require.Equal(t, "invalid_json", got.json()["code"], "%s %s: %s", name, path, got.body)
		}
		c := as(path)
		c.method, c.path, c.body = method, path, `{"no_such_field":1}`
		if strings.HasPrefix(path, "/api/execution/") || strings.HasPrefix(path, "/api/session/ses") && method == "DELETE" {
			continue // the object is looked for first, and is not the caller's here
		}
		w.do(c).fails(400, "unknown_field")
		for _, kind := range []string{"text/plain", "application/x-www-form-urlencoded", "application/json; charset=utf-16", "application/jsonx", "-"} {
			c.body, c.header = `{}`, map[string]string{"Content-Type": kind}
			w.do(c).fails(415, "unsupported_media_type")
		}
	}
}

func TestBodyLimits(t *testing.T) {
	w := newWorld(t)
	v := w.visit()
	for path := range map[string]int{"/api/auth/login": 0, "/api/auth/register": 0, "/api/session/create": 0, "/api/artifact/list": 0} {
		big := `{"email":"` + strings.Repeat("x", 2<<20) + `"}`
		w.do(call{method: "POST", path: path, body: big, secret: v.secret}).fails(413, "limit_exceeded")
		exact := `{"no":"` + strings.Repeat("x", 1<<20-9) + `"}`
		require.Len(t, exact, 1<<20)
		w.do(call{method: "POST", path: path, body: exact, secret: v.secret}).fails(400, "unknown_field")
		w.do(call{method: "POST", path: path, body: exact + " ", secret: v.secret}).fails(413, "limit_exceeded")
	}
	// Submit takes 24 MiB, but only of somebody.
	large := `{"intent_type":"wait","metadata":{"x":"` + strings.Repeat("x", 3<<20) + `"}}`
	require.NotEqual(t, 413, w.do(call{method: "POST", path: "/api/intent/submit", body: large, secret: v.secret}).status)
	w.do(call{method: "POST", path: "/api/intent/submit", body: large}).fails(413, "limit_exceeded")
	w.do(call{method: "POST", path: "/api/intent/submit", body: `{"a":"` + strings.Repeat("x", 24<<20) + `"}`, secret: v.secret}).fails(413, "limit_exceeded")
	sheet.Record(t, "N12", 4*3+3, "bodies: the limit passes, one byte more does not", "documented = enforced, as far as bodies")
}

func TestRequestsAreBounded(t *testing.T) {
	w := newWorld(t)
	w.do(call{method: "GET", path: "/health?" + strings.Repeat("a", 9000)}).fails(400, "url_too_long")
	w.do(call{method: "GET", path: "/health?" + strings.Repeat("a&", 100)}).fails(400, "too_many_parameters")
	w.do(call{method: "GET", path: "/health?a=%zz"}).fails(400, "malformed_request")
	w.do(call{method: "GET", path: "/health?a=%00"}).fails(400, "malformed_request")
	w.do(call{method: "GET", path: "/health?a=%ff"}).fails(400, "malformed_request")
	w.do(call{method: "GET", path: "/health?a=1;b=2"}).fails(400, "malformed_request")
	w.do(call{method: "GET", path: "/health?a=1&a=2"}).fails(400, "conflicting_values")
	w.do(call{method: "GET", path: "/health?a=1&a=1"}).is(200)
	many := map[string]string{}
	for i := range 500 {
		many[fmt.Sprintf("X-H%d", i)] = strings.Repeat("v", 80)
	}
	w.do(call{method: "GET", path: "/health", header: many}).fails(431, "headers_too_large")
	sheet.Record(t, "N2", 9, "400 and 431 before a handler runs; memory is not measured", "refused")
}

// TestPathsAreMatchedAsReceived tries to get past the table (N8, N4).
func TestPathsAreMatchedAsReceived(t *testing.T) {
	w := newWorld(t)
	ada := w.register("ada")
	paths := []string{
		"//api/auth/me", "/api//auth/me", "/api/auth/me/", "/api/auth/./me", "/api/auth/x/../me", "/api/auth/%6de", "/api%2fauth%2fme", "/api/auth/%2e%2e/auth/me", "/API/auth/me",
		"/api/auth/Me", "/api/auth/me;x", "/api/auth/me%00", "/api/auth/me.", "/api/auth/me.json", "/healthX", "/health/", "/health/readyX", "/api/auth/loginX", "/api/auth/login/x",
		"/api/docs/", "/api/docs/assets/", "/api/docs/assets/../../auth/me", "/api/docs/assets/%2e%2e/me", "/api/docs/assets/..%2fdocs.html", "/api/sessions/", "/api/session/", "/api/session//upgrade",
		"/api/session/" + ada.session + "/", "/api/session/" + ada.session + "%2fupgrade", "/api/session/%00", "/api/execution//status", "/metrics", "/debug/pprof/", "/debug/vars", "/api/admin/x",
		"/.git/config", "/api/openapi.yaml", "/openapi.json", "/docs", "/schemas/Session.json",
		"/api/auth/login%2f..%2fme", "/api/auth/me%20", "/api/auth/me%09", "/api/auth;/me", "/./api/auth/me", "/api/admin/users.", "/api/admin//users", "/API/admin/users", "/api/%61dmin/users%2f",
	}
	for _, path := range paths {
		for _, token := range []string{"", ada.token} {
			got := w.raw(t, "GET", path, token)
			require.Contains(t, []int{400, 401, 404}, got, "%s with token %t", path, token != "")
		}
	}
	sheet.Record(t, "N8", 2*len(paths), "paths that are almost a route's, with and without a login: past the table 0", "never past auth; 40/40")
}

// N4: a method that a route does not have is none that a header could make another.
func TestMethodsAreThoseOfTheTable(t *testing.T) {
	w := newWorld(t)
	ada := w.register("ada")
	override := func(name string) map[string]string { return map[string]string{name: "GET"} }
	all := []call{
		{method: "TRACE", path: "/health"}, {method: "TRACE", path: "/api/auth/me"}, {method: "CONNECT", path: "/health"}, {method: "PUT", path: "/health"}, {method: "HEAD", path: "/api/auth/login"},
		{method: "HEAD", path: "/api/intent/submit"}, {method: "GET", path: "/api/auth/login"}, {method: "POST", path: "/api/auth/me", header: override("X-HTTP-Method-Override")},
		{method: "POST", path: "/api/auth/me", header: override("X-HTTP-Method")}, {method: "POST", path: "/api/auth/me", header: override("X-Method-Override")},
		{method: "POST", path: "/api/auth/me?_method=GET"}, {method: "DELETE", path: "/api/intents"}, {method: "OPTIONS", path: "/health"}, {method: "FOO", path: "/health"},
	}
	for _, c := range all {
		req := w.request(c)
		req.Header.Set("Authorization", "Bearer "+ada.token)
		res, err := w.client.Do(req)
		require.NoError(t, err)
		raw, err := io.ReadAll(res.Body)
		require.NoError(t, err)
		require.NoError(t, res.Body.Close())
		require.Equal(t, http.StatusMethodNotAllowed, res.StatusCode, c.method+" "+c.path)
		require.NotContains(t, string(raw), ada.id)
	}
	sheet.Record(t, "N4", len(all), "405; obeyed headers and parameters 0", "405/404; 12/12")
}

// raw sends a path as it is, which an http.Client would tidy up.
func (w *world) raw(t *testing.T, method, path, token string) int {
	t.Helper()
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", strings.TrimPrefix(w.server.URL, "http://"))
	require.NoError(t, err)
	defer conn.Close()
	auth := ""
	if token != "" {
		auth = "Authorization: Bearer " + token + "\r\n"
	}
	_, err = fmt.Fprintf(conn, "%s %s HTTP/1.1\r\nHost: x\r\n%sConnection: close\r\n\r\n", method, path, auth)
	require.NoError(t, err)
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	require.NoError(t, err)
	_, err = io.Copy(io.Discard, res.Body)
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	return res.StatusCode
}

func TestCORS(t *testing.T) {
	sheet.Record(t, "A17", 1, "no origin is reflected", "as the row says")
	w := newWorld(t)
	bad := []string{"https://evil.example", "null", "https://app.example.org.evil.example", "https://evil-app.example.org", "http://app.example.org", "https://app.example.org:444",
		"https://APP.example.org", "https://app.example.org.", "https://app.example.org/", "https://u@app.example.org", "https://sub.app.example.org", "file://", "https://[::1]", "*", "app.example.org"}
	preflight := map[string]string{"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type,prefer"}
	for _, origin := range bad {
		got := w.do(call{method: "GET", path: "/health", header: map[string]string{"Origin": origin}}).is(200)
		require.Empty(t, got.header.Get("Access-Control-Allow-Origin"), origin)
		require.Empty(t, got.header.Get("Access-Control-Allow-Credentials"))
		require.Contains(t, got.header.Values("Vary"), "Origin")
		preflight["Origin"] = origin
		got = w.do(call{method: "OPTIONS", path: "/api/intent/submit", header: preflight}).fails(403, "origin_refused")
		require.Empty(t, got.header.Get("Access-Control-Allow-Methods"))
	}
	preflight["Origin"] = appOrigin
	got := w.do(call{method: "OPTIONS", path: "/api/intent/submit", header: preflight}).is(204)
	require.Equal(t, appOrigin, got.header.Get("Access-Control-Allow-Origin"))
	require.Equal(t, "true", got.header.Get("Access-Control-Allow-Credentials"))
	require.Equal(t, "GET, POST, PATCH, DELETE, OPTIONS", got.header.Get("Access-Control-Allow-Methods"))
	require.NotEmpty(t, got.header.Get("Access-Control-Max-Age"))
	for _, h := range []string{"authorization", "content-type", "idempotency-key", "if-match", "prefer", "x-user-id", "x-session-id", "x-session-secret", "traceparent"} {
		require.Contains(t, got.header.Get("Access-Control-Allow-Headers"), h)
	}
	// Errors are readable for a listed page too.
	got = w.do(call{method: "GET", path: "/api/auth/me", header: map[string]string{"Origin": appOrigin}}).is(401)
	require.Equal(t, appOrigin, got.header.Get("Access-Control-Allow-Origin"))
}

// TestCSRF: what a cookie alone proves needs our own or a listed page, and JSON (A16).
func TestCSRF(t *testing.T) {
	sheet.Record(t, "A16", 1, "foreign pages and forms are refused", "as the row says")
	w := newWorld(t)
	ada, v := w.register("ada"), w.visit()
	lgn, sas := cookieOf(t, ada.cookies, "lgn"), cookieOf(t, v.cookies, "sas-")
	routes := map[string]map[string]any{"/api/intent/submit": {"intent_type": "wait"}, "/api/intent/pending/create": {"intent_type": "wait"}, "/api/runtime/agent/ticket": {}}
	for path, body := range routes {
		for _, cookie := range []*http.Cookie{lgn, sas} {
			c := call{method: "POST", path: path, body: body, cookies: []*http.Cookie{cookie}}
			for _, origin := range []string{"-", "https://evil.example", "null", "http://127.0.0.1:1"} {
				c.header = map[string]string{"Origin": origin}
				w.do(c).fails(403, "origin_refused")
			}
			for _, origin := range []string{ownOrigin, appOrigin} {
				c.header = map[string]string{"Origin": origin}
				require.Less(t, w.do(c).status, 300)
			}
			c.header["Content-Type"] = "text/plain"
			w.do(c).fails(415, "unsupported_media_type")
		}
		w.do(call{method: "GET", path: path, cookies: []*http.Cookie{lgn}, header: map[string]string{"Origin": ownOrigin}}).fails(405, "method_not_allowed")
	}
	for _, path := range []string{"/api/auth/login", "/api/auth/register", "/api/auth/refresh", "/api/session/create", "/api/session/create-anonymous"} {
		w.do(call{method: "POST", path: path, body: map[string]any{}, header: map[string]string{"Origin": "https://evil.example"}}).fails(403, "origin_refused")
	}
	w.do(call{method: "POST", path: "/api/auth/logout", cookies: []*http.Cookie{lgn}}).fails(403, "origin_refused")
	w.do(call{method: "GET", path: "/api/auth/me", cookies: []*http.Cookie{lgn}}).is(200)
}

// TestHostsDoNotMakeLinks: nothing in an answer comes from Host or forwarded headers (A18).
func TestHostsDoNotMakeLinks(t *testing.T) {
	sheet.Record(t, "A18", 1, "poisoned 0", "as the row says")
	w := newWorld(t)
	v := w.visit()
	for _, c := range []call{{method: "GET", path: "/"}, {method: "GET", path: "/api/docs"}, {method: "GET", path: "/api/openapi.json"}, {method: "POST", path: "/api/session/create-anonymous"},
		{method: "POST", path: "/api/intent/submit", secret: v.secret, body: map[string]any{"intent_type": "wait"}}, {method: "GET", path: "/nowhere"}} {
		req := w.request(c)
		req.Host = "evil.example"
		req.Header.Set("X-Forwarded-Host", "evil.example")
		req.Header.Set("X-Forwarded-Proto", "gopher")
		req.Header.Set("Forwarded", "host=evil.example")
		res, err := w.client.Do(req)
		require.NoError(t, err)
		raw, err := io.ReadAll(res.Body)
		require.NoError(t, err)
		require.NoError(t, res.Body.Close())
		require.NotContains(t, string(raw)+fmt.Sprint(res.Header), "evil.example")
		require.NotContains(t, string(raw)+fmt.Sprint(res.Header), "gopher")
	}
}

// TestLogsTellNoSecrets plants canaries wherever a request can carry one (H13, N9).
func TestLogsTellNoSecrets(t *testing.T) {
	sheet.Record(t, "W19", 1, "canaries in the HTTP log 0", "as the row says")
	w := newWorld(t)
	v, ada := w.visit(), w.register("ada")
	w.do(call{method: "GET", path: "/api/session/" + v.session + "?session_secret=" + v.secret})
	w.do(call{method: "GET", path: "/api/artifacts/canary-id?q=canary-query", token: ada.token, header: map[string]string{"X-Evil": "canary-header"}})
	w.do(call{method: "POST", path: "/api/auth/login", body: map[string]any{"email": "canary-mail@example.org", "password": "canary-password"}})
	w.do(call{method: "POST", path: "/api/auth/login", body: `{"canary-body":`})
	w.raw(t, "GET", "/canary-path%0d%0a%1b[31m", ada.token)
	w.raw(t, "CANARY-METHOD", "/health", "")
	w.server.Close()
	w.logging.Lock()
	defer w.logging.Unlock()
	log := w.log.String()
	for _, canary := range []string{"canary", "CANARY", v.secret, v.secret[8:20], ada.token, ada.token[len(ada.token)-12:], ada.refresh, password, v.session} {
		require.NotContains(t, log, canary)
	}
	require.Contains(t, log, `"route":"/api/artifacts/:id"`)
	require.Contains(t, log, `"route":"unmatched"`)
}

func TestPanicsAreConstant(t *testing.T) {
	w := newWorld(t)
	w.sockets["/api/runtime/agent"] = http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("secret " + password) })
	cfg := httpapi.Defaults()
	cfg.CursorKey = make([]byte, 32)
	broken, err := httpapi.New(w.deps(), cfg)
	require.NoError(t, err)
	rec := httptest.NewRecorder()
	broken.ServeHTTP(rec, httptest.NewRequest("GET", "/api/runtime/agent", nil))
	require.Equal(t, 500, rec.Code)
	require.NotContains(t, rec.Body.String(), "secret")
	require.Contains(t, rec.Body.String(), `"code":"internal"`)
	require.NotContains(t, w.log.String(), password)
}

func TestTLSIsRemembered(t *testing.T) {
	w := newWorld(t, func(c *httpapi.Config) { c.BaseURL, c.PlainCookies = "https://api.example.org", false })
	r := w.do(call{method: "POST", path: "/api/session/create-anonymous"}).is(201)
	require.NotEmpty(t, r.header.Get("Strict-Transport-Security"))
	c := cookieOf(t, r.set, "__Host-sas-")
	require.True(t, c.Secure)
	require.Empty(t, newWorld(t).do(call{method: "GET", path: "/health"}).header.Get("Strict-Transport-Security"))
}

func TestSocketsGetTheirPath(t *testing.T) {
	w := newWorld(t)
	require.Equal(t, "exe_1", w.do(call{method: "GET", path: "/api/execution/exe_1/stream"}).is(401).json()["detail"])
	w.do(call{method: "GET", path: "/api/runtime/agent"}).is(401)
}

// N10: what operators look at is not on the public port, and its answers do not tell how the program was built.
func TestOperatorsThingsAreNotPublic(t *testing.T) {
	w := newWorld(t)
	ada := w.register("ada")
	paths := []string{"/metrics", "/debug/pprof/", "/debug/pprof/heap", "/debug/vars", "/internal/submit", "/v1/submit", "/runtime/submit", "/.env", "/.git/config", "/server-status"}
	for _, path := range paths {
		for _, token := range []string{"", ada.token} {
			got := w.do(call{method: "GET", path: path, token: token})
			require.Equal(t, 404, got.status, path)
			require.NotContains(t, string(got.body), "go1.")
		}
	}
	sheet.Record(t, "N10", 2*len(paths), "open 0", "0")
}
