package realmtest

import (
	"context"
	"encoding/json"
	"errors"
	"regexp"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/adapters/memstore"
	"github.com/symphainy/symphainy/application/artifacts"
	"github.com/symphainy/symphainy/application/intents"
	"github.com/symphainy/symphainy/domain/artifact"
	"github.com/symphainy/symphainy/domain/event"
	"github.com/symphainy/symphainy/domain/execution"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/domain/intent"
	"github.com/symphainy/symphainy/domain/session"
	"github.com/symphainy/symphainy/domain/typeid"
	"github.com/symphainy/symphainy/ports"
	"github.com/symphainy/symphainy/test/clock"
)

// World is a platform without an engine: a store, blobs, a clock that stands still, and realms whose handlers are run by Submit.
type World struct {
	Clock     *clock.Clock
	IDs       *IDs
	Store     *memstore.Store
	Blobs     *Blobs
	Catalogue *intents.Catalogue
	// Decide answers what handlers ask people; nil fails the handler.
	Decide func(name string, r execution.DecisionRequest) (execution.Decision, error)
	// Signals are the payloads of the signals that were sent, by name; a name that is not here has expired.
	Signals map[string][]byte
}

// NewWorld makes a world whose realms are made of what it has.
func NewWorld(t *testing.T, wire func(w *World) []ports.Realm) *World {
	t.Helper()
	c := clock.Fixed()
	w := &World{Clock: c, IDs: &IDs{Clock: c}, Store: memstore.New(c), Blobs: &Blobs{}}
	var err error
	w.Catalogue, err = intents.NewCatalogue(wire(w)...)
	require.NoError(t, err)
	return w
}

// Visitor makes an anonymous session and gives its principal.
func (w *World) Visitor(t *testing.T) identity.Principal {
	t.Helper()
	id := w.IDs.NewID(typeid.Session)
	w.do(t, func(ctx context.Context, tx ports.Tx) error {
		return tx.Sessions.Insert(ctx, session.NewAnonymous(id, w.IDs.Secret(), nil, nil, w.Clock.Now()))
	})
	return identity.Principal{
		Kind: identity.KindAnonymous, TenantID: id, SessionID: id, SessionEpoch: 1, Roles: []identity.Role{identity.RoleAnonymous},
	}
}

// User makes a signed-in session of a new user in a new tenant and gives its principal.
func (w *World) User(t *testing.T) identity.Principal {
	t.Helper()
	return w.Session(t, identity.Principal{
		Kind: identity.KindUser, UserID: w.IDs.NewID(typeid.User), TenantID: w.IDs.NewID(typeid.Tenant), Roles: []identity.Role{identity.RoleOwner},
	})
}

// Session makes another session of a user and gives the principal in it.
func (w *World) Session(t *testing.T, p identity.Principal) identity.Principal {
	t.Helper()
	p.SessionID, p.SessionEpoch = w.IDs.NewID(typeid.Session), 1
	w.do(t, func(ctx context.Context, tx ports.Tx) error {
		return tx.Sessions.Insert(ctx, session.NewActive(p.SessionID, p.UserID, p.TenantID, nil, w.Clock.Now()))
	})
	return p
}

// Upgrade gives a visitor's session, with all that it made, to a new user.
func (w *World) Upgrade(t *testing.T, visitor identity.Principal) identity.Principal {
	t.Helper()
	p := identity.Principal{
		Kind: identity.KindUser, UserID: w.IDs.NewID(typeid.User), TenantID: w.IDs.NewID(typeid.Tenant),
		SessionID: visitor.SessionID, SessionEpoch: 2, Roles: []identity.Role{identity.RoleOwner},
	}
	w.do(t, func(ctx context.Context, tx ports.Tx) error {
		s, err := tx.Sessions.ByID(ctx, visitor.SessionID)
		if err != nil {
			return err
		}
		if _, err := tx.Sessions.Upgrade(ctx, visitor.SessionID, s.Snapshot().SecretHash, p.UserID, p.TenantID); err != nil {
			return err
		}
		return tx.Scopes.Rekey(ctx, visitor.SessionID, p.TenantID, p.UserID)
	})
	return p
}

func (w *World) do(t *testing.T, fn func(ctx context.Context, tx ports.Tx) error) {
	t.Helper()
	require.NoError(t, w.Store.Do(t.Context(), fn))
}

// scope is the execution's scope as it is now; an upgrade may have moved it.
func (w *World) scope(s execution.Snapshot) identity.Scope {
	if s.OwnerID == "" {
		return identity.Scope{TenantID: s.TenantID, SessionID: s.SessionID}
	}
	return s.Scope()
}

