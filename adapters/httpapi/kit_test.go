package httpapi_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
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
	"github.com/symphainy/symphainy/application/auditing"
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
	"github.com/symphainy/symphainy/test/faulty"
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
	// calls notes what is asked of the store.
	calls *faulty.Store
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
	// failing says that the test makes the store fail.
	failing atomic.Bool
	// blind is how many more times the guard finds its store unreachable.
	blind atomic.Int64
	// people are those who registered here: the tenant of each by mail.
	people sync.Map
	// judged are the answers that have been held against the document.
	judged sync.Map
	// tls says that the platform stands behind TLS.
	tls bool
	// gone tells that no store answers anybody.
	gone atomic.Bool
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

func (s blindStore) Look(ctx context.Context, fn func(context.Context, ports.Tx) error) error {
	if s.blind.Load() > 0 {
		s.blind.Add(-1)
		return fault.ErrUnavailable
	}
	return s.UnitOfWork.Look(ctx, fn)
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
	w.tls = strings.HasPrefix(cfg.BaseURL, "https://")
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
	w.store = memstore.New(w.clock, memstore.OnEnqueue(queue.Enqueued))
	calls := faulty.Wrap(w.store)
	w.calls = calls
	store := outage{calls, &w.gone}
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
	require.NoError(t, guides.Equip(agents.Equipment{Catalogue: catalogue, Grants: guard, UnitOfWork: store}))
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
		Guard: guard, Refused: auditing.NewRefusals(store, w.clock, ids, w.unrecorded).Note,
		Accounts: accounts.New(accounts.Deps{UnitOfWork: store, Issuer: issuer, Hasher: &authkit.Hasher{}, Blocklist: authkit.Blocklist{"qwertyuiop": true},
			Clock: w.clock, IDs: ids, Bus: bus, Guard: guard, Config: policy}),
		Sessions: trafficcop.NewSessions(trafficcop.Deps{UnitOfWork: store, Guard: guard, Issuer: issuer, Clock: w.clock, IDs: ids, Bus: bus,
			Config: trafficcop.Config{AnonymousRate: ports.Rate{Limit: 200, Window: time.Hour}}}),
		Admission: trafficcop.NewAdmission(catalogue, engine, store, w.clock, ids), Pending: pending.New(catalogue, store, w.clock, ids),
		Catalogue: catalogue, Runtime: engine, Control: engine, Feed: engine, Artifacts: artifacts.New(store, w.blobs, w.clock), Keeper: artifacts.NewKeeper(store, w.clock, ids),
		Admin:  admin.New(admin.Deps{UnitOfWork: store, Blobs: w.blobs, Guard: guard, Bus: bus, Clock: w.clock, IDs: ids}),
		Queues: queues.New(store, engine, w.clock), Agents: agents.NewAdmin(store, guides, w.clock, ids), Schedules: standing,
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

// unrecorded hears of refusals that could not be kept.
func (w *world) unrecorded(_ context.Context, what string, err error) {
	if !w.failing.Load() && !w.gone.Load() {
		w.t.Errorf("%s: %v", what, err)
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
