package storetest

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/domain/typeid"
	"github.com/symphainy/symphainy/ports"
)

func (s *suite) users(t *testing.T) {
	t.Helper()
	byID := func(t *testing.T, userID string) (identity.User, error) {
		t.Helper()
		return look(t, s, func(ctx context.Context, tx ports.Tx) (identity.User, error) { return tx.Users.ByID(ctx, userID) })
	}
	t.Run("those who lock change one after the other", func(t *testing.T) {
		u := s.newUser()
		s.do(t, func(ctx context.Context, tx ports.Tx) error { return tx.Users.Insert(ctx, u) })
		for _, err := range race(16, func(int) error {
			return s.try(t, func(ctx context.Context, tx ports.Tx) error {
				got, err := tx.Users.Lock(ctx, u.ID)
				if err != nil {
					return err
				}
				got.FailedLogins++
				return tx.Users.Save(ctx, got)
			})
		}) {
			require.NoError(t, err, "not stale")
		}
		got, err := byID(t, u.ID)
		require.NoError(t, err)
		require.Equal(t, 16, got.FailedLogins)
		_, err = look(t, s, func(ctx context.Context, tx ports.Tx) (identity.User, error) {
			return tx.Users.Lock(ctx, id(typeid.User))
		})
		require.ErrorIs(t, err, fault.ErrNotFound)
	})
	insert := func(t *testing.T, u identity.User) error {
		t.Helper()
		return s.try(t, func(ctx context.Context, tx ports.Tx) error { return tx.Users.Insert(ctx, u) })
	}
	save := func(t *testing.T, u identity.User) error {
		t.Helper()
		return s.try(t, func(ctx context.Context, tx ports.Tx) error { return tx.Users.Save(ctx, u) })
	}
	u := s.newUser()
	u.Email, u.Name, u.Disabled, u.Operator, u.FailedLogins, u.Version = awkward+u.ID, awkward, true, true, 7, 3
	u.CreatedAt, u.UpdatedAt = s.abroad(0), s.abroad(1)
	full(t, u)
	require.NoError(t, insert(t, u))

	t.Run("round trip", func(t *testing.T) {
		got, err := byID(t, u.ID)
		require.NoError(t, err)
		same(t, u, got)
		same(t, u, get(t, s, func(ctx context.Context, tx ports.Tx) (identity.User, error) {
			return tx.Users.ByEmailKey(ctx, u.EmailKey)
		}))
		bare := identity.User{ID: id(typeid.User), EmailKey: id(typeid.User)}
		require.NoError(t, insert(t, bare))
		got, err = byID(t, bare.ID)
		require.NoError(t, err)
		same(t, bare, got)
	})
	t.Run("not found, also by other case", func(t *testing.T) {
		for _, userID := range []string{id(typeid.User), strings.ToUpper(u.ID), u.ID + " ", ""} {
			_, err := byID(t, userID)
			require.ErrorIs(t, err, fault.ErrNotFound, userID)
		}
		for _, key := range []string{"nobody@example.org", strings.ToUpper(u.EmailKey), "%", ""} {
			_, err := look(t, s, func(ctx context.Context, tx ports.Tx) (identity.User, error) { return tx.Users.ByEmailKey(ctx, key) })
			require.ErrorIs(t, err, fault.ErrNotFound, key)
		}
	})
	t.Run("duplicates", func(t *testing.T) {
		other := s.newUser()
		other.EmailKey = u.EmailKey
		require.ErrorIs(t, insert(t, other), fault.ErrDuplicate)
		other = s.newUser()
		other.ID = u.ID
		require.ErrorIs(t, insert(t, other), fault.ErrDuplicate)
		require.NoError(t, insert(t, s.newUser()), "the store goes on after a duplicate")
	})
	t.Run("one of many registrations wins", func(t *testing.T) {
		key := id(typeid.User)
		errs := race(8, func(int) error {
			mine := s.newUser()
			mine.EmailKey = key
			return insert(t, mine)
		})
		won := 0
		for _, err := range errs {
			if err == nil {
				won++
				continue
			}
			require.ErrorIs(t, err, fault.ErrDuplicate)
		}
		require.Equal(t, 1, won)
	})
	t.Run("save", func(t *testing.T) {
		first, err := byID(t, u.ID)
		require.NoError(t, err)
		second := first
		first.Name, first.Disabled, first.FailedLogins, first.UpdatedAt = "First", false, 0, s.at(2)
		require.NoError(t, save(t, first))
		second.Name = "Second"
		require.ErrorIs(t, save(t, second), fault.ErrStale)
		first.Version++
		got, err := byID(t, u.ID)
		require.NoError(t, err)
		same(t, first, got)
		require.NoError(t, save(t, got), "what was read can be saved")
		requireMissing(t, save(t, s.newUser()))
	})
	t.Run("count", func(t *testing.T) {
		count := func(ctx context.Context, tx ports.Tx) (int64, error) { return tx.Users.Count(ctx) }
		before := get(t, s, count)
		require.NoError(t, insert(t, s.newUser()))
		require.Equal(t, before+1, get(t, s, count))
	})
}

