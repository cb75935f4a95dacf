package storetest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/domain/execution"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/ports"
)

func (s *suite) flow(t *testing.T) {
	t.Helper()
	t.Run("the same work once while it lives", s.same)
	t.Run("full", s.full)
	t.Run("in turn", s.inTurn)
	t.Run("queues", s.queues)
}

func (s *suite) same(t *testing.T) {
	h, other := s.member(t, ""), s.member(t, "")
	key := func(r *execution.Snapshot) { r.Intent.SameKey = "key" }
	find := func(row execution.Snapshot, key string) (execution.Execution, error) {
		return look(t, s, func(ctx context.Context, tx ports.Tx) (execution.Execution, error) {
			return tx.Flow.Same(ctx, row.Scope(), row.SessionID, key)
		})
	}
	first := s.stored(t, h, 1, key)
	require.Equal(t, "key", s.reload(t, first).Intent.SameKey)
	again := s.execution(h, 2, key)
	err := s.try(t, func(ctx context.Context, tx ports.Tx) error {
		require.ErrorIs(t, tx.Executions.Insert(ctx, again), fault.ErrDuplicate)
		found, err := tx.Flow.Same(ctx, first.Scope(), first.SessionID, "key")
		require.Equal(t, first.ID, found.ID(), "the transaction goes on")
		return err
	})
	require.NoError(t, err)
	s.stored(t, other, 1, key) // another session's is another's
	s.stored(t, h, 1, nil)
	s.stored(t, h, 1, nil) // nothing is the same as nothing
	_, err = find(first, "")
	require.ErrorIs(t, err, fault.ErrNotFound)
	_, err = find(first, "another")
	require.ErrorIs(t, err, fault.ErrNotFound)
	foreign := first.Scope()
	foreign.OwnerID = other.user.ID
	_, err = look(t, s, func(ctx context.Context, tx ports.Tx) (execution.Execution, error) {
		return tx.Flow.Same(ctx, foreign, first.SessionID, "key")
	})
	require.ErrorIs(t, err, fault.ErrNotFound)

	ended := execution.Restore(s.reload(t, first))
	require.NoError(t, ended.Cancel(s.at(3)))
	require.NoError(t, s.saveExecution(t, ended.Snapshot()))
	_, err = find(first, "key")
	require.ErrorIs(t, err, fault.ErrNotFound, "what has ended is the same as nothing")
	won := 0
	for _, err := range race(16, func(int) error {
		e := s.execution(h, 4, key)
		return s.UnitOfWork.Do(t.Context(), func(ctx context.Context, tx ports.Tx) error { return tx.Executions.Insert(ctx, e) })
	}) {
		if err == nil {
			won++
			continue
		}
		require.ErrorIs(t, err, fault.ErrDuplicate)
	}
	require.Equal(t, 1, won)
}

func (s *suite) full(t *testing.T) {
	h, other := s.member(t, ""), s.member(t, "")
	for _, state := range []execution.State{execution.Accepted, execution.Retrying, execution.Waiting, execution.Completed} {
		s.stored(t, h, 1, func(r *execution.Snapshot) { r.State = state })
	}
	s.stored(t, other, 1, nil)
	full := func(limit int) bool {
		return get(t, s, func(ctx context.Context, tx ports.Tx) (bool, error) { return tx.Flow.Full(ctx, h.tenantID, limit) })
	}
	require.True(t, full(1))
	require.True(t, full(2))
	require.False(t, full(3), "what waits for something, or has ended, waits for no worker")
	_, err := look(t, s, func(ctx context.Context, tx ports.Tx) (bool, error) { return tx.Flow.Full(ctx, "", 1) })
	require.Error(t, err)
}

// One tenant's many do not come before another's few.
func (s *suite) inTurn(t *testing.T) {
	a, b := s.member(t, ""), s.member(t, "")
	if a.tenantID > b.tenantID {
		a, b = b, a
	}
	var many []string
	for i := range 3 {
		many = append(many, s.stored(t, a, i, nil).ID)
	}
	few := s.stored(t, b, 30, nil).ID
	late := s.stored(t, b, 1, func(r *execution.Snapshot) { r.DueAt = s.Now().Add(time.Hour).Truncate(time.Microsecond) }).ID
	next := func(after string) (tenant, id string) {
		s.view(t, func(ctx context.Context, tx ports.Tx) (err error) {
			tenant, id, err = tx.Flow.NextInTurn(ctx, after)
			return err
		})
		return tenant, id
	}
	// Other tests' tenants may be in between; the turn comes to these two in the order of their ids.
	before := a.tenantID[:len(a.tenantID)-1]
	order, seen := []string{}, map[string]bool{}
	for tenant := before; len(seen) < 2; {
		var id string
		tenant, id = next(tenant)
		require.NotEmpty(t, id)
		if tenant == a.tenantID || tenant == b.tenantID {
			order, seen[tenant] = append(order, id), true
		}
	}
	require.Equal(t, []string{many[0], few}, order)
	for _, id := range append(many, few, late) {
		_, err := s.claim(t, id, "worker", time.Minute)
		if id == late {
			require.ErrorIs(t, err, execution.ErrNotClaimable)
			continue
		}
		require.NoError(t, err)
	}
	tenant, _ := next(before)
	require.NotContains(t, []string{a.tenantID, b.tenantID}, tenant, "what runs, or is not due, has no turn")
}

