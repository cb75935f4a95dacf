// Package runtimetest is the contract of ports.Runtime and ports.EventFeed as tests: what the engine does in process, every adapter in
// front of it does too.
package runtimetest

import (
	"context"
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/adapters/localqueue"
	"github.com/symphainy/symphainy/adapters/membus"
	"github.com/symphainy/symphainy/adapters/memstore"
	"github.com/symphainy/symphainy/adapters/system"
	"github.com/symphainy/symphainy/application/intents"
	"github.com/symphainy/symphainy/application/runtime"
	"github.com/symphainy/symphainy/domain/agent"
	"github.com/symphainy/symphainy/domain/artifact"
	"github.com/symphainy/symphainy/domain/execution"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/domain/intent"
	"github.com/symphainy/symphainy/domain/realm"
	"github.com/symphainy/symphainy/domain/typeid"
	"github.com/symphainy/symphainy/ports"
)

// patience is how long a test waits for what has to happen.
const patience = 20 * time.Second

// Wrap puts what is tested in front of an engine: the engine itself, or an adapter that leads to it.
type Wrap func(t *testing.T, e *runtime.Engine, c *intents.Catalogue) (ports.Runtime, ports.EventFeed)

// Engine gives the engine without anything in front of it.
func Engine(_ *testing.T, e *runtime.Engine, _ *intents.Catalogue) (ports.Runtime, ports.EventFeed) {
	return e, e
}

// World is an engine at work, seen through what is tested.
type World struct {
	ports.Runtime
	ports.EventFeed
	T     *testing.T
	Store *memstore.Store
	// Engine is what is behind it.
	Engine *runtime.Engine
	// Catalogue holds two intents: "act" ends at once, "hold" when it is released or cancelled.
	Catalogue *intents.Catalogue
	// Down makes the store unreachable.
	Down    atomic.Bool
	release chan struct{}
}

// roles gives everybody the rights of a member.
type roles struct{}

func (roles) Current(context.Context, identity.Principal) ([]identity.Role, error) {
	return []identity.Role{identity.RoleMember}, nil
}

type module struct {
	handlers map[string]ports.IntentHandler
}

// Declaration declares the intents.
func (module) Declaration() realm.Declaration {
	spec := func(name string) realm.IntentSpec {
		return realm.IntentSpec{
			Type: name, Permission: identity.PermWrite, Anonymous: true, Retry: realm.RetryPure,
			Schema: []byte(`{"type":"object","additionalProperties":true}`), Example: []byte(`{}`), Timeout: time.Hour,
		}
	}
	return realm.Declaration{Name: "test", Intents: []realm.IntentSpec{spec("act"), spec("hold"), spec("ask")}}
}

// Handlers gives what they do.
func (m module) Handlers() map[string]ports.IntentHandler { return m.handlers }

// outage is a store that can be made unreachable.
type outage struct {
	ports.UnitOfWork
	down *atomic.Bool
}

// Do fails while the store is down.
func (o outage) Do(ctx context.Context, fn func(context.Context, ports.Tx) error) error {
	if o.down.Load() {
		return fault.ErrUnavailable
	}
	return o.UnitOfWork.Do(ctx, fn)
}

// View fails while the store is down.
func (o outage) View(ctx context.Context, fn func(context.Context, ports.Tx) error) error {
	if o.down.Load() {
		return fault.ErrUnavailable
	}
	return o.UnitOfWork.View(ctx, fn)
}

// Look fails while the store is down.
func (o outage) Look(ctx context.Context, fn func(context.Context, ports.Tx) error) error {
	if o.down.Load() {
		return fault.ErrUnavailable
	}
	return o.UnitOfWork.Look(ctx, fn)
}