// requireMissing requires the refusal of a save of something that is not stored, or not in the saver's tenant.
func requireMissing(t *testing.T, err error) {
	t.Helper()
	if fault.KindOf(err) != fault.NotFound {
		require.ErrorIs(t, err, fault.ErrStale)
	}
}

func (s *suite) tenants(t *testing.T) {
	t.Helper()
	tenant := identity.Tenant{ID: id(typeid.Tenant), Name: awkward, Suspended: true, Version: 2, CreatedAt: s.abroad(0)}
	full(t, tenant)
	u, other := s.newUser(), s.newUser()
	joined := identity.Membership{TenantID: tenant.ID, UserID: u.ID, Role: identity.RoleViewer, CreatedAt: s.abroad(5)}
	full(t, joined)
	older := identity.Tenant{ID: id(typeid.Tenant), CreatedAt: s.at(1)}
	s.do(t, func(ctx context.Context, tx ports.Tx) error {
		require.NoError(t, tx.Tenants.Insert(ctx, tenant))
		require.NoError(t, tx.Tenants.Insert(ctx, older))
		require.NoError(t, tx.Users.Insert(ctx, u))
		require.NoError(t, tx.Users.Insert(ctx, other))
		require.NoError(t, tx.Tenants.AddMember(ctx, joined))
		return tx.Tenants.AddMember(ctx, identity.Membership{TenantID: older.ID, UserID: u.ID, Role: identity.RoleOwner, CreatedAt: s.at(1)})
	})
	s.view(t, func(ctx context.Context, tx ports.Tx) error {
		got, err := tx.Tenants.ByID(ctx, tenant.ID)
		require.NoError(t, err)
		same(t, tenant, got)
		got, err = tx.Tenants.ByID(ctx, older.ID)
		require.NoError(t, err)
		same(t, older, got)
		_, err = tx.Tenants.ByID(ctx, strings.ToUpper(tenant.ID))
		require.ErrorIs(t, err, fault.ErrNotFound)

		m, err := tx.Tenants.Member(ctx, tenant.ID, u.ID)
		require.NoError(t, err)
		same(t, joined, m)
		_, err = tx.Tenants.Member(ctx, tenant.ID, other.ID)
		require.ErrorIs(t, err, fault.ErrNotFound)
		_, err = tx.Tenants.Member(ctx, id(typeid.Tenant), u.ID)
		require.ErrorIs(t, err, fault.ErrNotFound)

		list, err := tx.Tenants.Memberships(ctx, u.ID)
		require.NoError(t, err)
		require.Equal(t, []string{older.ID, tenant.ID}, ids(list, func(m identity.Membership) string { return m.TenantID }), "oldest first")
		list, err = tx.Tenants.Memberships(ctx, other.ID)
		require.NoError(t, err)
		require.Empty(t, list)
		return nil
	})
	require.ErrorIs(t, s.try(t, func(ctx context.Context, tx ports.Tx) error { return tx.Tenants.Insert(ctx, tenant) }), fault.ErrDuplicate)
	require.ErrorIs(t, s.try(t, func(ctx context.Context, tx ports.Tx) error { return tx.Tenants.AddMember(ctx, joined) }), fault.ErrDuplicate)
}
