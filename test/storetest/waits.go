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

func (s *suite) nextSignal(t *testing.T, tenantID, eid, name string) (execution.Signal, error) {
	t.Helper()
	return look(t, s, func(ctx context.Context, tx ports.Tx) (execution.Signal, error) {
		return tx.Signals.Next(ctx, tenantID, eid, name)
	})
}

func (s *suite) signals(t *testing.T) {
	t.Helper()
	h, v := s.member(t, ""), s.visitor(t)
	row, sibling := s.stored(t, h, 1, nil), s.stored(t, h, 1, nil)
	put := func(tenantID string, v execution.Signal) error {
		return s.try(t, func(ctx context.Context, tx ports.Tx) error { return tx.Signals.Put(ctx, tenantID, v) })
	}
	take := func(tenantID, eid, sid, wait string) error {
		return s.try(t, func(ctx context.Context, tx ports.Tx) error { return tx.Signals.Take(ctx, tenantID, eid, sid, wait) })
	}
	want := execution.Signal{ID: "b", ExecutionID: row.ID, Name: awkward, Payload: []byte(awkwardJSON), SentBy: h.user.ID, SentAt: s.abroad(2)}
	_, err := s.nextSignal(t, h.tenantID, row.ID, awkward)
	requireMissing(t, err)
	for _, one := range []execution.Signal{
		{ID: "a", ExecutionID: row.ID, Name: awkward, SentAt: s.at(3)}, want, {ID: "c", ExecutionID: row.ID, Name: "other", SentAt: s.at(1)},
		{ID: "b", ExecutionID: sibling.ID, Name: awkward, SentAt: s.at(1)},
	} {
		require.NoError(t, put(h.tenantID, one))
	}
	require.ErrorIs(t, put(h.tenantID, want), fault.ErrDuplicate)

	got, err := s.nextSignal(t, h.tenantID, row.ID, awkward)
	require.NoError(t, err)
	same(t, want, got)
	_, err = s.nextSignal(t, s.member(t, "").tenantID, row.ID, awkward)
	requireMissing(t, err)
	requireMissing(t, take(s.member(t, "").tenantID, row.ID, "b", "wait"))
	requireMissing(t, take(h.tenantID, row.ID, "nothing", "wait"))
	won := 0
	for _, err := range race(8, func(int) error { return take(h.tenantID, row.ID, "b", "wait") }) {
		if err == nil {
			won++
			continue
		}
		requireMissing(t, err)
	}
	require.Equal(t, 1, won, "a signal is taken once")
	got, err = s.nextSignal(t, h.tenantID, row.ID, awkward)
	require.NoError(t, err)
	require.Equal(t, "a", got.ID, "the next oldest")
	require.Nil(t, got.Payload)

	visited := s.stored(t, v, 1, nil)
	require.NoError(t, put(v.tenantID, execution.Signal{ID: "x", ExecutionID: visited.ID, Name: "go", SentAt: s.at(1)}))
	require.NoError(t, s.rekeyTo(t, v, h))
	_, err = s.nextSignal(t, h.tenantID, visited.ID, "go")
	require.NoError(t, err, "signals move with their execution")
	_, err = s.nextSignal(t, v.tenantID, visited.ID, "go")
	requireMissing(t, err)
}