// NewWorld starts an engine over a store in memory and puts wrap's choice in front of it.
func NewWorld(t *testing.T, wrap Wrap) *World {
	t.Helper()
	w := &World{T: t, release: make(chan struct{})}
	queue := localqueue.New(localqueue.Config{Workers: 4, Logger: slog.New(slog.DiscardHandler)})
	w.Store = memstore.New(system.Clock{}, memstore.OnEnqueue(queue.Enqueued))
	var err error
	w.Catalogue, err = intents.NewCatalogue(module{map[string]ports.IntentHandler{
		"act": func(ctx context.Context, call ports.IntentCall) (ports.IntentResult, error) {
			_, err := call.Step(ctx, "one", func(context.Context, string) ([]byte, error) { return []byte(`{"n":1}`), nil })
			return ports.IntentResult{Values: map[string]string{"answer": "42"}}, err
		},
		"ask": func(ctx context.Context, call ports.IntentCall) (ports.IntentResult, error) {
			d, err := call.AwaitDecision(ctx, "approval", execution.DecisionRequest{
				Prompt: "Pay?", Arguments: []byte(`{"sum":1}`), ResponseSchema: []byte(`{"type":"null"}`), Deciders: execution.Deciders{Owner: true},
			})
			return ports.IntentResult{Values: map[string]string{"decision": string(d.Verdict)}}, err
		},
		"hold": func(ctx context.Context, _ ports.IntentCall) (ports.IntentResult, error) {
			select {
			case <-w.release:
				return ports.IntentResult{}, nil
			case <-ctx.Done():
				return ports.IntentResult{}, context.Cause(ctx)
			}
		},
	}})
	require.NoError(t, err)
	cfg := runtime.Defaults()
	cfg.Poll, cfg.Sweep = 20*time.Millisecond, 100*time.Millisecond
	w.Engine, err = runtime.New(runtime.Deps{
		UnitOfWork: outage{w.Store, &w.Down}, Queue: queue, Bus: membus.New(), Clock: system.Clock{}, IDs: system.IDs{}, Grants: roles{}, Catalogue: w.Catalogue,
		Document: func(s artifact.Snapshot) (map[string]any, error) { return map[string]any{"artifact_id": s.ID}, nil },
		Report:   func(context.Context, string, error) {},
	}, cfg)
	require.NoError(t, err)
	require.NoError(t, w.Engine.Start(context.WithoutCancel(t.Context())))
	t.Cleanup(func() {
		w.Down.Store(false)
		w.Release()
		ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), patience)
		defer cancel()
		require.NoError(t, w.Engine.Stop(ctx))
	})
	w.Runtime, w.EventFeed = wrap(t, w.Engine, w.Catalogue)
	return w
}

// Release lets what holds end.
func (w *World) Release() {
	select {
	case <-w.release:
	default:
		close(w.release)
	}
}

// Ada is the caller of the tests.
func Ada() identity.Principal {
	now := time.Date(2026, 3, 1, 12, 0, 0, 123456000, time.UTC)
	return identity.Principal{
		Kind: identity.KindUser, UserID: "usr_ada", TenantID: "ten_a", SessionID: "ses_a", SessionEpoch: 3, Roles: []identity.Role{identity.RoleMember},
		AuthTime: now, ExpiresAt: now.Add(time.Hour),
	}
}

// eve is another user of another tenant.
func eve() identity.Principal {
	p := Ada()
	p.UserID, p.TenantID, p.SessionID = "usr_eve", "ten_e", "ses_e"
	return p
}

// Ask is a submission of Ada's.
func (w *World) Ask(intentType string) ports.Submission {
	w.T.Helper()
	e, err := w.Catalogue.Find(intentType)
	require.NoError(w.T, err)
	return ports.Submission{
		Intent: intent.Intent{
			ID: system.IDs{}.NewID(typeid.Intent), Type: intentType, Parameters: []byte(`{"text":"ä <&> \u0000"}`), Metadata: []byte(`{"m":1}`), SolutionID: "default",
		},
		Spec: e.Spec, Realm: e.Realm, Principal: Ada(), SessionID: "ses_a", TraceID: "trace",
	}
}

// Accepted submits and insists on an answer.
func (w *World) Accepted(s ports.Submission) execution.Snapshot {
	w.T.Helper()
	r, err := w.Runtime.Submit(w.T.Context(), s)
	require.NoError(w.T, err)
	return r.Execution
}

// Ended waits for the end of an execution.
func (w *World) Ended(id string) execution.Snapshot {
	w.T.Helper()
	p, err := w.Runtime.Wait(w.T.Context(), Ada().Scope(), id, patience)
	require.NoError(w.T, err)
	require.True(w.T, p.Execution.State.Terminal(), p.Execution.State)
	looked, err := w.Page(w.T.Context(), Ada().Scope(), id, ports.Position{}, 200)
	require.NoError(w.T, err)
	require.Len(w.T, p.Events, len(looked.Events), "the beginning of the log comes with it")
	return p.Execution
}

// running waits until a worker has an execution.
func (w *World) running(id string) {
	w.T.Helper()
	require.Eventually(w.T, func() bool {
		s, err := w.Runtime.Execution(w.T.Context(), Ada().Scope(), id)
		return err == nil && s.State == execution.Running
	}, patience, 5*time.Millisecond)
}

// conversation stores a conversation of Ada's and gives a message for it.
func (w *World) conversation() *agent.Message {
	w.T.Helper()
	now := system.Clock{}.Now()
	require.NoError(w.T, w.Store.Do(w.T.Context(), func(ctx context.Context, tx ports.Tx) error {
		return tx.Conversations.Insert(ctx, agent.Conversation{
			ID: "con_a", TenantID: "ten_a", OwnerID: "usr_ada", SessionID: "ses_a", ClientID: "c", AgentID: agent.Guide, CreatedAt: now, UpdatedAt: now,
		})
	}))
	return &agent.Message{ID: "msg_a", ConversationID: "con_a", Role: agent.RoleUser, Text: "hello", Origin: "authenticated", CreatedAt: now}
}
