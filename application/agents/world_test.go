package agents_test

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/adapters/membus"
	"github.com/symphainy/symphainy/adapters/memstore"
	"github.com/symphainy/symphainy/adapters/openaillm"
	"github.com/symphainy/symphainy/adapters/system"
	"github.com/symphainy/symphainy/application/agents"
	"github.com/symphainy/symphainy/application/artifacts"
	"github.com/symphainy/symphainy/application/intents"
	"github.com/symphainy/symphainy/application/runtime"
	"github.com/symphainy/symphainy/domain/agent"
	"github.com/symphainy/symphainy/domain/event"
	"github.com/symphainy/symphainy/domain/execution"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/domain/intent"
	"github.com/symphainy/symphainy/domain/realm"
	"github.com/symphainy/symphainy/domain/session"
	"github.com/symphainy/symphainy/domain/typeid"
	"github.com/symphainy/symphainy/ports"
	"github.com/symphainy/symphainy/test/clock"
	"github.com/symphainy/symphainy/test/llmtest"
)

// works is a realm whose intents note that they ran: one that reads, one that changes, one that visitors may not use, one that removes.
type works struct {
	name  string
	specs []realm.IntentSpec
	mu    sync.Mutex
	ran   []string
}

func newWorks(name, prefix string) *works {
	spec := func(what string, p identity.Permission, anonymous bool) realm.IntentSpec {
		return realm.IntentSpec{
			Type: prefix + what, Title: what, Summary: "Does " + what + ".", Permission: p, Anonymous: anonymous, Retry: realm.RetryPure, ResultKeys: []string{},
			Schema:  []byte(`{"type":"object","additionalProperties":false,"properties":{"file_id":{"type":"string","maxLength":64},"n":{"type":"integer"}}}`),
			Example: []byte(`{"file_id":"fil_1"}`),
		}
	}
	return &works{name: name, specs: []realm.IntentSpec{
		spec("look", identity.PermRead, true), spec("change", identity.PermWrite, true), spec("signed", identity.PermWrite, false),
		spec("remove", identity.PermDelete, false),
	}}
}

func (w *works) Declaration() realm.Declaration {
	return realm.Declaration{Name: w.name, Title: w.name, Intents: w.specs}
}

func (w *works) Handlers() map[string]ports.IntentHandler {
	all := map[string]ports.IntentHandler{}
	for _, s := range w.specs {
		all[s.Type] = func(_ context.Context, call ports.IntentCall) (ports.IntentResult, error) {
			in := call.Execution().Intent
			if strings.Contains(string(in.Parameters), "foreign") {
				return ports.IntentResult{}, fault.ErrNotFound
			}
			w.mu.Lock()
			defer w.mu.Unlock()
			w.ran = append(w.ran, in.Type+" "+string(in.Parameters))
			return ports.IntentResult{Values: map[string]string{"done": in.Type}}, nil
		}
	}
	return all
}

func (w *works) done() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.ran)
}

// grants gives what everybody may do today: what they may in principle, unless something is set.
type grants struct {
	mu    sync.Mutex
	roles []identity.Role
	fail  func() error
}

func (g *grants) Current(_ context.Context, p identity.Principal) ([]identity.Role, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.fail != nil {
		return nil, g.fail()
	}
	if g.roles != nil {
		return g.roles, nil
	}
	return p.Roles, nil
}

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

// world is the agents' realm in a whole runtime, with a model that says what the test wants.
type world struct {
	t       *testing.T
	clock   *clock.Clock
	store   *memstore.Store
	uow     ports.UnitOfWork
	desk    *desk
	grants  *grants
	own     *works
	other   *works
	posture agent.Posture
	prices  agents.Prices
	refuse  func() error
	// settings stores what a tenant has set.
	settings func(tenantID string)
	model    ports.LanguageModel
	server   *llmtest.Server
	engine   *runtime.Engine
	realm    *agents.Realm
	// catalogue and tools are what the realm was equipped with.
	catalogue *intents.Catalogue
	tools     *agents.Tools
	ids       system.IDs
	mu        sync.Mutex
	reports   []error
}

