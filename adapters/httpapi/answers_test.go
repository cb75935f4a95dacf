package httpapi_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"strings"
	"sync/atomic"

	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/test/sheet"
)

// tally counts the answers that this package's tests have held against the rules for every answer. One that breaks a rule fails its test.
type tally struct{ all, problems, described atomic.Int64 }

var answers tally

// report writes the rows that are about every answer of the suite. They hold if all tests have passed.
func (a *tally) report(code int) error {
	dir := os.Getenv(sheet.EnvDir)
	if dir == "" {
		return nil
	}
	for _, e := range []sheet.Entry{
		{ID: "N6", Count: int(a.problems.Load()), Figure: "4xx and 5xx: stack, SQL, path or version in 0", Goal: "bad 0"},
		{ID: "N7", Count: int(a.all.Load()), Figure: "headers of §1.8 missing on 0 answers", Goal: "missing 0"},
		{ID: "T9", Count: int(a.described.Load()), Figure: "answers held against the document: extra fields, hashes, secrets, storage paths, others' mails 0", Goal: "extra fields 0"},
	} {
		e.Test, e.Pass = "every answer of adapters/httpapi", code == 0
		if e.Count == 0 {
			continue
		}
		if err := e.Keep(dir); err != nil {
			return err
		}
	}
	return nil
}

// answer is what came back for a request; body is the request's, if the test knows it.
type answer struct {
	what   string
	sent   *http.Request
	body   string
	status int
	header http.Header
	raw    []byte
}

// everyAnswer checks what holds for all answers: the headers (N7), errors that tell nothing (N6), nothing beside what the document has (T9).
func (w *world) everyAnswer(a answer) {
	w.t.Helper()
	w.headersOf(a)
	answers.all.Add(1)
	if a.status >= http.StatusBadRequest {
		w.problemOf(a)
		answers.problems.Add(1)
	}
	w.tellsNothing(a)
	w.described(a)
}

// recorded is everyAnswer for what the handler was asked without a socket.
func (w *world) recorded(sent *http.Request, body string, rec *httptest.ResponseRecorder) {
	w.t.Helper()
	base, err := url.Parse(w.server.URL)
	require.NoError(w.t, err)
	at := sent.Clone(sent.Context())
	at.URL.Scheme, at.URL.Host, at.Host, at.Body = base.Scheme, base.Host, base.Host, http.NoBody
	w.everyAnswer(answer{what: sent.Method + " " + sent.URL.Path, sent: at, body: body, status: rec.Code, header: rec.Header(), raw: rec.Body.Bytes()})
}

func (w *world) headersOf(a answer) {
	w.t.Helper()
	for name, want := range map[string]string{
		"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "X-Frame-Options": "DENY", "Cross-Origin-Resource-Policy": "same-origin",
	} {
		require.Equal(w.t, want, a.header.Get(name), "%s: %s", a.what, name)
	}
	require.Contains(w.t, a.header.Get("Content-Security-Policy"), "frame-ancestors 'none'", a.what)
	cache := a.header.Get("Cache-Control")
	if (!strings.HasPrefix(cache, "public, ") && cache != "no-cache") || !w.isPublic(a.sent.URL.Path) {
		require.Contains(w.t, cache, "no-store", a.what)
	}
	require.Equal(w.t, w.tls, a.header.Get("Strict-Transport-Security") != "", a.what)
	require.Regexp(w.t, trace, a.header.Get("Traceparent"))
	require.Empty(w.t, a.header.Get("Server"))
	require.Empty(w.t, a.header.Get("X-Powered-By"))
}

var trace = regexp.MustCompile(`^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$`)

// isPublic reports whether a path is one whose answer is the same for everybody.
func (w *world) isPublic(path string) bool {
	for _, prefix := range []string{"/console", "/api/docs", "/api/openapi.json", "/api/asyncapi.json", "/.well-known/jwks.json"} {
		if path == "/" || strings.HasPrefix(path, prefix) {
			return true
		}
	}
	return false
}

// telling is what an error says of the machinery behind it.
var telling = regexp.MustCompile(`goroutine |\.go:\d|\b(SELECT|INSERT INTO|UPDATE|DELETE FROM)\b|SQLSTATE|sqlite|gorm|pgx|panic|runtime error|nil pointer|0x[0-9a-f]{6}` +
	`|/(work|root|home|tmp|usr|var|etc)/|go1\.\d|\bv\d+\.\d+\.\d+|10\.0\.0\.7|dial tcp|127\.0\.0\.1`)

