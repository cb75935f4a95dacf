package storetest

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/domain/execution"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/typeid"
	"github.com/symphainy/symphainy/ports"
)

func (s *suite) takeOver(t *testing.T, h home) {
	t.Helper()
	row := s.stored(t, h, 1, nil)
	first, err := s.claim(t, row.ID, "first", 3*time.Millisecond)
	require.NoError(t, err)
	var second execution.Execution
	s.later(t, 3*time.Millisecond, func() bool {
		second, err = s.claim(t, row.ID, "second", time.Minute)
		return err == nil
	})
	require.Equal(t, first.Snapshot().Lease().Fence+1, second.Snapshot().Lease().Fence)
	require.Equal(t, 2, second.Snapshot().Attempt)
	require.True(t, first.Snapshot().StartedAt.Equal(second.Snapshot().StartedAt), "it started when it first did")

	_, err = s.hold(t, first.Snapshot().Lease())
	require.ErrorIs(t, err, execution.ErrLeaseLost)
	require.Equal(t, ports.Renewal{Lost: []string{row.ID}}, s.renew(t, time.Hour, first.Snapshot().Lease()))
	zombie := first
	require.NoError(t, zombie.Complete([]byte(`{}`), s.Now()))
	require.ErrorIs(t, s.saveExecution(t, zombie.Snapshot()), fault.ErrStale)
	same(t, second.Snapshot(), s.reload(t, row))
}

func (s *suite) renewed(t *testing.T, h home) {
	t.Helper()
	claim := func(lease time.Duration, edit func(*execution.Snapshot)) execution.Execution {
		e, err := s.claim(t, s.stored(t, h, 1, edit).ID, "worker", lease)
		require.NoError(t, err)
		return e
	}
	require.Equal(t, ports.Renewal{}, s.renew(t, time.Minute))
	good, cancelled, over := claim(time.Minute, nil), claim(time.Minute, nil), claim(time.Minute, nil)
	lapsed := claim(time.Microsecond, nil)
	s.later(t, time.Millisecond, func() bool { return len(s.dueNow(t, lapsed.ID())) == 1 })
	s.do(t, func(ctx context.Context, tx ports.Tx) error {
		done, err := cancelled.RequestCancel(s.Now())
		require.NoError(t, err)
		require.False(t, done)
		require.NoError(t, tx.Executions.Save(ctx, cancelled))
		done, err = lapsed.RequestPause(false, s.Now().Add(-time.Hour))
		require.NoError(t, err)
		require.False(t, done)
		require.NoError(t, tx.Executions.Save(ctx, lapsed))
		ended := over
		require.NoError(t, ended.Fail("code", "message", s.Now()))
		return tx.Executions.Save(ctx, ended)
	})
	unknown := execution.Lease{ExecutionID: id(typeid.Execution), Owner: "worker", Fence: 1}
	wrong := good.Snapshot().Lease()
	wrong.Fence++
	got := s.renew(t, time.Hour, good.Snapshot().Lease(), cancelled.Snapshot().Lease(), over.Snapshot().Lease(), lapsed.Snapshot().Lease(), unknown)
	require.ElementsMatch(t, []string{over.ID(), unknown.ExecutionID}, got.Lost)
	require.Equal(t, []string{cancelled.ID()}, got.Cancel)
	require.Equal(t, []string{lapsed.ID()}, got.Pause)
	for _, e := range []execution.Execution{good, cancelled, lapsed} {
		row := s.reload(t, e.Snapshot())
		require.WithinDuration(t, s.Now().Add(time.Hour), row.LeaseUntil, time.Minute)
		require.Equal(t, e.Snapshot().Lease(), row.Lease())
	}
	require.Empty(t, s.dueNow(t, good.ID(), cancelled.ID(), lapsed.ID()))
	require.Equal(t, []string{good.ID()}, s.renew(t, 9*time.Hour, wrong).Lost)
	require.WithinDuration(t, s.Now().Add(time.Hour), s.reload(t, good.Snapshot()).LeaseUntil, time.Minute)
	_, err := s.hold(t, good.Snapshot().Lease())
	require.NoError(t, err)
}

func (s *suite) due(t *testing.T, h home) {
	t.Helper()
	at := func(d time.Duration) func(*execution.Snapshot) {
		return func(r *execution.Snapshot) { r.DueAt = s.Now().Add(d).Truncate(time.Microsecond) }
	}
	// Older due times than those of the suite's other executions.
	b := s.stored(t, h, 1, at(-99*time.Hour)).ID
	a := s.stored(t, s.visitor(t), 1, at(-100*time.Hour)).ID
	c := s.stored(t, s.member(t, ""), 1, at(-98*time.Hour)).ID
	future := s.stored(t, h, 1, at(time.Hour)).ID
	require.Equal(t, []string{a, b, c}, s.dueNow(t, a, b, c, future), "all tenants', oldest due first")
	few := get(t, s, func(ctx context.Context, tx ports.Tx) ([]string, error) { return tx.Leases.Due(ctx, 2) })
	require.Equal(t, []string{a, b}, few)
	lapsed := s.stored(t, h, 1, func(r *execution.Snapshot) {
		r.State, r.LeaseOwner, r.LeaseUntil, r.DueAt = execution.Running, "gone", s.Now().Add(-time.Second).Truncate(time.Microsecond), time.Time{}
	}).ID
	require.Equal(t, []string{lapsed, a, b, c}, s.dueNow(t, a, b, c, lapsed), "work that lost its owner goes before a backlog")
	for _, eid := range []string{a, b, c} {
		_, err := s.claim(t, eid, "worker", time.Hour)
		require.NoError(t, err)
	}
	require.Empty(t, s.dueNow(t, a, b, c, future))
	soon := s.stored(t, h, 1, at(3*time.Millisecond)).ID
	s.later(t, 3*time.Millisecond, func() bool {
		_, err := s.claim(t, soon, "worker", time.Minute)
		return err == nil
	})
}