func (s *suite) children(t *testing.T) {
	t.Helper()
	h := s.member(t, "")
	parent, over := s.stored(t, h, 1, nil), s.stored(t, h, 1, func(r *execution.Snapshot) { r.State = execution.Cancelled })
	kid := func(of string, minutes int, key string, state execution.State) execution.Snapshot {
		return s.stored(t, h, minutes, func(r *execution.Snapshot) { r.ParentID, r.ChildKey, r.State = of, key, state })
	}
	late, early := kid(parent.ID, 3, "kids/late", execution.Waiting), kid(parent.ID, 2, "kids/early", execution.Completed)
	left, ended, asked := kid(over.ID, 1, "a", execution.Waiting), kid(over.ID, 1, "b", execution.Failed), s.stored(t, h, 1, func(r *execution.Snapshot) {
		r.ParentID, r.ChildKey, r.State, r.CancelRequested = over.ID, "c", execution.Running, true
	})
	err := s.try(t, func(ctx context.Context, tx ports.Tx) error {
		return tx.Executions.Insert(ctx, s.execution(h, 4, func(r *execution.Snapshot) { r.ParentID, r.ChildKey = parent.ID, "kids/late" }))
	})
	require.ErrorIs(t, err, fault.ErrDuplicate, "a key is one child's")

	s.view(t, func(ctx context.Context, tx ports.Tx) error {
		list, err := tx.Children.Of(ctx, h.tenantID, parent.ID)
		require.NoError(t, err)
		require.Equal(t, []execution.Child{
			{ID: early.ID, Key: "kids/early", State: execution.Completed}, {ID: late.ID, Key: "kids/late", State: execution.Waiting},
		}, list)
		n, err := tx.Children.Live(ctx, h.tenantID, parent.ID)
		require.NoError(t, err)
		require.Equal(t, 1, n)
		for _, tenant := range []string{s.member(t, "").tenantID} {
			list, err := tx.Children.Of(ctx, tenant, parent.ID)
			require.NoError(t, err)
			require.Empty(t, list)
			n, err := tx.Children.Live(ctx, tenant, parent.ID)
			require.NoError(t, err)
			require.Zero(t, n)
		}
		for _, none := range []string{"", id(typeid.Execution)} {
			list, err := tx.Children.Of(ctx, h.tenantID, none)
			require.NoError(t, err)
			require.Empty(t, list)
		}
		orphans, err := tx.Children.Orphans(ctx, 100_000)
		require.NoError(t, err)
		require.Contains(t, orphans, execution.Orphan{ID: left.ID, Scope: h.scope})
		for _, o := range orphans {
			require.NotContains(t, []string{ended.ID, asked.ID, late.ID, early.ID, parent.ID, over.ID}, o.ID)
		}
		orphans, err = tx.Children.Orphans(ctx, 0)
		require.NoError(t, err)
		require.Empty(t, orphans)
		return nil
	})
}

func (s *suite) decisions(t *testing.T) {
	t.Helper()
	h := s.member(t, "")
	asks := func(minutes int, edit func(*execution.Snapshot)) execution.Snapshot {
		return s.stored(t, h, 1, func(r *execution.Snapshot) {
			r.State, r.WaitingFor, r.Waiting, r.UpdatedAt = execution.Waiting, execution.ForDecision, []byte(`{"for":"decision"}`), s.at(minutes)
			r.DueAt = time.Time{}
			if edit != nil {
				edit(r)
			}
		})
	}
	first, second := asks(2, nil), asks(1, nil) // who was changed last says nothing
	if first.ID > second.ID {
		first, second = second, first
	}
	asks(3, func(r *execution.Snapshot) { r.State = execution.Paused })
	asks(3, func(r *execution.Snapshot) { r.WaitingFor = execution.ForTimer })
	s.view(t, func(ctx context.Context, tx ports.Tx) error {
		open, err := tx.Decisions.Open(ctx, h.tenantID, ports.Page{Limit: 10})
		require.NoError(t, err)
		require.Len(t, open, 2)
		same(t, first, open[0].Snapshot())
		same(t, second, open[1].Snapshot())
		open, err = tx.Decisions.Open(ctx, h.tenantID, ports.Page{Limit: 1})
		require.NoError(t, err)
		require.Len(t, open, 1)
		open, err = tx.Decisions.Open(ctx, h.tenantID, ports.Page{Limit: 10, After: first.ID})
		require.NoError(t, err)
		require.Len(t, open, 1)
		same(t, second, open[0].Snapshot())
		open, err = tx.Decisions.Open(ctx, h.tenantID, ports.Page{Limit: 10, After: second.ID})
		require.NoError(t, err)
		require.Empty(t, open)
		open, err = tx.Decisions.Open(ctx, s.member(t, "").tenantID, ports.Page{Limit: 10})
		require.NoError(t, err)
		require.Empty(t, open)
		return nil
	})
	require.NoError(t, s.try(t, func(ctx context.Context, tx ports.Tx) error {
		e, err := tx.Decisions.Lock(ctx, h.tenantID, first.ID)
		require.NoError(t, err)
		same(t, first, e.Snapshot())
		_, err = tx.Decisions.Lock(ctx, id(typeid.Tenant), first.ID)
		requireMissing(t, err)
		_, err = tx.Decisions.Lock(ctx, h.tenantID, id(typeid.Execution))
		requireMissing(t, err)
		require.NoError(t, e.Wake(s.Now().Add(-time.Second).Truncate(time.Microsecond)))
		return tx.Executions.Save(ctx, e)
	}))
	require.Equal(t, []string{first.ID}, s.dueNow(t, first.ID, second.ID), "woken, it is due")
	e, err := s.claim(t, first.ID, "worker", time.Minute)
	require.NoError(t, err)
	require.Equal(t, first.Attempt, e.Snapshot().Attempt, "a wait is no attempt")
}
