package storetest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/domain/execution"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/domain/typeid"
	"github.com/symphainy/symphainy/ports"
)

func (s *suite) claim(t *testing.T, eid, owner string, lease time.Duration) (got execution.Execution, err error) {
	t.Helper()
	err = s.try(t, func(ctx context.Context, tx ports.Tx) (err error) {
		got, err = tx.Leases.Claim(ctx, eid, owner, lease)
		return err
	})
	return got, err
}

func (s *suite) hold(t *testing.T, l execution.Lease) (got execution.Execution, err error) {
	t.Helper()
	err = s.try(t, func(ctx context.Context, tx ports.Tx) (err error) {
		got, err = tx.Leases.Hold(ctx, l)
		return err
	})
	return got, err
}

func (s *suite) renew(t *testing.T, lease time.Duration, held ...execution.Lease) (got ports.Renewal) {
	t.Helper()
	s.do(t, func(ctx context.Context, tx ports.Tx) (err error) {
		got, err = tx.Leases.Renew(ctx, held, lease)
		return err
	})
	return got
}

// dueNow gives which of the known executions are due, in their order.
func (s *suite) dueNow(t *testing.T, known ...string) []string {
	t.Helper()
	return only(get(t, s, func(ctx context.Context, tx ports.Tx) ([]string, error) { return tx.Leases.Due(ctx, 100_000) }), known...)
}

