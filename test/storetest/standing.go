package storetest

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/domain/execution"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/domain/session"
	"github.com/symphainy/symphainy/domain/typeid"
	"github.com/symphainy/symphainy/ports"
)

func (s *suite) standings(t *testing.T) {
	t.Helper()
	of := func(ids ...string) map[string]ports.Standing {
		list := get(t, s, func(ctx context.Context, tx ports.Tx) ([]ports.Standing, error) { return tx.Standings.Of(ctx, ids) })
		found := map[string]ports.Standing{}
		for _, st := range list {
			found[st.Session.ID()] = st
		}
		require.Len(t, found, len(list), "each once")
		return found
	}
	visitor, owner := s.visitor(t), s.member(t, "")
	stranger := session.NewActive(id(typeid.Session), id(typeid.User), owner.tenantID, nil, s.at(0))
	homeless := session.NewActive(id(typeid.Session), owner.user.ID, id(typeid.Tenant), nil, s.at(0))
	s.do(t, func(ctx context.Context, tx ports.Tx) error {
		require.NoError(t, tx.Sessions.Insert(ctx, stranger))
		return tx.Sessions.Insert(ctx, homeless)
	})
	t.Run("each with its owner", func(t *testing.T) {
		found := of(visitor.session.ID(), owner.session.ID(), stranger.ID(), homeless.ID(), owner.session.ID(), id(typeid.Session), strings.ToUpper(owner.session.ID()))
		require.Len(t, found, 4, "unknown ids are left out")
		same(t, visitor.session.Snapshot(), found[visitor.session.ID()].Session.Snapshot())
		require.Equal(t, ports.Standing{Session: found[visitor.session.ID()].Session}, found[visitor.session.ID()])
		stored, err := s.sessionByID(t, owner.session.ID())
		require.NoError(t, err)
		require.Equal(t, ports.Standing{Session: stored, Role: identity.RoleOwner}, found[owner.session.ID()])
		require.Empty(t, found[stranger.ID()].Role, "an owner who does not exist")
		require.Empty(t, found[homeless.ID()].Role, "an owner who does not belong to the tenant")
		require.Empty(t, of())
	})
	t.Run("what changes is seen", func(t *testing.T) {
		h := s.member(t, "")
		s.do(t, func(ctx context.Context, tx ports.Tx) error {
			user := h.user
			user.Disabled, user.Operator = true, true
			require.NoError(t, tx.Users.Save(ctx, user))
			require.NoError(t, tx.Directory.SaveTenant(ctx, identity.Tenant{ID: h.tenantID, Name: "Home", Suspended: true}))
			return tx.Directory.SetRole(ctx, h.tenantID, h.user.ID, identity.RoleViewer)
		})
		st := of(h.session.ID())[h.session.ID()]
		require.Equal(t, ports.Standing{Session: st.Session, Role: identity.RoleViewer, Operator: true, Disabled: true, Suspended: true}, st)
	})
}

func (s *suite) activity(t *testing.T) {
	t.Helper()
	live, ended, quiet := s.member(t, ""), s.member(t, ""), s.visitor(t)
	key := func(h home) ports.SessionKey {
		return ports.SessionKey{TenantID: h.tenantID, SessionID: h.session.ID()}
	}
	s.stored(t, live, 1, nil)
	s.stored(t, live, 2, nil)
	s.stored(t, ended, 1, func(r *execution.Snapshot) { r.State, r.CompletedAt = execution.Completed, s.at(20) })
	foreign := ports.SessionKey{TenantID: ended.tenantID, SessionID: live.session.ID()}
	for name, c := range map[string]struct {
		minutes int
		want    []ports.SessionKey
	}{
		"before it ended":        {19, []ports.SessionKey{key(live), key(ended)}},
		"the moment it ended":    {20, []ports.SessionKey{key(live), key(ended)}},
		"after it ended":         {21, []ports.SessionKey{key(live)}},
		"live, however long ago": {60 * 24 * 365, []ports.SessionKey{key(live)}},
	} {
		t.Run(name, func(t *testing.T) {
			got := get(t, s, func(ctx context.Context, tx ports.Tx) ([]ports.SessionKey, error) {
				return tx.Activity.Active(ctx, []ports.SessionKey{key(quiet), key(live), key(ended), foreign, key(live)}, s.at(c.minutes))
			})
			require.ElementsMatch(t, c.want, got)
		})
	}
	t.Run("many", func(t *testing.T) {
		many := slices.Repeat([]ports.SessionKey{key(quiet)}, 998)
		got := get(t, s, func(ctx context.Context, tx ports.Tx) ([]ports.SessionKey, error) {
			return tx.Activity.Active(ctx, append(many, key(ended)), s.at(0))
		})
		require.Equal(t, []ports.SessionKey{key(ended)}, got)
		require.Empty(t, get(t, s, func(ctx context.Context, tx ports.Tx) ([]ports.SessionKey, error) {
			return tx.Activity.Active(ctx, nil, s.at(0))
		}))
	})
}
