package trafficcop_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/adapters/memstore"
	"github.com/symphainy/symphainy/adapters/system"
	"github.com/symphainy/symphainy/application/intents"
	"github.com/symphainy/symphainy/application/trafficcop"
	"github.com/symphainy/symphainy/domain/execution"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/domain/intent"
	"github.com/symphainy/symphainy/domain/realm"
	"github.com/symphainy/symphainy/domain/typeid"
	"github.com/symphainy/symphainy/mocks"
	"github.com/symphainy/symphainy/ports"
	"github.com/symphainy/symphainy/test/clock"
)

// parcels is a realm with an open, a member's, an internal and a chat-like intent; it stages what it is given.
type parcels struct{ staged int }

func (p *parcels) Declaration() realm.Declaration {
	spec := func(name string, perm identity.Permission, anonymous, internal bool, properties string) realm.IntentSpec {
		return realm.IntentSpec{
			Type: name, Permission: perm, Anonymous: anonymous, Internal: internal, Example: []byte(`{}`),
			Schema: []byte(`{"type":"object","additionalProperties":false,"properties":{` + properties + `}}`),
		}
	}
	return realm.Declaration{Name: "parcels", Intents: []realm.IntentSpec{
		spec("send", identity.PermWrite, true, false, `"what":{"type":"string","maxLength":9}`),
		spec("destroy", identity.PermDelete, false, false, ``),
		spec("keep", identity.PermWrite, false, false, ``),
		spec("secret", identity.PermRead, true, true, ``),
		spec("chat", identity.PermWrite, true, false, `"session_id":{"type":"string","maxLength":40}`),
	}}
}

func (p *parcels) Handlers() map[string]ports.IntentHandler {
	nothing := func(context.Context, ports.IntentCall) (ports.IntentResult, error) { return ports.IntentResult{}, nil }
	return map[string]ports.IntentHandler{"send": nothing, "destroy": nothing, "keep": nothing, "secret": nothing, "chat": nothing}
}

func (p *parcels) Stage(_ context.Context, _ identity.Principal, _ string, parameters []byte) ([]byte, error) {
	p.staged++
	return append([]byte(nil), parameters...), nil
}

type gate struct {
	admission *trafficcop.Admission
	runtime   *mocks.Runtime
	store     *memstore.Store
	realm     *parcels
	sent      []ports.Submission
}

func newGate(t *testing.T) *gate {
	t.Helper()
	g := &gate{runtime: mocks.NewRuntime(t), store: memstore.New(clock.Fixed()), realm: &parcels{}}
	catalogue, err := intents.NewCatalogue(g.realm)
	require.NoError(t, err)
	g.admission = trafficcop.NewAdmission(catalogue, g.runtime, g.store, clock.Fixed(), system.IDs{})
	return g
}

func (g *gate) opens() {
	g.runtime.EXPECT().Submit(mock.Anything, mock.Anything).RunAndReturn(func(_ context.Context, s ports.Submission) (ports.Receipt, error) {
		g.sent = append(g.sent, s)
		return ports.Receipt{Execution: execution.Snapshot{ID: "exe_1", Intent: s.Intent}}, nil
	})
}

func member() identity.Principal {
	return identity.Principal{Kind: identity.KindUser, UserID: "usr_1", TenantID: "ten_1", SessionID: "ses_1", Roles: []identity.Role{identity.RoleMember}}
}

func guest() identity.Principal {
	return identity.Principal{Kind: identity.KindAnonymous, TenantID: "ses_1", SessionID: "ses_1", Roles: []identity.Role{identity.RoleAnonymous}}
}

func ask(intentType, parameters string) trafficcop.SubmitCommand {
	return trafficcop.SubmitCommand{SessionID: "ses_1", IntentType: intentType, Parameters: []byte(parameters)}
}

func TestAdmissionHandsOverWhatIsValid(t *testing.T) {
	g := newGate(t)
	g.opens()
	cmd := ask("send", ` {"what" : "box"}`)
	cmd.IdempotencyKey, cmd.TraceID = "k", "trace"
	_, err := g.admission.Submit(t.Context(), member(), cmd)
	require.NoError(t, err)
	s := g.sent[0]
	require.JSONEq(t, `{"what":"box"}`, string(s.Intent.Parameters))
	require.Equal(t, "{}", string(s.Intent.Metadata))
	require.Equal(t, intent.DefaultSolution, s.Intent.SolutionID)
	require.True(t, typeid.Valid(typeid.Intent, s.Intent.ID))
	require.Equal(t, member(), s.Principal)
	require.Equal(t, 1, g.realm.staged)

	_, err = g.admission.Submit(t.Context(), member(), ask("send", `{"what":"box"}`))
	require.NoError(t, err)
	require.Equal(t, s.Fingerprint, g.sent[1].Fingerprint, "the same request, written in another way")
	_, err = g.admission.Submit(t.Context(), member(), ask("send", `{"what":"bag"}`))
	require.NoError(t, err)
	require.NotEqual(t, s.Fingerprint, g.sent[2].Fingerprint)
}