func (s *suite) queues(t *testing.T) {
	h, other := s.member(t, ""), s.member(t, "")
	old := s.Now().Add(-2 * time.Minute).Truncate(time.Microsecond)
	first := s.stored(t, h, 1, func(r *execution.Snapshot) { r.DueAt = old })
	s.stored(t, h, 2, func(r *execution.Snapshot) { r.DueAt = s.Now().Truncate(time.Microsecond) })
	s.stored(t, h, 3, func(r *execution.Snapshot) { r.State, r.LeaseUntil = execution.Running, old })
	s.stored(t, h, 3, func(r *execution.Snapshot) {
		r.State, r.LeaseUntil = execution.Running, s.Now().Add(time.Hour).Truncate(time.Microsecond)
	})
	s.stored(t, h, 4, func(r *execution.Snapshot) { r.State = execution.Paused })
	s.stored(t, h, 5, func(r *execution.Snapshot) { r.State, r.DueAt = execution.Waiting, time.Time{} })
	s.stored(t, h, 6, func(r *execution.Snapshot) { r.State = execution.Completed })
	s.stored(t, other, 1, nil)
	list := func(tenant string, limit int) []ports.QueueCount {
		return get(t, s, func(ctx context.Context, tx ports.Tx) ([]ports.QueueCount, error) {
			return tx.Flow.Queues(ctx, tenant, limit)
		})
	}
	got := list(h.tenantID, 100)
	require.Equal(t, ports.QueueCount{
		TenantID: h.tenantID, IntentType: "parse_content", State: execution.Accepted, Count: 2, Stuck: 1, Oldest: first.CreatedAt,
	}, got[0])
	var short []string
	for _, c := range got {
		short = append(short, string(c.State))
		require.Equal(t, h.tenantID, c.TenantID)
	}
	require.Equal(t, []string{"accepted", "paused", "running", "waiting"}, short)
	require.Equal(t, []int64{2, 1}, []int64{got[2].Count, got[2].Stuck})
	require.Equal(t, []int64{1, 0}, []int64{got[3].Count, got[3].Stuck})
	require.Len(t, list(h.tenantID, 2), 2)
	tenants := map[string]bool{}
	for _, c := range list("", 1_000_000) {
		tenants[c.TenantID] = true
	}
	require.True(t, tenants[h.tenantID] && tenants[other.tenantID])
}

// RunBounds holds a store to bounds of how much runs at once. open is called for each set of bounds.
func RunBounds(t *testing.T, open func(t *testing.T, c ports.Concurrency) Subject) {
	t.Helper()
	for name, c := range map[string]ports.Concurrency{
		"tenant": {PerTenant: 2}, "session": {PerSession: 2}, "type": {PerType: map[string]int{"parse_content": 2, "other": 1}},
	} {
		t.Run(name, func(t *testing.T) {
			s := &suite{Subject: open(t, c)}
			s.base = s.Now().UTC().Truncate(time.Second).Add(-time.Hour)
			s.bounds(t, name)
		})
	}
}

func (s *suite) bounds(t *testing.T, name string) {
	t.Helper()
	h, other := s.member(t, ""), s.member(t, "")
	var list []string
	for i := range 6 {
		list = append(list, s.stored(t, h, i, nil).ID)
	}
	free := s.stored(t, other, 30, func(r *execution.Snapshot) { r.Intent.Type = "free" }).ID
	won := 0
	for _, err := range race(len(list), func(i int) error {
		_, err := s.claim(t, list[i], "worker", time.Minute)
		return err
	}) {
		if err == nil {
			won++
			continue
		}
		require.ErrorIs(t, err, execution.ErrNotClaimable)
	}
	require.Equal(t, 2, won, "claims at the same time count each other")
	require.Empty(t, s.dueNow(t, list...), "what a bound keeps is not due")
	var id string
	s.view(t, func(ctx context.Context, tx ports.Tx) (err error) {
		_, id, err = tx.Flow.NextInTurn(ctx, "")
		return err
	})
	require.Equal(t, free, id, "nor has it a turn")
	_, err := s.claim(t, free, "worker", time.Minute)
	require.NoError(t, err, "others are not kept by it")

	// A place that becomes free is taken; a dead owner's is free too, and its own work comes back into it.
	s.do(t, func(ctx context.Context, tx ports.Tx) error {
		_, err := tx.Leases.ReleaseAll(ctx)
		return err
	})
	won = 0
	for _, id := range list {
		if _, err := s.claim(t, id, "another", time.Minute); !errors.Is(err, execution.ErrNotClaimable) {
			require.NoError(t, err)
			won++
		}
	}
	require.Equal(t, 2, won, name)
}
