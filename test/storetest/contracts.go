package storetest

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/domain/artifact"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/domain/typeid"
	"github.com/symphainy/symphainy/ports"
)

func (s *suite) findContract(t *testing.T, scope identity.Scope, cid string) (artifact.Contract, error) {
	t.Helper()
	return look(t, s, func(ctx context.Context, tx ports.Tx) (artifact.Contract, error) {
		return tx.Contracts.ByID(ctx, scope, cid)
	})
}

func (s *suite) contracts(t *testing.T) {
	t.Helper()
	h, v := s.member(t, ""), s.visitor(t)
	insert := func(t *testing.T, c artifact.Contract) error {
		t.Helper()
		return s.try(t, func(ctx context.Context, tx ports.Tx) error { return tx.Contracts.Insert(ctx, c) })
	}
	save := func(t *testing.T, c artifact.Contract) error {
		t.Helper()
		return s.try(t, func(ctx context.Context, tx ports.Tx) error { return tx.Contracts.Save(ctx, c) })
	}
	byFile := func(t *testing.T, scope identity.Scope, fid string) (artifact.Contract, error) {
		t.Helper()
		return look(t, s, func(ctx context.Context, tx ports.Tx) (artifact.Contract, error) {
			return tx.Contracts.ByFile(ctx, scope, fid)
		})
	}
	c := artifact.Contract{
		ID: id(typeid.Contract), TenantID: h.tenantID, OwnerID: h.user.ID, SessionID: h.session.ID(), IntentID: id(typeid.Intent),
		ExecutionID: id(typeid.Execution), FileID: id(typeid.File), SHA256: "sha", SourceType: "upload", SourceID: awkward,
		SourceMetadata: []byte(awkwardJSON), AccessGranted: true, AccessBasis: awkward, Status: artifact.ContractActive,
		MaterializationType: artifact.FullArtifact, MaterializationScope: "workspace", TTL: 90*time.Second + time.Microsecond,
		ExpiresAt: s.abroad(900), BackingStore: "blob", PolicyBasis: "policy", Version: 3, CreatedAt: s.abroad(2), UpdatedAt: s.abroad(3),
	}
	full(t, c)
	bare := artifact.Contract{
		ID: id(typeid.Contract), TenantID: v.tenantID, SessionID: v.session.ID(), FileID: id(typeid.File), Status: artifact.ContractRevoked,
	}
	t.Run("round trip", func(t *testing.T) {
		for want, scope := range map[*artifact.Contract]identity.Scope{&c: h.scope, &bare: v.scope} {
			require.NoError(t, insert(t, *want))
			require.ErrorIs(t, insert(t, *want), fault.ErrDuplicate)
			got, err := s.findContract(t, scope, want.ID)
			require.NoError(t, err)
			same(t, *want, got)
			got, err = byFile(t, scope, want.FileID)
			require.NoError(t, err)
			same(t, *want, got)
		}
	})
	t.Run("other scopes do not see it", func(t *testing.T) {
		for _, scope := range []identity.Scope{
			s.member(t, "").scope, s.member(t, h.tenantID).scope, v.scope, {TenantID: h.tenantID, SessionID: h.session.ID()},
		} {
			_, err := s.findContract(t, scope, c.ID)
			require.ErrorIs(t, err, fault.ErrNotFound)
			_, err = byFile(t, scope, c.FileID)
			require.ErrorIs(t, err, fault.ErrNotFound)
		}
		_, err := s.findContract(t, h.scope, strings.ToUpper(c.ID))
		require.ErrorIs(t, err, fault.ErrNotFound)
		_, err = byFile(t, h.scope, id(typeid.File))
		require.ErrorIs(t, err, fault.ErrNotFound)
	})
	t.Run("save", func(t *testing.T) {
		first, second := c, c
		first.Status, first.AccessGranted, first.ExpiresAt, first.UpdatedAt = artifact.ContractFulfilled, false, time.Time{}, s.at(9)
		require.NoError(t, save(t, first))
		require.ErrorIs(t, save(t, second), fault.ErrStale)
		first.Version++
		got, err := s.findContract(t, h.scope, c.ID)
		require.NoError(t, err)
		same(t, first, got)
		requireMissing(t, save(t, s.contract(h, 1)))
		moved := got
		moved.TenantID = v.tenantID
		requireMissing(t, save(t, moved))
	})
	t.Run("due", func(t *testing.T) {
		add := func(h home, status artifact.ContractStatus, created int, expires time.Time) string {
			one := s.contract(h, created)
			one.Status, one.ExpiresAt = status, expires
			require.NoError(t, insert(t, one))
			return one.ID
		}
		now := s.at(100)
		expired := add(h, artifact.ContractActive, 50, now)
		living := add(h, artifact.ContractActive, 1, now.Add(time.Microsecond))
		waiting := add(v, artifact.ContractPending, 10, time.Time{})
		young := add(v, artifact.ContractPending, 20, time.Time{})
		over := add(h, artifact.ContractExpired, 1, s.at(2))
		due := func(limit int) []string {
			return ids(get(t, s, func(ctx context.Context, tx ports.Tx) ([]artifact.Contract, error) {
				return tx.Contracts.Due(ctx, now, s.at(20), limit)
			}), func(c artifact.Contract) string { return c.ID })
		}
		require.ElementsMatch(t, []string{expired, waiting}, only(due(10_000), expired, living, waiting, young, over))
		require.Len(t, due(1), 1)
	})
}
