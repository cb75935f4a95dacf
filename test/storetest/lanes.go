package storetest

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/domain/execution"
	"github.com/symphainy/symphainy/domain/typeid"
	"github.com/symphainy/symphainy/ports"
)

func (s *suite) nextInLane(t *testing.T, tenantID, lane string) string {
	t.Helper()
	return get(t, s, func(ctx context.Context, tx ports.Tx) (string, error) {
		return tx.Leases.NextInLane(ctx, tenantID, lane)
	})
}

// move changes the state of an execution without regard to its rules.
func (s *suite) move(t *testing.T, row execution.Snapshot, to execution.State) {
	t.Helper()
	now := s.reload(t, row)
	now.State = to
	require.NoError(t, s.saveExecution(t, now))
}

func (s *suite) lanes(t *testing.T) {
	t.Helper()
	h, other := s.member(t, ""), s.member(t, "")
	lane := id(typeid.Conversation)
	in := func(r *execution.Snapshot) { r.Intent.Lane = lane }
	// The second and third were accepted in the same moment and are ordered by id.
	first, second, third := s.stored(t, h, 1, in), s.stored(t, h, 2, in), s.stored(t, h, 2, in)
	foreign, free := s.stored(t, other, 3, in), s.stored(t, h, 3, nil)
	all := []string{first.ID, second.ID, third.ID, foreign.ID, free.ID}
	blocked := func(t *testing.T, rows ...execution.Snapshot) {
		t.Helper()
		for _, row := range rows {
			_, err := s.claim(t, row.ID, "worker", time.Minute)
			require.ErrorIs(t, err, execution.ErrNotClaimable)
			require.Empty(t, s.dueNow(t, row.ID))
		}
	}
	t.Run("only the first of a lane can be claimed", func(t *testing.T) {
		require.ElementsMatch(t, []string{first.ID, foreign.ID, free.ID}, s.dueNow(t, all...))
		require.Equal(t, first.ID, s.nextInLane(t, h.tenantID, lane))
		require.Equal(t, foreign.ID, s.nextInLane(t, other.tenantID, lane))
		blocked(t, second, third)
		_, err := s.claim(t, free.ID, "worker", time.Minute)
		require.NoError(t, err)
		_, err = s.claim(t, foreign.ID, "worker", time.Minute)
		require.NoError(t, err, "another tenant's lane of the same name")
	})
	t.Run("while it is live in any way, the others wait", func(t *testing.T) {
		_, err := s.claim(t, first.ID, "worker", time.Minute)
		require.NoError(t, err)
		require.Equal(t, second.ID, s.nextInLane(t, h.tenantID, lane))
		blocked(t, second, third)
		for _, state := range []execution.State{execution.Waiting, execution.Retrying, execution.Paused} {
			s.move(t, first, state)
			blocked(t, second, third)
		}
		s.move(t, first, execution.Retrying)
		require.Equal(t, first.ID, s.nextInLane(t, h.tenantID, lane))
	})
	t.Run("its end lets the next go", func(t *testing.T) {
		s.move(t, first, execution.Failed)
		blocked(t, third)
		require.Equal(t, []string{second.ID}, s.dueNow(t, first.ID, second.ID, third.ID))
		_, err := s.claim(t, second.ID, "worker", time.Minute)
		require.NoError(t, err)
		require.Equal(t, third.ID, s.nextInLane(t, h.tenantID, lane))
		s.move(t, second, execution.Cancelled)
		_, err = s.claim(t, third.ID, "worker", time.Minute)
		require.NoError(t, err)
		require.Empty(t, s.nextInLane(t, h.tenantID, lane))
	})
	t.Run("nothing next", func(t *testing.T) {
		require.Empty(t, s.nextInLane(t, h.tenantID, id(typeid.Conversation)))
		s.stored(t, h, 4, nil)
		require.Empty(t, s.nextInLane(t, h.tenantID, ""), "no lane is not a lane")
	})
	t.Run("one at a time, also when many claim at once", func(t *testing.T) {
		lane := id(typeid.Conversation)
		rows := make([]execution.Snapshot, 8)
		for i := range rows {
			rows[i] = s.stored(t, h, 1, func(r *execution.Snapshot) { r.Intent.Lane = lane })
		}
		errs := race(len(rows), func(i int) error {
			_, err := s.claim(t, rows[i].ID, "worker", time.Minute)
			return err
		})
		require.NoError(t, errs[0])
		for _, err := range errs[1:] {
			require.ErrorIs(t, err, execution.ErrNotClaimable)
		}
	})
}
