package storetest

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/domain/event"
	"github.com/symphainy/symphainy/domain/execution"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/session"
	"github.com/symphainy/symphainy/ports"
)

// logged stores an execution with two events.
func (s *suite) logged(t *testing.T, h home, edit func(*execution.Snapshot)) execution.Snapshot {
	t.Helper()
	row := s.stored(t, h, 1, func(r *execution.Snapshot) {
		r.LastSeq = 2
		edit(r)
	})
	s.do(t, func(ctx context.Context, tx ports.Tx) error {
		return tx.Events.Append(ctx, h.tenantID, []event.Event{
			{ExecutionID: row.ID, Seq: 1, Epoch: 1, Type: "a", Data: []byte(`{}`), Time: s.at(1)}, {ExecutionID: row.ID, Seq: 2, Epoch: 1, Type: "b", Data: []byte(`{}`), Time: s.at(2)},
		})
	})
	return row
}

// forgotten holds that what is removed is a visitor's, over, and nobody else's.
func (s *suite) forgotten(t *testing.T) {
	t.Helper()
	year := 365 * 24 * time.Hour
	over := func(ago time.Duration) func(*session.Snapshot) {
		return func(v *session.Snapshot) { v.ExpiresAt = s.Now().Add(-ago) }
	}
	oldest, older := s.fresh(t, over(12*year)), s.fresh(t, over(11*year))
	young, owned := s.fresh(t, over(9*year)), s.fresh(t, over(-year))
	h := s.member(t, "")
	_, err := s.upgradeOf(t, owned.ID, owned.SecretHash, h)
	require.NoError(t, err)
	all := []string{oldest.ID, older.ID, young.ID, owned.ID}
	visitors := func(limit int) []string {
		return get(t, s, func(ctx context.Context, tx ports.Tx) ([]string, error) {
			return tx.Retention.Visitors(ctx, 10*year, limit)
		})
	}
	// The suite's other sessions may be old too.
	mine := func() []string {
		return slices.DeleteFunc(visitors(1000), func(sessionID string) bool { return !slices.Contains(all, sessionID) })
	}
	require.Equal(t, []string{oldest.ID, older.ID}, mine(), "the oldest first")
	require.Len(t, visitors(1), 1)
	s.do(t, func(ctx context.Context, tx ports.Tx) error { return tx.Retention.Forget(ctx, all, 10*year) })
	require.Empty(t, mine())
	for i, sessionID := range all {
		_, err := look(t, s, func(ctx context.Context, tx ports.Tx) (session.Session, error) {
			return tx.Sessions.ByID(ctx, sessionID)
		})
		require.Equal(t, i < 2, errors.Is(err, fault.ErrNotFound), "%d: %v", i, err)
	}
}

func (s *suite) retention(t *testing.T) {
	t.Helper()
	t.Run("visitors", s.forgotten)
	h := s.member(t, "")
	year := 365 * 24 * time.Hour
	ended := func(ago time.Duration, state execution.State) func(*execution.Snapshot) {
		return func(r *execution.Snapshot) { r.State, r.CompletedAt = state, s.Now().Add(-ago) }
	}
	oldest := s.logged(t, h, ended(12*year, execution.Cancelled))
	older := s.logged(t, s.member(t, ""), ended(11*year, execution.Failed))
	young := s.logged(t, h, ended(9*year, execution.Completed))
	live := s.logged(t, h, func(r *execution.Snapshot) {
		r.State, r.CreatedAt, r.DueAt = execution.Paused, s.Now().Add(-12*year), time.Time{}
	})
	trim := func() (n int) {
		s.do(t, func(ctx context.Context, tx ports.Tx) (err error) {
			n, err = tx.Retention.TrimEvents(ctx, 10*year, 1)
			return err
		})
		return n
	}
	kept := func(row execution.Snapshot) (events int, trimmed int64) {
		return len(s.readEvents(t, row.TenantID, row.ID, 0, 10)), s.reload(t, row).TrimmedSeq
	}
	requireKept := func(row execution.Snapshot, events int, trimmed int64) {
		t.Helper()
		n, seq := kept(row)
		require.Equal(t, events, n)
		require.Equal(t, trimmed, seq)
	}
	require.Equal(t, 1, trim())
	requireKept(oldest, 0, 2)
	requireKept(older, 2, 0)
	require.Equal(t, 1, trim())
	requireKept(older, 0, 2)
	require.Zero(t, trim(), "each once, and nothing that is younger or lives")
	requireKept(young, 2, 0)
	requireKept(live, 2, 0)
	// A save of what was read before does not bring the mark back.
	require.NoError(t, s.saveExecution(t, oldest))
	requireKept(oldest, 0, 2)
}
