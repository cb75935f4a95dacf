package storetest

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/typeid"
	"github.com/symphainy/symphainy/ports"
)

// space holds the count of what files take: the quota to the byte, also among many at once, and its way through an upgrade.
func (s *suite) space(t *testing.T) {
	t.Helper()
	take := func(t *testing.T, tenant, file string, bytes, quota int64) error {
		t.Helper()
		return s.try(t, func(ctx context.Context, tx ports.Tx) error { return tx.Space.Reserve(ctx, tenant, file, bytes, quota) })
	}
	used := func(t *testing.T, tenant string) int64 {
		t.Helper()
		return get(t, s, func(ctx context.Context, tx ports.Tx) (int64, error) { return tx.Space.Used(ctx, tenant) })
	}
	t.Run("to the byte", func(t *testing.T) {
		tenant, other, file := id(typeid.Tenant), id(typeid.Tenant), id(typeid.File)
		require.Zero(t, used(t, tenant))
		require.NoError(t, take(t, tenant, file, 6, 10))
		require.NoError(t, take(t, tenant, file, 9, 10), "a file that has room keeps what it has")
		require.ErrorIs(t, take(t, tenant, id(typeid.File), 5, 10), ports.ErrQuota)
		require.NoError(t, take(t, other, file, 10, 10), "another tenant's room is its own")
		require.NoError(t, take(t, tenant, id(typeid.File), 4, 10))
		require.ErrorIs(t, take(t, tenant, id(typeid.File), 1, 10), ports.ErrQuota)
		require.NoError(t, take(t, tenant, id(typeid.File), 5<<40, 0), "no bound")
		require.Equal(t, []int64{5<<40 + 10, 10}, []int64{used(t, tenant), used(t, other)})
		for range 2 {
			s.do(t, func(ctx context.Context, tx ports.Tx) error { return tx.Space.Release(ctx, tenant, file) })
		}
		require.Equal(t, []int64{5<<40 + 4, 10}, []int64{used(t, tenant), used(t, other)})
	})
	t.Run("rolled back, nothing is taken", func(t *testing.T) {
		tenant := id(typeid.Tenant)
		require.ErrorIs(t, s.try(t, func(ctx context.Context, tx ports.Tx) error {
			require.NoError(t, tx.Space.Reserve(ctx, tenant, id(typeid.File), 10, 10))
			return fault.ErrPermission
		}), fault.ErrPermission)
		require.NoError(t, take(t, tenant, id(typeid.File), 10, 10))
	})
	t.Run("many at once get no more than there is", func(t *testing.T) {
		tenant, fit := id(typeid.Tenant), 0
		for _, err := range race(32, func(int) error { return take(t, tenant, id(typeid.File), 10, 75) }) {
			if err == nil {
				fit++
				continue
			}
			require.ErrorIs(t, err, ports.ErrQuota)
		}
		require.Equal(t, 7, fit)
		require.Equal(t, int64(70), used(t, tenant))
	})
	t.Run("a visitor's files go along", func(t *testing.T) {
		visitor, to, file := s.visitor(t), s.member(t, ""), id(typeid.File)
		require.NoError(t, take(t, visitor.tenantID, file, 3, 10))
		require.NoError(t, take(t, to.tenantID, id(typeid.File), 4, 10))
		require.NoError(t, s.rekeyTo(t, visitor, to))
		require.Equal(t, []int64{0, 7}, []int64{used(t, visitor.tenantID), used(t, to.tenantID)})
		s.do(t, func(ctx context.Context, tx ports.Tx) error { return tx.Space.Release(ctx, to.tenantID, file) })
		require.Equal(t, int64(4), used(t, to.tenantID))
	})
}
