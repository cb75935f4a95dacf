package wsapi_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/symphainy/symphainy/adapters/system"
	"github.com/symphainy/symphainy/adapters/wsapi"
	"github.com/symphainy/symphainy/application/accounts"
	"github.com/symphainy/symphainy/application/agents"
	"github.com/symphainy/symphainy/application/conversation"
	"github.com/symphainy/symphainy/application/intents"
	"github.com/symphainy/symphainy/application/runtime"
	"github.com/symphainy/symphainy/application/securityguard"
	"github.com/symphainy/symphainy/application/trafficcop"
	"github.com/symphainy/symphainy/domain/artifact"
	"github.com/symphainy/symphainy/domain/event"
	"github.com/symphainy/symphainy/domain/execution"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/domain/intent"
	"github.com/symphainy/symphainy/domain/realm"
	"github.com/symphainy/symphainy/domain/typeid"
	"github.com/symphainy/symphainy/ports"
	"github.com/symphainy/symphainy/test/authkit"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience bounds every wait of a test.
const patience = 20 * time.Second

// listed is an origin that may open sockets beside the server's own.
const listed = "https://app.example"

// world is the real application on a store in memory, behind a real server.
type world struct {
	*authkit.Kit
	t      *testing.T
	engine *runtime.Engine
	bus    *board
	work   *work
	hub    *wsapi.Hub
	server *httptest.Server
}

// newWorld starts it; change adjusts what the sockets stand on.
func newWorld(t *testing.T, change ...func(*wsapi.Deps, *wsapi.Config)) *world {
	t.Helper()
	w := &world{Kit: authkit.New(t, func(c *accounts.Config) { c.RegisterRate.Window = time.Second }), t: t, bus: &board{}, work: &work{}}
	talkers := agents.NewRealm(w.Clock, system.IDs{}, parrot{})
	catalogue, err := intents.NewCatalogue(talkers, w.work)
	require.NoError(t, err)
	cfg := runtime.Defaults()
	cfg.Poll, cfg.Sweep = 10*time.Millisecond, 5*time.Millisecond
	w.engine, err = runtime.New(runtime.Deps{
		UnitOfWork: w.Store, Queue: &dispatcher{}, Bus: w.bus, Clock: w.Clock, IDs: system.IDs{}, Grants: w.Guard, Catalogue: catalogue,
		Document: func(s artifact.Snapshot) (map[string]any, error) { return map[string]any{"artifact_id": s.ID}, nil },
		Report:   func(context.Context, string, error) {},
	}, cfg)
	require.NoError(t, err)
	require.NoError(t, w.engine.Start(t.Context()))
	t.Cleanup(func() {
		w.work.finish()
		require.NoError(t, w.engine.Stop(context.WithoutCancel(t.Context())))
	})
	deps := wsapi.Deps{
		Guard: w.Guard, Sessions: w.Sessions, Runtime: w.engine, Control: w.engine, Feed: w.engine, Bus: w.bus, Clock: w.Clock,
		Log: slog.New(slog.DiscardHandler),
		Active: func(ctx context.Context, sessions []ports.SessionKey, since time.Time) (active []ports.SessionKey, err error) {
			err = w.Store.View(ctx, func(ctx context.Context, tx ports.Tx) (err error) {
				active, err = tx.Activity.Active(ctx, sessions, since)
				return err
			})
			return active, err
		},
		Conversations: conversation.New(conversation.Deps{
			UnitOfWork: w.Store, Runtime: w.engine, Catalogue: catalogue, Agents: talkers, Clock: w.Clock, IDs: system.IDs{},
		}),
	}
	sockets := wsapi.Defaults()
	sockets.AllowedOrigins, sockets.PlainCookies = []string{listed}, true
	sockets.Poll, sockets.GoAway, sockets.Linger = 10*time.Millisecond, 50*time.Millisecond, 100*time.Millisecond
	sockets.PerAddress, sockets.PerSession, sockets.PerUser = 1000, 100, 100
	for _, f := range change {
		f(&deps, &sockets)
	}
	w.hub, err = wsapi.New(deps, sockets)
	require.NoError(t, err)
	mux := http.NewServeMux()
	mux.Handle("GET /api/runtime/agent", w.hub.Agent())
	mux.Handle("GET /api/execution/{id}/stream", w.hub.ExecutionStream())
	mux.Handle("GET /ws", w.hub.Push())
	w.server = httptest.NewUnstartedServer(mux)
	w.server.Config.ConnState = func(c net.Conn, s http.ConnState) {
		if s == http.StateNew {
			_ = c.(*net.TCPConn).SetWriteBuffer(128 << 10)
		}
	}
	w.server.Start()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), patience)
		defer cancel()
		require.NoError(t, w.hub.Shutdown(ctx))
		require.Zero(t, w.hub.Open())
		w.server.Close()
	})
	return w
}

// board is a bus in memory.
type board struct {
	mu   sync.Mutex
	subs map[string]map[chan ports.Hint]bool
}

func (b *board) Publish(_ context.Context, h ports.Hint) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	topics := []string{ports.TopicSession(h.SessionID), ports.TopicExecution(h.ExecutionID)}
	if h.Control {
		topics = append(topics, ports.TopicControl)
	}
	for _, topic := range topics {
		for c := range b.subs[topic] {
			select {
			case c <- h:
			default:
			}
		}
	}
	return nil
}

