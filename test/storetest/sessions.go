package storetest

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/session"
	"github.com/symphainy/symphainy/domain/typeid"
	"github.com/symphainy/symphainy/ports"
)

func (s *suite) sessionByID(t *testing.T, sessionID string) (session.Session, error) {
	t.Helper()
	return look(t, s, func(ctx context.Context, tx ports.Tx) (session.Session, error) {
		return tx.Sessions.ByID(ctx, sessionID)
	})
}

func (s *suite) saveSession(t *testing.T, v session.Session) error {
	t.Helper()
	return s.try(t, func(ctx context.Context, tx ports.Tx) error { return tx.Sessions.Save(ctx, v) })
}

func (s *suite) sessions(t *testing.T) {
	t.Helper()
	h := s.member(t, "")
	row := session.Snapshot{
		ID: id(typeid.Session), State: session.Ended, OwnerUserID: h.user.ID, TenantID: h.tenantID, Epoch: 4, SecretHash: hashOf(id("x")),
		CreatedIPHash: hashOf("ip"), Metadata: []byte(awkwardJSON), Version: 5, CreatedAt: s.abroad(1), UpdatedAt: s.abroad(2),
		LastSeenAt: s.abroad(3), ExpiresAt: s.abroad(4), UpgradedAt: s.abroad(5),
	}
	full(t, row)
	insert := func(t *testing.T, row session.Snapshot) error {
		t.Helper()
		return s.try(t, func(ctx context.Context, tx ports.Tx) error { return tx.Sessions.Insert(ctx, session.Restore(row)) })
	}
	t.Run("round trip", func(t *testing.T) {
		bare := session.Snapshot{ID: id(typeid.Session), State: session.Anonymous, Epoch: 1}
		for _, want := range []session.Snapshot{row, bare} {
			require.NoError(t, insert(t, want))
			got, err := s.sessionByID(t, want.ID)
			require.NoError(t, err)
			same(t, want, got.Snapshot())
		}
		require.ErrorIs(t, insert(t, row), fault.ErrDuplicate)
	})
	t.Run("not found, also by other case", func(t *testing.T) {
		for _, sid := range []string{id(typeid.Session), strings.ToUpper(row.ID), ""} {
			_, err := s.sessionByID(t, sid)
			require.ErrorIs(t, err, fault.ErrNotFound)
		}
	})
	t.Run("by secret", func(t *testing.T) {
		v := s.visitor(t)
		find := func(hash []byte) (session.Session, error) {
			return look(t, s, func(ctx context.Context, tx ports.Tx) (session.Session, error) {
				return tx.Sessions.BySecretHash(ctx, hash)
			})
		}
		got, err := find(v.secret)
		require.NoError(t, err)
		same(t, v.session.Snapshot(), got.Snapshot())
		for _, hash := range [][]byte{hashOf("another"), nil, {}, v.secret[:31]} {
			_, err := find(hash)
			require.ErrorIs(t, err, fault.ErrNotFound)
		}
	})
	t.Run("save", func(t *testing.T) {
		v := s.visitor(t)
		first, err := s.sessionByID(t, v.session.ID())
		require.NoError(t, err)
		second := first
		first.SetMetadata([]byte(`{"n":1}`), s.at(9))
		require.NoError(t, s.saveSession(t, first))
		second.End(s.at(9))
		require.ErrorIs(t, s.saveSession(t, second), fault.ErrStale)
		want := first.Snapshot()
		want.Version++
		got, err := s.sessionByID(t, v.session.ID())
		require.NoError(t, err)
		same(t, want, got.Snapshot())
		requireMissing(t, s.saveSession(t, session.Restore(session.Snapshot{ID: id(typeid.Session), State: session.Anonymous})))
	})
	t.Run("a save never changes the owner", func(t *testing.T) {
		other := s.member(t, "")
		row := h.session.Snapshot()
		row.OwnerUserID, row.TenantID = other.user.ID, other.tenantID
		_ = s.saveSession(t, session.Restore(row)) // refused or without that effect
		got, err := s.sessionByID(t, row.ID)
		require.NoError(t, err)
		require.True(t, got.OwnedBy(h.tenantID, h.user.ID))
	})
	t.Run("owned", s.ownedSessions)
}

func (s *suite) ownedSessions(t *testing.T) {
	h := s.member(t, "")
	colleague := s.member(t, h.tenantID)
	made := []string{h.session.ID()}
	s.do(t, func(ctx context.Context, tx ports.Tx) error {
		for i := range 4 {
			// Two of each minute: equal times are ordered by id.
			v := session.NewActive(id(typeid.Session), h.user.ID, h.tenantID, nil, s.at(1+i/2))
			made = append(made, v.ID())
			require.NoError(t, tx.Sessions.Insert(ctx, v))
		}
		return nil
	})
	owned := func(h home, tenantID string, page ports.Page) []string {
		list := get(t, s, func(ctx context.Context, tx ports.Tx) ([]session.Session, error) {
			return tx.Sessions.Owned(ctx, tenantID, h.user.ID, page)
		})
		return ids(list, session.Session.ID)
	}
	require.Equal(t, reversed(made), owned(h, h.tenantID, ports.Page{Limit: 10}))
	require.Equal(t, reversed(made), pages(t, 2, func(p ports.Page) []string { return owned(h, h.tenantID, p) }))
	require.Equal(t, []string{colleague.session.ID()}, owned(colleague, h.tenantID, ports.Page{Limit: 10}))
	require.Empty(t, owned(h, id(typeid.Tenant), ports.Page{Limit: 10}))
	require.Empty(t, owned(h, h.tenantID, ports.Page{}), "at most 0 are none")
}

// pages reads a list to its end by its cursor and gives all of it.
func pages(t *testing.T, limit int, read func(ports.Page) []string) []string {
	t.Helper()
	var all []string
	after := ""
	for range 100 {
		part := read(ports.Page{Limit: limit, After: after})
		require.LessOrEqual(t, len(part), limit)
		if len(part) == 0 {
			return all
		}
		all = append(all, part...)
		after = part[len(part)-1]
	}
	t.Fatal("the list has no end")
	return nil
}
