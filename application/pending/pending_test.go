package pending_test

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/adapters/memstore"
	"github.com/symphainy/symphainy/adapters/system"
	"github.com/symphainy/symphainy/application/intents"
	"github.com/symphainy/symphainy/application/pending"
	"github.com/symphainy/symphainy/domain/artifact"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/domain/intent"
	"github.com/symphainy/symphainy/domain/realm"
	"github.com/symphainy/symphainy/domain/session"
	"github.com/symphainy/symphainy/ports"
	"github.com/symphainy/symphainy/test/clock"
)

type module struct{}

func (module) Declaration() realm.Declaration {
	spec := realm.IntentSpec{
		Type: "greet", Aliases: []string{"hello"}, Permission: identity.PermWrite, Anonymous: true,
		Schema: []byte(`{"type":"object","additionalProperties":false}`), Example: []byte(`{}`),
	}
	secret, inner := spec, spec
	secret.Type, secret.Aliases, secret.Anonymous = "members", nil, false
	inner.Type, inner.Aliases, inner.Internal = "inner", nil, true
	return realm.Declaration{Name: "manners", Intents: []realm.IntentSpec{spec, secret, inner}}
}

func (module) Handlers() map[string]ports.IntentHandler {
	nothing := func(context.Context, ports.IntentCall) (ports.IntentResult, error) { return ports.IntentResult{}, nil }
	return map[string]ports.IntentHandler{"greet": nothing, "members": nothing, "inner": nothing}
}

func user(id string) identity.Principal {
	return identity.Principal{Kind: identity.KindUser, UserID: "usr_" + id, TenantID: "ten_" + id, SessionID: "ses_" + id, Roles: []identity.Role{identity.RoleMember}}
}

func visitor() identity.Principal {
	return identity.Principal{Kind: identity.KindAnonymous, TenantID: "ses_v", SessionID: "ses_v", Roles: []identity.Role{identity.RoleAnonymous}}
}

func newService(t *testing.T) (*pending.Service, ports.UnitOfWork) {
	t.Helper()
	catalogue, err := intents.NewCatalogue(module{})
	require.NoError(t, err)
	c := clock.Fixed()
	store := memstore.New(c)
	require.NoError(t, store.Do(t.Context(), func(ctx context.Context, tx ports.Tx) error {
		return tx.Sessions.Insert(ctx, session.NewAnonymous("ses_v", []byte("secret"), nil, nil, c.Now()))
	}))
	return pending.New(catalogue, store, c, system.IDs{}), store
}

func TestCreateAndList(t *testing.T) {
	s, store := newService(t)
	ada, ctx := user("a"), t.Context()
	require.NoError(t, store.Do(ctx, func(ctx context.Context, tx ports.Tx) error {
		a, err := artifact.New(artifact.Snapshot{
			ID: "fil_1", TenantID: ada.TenantID, OwnerID: ada.UserID, SessionID: "ses_a", Type: "file", DataClass: artifact.WorkingMaterial, State: artifact.Ready, Payload: []byte(`{}`),
		})
		if err != nil {
			return err
		}
		return tx.Artifacts.Insert(ctx, a)
	}))
	made, err := s.Create(ctx, ada, pending.CreateCommand{SessionID: "ses_a", IntentType: "hello", TargetArtifactID: "fil_1"})
	require.NoError(t, err)
	require.Equal(t, intent.PendingOpen, made.Status)
	require.Equal(t, "greet", made.Type)
	require.Equal(t, "{}", string(made.Context))
	found, total, err := s.List(ctx, ada, ports.PendingFilter{TargetArtifactID: "fil_1"}, ports.Window{Limit: 10})
	require.NoError(t, err)
	require.Equal(t, int64(1), total)
	require.Equal(t, made, found[0])
	_, total, err = s.List(ctx, user("b"), ports.PendingFilter{}, ports.Window{Limit: 10})
	require.NoError(t, err)
	require.Zero(t, total, "somebody else sees nothing")
	_, err = s.Create(ctx, user("b"), pending.CreateCommand{SessionID: "ses_b", IntentType: "greet", TargetArtifactID: "fil_1"})
	require.ErrorIs(t, err, fault.ErrNotFound)
}

func TestCreateRefuses(t *testing.T) {
	s, _ := newService(t)
	viewer := user("a")
	viewer.Roles = []identity.Role{identity.RoleViewer}
	cases := map[string]struct {
		p    identity.Principal
		cmd  pending.CreateCommand
		want error
	}{
		"unknown":        {user("a"), pending.CreateCommand{IntentType: "nothing"}, intent.ErrUnknown},
		"internal":       {user("a"), pending.CreateCommand{IntentType: "inner"}, intent.ErrUnknown},
		"not for guests": {visitor(), pending.CreateCommand{IntentType: "members"}, fault.ErrPermission},
		"viewer":         {viewer, pending.CreateCommand{IntentType: "greet"}, fault.ErrPermission},
		"large":          {user("a"), pending.CreateCommand{IntentType: "greet", Context: []byte(`{"a":"` + strings.Repeat("x", 64<<10) + `"}`)}, fault.New(fault.TooLarge, "limit_exceeded", "")},
		"long key":       {user("a"), pending.CreateCommand{IntentType: "greet", IdempotencyKey: strings.Repeat("k", 256)}, intent.ErrParameters},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			_, err := s.Create(t.Context(), c.p, c.cmd)
			require.ErrorIs(t, err, c.want)
		})
	}
}

func TestNothingIsPreparedInAScopeThatAnUpgradeHasLeft(t *testing.T) {
	s, store := newService(t)
	require.NoError(t, store.Do(t.Context(), func(ctx context.Context, tx ports.Tx) error {
		_, err := tx.Sessions.Upgrade(ctx, "ses_v", []byte("secret"), "usr_a", "ten_a")
		return err
	}))
	_, err := s.Create(t.Context(), visitor(), pending.CreateCommand{SessionID: "ses_v", IntentType: "greet"})
	require.ErrorIs(t, err, fault.ErrNotFound)
}

func TestSameKeySameIntent(t *testing.T) {
	s, _ := newService(t)
	cmd := pending.CreateCommand{SessionID: "ses_v", IntentType: "greet", Context: []byte(`{"n":1}`), IdempotencyKey: "k"}
	first, err := s.Create(t.Context(), visitor(), cmd)
	require.NoError(t, err)
	again, err := s.Create(t.Context(), visitor(), cmd)
	require.NoError(t, err)
	require.Equal(t, first.ID, again.ID)
	cmd.Context = []byte(`{"n":2}`)
	_, err = s.Create(t.Context(), visitor(), cmd)
	require.ErrorIs(t, err, intent.ErrIdempotencyReused)
	other, err := s.Create(t.Context(), user("a"), cmd)
	require.NoError(t, err, "another caller's key is another key")
	require.NotEqual(t, first.ID, other.ID)
}
