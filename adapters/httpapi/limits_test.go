package httpapi_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/test/sheet"
)

// operation is what the document says of a route, as far as these tests ask.
type operation struct {
	Parameters []struct {
		Name   string `json:"name"`
		In     string `json:"in"`
		Schema struct {
			Minimum   *int `json:"minimum"`
			Maximum   *int `json:"maximum"`
			MaxLength *int `json:"maxLength"`
		} `json:"schema"`
	} `json:"parameters"`
	RequestBody *struct {
		Content map[string]json.RawMessage `json:"content"`
	} `json:"requestBody"`
}

// operations are all routes of the document, by path and method.
func (w *world) operations() map[string]map[string]operation {
	w.t.Helper()
	var doc struct {
		Paths map[string]map[string]operation `json:"paths"`
	}
	require.NoError(w.t, json.Unmarshal(w.handler.OpenAPI(), &doc))
	return doc.Paths
}

// N3: every route that takes JSON refuses all that is not quite JSON, or that two readers might read in two ways.
func TestEveryJSONRouteReadsStrictly(t *testing.T) {
	w := newWorld(t)
	ada := w.victim("ada") // the first is an operator too: nothing is refused for its right
	all := shapes()
	require.Len(t, all, 14)
	routes := 0
	for path, methods := range w.operations() {
		for method, op := range methods {
			if op.RequestBody == nil || op.RequestBody.Content["application/json"] == nil {
				continue
			}
			routes++
			theirs, _, _ := ada.object(path)
			at := pathParameter.ReplaceAllString(path, theirs)
			for name, raw := range all {
				status, got := w.once(said{method: strings.ToUpper(method), path: at, body: raw, header: [][2]string{{"Authorization", "Bearer " + ada.token}}})
				require.Equal(t, http.StatusBadRequest, status, "%s on %s %s: %s", name, method, path, got)
				require.Contains(t, got, `"code":"invalid_json"`, "%s on %s %s", name, method, path)
			}
		}
	}
	require.Greater(t, routes, 60)
	sheet.Record(t, "N3", routes*len(all), fmt.Sprintf("%d routes × 14 shapes: read 0; sizes: N12", routes), "413/400; 14× each body route")
}

// N12: the bounds that the document and the specification name are the bounds that hold: the last value passes, the one beyond does not.
func TestDocumentedLimitsAreEnforced(t *testing.T) {
	w := newWorld(t)
	ada := w.victim("ada")
	tried := 0
	bound := func(what string, request said, passes bool) {
		t.Helper()
		request.header = append(request.header, [2]string{"Authorization", "Bearer " + ada.token})
		status, got := w.once(request)
		refused := slices.Contains([]int{400, 413, 422, 431}, status)
		require.Equal(t, !passes, refused, "%s: %d %.300s", what, status, got)
		tried++
	}
	parameters := 0
	for path, methods := range w.operations() {
		theirs, _, _ := ada.object(path)
		at := pathParameter.ReplaceAllString(path, theirs)
		for _, p := range methods["get"].Parameters {
			if p.In != "query" {
				continue
			}
			ask := func(value string, passes bool) {
				bound(path+"?"+p.Name+"="+value[:min(len(value), 20)], said{method: "GET", path: at + "?" + p.Name + "=" + url.QueryEscape(value)}, passes)
			}
			if p.Schema.Minimum != nil {
				ask(strconv.Itoa(*p.Schema.Minimum), true)
				ask(strconv.Itoa(*p.Schema.Minimum-1), false)
				parameters++
			}
			if p.Schema.Maximum != nil {
				ask(strconv.Itoa(*p.Schema.Maximum), true)
				ask(strconv.Itoa(*p.Schema.Maximum+1), false)
				parameters++
			}
			if p.Schema.MaxLength != nil && !slices.Contains([]string{"cursor", "tenant", "session_id", "conversation_id"}, p.Name) { // which have to be somebody's as well
				ask(strings.Repeat("x", *p.Schema.MaxLength), true)
				ask(strings.Repeat("x", *p.Schema.MaxLength+1), false)
				parameters++
			}
		}
	}
	require.Greater(t, parameters, 25)
	nested := func(depth int) string {
		return `{"metadata":` + strings.Repeat("[", depth-1) + strings.Repeat("]", depth-1) + `}`
	}
	keys := func(n int) string { // with the object's own
		var all strings.Builder
		for i := range n - 1 {
			fmt.Fprintf(&all, `,"k%d":0`, i)
		}
		return `{"metadata":{` + all.String()[1:] + `}}`
	}
	for what, body := range map[string]func(n int) string{"depth": nested, "keys": keys} {
		limit := map[string]int{"depth": 64, "keys": 10_000}[what]
		// What is within the bound is read, and refused by the next check: metadata is smaller than that.
		for n, want := range map[int]string{limit: "", limit + 1: `"code":"invalid_json"`} {
			_, got := w.once(said{method: "POST", path: "/api/session/create", body: body(n), header: [][2]string{{"Authorization", "Bearer " + ada.token}}})
			require.Equal(t, want != "", strings.Contains(got, `"code":"invalid_json"`), "%s %d: %.300s", what, n, got)
			tried++
		}
	}
	bound("query", said{method: "GET", path: "/health?" + strings.Repeat("a", 8192)}, true)
	bound("query", said{method: "GET", path: "/health?" + strings.Repeat("a", 8193)}, false)
	bound("parameters", said{method: "GET", path: "/health?" + strings.Repeat("a&", 99) + "a"}, true)
	bound("parameters", said{method: "GET", path: "/health?" + strings.Repeat("a&", 100) + "a"}, false)
	key := func(n int) [][2]string { return [][2]string{{"Idempotency-Key", strings.Repeat("k", n)}} }
	bound("key", said{method: "POST", path: "/api/intent/submit", body: `{"intent_type":"wait"}`, header: key(255)}, true)
	bound("key", said{method: "POST", path: "/api/intent/submit", body: `{"intent_type":"wait"}`, header: key(256)}, false)
	own := len("Authorization: Bearer \r\n") + len(ada.token) + len("X-A: \r\n")
	bound("headers", said{method: "GET", path: "/health", header: [][2]string{{"X-A", strings.Repeat("v", 32<<10-own)}}}, true)
	bound("headers", said{method: "GET", path: "/health", header: [][2]string{{"X-A", strings.Repeat("v", 32<<10-own+1)}}}, false)
	tried += w.loginRate()
	sheet.Record(t, "N12", tried, fmt.Sprintf("%d bounds of parameters, depth, keys, query, headers, sign-ins: each passes at the bound and is refused beyond it", parameters+6), "documented = enforced, ±0")
}

