package storetest

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/domain/execution"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/typeid"
	"github.com/symphainy/symphainy/ports"
)

func (s *suite) stepsOf(t *testing.T, tenantID, eid string) []execution.Step {
	t.Helper()
	return get(t, s, func(ctx context.Context, tx ports.Tx) ([]execution.Step, error) {
		return tx.Steps.Of(ctx, tenantID, eid)
	})
}

func (s *suite) steps(t *testing.T) {
	t.Helper()
	h := s.member(t, "")
	row, sibling := s.stored(t, h, 1, nil), s.stored(t, h, 1, nil)
	put := func(t *testing.T, v execution.Step) error {
		t.Helper()
		return s.try(t, func(ctx context.Context, tx ports.Tx) error { return tx.Steps.Put(ctx, h.tenantID, v) })
	}
	step := execution.Step{
		ExecutionID: row.ID, Name: awkward, Position: 2, Result: []byte(awkwardJSON), Undo: awkward, Attempt: 3, StartedAt: s.abroad(1), CompletedAt: s.abroad(2),
	}
	full(t, step)
	bare := execution.Step{ExecutionID: row.ID, Name: "first", Position: 1}
	third := execution.Step{ExecutionID: row.ID, Name: "First", Position: 3, Result: []byte(`"text"`)}
	require.Empty(t, s.stepsOf(t, h.tenantID, row.ID))
	for _, v := range []execution.Step{third, step, bare} {
		require.NoError(t, put(t, v))
	}
	require.NoError(t, put(t, execution.Step{ExecutionID: sibling.ID, Name: "first", Position: 1}), "names are an execution's own")

	same(t, []execution.Step{bare, step, third}, s.stepsOf(t, h.tenantID, row.ID))
	require.Len(t, s.stepsOf(t, h.tenantID, sibling.ID), 1)
	require.Empty(t, s.stepsOf(t, s.member(t, "").tenantID, row.ID), "another tenant")
	require.Empty(t, s.stepsOf(t, h.tenantID, id(typeid.Execution)))

	again := step
	again.Position = 4
	require.ErrorIs(t, put(t, again), fault.ErrDuplicate)
	require.ErrorIs(t, s.try(t, func(ctx context.Context, tx ports.Tx) error {
		require.NoError(t, tx.Steps.Put(ctx, h.tenantID, execution.Step{ExecutionID: row.ID, Name: "rolled back", Position: 4}))
		return fault.ErrPermission
	}), fault.ErrPermission)
	require.Len(t, s.stepsOf(t, h.tenantID, row.ID), 3)

	forget := func(tenantID string) (n int64) {
		require.NoError(t, s.try(t, func(ctx context.Context, tx ports.Tx) (err error) {
			n, err = tx.Steps.Forget(ctx, tenantID, row.ID)
			return err
		}))
		return n
	}
	require.Zero(t, forget(s.member(t, "").tenantID), "another tenant's")
	require.EqualValues(t, 3, forget(h.tenantID))
	require.Empty(t, s.stepsOf(t, h.tenantID, row.ID))
	require.Zero(t, forget(h.tenantID))
	require.Len(t, s.stepsOf(t, h.tenantID, sibling.ID), 1)
}
