package httpapi_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/legacy"
	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/adapters/httpapi"
	"github.com/symphainy/symphainy/adapters/jwtauth"
	"github.com/symphainy/symphainy/adapters/localqueue"
	"github.com/symphainy/symphainy/adapters/membus"
	"github.com/symphainy/symphainy/adapters/memstore"
	"github.com/symphainy/symphainy/adapters/system"
	"github.com/symphainy/symphainy/application/accounts"
	"github.com/symphainy/symphainy/application/admin"
	"github.com/symphainy/symphainy/application/agents"
	"github.com/symphainy/symphainy/application/artifacts"
	"github.com/symphainy/symphainy/application/conversation"
	"github.com/symphainy/symphainy/application/intents"
	"github.com/symphainy/symphainy/application/pending"
	"github.com/symphainy/symphainy/application/queues"
	"github.com/symphainy/symphainy/application/realms/content"
	"github.com/symphainy/symphainy/application/realms/insights"
	"github.com/symphainy/symphainy/application/runtime"
	"github.com/symphainy/symphainy/application/schedules"
	"github.com/symphainy/symphainy/application/securityguard"
	"github.com/symphainy/symphainy/application/trafficcop"
	"github.com/symphainy/symphainy/domain/execution"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/domain/realm"
	"github.com/symphainy/symphainy/ports"
	"github.com/symphainy/symphainy/test/authkit"
	"github.com/symphainy/symphainy/test/clock"
	"github.com/symphainy/symphainy/test/realmtest"
)

const (
	ownOrigin = "http://api.test"
	appOrigin = "https://app.example.org"
	password  = "violet armchair 17"
)

// world is the real application on memory stores, behind a real server.
type world struct {
	files *realmtest.Blobs
	store *memstore.Store
	// blobs are where files are: w.files, or a folder.
	blobs   ports.BlobStore
	t       *testing.T
	clock   *clock.Clock
	handler *httpapi.Server
	server  *httptest.Server
	client  *http.Client
	router  routers.Router
	sockets map[string]http.Handler
	log     *bytes.Buffer
	gate    chan struct{}
	ending  sync.Once
	logging sync.Mutex
	down    atomic.Bool
	// blind is how many more times the guard finds its store unreachable.
	blind atomic.Int64
	// touched counts uses of the file store.
	touched atomic.Int64
}

// blindStore is the guard's store, which can fail for a while.
type blindStore struct {
	ports.UnitOfWork
	blind *atomic.Int64
}

func (s blindStore) View(ctx context.Context, fn func(context.Context, ports.Tx) error) error {
	if s.blind.Load() > 0 {
		s.blind.Add(-1)
		return fault.ErrUnavailable
	}
	return s.UnitOfWork.View(ctx, fn)
}

// waiter is a realm whose one intent waits until the test lets it go.
type waiter struct{ gate chan struct{} }

func (waiter) Declaration() realm.Declaration {
	return realm.Declaration{Name: "test", Title: "Test", Intents: []realm.IntentSpec{{
		Type: "wait", Title: "Wait", Permission: identity.PermWrite, Anonymous: true, Retry: realm.RetryPure,
		Schema: []byte(`{"type":"object","additionalProperties":false,"properties":{"n":{"type":"integer"}}}`), Example: []byte(`{"n":1}`),
	}, {
		Type: "ask", Title: "Ask", Permission: identity.PermWrite, Retry: realm.RetryHuman,
		Schema: []byte(`{"type":"object","additionalProperties":false}`), Example: []byte(`{}`),
	}}}
}

func (w waiter) Handlers() map[string]ports.IntentHandler {
	return map[string]ports.IntentHandler{"ask": ask, "wait": func(ctx context.Context, call ports.IntentCall) (ports.IntentResult, error) {
		if err := call.Progress(ctx, 1, 2, "half"); err != nil {
			return ports.IntentResult{}, err
		}
		select {
		case <-w.gate:
			return ports.IntentResult{Values: map[string]string{"answer": "42"}}, nil
		case <-ctx.Done():
			return ports.IntentResult{}, context.Cause(ctx)
		}
	}}
}