func (b *board) Subscribe(topic string) (<-chan ports.Hint, func(), error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	c := make(chan ports.Hint, 4)
	if b.subs == nil {
		b.subs = map[string]map[chan ports.Hint]bool{}
	}
	if b.subs[topic] == nil {
		b.subs[topic] = map[chan ports.Hint]bool{}
	}
	b.subs[topic][c] = true
	return c, func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		delete(b.subs[topic], c)
	}, nil
}

func (b *board) subscribers() (n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, s := range b.subs {
		n += len(s)
	}
	return n
}

// dispatcher is a queue that runs what the engine's sweep finds.
type dispatcher struct {
	ctx    context.Context
	cancel context.CancelFunc
	handle func(context.Context, string) error
	mu     sync.Mutex
	busy   map[string]bool
	group  sync.WaitGroup
}

func (d *dispatcher) Start(ctx context.Context, handle func(context.Context, string) error) error {
	d.ctx, d.cancel = context.WithCancel(context.WithoutCancel(ctx))
	d.handle, d.busy = handle, map[string]bool{}
	return nil
}

func (d *dispatcher) Wake(ids ...string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, id := range ids {
		if d.busy[id] || d.ctx.Err() != nil {
			continue
		}
		d.busy[id] = true
		d.group.Go(func() {
			_ = d.handle(d.ctx, id)
			d.mu.Lock()
			defer d.mu.Unlock()
			delete(d.busy, id)
		})
	}
}

func (d *dispatcher) Stop(context.Context) error {
	d.mu.Lock()
	d.cancel()
	d.mu.Unlock()
	d.group.Wait()
	return nil
}

// begin submits a piece of work and waits until it runs.
func (w *world) begin(p identity.Principal, sessionID string) string {
	w.t.Helper()
	id := w.submit(p, sessionID, w.work.spec())
	w.emit(id, 1)
	return id
}

func (w *world) submit(p identity.Principal, sessionID string, spec realm.IntentSpec) string {
	w.t.Helper()
	r, err := w.engine.Submit(w.t.Context(), ports.Submission{
		Intent: intent.Intent{
			ID: system.IDs{}.NewID(typeid.Intent), Type: spec.Type, Parameters: []byte(`{}`), Metadata: []byte(`{}`), SolutionID: intent.DefaultSolution,
		},
		Spec: spec, Realm: "test", Principal: p, SessionID: sessionID,
	})
	require.NoError(w.t, err)
	return r.Execution.ID
}

// emit makes running work emit n events and waits until they are in the log.
func (w *world) emit(id string, n int) {
	w.t.Helper()
	for range n {
		w.emitText(id, "<moved>")
	}
}

// end lets work complete and waits for it.
func (w *world) end(p identity.Principal, id string) execution.Snapshot {
	w.t.Helper()
	w.work.job(id).end()
	page, err := w.engine.Wait(w.t.Context(), p.Scope(), id, patience)
	require.NoError(w.t, err)
	require.Equal(w.t, execution.Completed, page.Execution.State)
	return page.Execution
}

// guest gives the principal of an anonymous session.
func guest(c trafficcop.Created) identity.Principal {
	return securityguard.AnonymousPrincipal(c.Session)
}

// secret gives the header that opens an anonymous session.
func secret(c trafficcop.Created) http.Header { return http.Header{"X-Session-Secret": {c.Secret}} }

// bearer gives the header of a signed-in user.
func bearer(token string) http.Header { return http.Header{"Authorization": {"Bearer " + token}} }

func agentPath(query ...string) string { return path("/api/runtime/agent", query...) }

func streamPath(id string, query ...string) string {
	return path("/api/execution/"+id+"/stream", query...)
}

// path puts names and values into a query.
func path(at string, query ...string) string {
	values := url.Values{}
	for i := 0; i < len(query); i += 2 {
		values.Add(query[i], query[i+1])
	}
	if len(values) > 0 {
		at += "?" + values.Encode()
	}
	return at
}

func jsonOf(t *testing.T, v any) string {
	t.Helper()
	raw, err := json.Marshal(v)
	require.NoError(t, err)
	return string(raw)
}

func replaced(s string, pairs ...string) string { return strings.NewReplacer(pairs...).Replace(s) }

// upgrade upgrades a session as the HTTP route does.
func (w *world) upgrade(token, sessionID, secret string) {
	w.t.Helper()
	_, err := w.Sessions.Upgrade(w.t.Context(), trafficcop.UpgradeCommand{SessionID: sessionID, Secret: secret, AccessToken: token})
	require.NoError(w.t, err)
}

// emitText emits one event with a text and waits until it is in the log.
func (w *world) emitText(id, text string) {
	w.t.Helper()
	j, late := w.work.job(id), time.After(patience)
	select {
	case j.emit <- event.Draft{Type: "work_moved", Data: []byte(`{"text":"` + text + `"}`)}:
	case <-late:
		require.Fail(w.t, "the work does not run")
	}
	select {
	case <-j.emitted:
	case <-late:
		require.Fail(w.t, "the event was not stored")
	}
}