// Outcome is how a submission ended.
type Outcome struct {
	Execution execution.Snapshot
	// Artifacts is what ExecutionStatus.artifacts holds: the wire form of each result under its key and aliases, and the flat values.
	Artifacts map[string]any
	// Stored are the new artifacts, as they were stored.
	Stored []artifact.Snapshot
	Result ports.IntentResult
}

// Events gives the types of the domain events.
func (o Outcome) Events() []string {
	types := make([]string, 0, len(o.Result.Events))
	for _, e := range o.Result.Events {
		types = append(types, e.Type)
	}
	return types
}

// Value gives a flat value, "" without.
func (o Outcome) Value(key string) string {
	s, _ := o.Artifacts[key].(string)
	return s
}

// Artifact gives the wire form of a result; nil without.
func (o Outcome) Artifact(key string) map[string]any {
	m, _ := o.Artifacts[key].(map[string]any)
	return m
}

// Submit admits and runs an intent to its end, as the Runtime would: the handler is broken off after each of its steps and started again, so
// that it needs all it stored, and when it has finished it is replayed without doing anything new, to the same result. The error is admission's,
// or the handler's.
func (w *World) Submit(t *testing.T, p identity.Principal, intentType string, parameters map[string]any) (Outcome, error) {
	t.Helper()
	entry, err := w.Catalogue.Find(intentType)
	if err != nil {
		return Outcome{}, err
	}
	if parameters == nil {
		parameters = map[string]any{}
	}
	raw, err := json.Marshal(parameters)
	require.NoError(t, err)
	raw, err = entry.Parameters(raw)
	if err != nil {
		return Outcome{}, err
	}
	if entry.Stager != nil {
		if raw, err = entry.Stager.Stage(t.Context(), p, entry.Spec.Type, raw); err != nil {
			return Outcome{}, err
		}
	}
	return w.run(t, entry, p, raw)
}

// Must is Submit for what has to succeed.
func (w *World) Must(t *testing.T, p identity.Principal, intentType string, parameters map[string]any) Outcome {
	t.Helper()
	o, err := w.Submit(t, p, intentType, parameters)
	require.NoError(t, err)
	return o
}

func (w *World) run(t *testing.T, entry intents.Entry, p identity.Principal, raw []byte) (Outcome, error) {
	t.Helper()
	in := intent.Intent{ID: w.IDs.NewID(typeid.Intent), Type: entry.Spec.Type, Parameters: raw, SolutionID: intent.DefaultSolution}
	ex := execution.Accept(w.IDs.NewID(typeid.Execution), entry.Realm, in, p, p.SessionID, "trace", w.Clock.Now().Add(time.Hour), w.Clock.Now())
	w.do(t, func(ctx context.Context, tx ports.Tx) (err error) {
		if err := tx.Executions.Insert(ctx, ex); err != nil {
			return err
		}
		ex, err = tx.Leases.Claim(ctx, ex.ID(), "worker", lease)
		return err
	})
	result, err := w.handle(t, entry, ex)
	if err != nil {
		failed := w.end(t, ex, func(e *execution.Execution) error {
			f := fault.As(err)
			return e.Fail(f.Code, f.Msg, w.Clock.Now())
		}, nil)
		return Outcome{Execution: failed}, err
	}
	return w.complete(t, entry, ex, result), nil
}

// handle runs the handler until it is through, and then once more over its stored steps.
func (w *World) handle(t *testing.T, entry intents.Entry, ex execution.Execution) (ports.IntentResult, error) {
	t.Helper()
	for range 100 {
		call := &Call{t: t, world: w, lease: ex.Snapshot().Lease(), at: ex.Snapshot(), interrupt: true}
		result, err := entry.Handler(t.Context(), call)
		if errors.Is(err, errInterrupted) {
			continue
		}
		if err != nil {
			return result, err
		}
		again, err := entry.Handler(t.Context(), &Call{t: t, world: w, lease: ex.Snapshot().Lease(), at: ex.Snapshot(), replay: true})
		require.NoError(t, err, "%s must replay", entry.Spec.Type)
		require.Equal(t, normal(t, result), normal(t, again), "%s must replay to the same result", entry.Spec.Type)
		return result, nil
	}
	t.Fatalf("%s does not come to an end", entry.Spec.Type)
	return ports.IntentResult{}, nil
}

