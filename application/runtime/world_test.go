package runtime_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/adapters/membus"
	"github.com/symphainy/symphainy/adapters/memstore"
	"github.com/symphainy/symphainy/adapters/system"
	"github.com/symphainy/symphainy/application/intents"
	"github.com/symphainy/symphainy/application/runtime"
	"github.com/symphainy/symphainy/domain/artifact"
	"github.com/symphainy/symphainy/domain/event"
	"github.com/symphainy/symphainy/domain/execution"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/domain/intent"
	"github.com/symphainy/symphainy/domain/realm"
	"github.com/symphainy/symphainy/domain/typeid"
	"github.com/symphainy/symphainy/ports"
	"github.com/symphainy/symphainy/test/clock"
)

// desk is a queue that hands out work when the test says so.
type desk struct {
	mu     sync.Mutex
	jobs   []ports.Job
	handle func(context.Context, string) error
}

func (d *desk) Start(_ context.Context, handle func(context.Context, string) error) error {
	d.handle = handle
	return nil
}

func (d *desk) Wake(ids ...string) {
	for _, id := range ids {
		d.add([]ports.Job{{ExecutionID: id}})
	}
}

func (d *desk) Stop(context.Context) error { return nil }

func (d *desk) add(jobs []ports.Job) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.jobs = append(d.jobs, jobs...)
}

func (d *desk) take() []ports.Job {
	d.mu.Lock()
	defer d.mu.Unlock()
	jobs := d.jobs
	d.jobs = nil
	return jobs
}

// world is an engine over a store in memory with a clock that stands still.
type world struct {
	t      *testing.T
	clock  *clock.Clock
	store  *memstore.Store
	desk   *desk
	bus    *membus.Bus
	engine *runtime.Engine
	grants *grants
	uow    ports.UnitOfWork
	// failed is what the realm adds to the log of a failure.
	failed func() []event.Draft
	// edit changes what intents declare; undos are the realm's.
	edit    func(*realm.IntentSpec)
	undos   map[string]ports.UndoHandler
	reports []error
	// queueLimit and bounded are settings of the next engine, zero for the default.
	queueLimit int
	bounded    bool
	workers    int
	// results are the result policies of the next engine.
	results artifact.ResultPolicies
	mu      sync.Mutex
}

type grants struct{ roles []identity.Role }

func (g *grants) Current(context.Context, identity.Principal) ([]identity.Role, error) {
	return g.roles, nil
}

type module struct {
	specs    []realm.IntentSpec
	handlers map[string]ports.IntentHandler
	failed   func() []event.Draft
	undos    map[string]ports.UndoHandler
}

func (m module) Undos() map[string]ports.UndoHandler { return m.undos }

func (m module) FailureEvents(execution.Snapshot, string, string) []event.Draft {
	if m.failed == nil {
		return nil
	}
	return m.failed()
}

func (m module) Declaration() realm.Declaration {
	return realm.Declaration{Name: "test", Intents: m.specs}
}
func (m module) Handlers() map[string]ports.IntentHandler { return m.handlers }

func spec(name string) realm.IntentSpec {
	return realm.IntentSpec{
		Type: name, Permission: identity.PermWrite, Anonymous: true, Retry: realm.RetryPure,
		Schema: []byte(`{"type":"object","additionalProperties":true}`), Example: []byte(`{}`),
	}
}

// newWorld makes an engine whose intents are the handlers' names; wrap may put something between engine and store.
func newWorld(t *testing.T, handlers map[string]ports.IntentHandler, wrap ...func(ports.UnitOfWork) ports.UnitOfWork) *world {
	t.Helper()
	return (&world{t: t}).open(handlers, wrap...)
}

// open gives a world its parts.
func (w *world) open(handlers map[string]ports.IntentHandler, wrap ...func(ports.UnitOfWork) ports.UnitOfWork) *world {
	w.clock, w.desk, w.bus, w.grants = clock.Fixed(), &desk{}, membus.New(), &grants{roles: []identity.Role{identity.RoleMember}}
	w.store = memstore.New(w.clock, memstore.OnEnqueue(w.desk.add))
	w.uow = w.store
	for _, f := range wrap {
		w.uow = f(w.uow)
	}
	w.engine = w.start(handlers)
	return w
}