// newWorld makes a world; without a script there is no model.
func newWorld(t *testing.T, script func(llmtest.Request) llmtest.Answer, builtin ...ports.Agent) *world {
	t.Helper()
	w := &world{t: t, clock: clock.Fixed(), desk: &desk{}, grants: &grants{}, own: newWorks("content", "own_"), other: newWorks("other", "other_"), posture: agent.DefaultPosture()}
	w.store = memstore.New(w.clock, memstore.OnEnqueue(w.desk.add))
	w.uow = w.store
	if script != nil {
		w.server = llmtest.NewServer(t, script)
		c := openaillm.Defaults()
		c.BaseURL, c.Timeout, c.Idle, c.Retries, c.BreakAfter, c.MaxBytes = w.server.BaseURL(), llmtest.Timeout, llmtest.Idle, 0, 1_000_000, llmtest.MaxBytes
		c.InputPrice, c.OutputPrice = 2, 10
		m, err := openaillm.New(c)
		require.NoError(t, err)
		w.model = m
	}
	w.start(builtin...)
	return w
}

// start makes another engine on the same store, as a restarted process would.
func (w *world) start(builtin ...ports.Agent) {
	w.t.Helper()
	if len(builtin) == 0 {
		builtin = []ports.Agent{agents.GuideAgent{}, liaison{}}
	}
	w.realm = agents.NewRealm(w.clock, w.ids, builtin...)
	catalogue, err := intents.NewCatalogue(w.own, w.other, w.realm)
	require.NoError(w.t, err)
	w.catalogue = catalogue
	w.tools, err = agents.NewTools(catalogue)
	require.NoError(w.t, err)
	require.NoError(w.t, w.realm.Equip(agents.Equipment{
		Catalogue: catalogue, Grants: w.grants, Model: w.model, UnitOfWork: w.uow, Prices: w.prices, Models: []string{"small", "large"},
		Posture: func(context.Context, ports.Tx, string) (agent.Posture, error) {
			if w.refuse != nil {
				return agent.Posture{}, w.refuse()
			}
			return w.posture, nil
		},
	}))
	cfg := runtime.Defaults()
	cfg.Poll = 20 * time.Millisecond
	w.engine, err = runtime.New(runtime.Deps{
		UnitOfWork: w.uow, Queue: w.desk, Bus: membus.New(), Clock: w.clock, IDs: w.ids, Grants: w.grants, Catalogue: catalogue,
		Document: artifacts.Document,
		Report: func(_ context.Context, _ string, err error) {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.reports = append(w.reports, err)
		},
	}, cfg)
	require.NoError(w.t, err)
	require.NoError(w.t, w.engine.Start(w.t.Context()))
	engine := w.engine
	w.t.Cleanup(func() { require.NoError(w.t, engine.Stop(context.WithoutCancel(w.t.Context()))) })
}

// liaison is a builtin content liaison that says one thing.
type liaison struct{}

func (liaison) Definition() agent.Definition {
	return agent.Definition{ID: agent.LiaisonContent, Type: agent.TypeLiaison}
}

func (liaison) Respond(_ context.Context, _ ports.Turn, say func(string) error) (agent.Reply, error) {
	return agent.Reply{Text: "I am built in.", Method: "deterministic"}, say("I am built in.")
}

// person makes a signed-in session.
func (w *world) person(role identity.Role) identity.Principal {
	w.t.Helper()
	p := identity.Principal{
		Kind: identity.KindUser, UserID: w.ids.NewID(typeid.User), TenantID: w.ids.NewID(typeid.Tenant), SessionID: w.ids.NewID(typeid.Session),
		SessionEpoch: 1, Roles: []identity.Role{role}, AuthTime: w.clock.Now(),
	}
	require.NoError(w.t, w.store.Do(w.t.Context(), func(ctx context.Context, tx ports.Tx) error {
		return errors.Join(
			tx.Users.Insert(ctx, identity.User{ID: p.UserID, Email: p.UserID + "@example.org", EmailKey: p.UserID + "@example.org", Name: "Ada", CreatedAt: w.clock.Now(), UpdatedAt: w.clock.Now()}),
			tx.Sessions.Insert(ctx, session.NewActive(p.SessionID, p.UserID, p.TenantID, nil, w.clock.Now())),
		)
	}))
	return p
}

// visitor makes an anonymous session.
func (w *world) visitor() identity.Principal {
	w.t.Helper()
	id := w.ids.NewID(typeid.Session)
	require.NoError(w.t, w.store.Do(w.t.Context(), func(ctx context.Context, tx ports.Tx) error {
		return tx.Sessions.Insert(ctx, session.NewAnonymous(id, w.ids.Secret(), nil, nil, w.clock.Now()))
	}))
	return identity.Principal{Kind: identity.KindAnonymous, TenantID: id, SessionID: id, SessionEpoch: 1, Roles: []identity.Role{identity.RoleAnonymous}}
}