func TestAdmissionRefusesBeforeAnythingIsStored(t *testing.T) {
	g := newGate(t) // its runtime expects no call
	foreign := ask("send", `{}`)
	foreign.TenantID = "ten_2"
	impostor := ask("send", `{}`)
	impostor.UserID = "usr_2"
	key := ask("send", `{}`)
	key.IdempotencyKey = "a b"
	for name, c := range map[string]struct {
		p    identity.Principal
		cmd  trafficcop.SubmitCommand
		want error
	}{
		"unknown intent":            {member(), ask("nothing", `{}`), intent.ErrUnknown},
		"internal intent":           {member(), ask("secret", `{}`), intent.ErrUnknown},
		"without the right":         {member(), ask("destroy", `{}`), fault.ErrPermission},
		"not open to guests":        {guest(), ask("keep", `{}`), fault.ErrPermission},
		"wrong value":               {member(), ask("send", `{"what":7}`), intent.ErrParameters},
		"no object":                 {member(), ask("send", `[]`), intent.ErrParameters},
		"another tenant":            {member(), foreign, fault.ErrTenantMismatch},
		"another user":              {member(), impostor, fault.ErrTenantMismatch},
		"another tenant inside":     {member(), ask("send", `{"tenant_id":"ten_2"}`), fault.ErrTenantMismatch},
		"another session inside":    {member(), ask("send", `{"session_id":"ses_2"}`), fault.ErrTenantMismatch},
		"a tenant that is no text":  {member(), ask("send", `{"tenant_id":{"id":"ten_1"}}`), fault.ErrTenantMismatch},
		"a guest who names a user":  {guest(), ask("send", `{"user_id":"usr_1"}`), fault.ErrTenantMismatch},
		"a key that is not visible": {member(), key, intent.ErrParameters},
	} {
		_, err := g.admission.Submit(t.Context(), c.p, c.cmd)
		require.ErrorIs(t, err, c.want, name)
	}
	_, err := g.admission.Submit(t.Context(), member(), ask("send", `{"Tenant_ID":"ten_2"}`))
	require.Equal(t, "unknown_field", fault.As(err).Code, "another spelling is another field")
	require.Zero(t, g.realm.staged)
}

func TestOwnIdentityInParametersIsAcceptedAndNotUsed(t *testing.T) {
	g := newGate(t)
	g.opens()
	_, err := g.admission.Submit(t.Context(), member(), ask("send", `{"what":"box","tenant_id":"ten_1","user_id":null,"session_id":"ses_1"}`))
	require.NoError(t, err)
	require.JSONEq(t, `{"what":"box"}`, string(g.sent[0].Intent.Parameters))
	_, err = g.admission.Submit(t.Context(), member(), ask("chat", `{"session_id":"con_1"}`))
	require.NoError(t, err)
	require.JSONEq(t, `{"session_id":"con_1"}`, string(g.sent[1].Intent.Parameters), "a declared parameter is the intent's own")
}

func TestAPendingIntentIsTakenUp(t *testing.T) {
	g := newGate(t)
	g.opens()
	id := system.IDs{}.NewID(typeid.PendingIntent)
	now := time.Date(2026, 1, 2, 3, 0, 0, 0, time.UTC)
	require.NoError(t, g.store.Do(t.Context(), func(ctx context.Context, tx ports.Tx) error {
		return tx.Pending.Insert(ctx, intent.Pending{
			ID: id, TenantID: "ten_1", OwnerID: "usr_1", SessionID: "ses_0", Type: "send", Status: intent.PendingOpen, Context: []byte(`{}`), CreatedAt: now, UpdatedAt: now,
		})
	}))
	cmd := ask("send", `{}`)
	cmd.IntentID = id
	_, err := g.admission.Submit(t.Context(), member(), cmd)
	require.NoError(t, err)
	require.Equal(t, id, g.sent[0].Intent.ID)
	require.Equal(t, id, g.sent[0].Alongside.PendingID)
	require.NoError(t, g.store.Do(t.Context(), func(ctx context.Context, tx ports.Tx) error {
		p, err := tx.Pending.ByID(ctx, member().Scope(), id)
		require.NoError(t, err)
		require.NoError(t, p.Move(intent.PendingInProgress, now))
		return tx.Pending.Save(ctx, p)
	}))

	for name, other := range map[string]string{"unknown": system.IDs{}.NewID(typeid.PendingIntent), "no id": "whatever", "already taken": id} {
		cmd.IntentID = other
		_, err := g.admission.Submit(t.Context(), member(), cmd)
		require.NoError(t, err, name)
		require.NotEqual(t, other, g.sent[len(g.sent)-1].Intent.ID, name)
	}
	stranger := member()
	stranger.UserID = "usr_2"
	cmd.IntentID = id
	_, err = g.admission.Submit(t.Context(), stranger, cmd)
	require.NoError(t, err)
	require.NotEqual(t, id, g.sent[len(g.sent)-1].Intent.ID)
}