func (s *suite) leases(t *testing.T) {
	t.Helper()
	h := s.member(t, "")
	t.Run("claimable is what the domain says", func(t *testing.T) { s.claimMatrix(t, h) })
	t.Run("claim", func(t *testing.T) {
		row, before := s.stored(t, h, 1, nil), s.Now()
		e, err := s.claim(t, row.ID, "worker", time.Minute)
		require.NoError(t, err)
		got := e.Snapshot()
		same(t, s.reload(t, row), got)
		require.WithinDuration(t, before.Add(time.Minute), got.LeaseUntil, 20*time.Second)
		require.WithinDuration(t, before, got.StartedAt, 20*time.Second)
		want := row
		want.State, want.Fence, want.Attempt, want.LeaseOwner, want.Version = execution.Running, 1, 1, "worker", 1
		want.LeaseUntil, want.StartedAt, want.UpdatedAt = got.LeaseUntil, got.StartedAt, got.UpdatedAt
		same(t, want, got)
		require.ErrorIs(t, s.saveExecution(t, row), fault.ErrStale, "a copy from before the claim cannot be saved")
		_, err = s.claim(t, row.ID, "another", time.Minute)
		require.ErrorIs(t, err, execution.ErrNotClaimable)
		_, err = s.claim(t, id(typeid.Execution), "worker", time.Minute)
		require.ErrorIs(t, err, execution.ErrNotClaimable)
	})
	t.Run("begin", func(t *testing.T) {
		e, before := s.begun(h), s.Now()
		s.do(t, func(ctx context.Context, tx ports.Tx) error { return tx.Executions.Begin(ctx, e, time.Minute) })
		got := s.reload(t, e.Snapshot())
		require.WithinDuration(t, before.Add(time.Minute), got.LeaseUntil, 20*time.Second, "by database time, whatever the caller thought")
		want := e.Snapshot()
		want.LeaseUntil = got.LeaseUntil
		same(t, want, got)
		_, err := s.claim(t, got.ID, "another", time.Minute)
		require.ErrorIs(t, err, execution.ErrNotClaimable)
		held, err := s.hold(t, got.Lease())
		require.NoError(t, err)
		same(t, got, held.Snapshot())
		err = s.try(t, func(ctx context.Context, tx ports.Tx) error { return tx.Executions.Begin(ctx, e, time.Minute) })
		require.ErrorIs(t, err, fault.ErrDuplicate)
		first, second := s.begun(h).Snapshot(), s.begun(h).Snapshot()
		first.Intent.Lane, second.Intent.Lane = "lane of begun", "lane of begun"
		s.do(t, func(ctx context.Context, tx ports.Tx) error {
			require.NoError(t, tx.Executions.Begin(ctx, execution.Restore(first), time.Minute))
			require.ErrorIs(t, tx.Executions.Begin(ctx, execution.Restore(second), time.Minute), execution.ErrNotClaimable)
			second.State, second.LeaseOwner, second.LeaseUntil = execution.Accepted, "", time.Time{}
			return tx.Executions.Insert(ctx, execution.Restore(second))
		})
		_, err = s.claim(t, second.ID, "another", time.Minute)
		require.ErrorIs(t, err, execution.ErrNotClaimable, "its turn comes after the one that began")
		lapsed := s.begun(h)
		s.do(t, func(ctx context.Context, tx ports.Tx) error { return tx.Executions.Begin(ctx, lapsed, -time.Minute) })
		require.Equal(t, []string{lapsed.ID()}, s.dueNow(t, got.ID, lapsed.ID()), "what its owner leaves is found like any other")
		_, err = s.claim(t, lapsed.ID(), "another", time.Hour)
		require.NoError(t, err)
	})
	t.Run("one of many claims wins", func(t *testing.T) {
		row := s.stored(t, h, 1, nil)
		won := 0
		for _, err := range race(16, func(i int) error {
			_, err := s.claim(t, row.ID, fmt.Sprint("worker ", i), time.Minute)
			return err
		}) {
			if err == nil {
				won++
				continue
			}
			require.ErrorIs(t, err, execution.ErrNotClaimable)
		}
		require.Equal(t, 1, won)
		require.Equal(t, int64(1), s.reload(t, row).Fence)
	})
	t.Run("hold", func(t *testing.T) { s.held(t, h) })
	t.Run("a lapsed lease is taken over and fences its owner", func(t *testing.T) { s.takeOver(t, h) })
	t.Run("renew", func(t *testing.T) { s.renewed(t, h) })
	t.Run("due", func(t *testing.T) { s.due(t, h) })
	t.Run("release all", func(t *testing.T) {
		a, b := s.stored(t, h, 1, nil), s.stored(t, h, 1, func(r *execution.Snapshot) { r.State, r.DueAt = execution.Waiting, time.Time{} })
		_, err := s.claim(t, a.ID, "dead", time.Hour)
		require.NoError(t, err)
		require.Empty(t, s.dueNow(t, a.ID, b.ID))
		s.do(t, func(ctx context.Context, tx ports.Tx) error {
			n, err := tx.Leases.ReleaseAll(ctx)
			require.NoError(t, err)
			require.GreaterOrEqual(t, n, int64(1))
			return nil
		})
		require.Equal(t, []string{a.ID}, s.dueNow(t, a.ID, b.ID))
		e, err := s.claim(t, a.ID, "alive", time.Minute)
		require.NoError(t, err)
		require.Equal(t, int64(2), e.Snapshot().Fence)
	})
}

// claimMatrix compares claims and the list of due executions with the domain's rule for every state, due time and lease.
func (s *suite) claimMatrix(t *testing.T, h home) {
	t.Helper()
	now := s.Now()
	var rows []execution.Snapshot
	for _, state := range execution.States() {
		for _, due := range []time.Time{now.Add(-time.Minute), now.Add(time.Hour)} {
			for _, lease := range []time.Time{{}, now.Add(-time.Minute), now.Add(time.Hour)} {
				rows = append(rows, s.execution(h, 1, func(r *execution.Snapshot) {
					r.State, r.DueAt, r.LeaseUntil = state, due.Truncate(time.Microsecond), lease.Truncate(time.Microsecond)
				}).Snapshot())
			}
		}
	}
	s.do(t, func(ctx context.Context, tx ports.Tx) error {
		for _, r := range rows {
			require.NoError(t, tx.Executions.Insert(ctx, execution.Restore(r)))
		}
		return nil
	})
	due := s.dueNow(t, ids(rows, func(r execution.Snapshot) string { return r.ID })...)
	s.do(t, func(ctx context.Context, tx ports.Tx) error {
		for _, r := range rows {
			what := fmt.Sprintf("%s, due %s, lease until %s", r.State, r.DueAt.Sub(now), r.LeaseUntil)
			_, err := tx.Leases.Claim(ctx, r.ID, "worker", time.Minute)
			if execution.Restore(r).Claimable(now) {
				require.NoError(t, err, what)
				require.Contains(t, due, r.ID, what)
				continue
			}
			require.ErrorIs(t, err, execution.ErrNotClaimable, what)
			require.NotContains(t, due, r.ID, what)
		}
		return nil
	})
}