// start makes another engine on the same store, as a restarted process would.
func (w *world) start(handlers map[string]ports.IntentHandler) *runtime.Engine {
	engine := w.idle(handlers)
	require.NoError(w.t, engine.Start(w.t.Context()))
	w.t.Cleanup(func() { require.NoError(w.t, engine.Stop(context.WithoutCancel(w.t.Context()))) })
	return engine
}

// idle makes an engine that is not started: nothing happens in it but what the test asks for.
func (w *world) idle(handlers map[string]ports.IntentHandler) *runtime.Engine {
	m := module{handlers: handlers, undos: w.undos, failed: func() []event.Draft {
		if w.failed == nil {
			return nil
		}
		return w.failed()
	}}
	for name := range handlers {
		declared := spec(name)
		if w.edit != nil {
			w.edit(&declared)
		}
		if name == "forbidden" {
			declared.Permission = identity.PermOperate
		}
		m.specs = append(m.specs, declared)
	}
	catalogue, err := intents.NewCatalogue(m)
	require.NoError(w.t, err)
	cfg := runtime.Defaults()
	cfg.Poll, cfg.Bounded, cfg.Workers = 20*time.Millisecond, w.bounded, w.workers
	if w.queueLimit > 0 {
		cfg.QueueLimit = w.queueLimit
	}
	engine, err := runtime.New(runtime.Deps{
		UnitOfWork: w.uow, Queue: w.desk, Bus: w.bus, Clock: w.clock, IDs: system.IDs{}, Grants: w.grants, Catalogue: catalogue, Results: w.results,
		Document: func(s artifact.Snapshot) (map[string]any, error) {
			doc := map[string]any{"artifact_id": s.ID, "artifact_type": s.Type}
			if s.Renderings != nil {
				doc["renderings"] = string(s.Renderings)
			}
			return doc, nil
		},
		Report: func(_ context.Context, _ string, err error) {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.reports = append(w.reports, err)
		},
	}, cfg)
	require.NoError(w.t, err)
	return engine
}

func ada() identity.Principal {
	return identity.Principal{Kind: identity.KindUser, UserID: "usr_ada", TenantID: "ten_a", SessionID: "ses_a", SessionEpoch: 1, Roles: []identity.Role{identity.RoleMember}}
}

func submission(name string) ports.Submission {
	return ports.Submission{
		Intent: intent.Intent{ID: system.IDs{}.NewID(typeid.Intent), Type: name, Parameters: []byte(`{"n":1}`), Metadata: []byte(`{}`), SolutionID: "default"},
		Spec:   spec(name), Realm: "test", Principal: ada(), SessionID: "ses_a", TraceID: "trace",
	}
}

func (w *world) submit(s ports.Submission) string {
	w.t.Helper()
	r, err := w.engine.Submit(w.t.Context(), s)
	require.NoError(w.t, err)
	return r.Execution.ID
}

// work handles all jobs that are due, and those that they lead to.
func (w *world) work() {
	w.t.Helper()
	for later := []ports.Job{}; ; {
		jobs := w.desk.take()
		if len(jobs) == 0 {
			w.desk.add(later)
			return
		}
		for _, j := range jobs {
			if j.DueAt.After(w.clock.Now()) {
				later = append(later, j)
				continue
			}
			if err := w.desk.handle(w.t.Context(), j.ExecutionID); err != nil {
				w.mu.Lock()
				w.reports = append(w.reports, err)
				w.mu.Unlock()
			}
		}
	}
}

func (w *world) get(id string) execution.Snapshot {
	w.t.Helper()
	s, err := w.engine.Execution(w.t.Context(), ada().Scope(), id)
	require.NoError(w.t, err)
	return s
}

// types gives the event types of an execution and checks that its numbers have no hole.
func (w *world) types(id string) []string {
	w.t.Helper()
	page, err := w.engine.Page(w.t.Context(), ada().Scope(), id, ports.Position{}, 1000)
	require.NoError(w.t, err)
	types := make([]string, len(page.Events))
	for i, e := range page.Events {
		require.Equal(w.t, int64(i+1), e.Seq, "no holes")
		types[i] = e.Type
	}
	require.Equal(w.t, int64(len(types)), w.get(id).LastSeq)
	return types
}

func done(context.Context, ports.IntentCall) (ports.IntentResult, error) {
	return ports.IntentResult{}, nil
}

func only(h ports.IntentHandler) map[string]ports.IntentHandler {
	return map[string]ports.IntentHandler{"act": h}
}

var started = []string{event.ExecutionAccepted, event.ExecutionStarted}