func (w *world) problemOf(a answer) {
	w.t.Helper()
	require.Equal(w.t, "application/problem+json", a.header.Get("Content-Type"), "%s: %s", a.what, a.raw)
	var p map[string]any
	require.NoError(w.t, json.Unmarshal(a.raw, &p), "%s: %s", a.what, a.raw)
	for _, key := range []string{"type", "title", "detail", "code", "trace_id"} {
		require.IsType(w.t, "", p[key], "%s: %s", a.what, key)
	}
	require.InDelta(w.t, a.status, p["status"], 0)
	for key := range p {
		require.Contains(w.t, []string{"type", "title", "detail", "code", "trace_id", "status", "errors", "message", "error", "retry_after"}, key, a.what)
	}
	for _, found := range telling.FindAllString(string(a.raw), -1) {
		require.Contains(w.t, a.body, found, "%s: an error tells %q: %s", a.what, found, a.raw) // what the caller said may be told back
	}
}

var (
	// secrets are those that the platform makes, and hashes of passwords.
	secrets = regexp.MustCompile(`\b(sas|lgn|wst|ivt)_[A-Za-z0-9_-]{43}|\$argon2[a-z]*\$`)
	// hidden are names of fields that no answer has.
	hidden = regexp.MustCompile(`"[a-z_]*(password|passphrase|secret_hash|token_hash|password_hash|anon_secret|storage_key|blob_key|blob_path|storage_path|file_path|signing_key|private)[a-z_]*":`)
	mails  = regexp.MustCompile(`[A-Za-z0-9._-]+@example\.org`)
)

// issues are the routes that make a secret, which is told once.
var issues = regexp.MustCompile(`^/api/(session/create|session/create-anonymous|runtime/agent/ticket|admin/invitations)$`)

// tellsNothing looks for what no answer has: secrets but where they are made, hashes, places of files, mails of other tenants.
func (w *world) tellsNothing(a answer) {
	w.t.Helper()
	path := a.sent.URL.Path
	if w.isPublic(path) {
		return // pages and documents, the same for everybody
	}
	if found := secrets.FindString(string(a.raw)); found != "" {
		made := a.sent.Method == http.MethodPost && a.status < 300 && issues.MatchString(path)
		require.True(w.t, made, "%s tells a secret: %s", a.what, a.raw)
	}
	require.NotRegexp(w.t, hidden, string(a.raw), a.what)
	for _, key := range w.files.Keys() {
		require.NotContains(w.t, string(a.raw), key, "%s tells where a file is", a.what)
	}
	for _, mail := range mails.FindAllString(string(a.raw), -1) {
		owner, known := w.people.Load(mail)
		if !known || strings.Contains(a.body, mail) || strings.Contains(a.sent.URL.RawQuery, "scope=platform") {
			continue
		}
		tenant, told := tenantOf(a.sent)
		if !told {
			continue
		}
		require.Equal(w.t, owner, tenant, "%s tells another's mail, %s", a.what, mail)
	}
}

// tenantOf gives the tenant of a request's access token; ok is false if the request proves itself in another way.
func tenantOf(r *http.Request) (tenant string, ok bool) {
	parts := strings.Split(strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "), ".")
	if len(parts) != 3 {
		return "", len(r.Cookies()) == 0 && r.URL.Path != "/api/auth/refresh"
	}
	var claims struct {
		Tenant string `json:"tid"`
	}
	raw, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil || json.Unmarshal(raw, &claims) != nil {
		return "", true
	}
	return claims.Tenant, true
}

// described holds an answer against the OpenAPI document, whose objects take no further fields.
func (w *world) described(a answer) {
	w.t.Helper()
	route, params, err := w.router.FindRoute(a.sent)
	if err != nil {
		require.Contains(w.t, []int{204, 400, 403, 404, 405, 431}, a.status, "%s is not in the document", a.what)
		return
	}
	if a.status == http.StatusNotFound && bytes.Contains(a.raw, []byte("There is no such route.")) {
		return // the document's router is not as strict about slashes
	}
	if a.status == http.StatusRequestHeaderFieldsTooLarge || a.status == http.StatusMethodNotAllowed {
		return
	}
	answers.described.Add(1)
	// The same bytes for the same route and status are not judged twice: what most cells of the matrix get is one of a few errors.
	if _, judged := w.judged.LoadOrStore(fmt.Sprint(route.Operation.OperationID, a.status, a.header.Get("Content-Type"), string(a.raw)), true); judged {
		return
	}
	err = openapi3filter.ValidateResponse(w.t.Context(), &openapi3filter.ResponseValidationInput{
		RequestValidationInput: &openapi3filter.RequestValidationInput{Request: a.sent, PathParams: params, Route: route},
		Status:                 a.status, Header: a.header, Body: io.NopCloser(bytes.NewReader(a.raw)),
		Options: &openapi3filter.Options{IncludeResponseStatus: true},
	})
	require.NoError(w.t, err, "%s: %d %s", a.what, a.status, a.raw)
}

// textOf is what a body says.
func textOf(body any) string {
	if s, ok := body.(string); ok {
		return s
	}
	raw, err := json.Marshal(body)
	if err != nil {
		return fmt.Sprint(body)
	}
	return string(raw)
}