func (s *suite) held(t *testing.T, h home) {
	t.Helper()
	row := s.stored(t, h, 1, nil)
	claimed, err := s.claim(t, row.ID, "worker", time.Minute)
	require.NoError(t, err)
	lease := claimed.Snapshot().Lease()

	got, err := s.hold(t, lease)
	require.NoError(t, err)
	same(t, claimed.Snapshot(), got.Snapshot())
	got, err = look(t, s, func(ctx context.Context, tx ports.Tx) (execution.Execution, error) { return tx.Leases.Hold(ctx, lease) })
	require.NoError(t, err, "in a view it reads")
	same(t, claimed.Snapshot(), got.Snapshot())

	within := func(l execution.Lease, scope identity.Scope) error {
		errLook := s.UnitOfWork.Look(t.Context(), func(ctx context.Context, tx ports.Tx) error { return tx.Scopes.Held(ctx, l, scope) })
		errDo := s.try(t, func(ctx context.Context, tx ports.Tx) error {
			if err := tx.Scopes.Held(ctx, l, scope); err != nil {
				return err
			}
			_, err := tx.Executions.ByID(ctx, scope, row.ID)
			if errors.Is(err, fault.ErrNotFound) {
				err = nil // a caller that swallows what it is told must fail all the same
			}
			return err
		})
		errView := s.UnitOfWork.View(t.Context(), func(ctx context.Context, tx ports.Tx) error {
			_ = tx.Scopes.Held(ctx, l, scope)
			_, err := tx.Executions.ByID(ctx, scope, row.ID)
			return errors.Join(err, tx.Scopes.Held(ctx, l, scope))
		})
		require.Equal(t, errDo == nil, errLook == nil, "%v and %v", errDo, errLook)
		require.Equal(t, errDo == nil, errView == nil, "%v and %v", errDo, errView)
		return errDo
	}
	require.NoError(t, within(lease, h.scope))
	require.ErrorIs(t, within(lease, identity.Scope{TenantID: h.tenantID, OwnerID: id(typeid.User)}), execution.ErrLeaseLost, "another's scope")

	for name, l := range map[string]execution.Lease{
		"an older fence": {ExecutionID: row.ID, Owner: "worker", Fence: lease.Fence - 1},
		"a newer fence":  {ExecutionID: row.ID, Owner: "worker", Fence: lease.Fence + 1},
		"unknown":        {ExecutionID: id(typeid.Execution), Owner: "worker", Fence: 1},
	} {
		_, err := s.hold(t, l)
		require.ErrorIs(t, err, execution.ErrLeaseLost, name)
		require.ErrorIs(t, within(l, h.scope), execution.ErrLeaseLost, name)
	}
	s.do(t, func(ctx context.Context, tx ports.Tx) error {
		e, err := tx.Leases.Hold(ctx, lease)
		require.NoError(t, err)
		require.NoError(t, e.Complete([]byte(`{}`), s.Now()))
		return tx.Executions.Save(ctx, e)
	})
	_, err = s.hold(t, lease)
	require.ErrorIs(t, err, execution.ErrLeaseLost, "it is over")
}