// loginRate signs in as often as the answer to once too often says is allowed.
func (w *world) loginRate() int {
	w.t.Helper()
	n := 0
	for ; ; n++ {
		r := w.do(call{method: "POST", path: "/api/auth/login", body: map[string]any{"email": "nobody@example.org", "password": "wrong password"}})
		if r.status == http.StatusTooManyRequests {
			require.Equal(w.t, strconv.Itoa(n), r.header.Get("X-RateLimit-Limit"))
			return n + 1
		}
		require.Equal(w.t, http.StatusUnauthorized, r.status)
	}
}

// N9: whatever comes in whatever field of a request, the log has one line for it, which is JSON and has nothing of it.
func TestNothingForgesALogLine(t *testing.T) {
	w := newWorld(t)
	ada := w.register("ada")
	forged := map[string]string{
		"line": "canary\r\n{\"level\":\"ERROR\"}", "json": `canary","level":"ERROR","msg":"forged`, "ansi": "canary\x1b[31m\x1b]0;x\x07", "separator": "canary\u2028\u2029\u0085", "right to left": "canary\u202e\u2066",
		"null": "canary\x00\xff",
	}
	sent := 0
	before := strings.Count(w.logText(), "\n")
	for _, payload := range forged {
		quoted, err := json.Marshal(strings.ToValidUTF8(payload, ""))
		require.NoError(t, err)
		for _, s := range []said{
			{method: "GET", path: "/" + url.PathEscape(payload)}, {method: "GET", path: "/api/artifacts/" + url.PathEscape(payload)}, {method: "GET", path: "/health?q=" + url.QueryEscape(payload)},
			{method: "GET", path: "/health", header: [][2]string{{"User-Agent", payload}, {"Referer", payload}, {"X-Forwarded-For", payload}}},
			{method: "GET", path: "/health", header: [][2]string{{"Traceparent", payload}}}, {method: "GET", path: "/health", header: [][2]string{{"Traceparent", fixedTrace + payload}, {"Tracestate", payload}}},
			{method: "GET", path: "/api/auth/me", header: [][2]string{{"Authorization", "Bearer " + payload}}}, {method: "POST", path: "/api/auth/login", body: `{"email":` + string(quoted) + `,"password":` + string(quoted) + `}`},
			{method: "POST", path: "/api/intent/submit", body: `{"intent_type":` + string(quoted) + `}`, header: [][2]string{{"Authorization", "Bearer " + ada.token}, {"Idempotency-Key", payload}}},
			{method: "POST", path: "/api/session/create", body: `{` + string(quoted) + `:1}`},
		} {
			req := httptest.NewRequestWithContext(t.Context(), s.method, s.path, strings.NewReader(s.body))
			req.Header.Set("Content-Type", "application/json")
			for _, h := range s.header {
				req.Header[h[0]] = []string{h[1]}
			}
			w.handler.ServeHTTP(httptest.NewRecorder(), req)
			sent++
		}
	}
	log := w.logText()
	require.NotContains(t, log, "canary")
	require.NotContains(t, log, "\x1b")
	requests := 0
	lines := bufio.NewScanner(strings.NewReader(log))
	for n := 0; lines.Scan(); n++ {
		var line map[string]any
		require.NoError(t, json.Unmarshal(lines.Bytes(), &line), lines.Text())
		require.NotEqual(t, "ERROR", line["level"], lines.Text())
		if n >= before && line["msg"] == "request" {
			requests++
		}
	}
	require.NoError(t, lines.Err())
	require.Equal(t, sent, requests, "one line each")
	sheet.Record(t, "N9", sent, "requests with a forged line in a field that might be logged: lines that are not theirs 0, with something of them 0", "one line each; 30/30")
}

func (w *world) logText() string {
	w.logging.Lock()
	defer w.logging.Unlock()
	return w.log.String()
}