// complete stores the result as the Runtime does and checks it against the declaration.
func (w *World) complete(t *testing.T, entry intents.Entry, ex execution.Execution, result ports.IntentResult) Outcome {
	t.Helper()
	o := Outcome{Result: result, Artifacts: map[string]any{}}
	o.Execution = w.end(t, ex, func(e *execution.Execution) error {
		raw, err := json.Marshal(o.Artifacts)
		require.NoError(t, err)
		return e.Complete(raw, w.Clock.Now())
	},
		func(ctx context.Context, tx ports.Tx, now execution.Snapshot) error {
			o.Stored = nil
			for key, value := range result.Values {
				o.Artifacts[key] = value
			}
			for _, r := range result.Artifacts {
				s := r.Artifact
				if !r.View {
					a, err := artifact.New(produced(s, now, w.Clock.Now()))
					if err != nil {
						return err
					}
					if err := tx.Artifacts.Insert(ctx, a); err != nil {
						return err
					}
					s = a.Snapshot()
					o.Stored = append(o.Stored, s)
				}
				for _, key := range append([]string{r.Key}, r.Aliases...) {
					doc, err := artifacts.Document(s)
					if err != nil {
						return err
					}
					o.Artifacts[key] = doc
				}
			}
			return nil
		})
	w.declared(t, entry, result)
	o.Artifacts = wire(t, o.Artifacts)
	return o
}

// declared checks that the results and events are among those that the intent declares.
func (w *World) declared(t *testing.T, entry intents.Entry, result ports.IntentResult) {
	t.Helper()
	var keys []string
	for _, r := range result.Artifacts {
		keys = append(append(keys, r.Key), r.Aliases...)
	}
	require.NotEmpty(t, keys, "%s: result keys", entry.Spec.Type)
	for _, optional := range entry.Spec.OptionalKeys {
		if !slices.Contains(keys, optional) {
			keys = append(keys, optional)
		}
	}
	require.ElementsMatch(t, entry.Spec.ResultKeys, keys, "%s: result keys", entry.Spec.Type)
	for _, e := range result.Events {
		if e.Type == event.ArtifactCreated || e.Type == event.ArtifactUpdated {
			continue
		}
		require.Contains(t, entry.Spec.Events, e.Type, "%s: event", entry.Spec.Type)
	}
}

func (w *World) end(t *testing.T, ex execution.Execution, change func(e *execution.Execution) error, more func(ctx context.Context, tx ports.Tx, now execution.Snapshot) error) execution.Snapshot {
	t.Helper()
	var after execution.Snapshot
	w.do(t, func(ctx context.Context, tx ports.Tx) error {
		now, err := tx.Leases.Hold(ctx, ex.Snapshot().Lease())
		if err != nil {
			return err
		}
		if more != nil {
			if err := more(ctx, tx, now.Snapshot()); err != nil {
				return err
			}
		}
		if err := change(&now); err != nil {
			return err
		}
		after = now.Snapshot()
		return tx.Executions.Save(ctx, now)
	})
	return after
}

func produced(a artifact.Snapshot, s execution.Snapshot, now time.Time) artifact.Snapshot {
	a.TenantID, a.OwnerID, a.SessionID, a.SolutionID = s.TenantID, s.OwnerID, s.SessionID, s.Intent.SolutionID
	a.Realm, a.ProducedIntent, a.ExecutionID, a.CreatedAt, a.UpdatedAt = s.Realm, s.Intent.Type, s.ID, now, now
	a.Origin = "authenticated"
	if s.OwnerID == "" {
		a.Origin = "anonymous"
	}
	return a
}

// wire gives what a client reads.
func wire(t *testing.T, artifacts map[string]any) map[string]any {
	t.Helper()
	raw, err := json.Marshal(artifacts)
	require.NoError(t, err)
	var out map[string]any
	require.NoError(t, json.Unmarshal(raw, &out))
	return out
}

var (
	anID   = regexp.MustCompile(`\b[a-z]{3}_[0-7][0-9a-hjkmnp-tv-z]{25}\b`)
	aTime  = regexp.MustCompile(`\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z`)
	aStamp = time.Time{}
)

// normal gives a result without ids and times: equal inputs give equal results but for these.
func normal(t *testing.T, result ports.IntentResult) string {
	t.Helper()
	list := make([]ports.ResultArtifact, len(result.Artifacts))
	copy(list, result.Artifacts)
	for i := range list {
		a := &list[i].Artifact
		a.CreatedAt, a.UpdatedAt, a.ExpiresAt = aStamp, aStamp, aStamp
	}
	result.Artifacts = list
	raw, err := json.Marshal(struct {
		Result   ports.IntentResult
		Payloads []string
		Events   []string
	}{result, texts(list), drafts(result.Events)})
	require.NoError(t, err)
	return aTime.ReplaceAllString(anID.ReplaceAllString(string(raw), "<id>"), "<time>")
}

func texts(list []ports.ResultArtifact) []string {
	var out []string
	for _, r := range list {
		out = append(out, string(r.Artifact.Payload), string(r.Artifact.Metadata), string(r.Artifact.Renderings))
	}
	return out
}

func drafts(list []event.Draft) []string {
	var out []string
	for _, d := range list {
		out = append(out, d.Type+" "+string(d.Data))
	}
	return out
}