// ask waits for its owner's decision.
func ask(ctx context.Context, call ports.IntentCall) (ports.IntentResult, error) {
	d, err := call.AwaitDecision(ctx, "approval", execution.DecisionRequest{
		Prompt: "Really?", Arguments: []byte(`{"sum":1}`), Deciders: execution.Deciders{Owner: true},
	})
	return ports.IntentResult{Values: map[string]string{"decision": string(d.Verdict)}}, err
}

type fakeSocket struct{}

func (fakeSocket) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(http.StatusUnauthorized)
	_, _ = io.WriteString(w, `{"type":"about:blank","title":"Unauthorized","status":401,"detail":"`+r.PathValue("id")+`","code":"unauthenticated","trace_id":""}`)
}

// lockedBuffer takes log lines from several requests at once.
type lockedBuffer struct {
	mu  *sync.Mutex
	buf *bytes.Buffer
}

func (b lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

// visitorSpace is the room that a visitor's files have.
const visitorSpace = 1 << 20

func newWorld(t *testing.T, change ...func(*httpapi.Config)) *world {
	t.Helper()
	return newWorldOn(t, nil, change...)
}

// newWorldOn is newWorld with files somewhere else than in w.files.
func newWorldOn(t *testing.T, blobs ports.BlobStore, change ...func(*httpapi.Config)) *world {
	t.Helper()
	w := &world{
		t: t, blobs: blobs, clock: clock.Fixed(), log: &bytes.Buffer{}, gate: make(chan struct{}),
		sockets: map[string]http.Handler{"/api/runtime/agent": fakeSocket{}, "/api/execution/{id}/stream": fakeSocket{}, "/ws": fakeSocket{}},
	}
	cfg := httpapi.Defaults()
	cfg.BaseURL, cfg.AllowedOrigins, cfg.CursorKey, cfg.PlainCookies = ownOrigin, []string{appOrigin}, bytes.Repeat([]byte("k"), 32), true
	cfg.MaxUpload = 64 << 10
	cfg.Recheck, cfg.Heartbeat = 20*time.Millisecond, 50*time.Millisecond
	for _, c := range change {
		c(&cfg)
	}
	var err error
	w.handler, err = httpapi.New(w.deps(), cfg)
	require.NoError(t, err)
	w.server = httptest.NewServer(w.handler)
	t.Cleanup(w.server.Close)
	w.client = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }, Transport: &http.Transport{}}
	t.Cleanup(w.client.CloseIdleConnections)
	doc, err := openapi3.NewLoader().LoadFromData(w.handler.OpenAPI())
	require.NoError(t, err)
	doc.Servers = openapi3.Servers{{URL: w.server.URL}}
	w.router, err = legacy.NewRouter(doc)
	require.NoError(t, err)
	return w
}

