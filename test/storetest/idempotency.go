package storetest

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/intent"
	"github.com/symphainy/symphainy/domain/typeid"
	"github.com/symphainy/symphainy/ports"
)

func (s *suite) reserve(t *testing.T, r intent.IdempotencyRecord) (stored *intent.IdempotencyRecord, err error) {
	t.Helper()
	err = s.try(t, func(ctx context.Context, tx ports.Tx) (err error) {
		stored, err = tx.Idempotency.Reserve(ctx, r)
		return err
	})
	return stored, err
}

// promise makes a record of somebody's key, to expire in an hour.
func (s *suite) promise(h home, key string) intent.IdempotencyRecord {
	return intent.IdempotencyRecord{
		TenantID: h.tenantID, Actor: h.principal.Actor(), Key: key, Fingerprint: hashOf(key), ExecutionID: id(typeid.Execution),
		ExpiresAt: s.Now().Add(time.Hour).Truncate(time.Microsecond),
	}
}

func (s *suite) idempotency(t *testing.T) {
	t.Helper()
	h := s.member(t, "")
	isNew := func(t *testing.T, r intent.IdempotencyRecord) {
		t.Helper()
		stored, err := s.reserve(t, r)
		require.NoError(t, err)
		require.Nil(t, stored)
	}
	t.Run("the first stays", func(t *testing.T) {
		first := s.promise(h, awkward)
		first.ExpiresAt = first.ExpiresAt.In(time.FixedZone("abroad", 3600))
		full(t, first)
		isNew(t, first)
		second := s.promise(h, awkward)
		second.Fingerprint = hashOf("another body")
		for range 2 {
			stored, err := s.reserve(t, second)
			require.NoError(t, err)
			require.NotNil(t, stored)
			same(t, first, *stored)
		}
	})
	t.Run("tenant, actor and key keep records apart", func(t *testing.T) {
		r := s.promise(h, "key")
		isNew(t, r)
		for _, edit := range []func(*intent.IdempotencyRecord){
			func(r *intent.IdempotencyRecord) { r.Key = "Key" },
			func(r *intent.IdempotencyRecord) { r.Key = "key " },
			func(r *intent.IdempotencyRecord) { r.Actor = s.member(t, h.tenantID).user.ID },
			func(r *intent.IdempotencyRecord) { r.TenantID = s.member(t, "").tenantID },
			func(r *intent.IdempotencyRecord) { r.Actor, r.Key = r.Actor+"k", "ey" },
		} {
			other := r
			edit(&other)
			isNew(t, other)
		}
	})
	t.Run("an expired record counts as absent", func(t *testing.T) {
		old, fresh := s.promise(h, "old"), s.promise(h, "old")
		old.ExpiresAt = s.at(0)
		isNew(t, old)
		isNew(t, fresh)
		stored, err := s.reserve(t, old)
		require.NoError(t, err)
		require.NotNil(t, stored)
		same(t, fresh, *stored)
	})
	t.Run("a rolled back reservation is none", func(t *testing.T) {
		r := s.promise(h, "rolled back")
		require.ErrorIs(t, s.try(t, func(ctx context.Context, tx ports.Tx) error {
			_, err := tx.Idempotency.Reserve(ctx, r)
			require.NoError(t, err)
			return fault.ErrPermission
		}), fault.ErrPermission)
		isNew(t, r)
	})
	t.Run("one of many gets the key, the others its record", func(t *testing.T) {
		const callers = 16
		mine, stored := make([]intent.IdempotencyRecord, callers), make([]*intent.IdempotencyRecord, callers)
		for i := range callers {
			mine[i] = s.promise(h, "many")
		}
		for _, err := range race(callers, func(i int) (err error) {
			stored[i], err = s.reserve(t, mine[i])
			return err
		}) {
			require.NoError(t, err)
		}
		winner := ""
		for i, r := range stored {
			if r == nil {
				require.Empty(t, winner, "two winners")
				winner = mine[i].ExecutionID
			}
		}
		require.NotEmpty(t, winner)
		for _, r := range stored {
			if r != nil {
				require.Equal(t, winner, r.ExecutionID)
			}
		}
	})
	t.Run("expired records can be removed", func(t *testing.T) {
		old, live := s.promise(h, "to remove"), s.promise(h, "to keep")
		old.ExpiresAt = s.at(1)
		isNew(t, old)
		isNew(t, live)
		remove := func() (n int64) {
			s.do(t, func(ctx context.Context, tx ports.Tx) (err error) {
				n, err = tx.Idempotency.DeleteExpired(ctx, s.at(2))
				return err
			})
			return n
		}
		require.GreaterOrEqual(t, remove(), int64(1))
		require.Zero(t, remove())
		stored, err := s.reserve(t, live)
		require.NoError(t, err)
		require.NotNil(t, stored)
	})
}