// thread makes a conversation with what was said in it before.
func (w *world) thread(p identity.Principal, id agent.ID, history ...agent.Message) string {
	w.t.Helper()
	c := agent.Conversation{
		ID: w.ids.NewID(typeid.Conversation), TenantID: p.TenantID, OwnerID: p.UserID, SessionID: p.SessionID, ClientID: w.ids.NewID(typeid.Message), AgentID: id,
		CreatedAt: w.clock.Now(), UpdatedAt: w.clock.Now(),
	}
	require.NoError(w.t, w.store.Do(w.t.Context(), func(ctx context.Context, tx ports.Tx) error {
		if err := tx.Conversations.Insert(ctx, c); err != nil {
			return err
		}
		for _, m := range history {
			m.ID, m.TenantID, m.ConversationID, m.CreatedAt = w.ids.NewID(typeid.Message), p.TenantID, c.ID, w.clock.Now()
			if _, err := tx.Messages.Append(ctx, m); err != nil {
				return err
			}
		}
		return nil
	}))
	return c.ID
}

// send submits a turn and gives its execution's id.
func (w *world) send(p identity.Principal, conversation string, id agent.ID, text string) string {
	w.t.Helper()
	parameters, err := json.Marshal(agents.TurnParameters{AgentID: id, ConversationID: conversation, MessageID: w.ids.NewID(typeid.Message), Text: text})
	require.NoError(w.t, err)
	spec := w.realm.Declaration().Intents[0]
	r, err := w.engine.Submit(w.t.Context(), ports.Submission{
		Intent: intent.Intent{ID: w.ids.NewID(typeid.Intent), Type: spec.Type, Parameters: parameters, Metadata: []byte("{}"), SolutionID: "default", Lane: conversation},
		Spec:   spec, Realm: "agents", Principal: p, SessionID: p.SessionID, TraceID: "trace",
	})
	require.NoError(w.t, err)
	return r.Execution.ID
}

// ask is a whole turn with the content liaison in a conversation of its own.
func (w *world) ask(p identity.Principal, text string) execution.Snapshot {
	w.t.Helper()
	id := w.send(p, w.thread(p, agent.LiaisonContent), agent.LiaisonContent, text)
	w.work()
	return w.get(p, id)
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

func (w *world) get(p identity.Principal, id string) execution.Snapshot {
	w.t.Helper()
	s, err := w.engine.Execution(w.t.Context(), p.Scope(), id)
	require.NoError(w.t, err)
	return s
}

func (w *world) events(p identity.Principal, id string) []event.Event {
	w.t.Helper()
	page, err := w.engine.Page(w.t.Context(), p.Scope(), id, ports.Position{}, 1000)
	require.NoError(w.t, err)
	return page.Events
}

// data gives the data of an execution's events of a type.
func (w *world) data(p identity.Principal, id, eventType string) []map[string]any {
	w.t.Helper()
	var all []map[string]any
	for _, e := range w.events(p, id) {
		if e.Type == eventType {
			var d map[string]any
			require.NoError(w.t, json.Unmarshal(e.Data, &d))
			all = append(all, d)
		}
	}
	return all
}

// said gives the text that a client has read in the end.
func (w *world) said(p identity.Principal, id string) string {
	w.t.Helper()
	text := ""
	for _, d := range w.data(p, id, event.AgentToken) {
		if at, ok := d["offset"].(float64); ok && d["segment"] == "1" {
			text = text[:int(at)]
		}
		text += d["token"].(string)
	}
	return text
}

// response gives what the turn answered.
func (w *world) response(p identity.Principal, id string) string {
	w.t.Helper()
	done := w.data(p, id, event.AgentCompleted)
	require.Len(w.t, done, 1)
	return done[0]["response"].(string)
}

// obedient is a model that calls the tools that a script names, all at once, and then says so.
func obedient(namesAndArguments ...string) func(llmtest.Request) llmtest.Answer {
	return func(r llmtest.Request) llmtest.Answer {
		if r.Last("tool").Role == "" {
			return llmtest.Use(namesAndArguments...)
		}
		return llmtest.Say("I ", "did what ", "I was told.")
	}
}

// toolsOf gives why the tools of some realms are refused.
func toolsOf(t *testing.T, realms ...ports.Realm) error {
	t.Helper()
	catalogue, err := intents.NewCatalogue(realms...)
	require.NoError(t, err)
	_, err = agents.NewTools(catalogue)
	return err
}