func (w *world) deps() httpapi.Deps {
	t, ids, bus := w.t, system.IDs{}, membus.New()
	log := slog.New(slog.NewJSONHandler(lockedBuffer{&w.logging, w.log}, nil))
	queue := localqueue.New(localqueue.Config{Workers: 2, Logger: log})
	store := memstore.New(w.clock, memstore.OnEnqueue(queue.Enqueued))
	w.store = store
	seed := sha256.Sum256([]byte("httpapi"))
	keys, err := jwtauth.NewKeys(ed25519.NewKeyFromSeed(seed[:]))
	require.NoError(t, err)
	tokens := jwtauth.Config{Issuer: "https://test.example", Audience: "symphainy"}
	issuer, err := jwtauth.NewIssuer(keys, tokens, w.clock, ids)
	require.NoError(t, err)
	verifier, err := jwtauth.NewVerifier(keys, tokens, w.clock)
	require.NoError(t, err)
	guard := securityguard.New(blindStore{store, &w.blind}, verifier, w.clock)
	policy := accounts.Defaults()
	policy.RegisterRate = ports.Rate{Limit: 100, Window: time.Minute}
	w.files = &realmtest.Blobs{Fail: func(string, string) error { w.touched.Add(1); return nil }}
	if w.blobs == nil {
		w.blobs = w.files
	}
	guides := agents.NewRealm(w.clock, ids, agents.GuideAgent{})
	catalogue, err := intents.NewCatalogue(
		content.New(content.Deps{UnitOfWork: store, Blobs: w.blobs, Clock: w.clock, IDs: ids, Config: content.Config{Limits: content.Limits{VisitorSpace: visitorSpace}}}),
		insights.New(insights.Deps{Blobs: w.blobs, Clock: w.clock, IDs: ids}),
		waiter{w.gate}, guides,
	)
	require.NoError(t, err)
	engine, err := runtime.New(runtime.Deps{
		UnitOfWork: store, Queue: queue, Bus: bus, Clock: w.clock, IDs: ids, Grants: guard, Catalogue: catalogue, Document: artifacts.Document,
		Report: func(_ context.Context, what string, err error) {
			log.Error("unattended", slog.String("what", what), slog.Any("error", err))
		},
	}, runtime.Defaults())
	require.NoError(t, err)
	require.NoError(t, engine.Start(t.Context()))
	t.Cleanup(func() {
		w.ending.Do(func() { close(w.gate) })
		ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), 5*time.Second)
		defer cancel()
		require.NoError(t, engine.Stop(ctx))
	})
	standing, err := schedules.New(catalogue, store, w.clock, ids, schedules.Defaults())
	require.NoError(t, err)
	return httpapi.Deps{
		Guard: guard,
		Accounts: accounts.New(accounts.Deps{UnitOfWork: store, Issuer: issuer, Hasher: &authkit.Hasher{}, Blocklist: authkit.Blocklist{"qwertyuiop": true},
			Clock: w.clock, IDs: ids, Bus: bus, Guard: guard, Config: policy}),
		Sessions: trafficcop.NewSessions(trafficcop.Deps{UnitOfWork: store, Guard: guard, Issuer: issuer, Clock: w.clock, IDs: ids, Bus: bus,
			Config: trafficcop.Config{AnonymousRate: ports.Rate{Limit: 200, Window: time.Hour}}}),
		Admission: trafficcop.NewAdmission(catalogue, engine, store, w.clock, ids), Pending: pending.New(catalogue, store, w.clock, ids),
		Catalogue: catalogue, Runtime: engine, Control: engine, Feed: engine, Artifacts: artifacts.New(store, w.blobs, w.clock), Keeper: artifacts.NewKeeper(store, w.clock, ids),
		Admin:  admin.New(admin.Deps{UnitOfWork: store, Blobs: w.blobs, Guard: guard, Bus: bus, Clock: w.clock, IDs: ids}),
		Queues: queues.New(store, engine, w.clock), Schedules: standing,
		Uploads: content.NewUploads(store, w.blobs, ids, content.Limits{Upload: 64 << 10, VisitorSpace: visitorSpace}), Conversations: conversation.New(conversation.Deps{
			UnitOfWork: store, Runtime: engine, Catalogue: catalogue, Agents: guides, Clock: w.clock, IDs: ids}), Clock: w.clock, Log: log, JWKS: keys.JWKS,
		AsyncAPI: []byte(`{"asyncapi":"3.0.0"}`), Console: consolePages(), Checks: []ports.HealthCheck{check{name: "store"}, check{name: "broken", err: w.broken}},
		SpareChecks: []ports.HealthCheck{check{name: "spare", err: func() error { return errors.New("gone") }}}, Sockets: w.sockets,
		MCP: func(out http.ResponseWriter, _ *http.Request, p identity.Principal, sessionID string) {
			out.Header().Set("Content-Type", "application/json")
			fmt.Fprintf(out, `{"jsonrpc":"2.0","id":1,"result":{"actor":%q,"session":%q}}`, p.Actor(), sessionID)
		},
	}
}

func (w *world) broken() error {
	if w.down.Load() {
		return errors.New("dial tcp 10.0.0.7: refused")
	}
	return nil
}

type check struct {
	name string
	err  func() error
}

func (c check) Name() string { return c.name }
func (c check) Check(context.Context) error {
	if c.err == nil {
		return nil
	}
	return c.err()
}

// call is a request. Header values "-" remove what the kit would set.
type call struct {
	method, path string
	// body is sent as it is if it is a string, as JSON otherwise; nil sends none.
	body    any
	header  map[string]string
	token   string
	secret  string
	cookies []*http.Cookie
}

type reply struct {
	t      *testing.T
	what   string
	status int
	header http.Header
	body   []byte
	set    []*http.Cookie
}

func (r reply) is(status int) reply {
	r.t.Helper()
	require.Equal(r.t, status, r.status, "%s: %s", r.what, r.body)
	return r
}

func (r reply) fails(status int, code string) reply {
	r.t.Helper()
	r.is(status)
	require.Equal(r.t, "application/problem+json", r.header.Get("Content-Type"), r.what)
	require.Equal(r.t, code, r.json()["code"], "%s: %s", r.what, r.body)
	return r
}

func (r reply) json() map[string]any {
	r.t.Helper()
	var v map[string]any
	require.NoError(r.t, json.Unmarshal(r.body, &v), "%s: %s", r.what, r.body)
	return v
}

func (r reply) str(key string) string {
	r.t.Helper()
	s, ok := r.json()[key].(string)
	require.True(r.t, ok, "%s: no text %q in %s", r.what, key, r.body)
	return s
}

// do sends a request and holds every answer against the rules for all answers and against the OpenAPI document.
func (w *world) do(c call) reply {
	w.t.Helper()
	req := w.request(c)
	res, err := w.client.Do(req)
	require.NoError(w.t, err)
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	require.NoError(w.t, err)
	r := reply{t: w.t, what: c.method + " " + c.path, status: res.StatusCode, header: res.Header, body: raw, set: res.Cookies()}
	w.everyAnswer(c, r)
	return r
}

func (w *world) request(c call) *http.Request {
	w.t.Helper()
	var body io.Reader
	kind := ""
	switch b := c.body.(type) {
	case nil:
	case string:
		body, kind = strings.NewReader(b), "application/json"
	default:
		raw, err := json.Marshal(b)
		require.NoError(w.t, err)
		body, kind = bytes.NewReader(raw), "application/json"
	}
	req, err := http.NewRequestWithContext(w.t.Context(), c.method, w.server.URL+c.path, body)
	require.NoError(w.t, err)
	if kind != "" {
		req.Header.Set("Content-Type", kind)
	}
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}
	if c.secret != "" {
		req.Header.Set("X-Session-Secret", c.secret)
	}
	for k, v := range c.header {
		if req.Header.Set(k, v); v == "-" {
			req.Header.Del(k)
		}
	}
	for _, cookie := range c.cookies {
		req.AddCookie(&http.Cookie{Name: cookie.Name, Value: cookie.Value})
	}
	return req
}

// everyAnswer checks what holds for all answers (N6, N7) and the contract.
func (w *world) everyAnswer(c call, r reply) {
	w.t.Helper()
	for name, want := range map[string]string{
		"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "X-Frame-Options": "DENY", "Cross-Origin-Resource-Policy": "same-origin",
	} {
		require.Equal(w.t, want, r.header.Get(name), "%s: %s", r.what, name)
	}
	require.Contains(w.t, r.header.Get("Content-Security-Policy"), "frame-ancestors 'none'", r.what)
	require.NotEmpty(w.t, r.header.Get("Cache-Control"), r.what)
	require.Regexp(w.t, `^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$`, r.header.Get("Traceparent"))
	require.Empty(w.t, r.header.Get("Server"))
	if r.status >= 400 {
		require.Equal(w.t, "application/problem+json", r.header.Get("Content-Type"), "%s: %s", r.what, r.body)
		p := r.json()
		for _, key := range []string{"type", "title", "detail", "code", "trace_id"} {
			require.IsType(w.t, "", p[key], "%s: %s", r.what, key)
		}
		require.InDelta(w.t, r.status, p["status"], 0)
		for _, leak := range []string{"goroutine", ".go:", "SELECT", "panic", "/work", "10.0.0.7"} {
			require.NotContains(w.t, string(r.body), leak, r.what)
		}
	}
	sent := w.request(c)
	route, params, err := w.router.FindRoute(sent)
	if err != nil {
		require.Contains(w.t, []int{204, 400, 403, 404, 405, 431}, r.status, "%s is not in the document", r.what)
		return
	}
	if r.status == http.StatusRequestHeaderFieldsTooLarge {
		return
	}
	err = openapi3filter.ValidateResponse(w.t.Context(), &openapi3filter.ResponseValidationInput{
		RequestValidationInput: &openapi3filter.RequestValidationInput{Request: sent, PathParams: params, Route: route},
		Status:                 r.status, Header: r.header, Body: io.NopCloser(bytes.NewReader(r.body)),
		Options: &openapi3filter.Options{IncludeResponseStatus: true},
	})
	require.NoError(w.t, err, "%s: %d %s", r.what, r.status, r.body)
}

// user is somebody who registered.
type user struct {
	token, refresh, session, id, tenant string
	cookies                             []*http.Cookie
}

func (w *world) register(name string) user {
	w.t.Helper()
	r := w.do(call{method: "POST", path: "/api/auth/register", body: map[string]any{"name": name, "email": name + "@example.org", "password": password}}).is(201)
	return user{r.str("access_token"), r.str("refresh_token"), r.str("session_id"), r.str("user_id"), r.str("tenant_id"), r.set}
}

// visitor is an anonymous session.
type visitor struct {
	session, secret string
	cookies         []*http.Cookie
}

func (w *world) visit() visitor {
	w.t.Helper()
	r := w.do(call{method: "POST", path: "/api/session/create-anonymous"}).is(201)
	return visitor{r.str("session_id"), r.str("session_secret"), r.set}
}

// submit submits for a visitor or a user and gives the execution's id.
func (w *world) submit(c call, intentType string, parameters map[string]any) string {
	w.t.Helper()
	c.method, c.path = "POST", "/api/intent/submit"
	body := map[string]any{"intent_type": intentType, "parameters": parameters}
	c.body = body
	return w.do(c).is(202).str("execution_id")
}

// upload sends a file with fields.
func (w *world) upload(c call, name, data string, fields map[string]string) reply {
	w.t.Helper()
	var form bytes.Buffer
	mw := multipart.NewWriter(&form)
	for k, v := range fields {
		require.NoError(w.t, mw.WriteField(k, v))
	}
	if name != "" {
		part, err := mw.CreateFormFile("file", name)
		require.NoError(w.t, err)
		_, err = io.WriteString(part, data)
		require.NoError(w.t, err)
	}
	require.NoError(w.t, mw.Close())
	c.method, c.path, c.body = "POST", "/api/files"+c.path, form.String()
	if c.header == nil {
		c.header = map[string]string{}
	}
	c.header["Content-Type"] = mw.FormDataContentType()
	return w.do(c)
}

// settle waits until an execution has ended, over the interface alone.
func (w *world) settle(c call, id string) map[string]any {
	w.t.Helper()
	c.method, c.path = "GET", "/api/execution/"+id+"/status"
	var got map[string]any
	require.Eventually(w.t, func() bool {
		got = w.do(c).is(200).json()
		return got["completed_at"] != nil
	}, 5*time.Second, 5*time.Millisecond)
	return got
}

func cookieOf(t *testing.T, set []*http.Cookie, prefix string) *http.Cookie {
	t.Helper()
	for _, c := range set {
		if strings.HasPrefix(c.Name, prefix) {
			return c
		}
	}
	require.Fail(t, "no cookie "+prefix)
	return nil
}
