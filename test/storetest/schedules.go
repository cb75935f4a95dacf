package storetest

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/domain/execution"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/domain/schedule"
	"github.com/symphainy/symphainy/domain/typeid"
	"github.com/symphainy/symphainy/ports"
)

// schedule makes an active schedule of somebody, whose first tick was some minutes after the suite's base, without storing it.
func (s *suite) schedule(h home, minutes int, edit func(*schedule.Snapshot)) schedule.Snapshot {
	row := schedule.Snapshot{
		ID: id(typeid.Schedule), TenantID: h.tenantID, OwnerID: h.user.ID, Principal: h.principal, Status: schedule.Active,
		Order: schedule.Order{
			IntentType: "parse_content", Parameters: []byte(`{}`), Expression: "* * * * *", Zone: "UTC",
			Overlap: schedule.Skip, CatchUp: schedule.CatchUpLast, Window: time.Hour, Limit: 10,
		},
		Next: s.at(minutes), CreatedAt: s.at(0), UpdatedAt: s.at(0),
	}
	if edit != nil {
		edit(&row)
	}
	return row
}

func (s *suite) plant(t *testing.T, h home, minutes int, edit func(*schedule.Snapshot)) schedule.Snapshot {
	t.Helper()
	row := s.schedule(h, minutes, edit)
	s.do(t, func(ctx context.Context, tx ports.Tx) error { return tx.Schedules.Insert(ctx, schedule.Restore(row)) })
	return row
}

func (s *suite) findSchedule(t *testing.T, scope identity.Scope, sid string) (schedule.Snapshot, error) {
	t.Helper()
	found, err := look(t, s, func(ctx context.Context, tx ports.Tx) (schedule.Schedule, error) {
		return tx.Schedules.ByID(ctx, scope, sid)
	})
	return found.Snapshot(), err
}

func (s *suite) schedules(t *testing.T) {
	t.Helper()
	h, v := s.member(t, ""), s.visitor(t)
	save := func(t *testing.T, row schedule.Snapshot) error {
		t.Helper()
		return s.try(t, func(ctx context.Context, tx ports.Tx) error { return tx.Schedules.Save(ctx, schedule.Restore(row)) })
	}
	filled := schedule.Snapshot{
		ID: id(typeid.Schedule), TenantID: h.tenantID, OwnerID: h.user.ID, Principal: h.principal, Status: schedule.Paused,
		Order: schedule.Order{
			Name: awkward, IntentType: "parse_content", Parameters: []byte(awkwardJSON), SolutionID: "default", Expression: "0 9 * * 1",
			Zone: "Europe/Berlin", At: s.abroad(8), Overlap: schedule.CancelOther, CatchUp: schedule.CatchUpAll, Window: 90 * time.Minute, Limit: 7,
		},
		Code: "code", Reason: awkward, Next: s.abroad(5), TriggerAt: s.abroad(6), LastTick: s.abroad(4), Version: 3, CreatedAt: s.abroad(1), UpdatedAt: s.abroad(2),
	}
	t.Run("round trip", func(t *testing.T) {
		bare := schedule.Snapshot{ID: id(typeid.Schedule), TenantID: h.tenantID, OwnerID: h.user.ID, Principal: h.principal, Status: schedule.Ended}
		for _, want := range []schedule.Snapshot{filled, bare} {
			s.do(t, func(ctx context.Context, tx ports.Tx) error { return tx.Schedules.Insert(ctx, schedule.Restore(want)) })
			require.ErrorIs(t, s.try(t, func(ctx context.Context, tx ports.Tx) error { return tx.Schedules.Insert(ctx, schedule.Restore(want)) }), fault.ErrDuplicate)
			got, err := s.findSchedule(t, h.scope, want.ID)
			require.NoError(t, err)
			same(t, want, got)
		}
	})
	t.Run("other scopes neither see nor delete it", func(t *testing.T) {
		for _, scope := range []identity.Scope{s.member(t, "").scope, s.member(t, h.tenantID).scope, v.scope} {
			_, err := s.findSchedule(t, scope, filled.ID)
			require.ErrorIs(t, err, fault.ErrNotFound)
			requireMissing(t, s.try(t, func(ctx context.Context, tx ports.Tx) error { return tx.Schedules.Delete(ctx, scope, filled.ID) }))
			list := get(t, s, func(ctx context.Context, tx ports.Tx) ([]schedule.Schedule, error) {
				return tx.Schedules.List(ctx, scope, ports.Page{Limit: 10})
			})
			require.Empty(t, list)
		}
	})
	t.Run("save", func(t *testing.T) {
		first, second := filled, filled
		first.Status, first.Code, first.Order.Name, first.Next, first.TriggerAt = schedule.Active, "", "", s.at(9), time.Time{}
		require.NoError(t, save(t, first))
		require.ErrorIs(t, save(t, second), fault.ErrStale)
		first.Version++
		got, err := s.findSchedule(t, h.scope, filled.ID)
		require.NoError(t, err)
		same(t, first, got)
		requireMissing(t, save(t, s.schedule(h, 1, nil)))
		got.TenantID = v.tenantID
		requireMissing(t, save(t, got))
	})
	t.Run("list and count", s.scheduleList)
	t.Run("delete takes the runs along", func(t *testing.T) {
		row := s.plant(t, h, 1, nil)
		s.do(t, func(ctx context.Context, tx ports.Tx) error {
			return tx.Ticks.Put(ctx, h.tenantID, schedule.Run{ScheduleID: row.ID, Tick: s.at(1), Outcome: schedule.Missed})
		})
		s.do(t, func(ctx context.Context, tx ports.Tx) error { return tx.Schedules.Delete(ctx, h.scope, row.ID) })
		_, err := s.findSchedule(t, h.scope, row.ID)
		require.ErrorIs(t, err, fault.ErrNotFound)
		require.Empty(t, s.runs(t, h, row.ID, time.Time{}, 10))
	})
}

func (s *suite) scheduleList(t *testing.T) {
	h := s.member(t, "")
	var all []string
	for i := range 3 {
		all = append([]string{s.plant(t, h, i, func(r *schedule.Snapshot) {
			if i == 0 {
				r.Status = schedule.Ended
			}
		}).ID}, all...)
	}
	s.plant(t, s.member(t, h.tenantID), 1, nil)
	list := func(page ports.Page) []string {
		found := get(t, s, func(ctx context.Context, tx ports.Tx) ([]schedule.Schedule, error) {
			return tx.Schedules.List(ctx, h.scope, page)
		})
		return ids(found, func(v schedule.Schedule) string { return v.Snapshot().ID })
	}
	require.Equal(t, all, list(ports.Page{Limit: 10}))
	require.Equal(t, all[:2], list(ports.Page{Limit: 2}))
	require.Equal(t, all[2:], list(ports.Page{Limit: 2, After: all[1]}))
	require.Empty(t, list(ports.Page{}))
	count := func(ctx context.Context, tx ports.Tx) (int, error) { return tx.Schedules.Count(ctx, h.tenantID) }
	require.Equal(t, 3, get(t, s, count), "those of the whole tenant that have not ended")
	// Of many at once that look before they add, each sees those before it.
	errs := race(4, func(int) error {
		return s.UnitOfWork.Do(t.Context(), func(ctx context.Context, tx ports.Tx) error {
			n, err := count(ctx, tx)
			if err != nil || n >= 5 {
				return err
			}
			return tx.Schedules.Insert(ctx, schedule.Restore(s.schedule(h, 1, nil)))
		})
	})
	for _, err := range errs {
		require.NoError(t, err)
	}
	require.Equal(t, 5, get(t, s, count))
}

func (s *suite) runs(t *testing.T, h home, sid string, before time.Time, limit int) []schedule.Run {
	t.Helper()
	return get(t, s, func(ctx context.Context, tx ports.Tx) ([]schedule.Run, error) {
		return tx.Ticks.Runs(ctx, h.tenantID, sid, before, limit)
	})
}

func (s *suite) ticks(t *testing.T) {
	t.Helper()
	t.Run("due", s.ticksDue)
	t.Run("of many who seize a tick one decides", s.ticksSeize)
	t.Run("runs", s.ticksRuns)
}

func (s *suite) dueSchedules(t *testing.T, of ...schedule.Snapshot) []string {
	t.Helper()
	mine := map[string]bool{}
	for _, row := range of {
		mine[row.ID] = true
	}
	var found []string
	for _, v := range get(t, s, func(ctx context.Context, tx ports.Tx) ([]schedule.Schedule, error) { return tx.Ticks.Due(ctx, 10_000) }) {
		if mine[v.Snapshot().ID] {
			found = append(found, v.Snapshot().ID)
		}
	}
	return found
}

func (s *suite) ticksDue(t *testing.T) {
	h := s.member(t, "")
	second := s.plant(t, h, 2, nil)
	first := s.plant(t, s.member(t, ""), 1, nil)
	paused := s.plant(t, h, 1, func(r *schedule.Snapshot) { r.Status = schedule.Paused })
	asked := s.plant(t, h, 1, func(r *schedule.Snapshot) { r.Status, r.TriggerAt = schedule.Paused, s.at(3) })
	ended := s.plant(t, h, 1, func(r *schedule.Snapshot) { r.Status, r.Next = schedule.Ended, time.Time{} })
	future := s.plant(t, h, 1, func(r *schedule.Snapshot) { r.Next = s.Now().Add(time.Hour) })
	all := []schedule.Snapshot{second, first, paused, asked, ended, future}
	require.Equal(t, []string{first.ID, second.ID, asked.ID}, s.dueSchedules(t, all...))
	seize := func(ctx context.Context, tx ports.Tx, row schedule.Snapshot) error {
		got, now, err := tx.Ticks.Seize(ctx, row.TenantID, row.ID)
		if err == nil {
			same(t, row, got.Snapshot())
			require.WithinDuration(t, s.Now(), now, time.Minute)
			require.False(t, got.Snapshot().Due().After(now))
		}
		return err
	}
	s.do(t, func(ctx context.Context, tx ports.Tx) error {
		for _, row := range []schedule.Snapshot{first, second, asked} {
			require.NoError(t, seize(ctx, tx, row))
		}
		for _, row := range []schedule.Snapshot{paused, ended, future} {
			require.ErrorIs(t, seize(ctx, tx, row), fault.ErrNotFound)
		}
		_, _, err := tx.Ticks.Seize(ctx, h.tenantID, first.ID)
		require.ErrorIs(t, err, fault.ErrNotFound, "another tenant's")
		return nil
	})
	// Time alone makes one due.
	soon := s.plant(t, h, 1, func(r *schedule.Snapshot) { r.Next = s.Now().Add(5 * time.Millisecond) })
	s.later(t, 5*time.Millisecond, func() bool { return len(s.dueSchedules(t, soon)) == 1 })
	s.do(t, func(ctx context.Context, tx ports.Tx) error { // not to be found by others
		for _, row := range []schedule.Snapshot{first, second, asked, soon} {
			row.Status, row.TriggerAt = schedule.Paused, time.Time{}
			require.NoError(t, tx.Schedules.Save(ctx, schedule.Restore(row)))
		}
		return nil
	})
}

func (s *suite) ticksSeize(t *testing.T) {
	h := s.member(t, "")
	row := s.plant(t, h, 1, nil)
	fire := func(int) error {
		return s.UnitOfWork.Do(t.Context(), func(ctx context.Context, tx ports.Tx) error {
			got, now, err := tx.Ticks.Seize(ctx, h.tenantID, row.ID)
			if err != nil {
				return err
			}
			if err := tx.Ticks.Put(ctx, h.tenantID, schedule.Run{ScheduleID: row.ID, Tick: got.Snapshot().Next, Outcome: schedule.Missed, At: now}); err != nil {
				return err
			}
			got.Advance(got.Snapshot().Next, now.Add(time.Hour), now)
			return tx.Schedules.Save(ctx, got)
		})
	}
	won := 0
	for _, err := range race(8, fire) {
		if err == nil {
			won++
			continue
		}
		require.ErrorIs(t, err, fault.ErrNotFound)
	}
	require.Equal(t, 1, won)
	require.Len(t, s.runs(t, h, row.ID, time.Time{}, 10), 1)
}

func (s *suite) ticksRuns(t *testing.T) {
	h := s.member(t, "")
	row := s.plant(t, h, 1, func(r *schedule.Snapshot) { r.Status = schedule.Paused })
	live := s.stored(t, h, 1, nil)
	over := s.stored(t, h, 1, func(r *execution.Snapshot) { r.State, r.CompletedAt = execution.Completed, s.at(2) })
	all := []schedule.Run{
		{ScheduleID: row.ID, Tick: s.abroad(1), Outcome: schedule.Started, ExecutionID: live.ID, At: s.at(1)},
		{ScheduleID: row.ID, Tick: s.abroad(2), Until: s.abroad(4), Outcome: schedule.Missed, Code: schedule.CodeLate, At: s.at(5)},
		{ScheduleID: row.ID, Tick: s.abroad(5), Manual: true, Outcome: schedule.Started, ExecutionID: over.ID, At: s.at(5)},
		{ScheduleID: row.ID, Tick: s.abroad(6), Outcome: schedule.Skipped, Code: schedule.CodeOverlap, At: s.at(6)},
	}
	put := func(ctx context.Context, tx ports.Tx, r schedule.Run) error { return tx.Ticks.Put(ctx, h.tenantID, r) }
	s.do(t, func(ctx context.Context, tx ports.Tx) error {
		for _, r := range all {
			require.NoError(t, put(ctx, tx, r))
			require.ErrorIs(t, put(ctx, tx, r), fault.ErrDuplicate)
		}
		return nil
	})
	requireMissing(t, s.try(t, func(ctx context.Context, tx ports.Tx) error {
		return put(ctx, tx, schedule.Run{ScheduleID: id(typeid.Schedule), Tick: s.at(1), Outcome: schedule.Missed})
	}))
	newest := []schedule.Run{all[3], all[2], all[1], all[0]}
	same(t, newest, s.runs(t, h, row.ID, time.Time{}, 10))
	same(t, newest[:2], s.runs(t, h, row.ID, time.Time{}, 2))
	same(t, newest[2:], s.runs(t, h, row.ID, all[2].Tick, 10))
	require.Empty(t, s.runs(t, s.member(t, ""), row.ID, time.Time{}, 10))
	alive := func() []string {
		return get(t, s, func(ctx context.Context, tx ports.Tx) ([]string, error) {
			return tx.Ticks.Live(ctx, h.tenantID, row.ID, 10)
		})
	}
	require.Equal(t, []string{live.ID}, alive())
	var removed int64
	s.do(t, func(ctx context.Context, tx ports.Tx) (err error) {
		removed, err = tx.Ticks.Trim(ctx, h.tenantID, row.ID, 1)
		return err
	})
	require.Equal(t, int64(2), removed, "what lives is kept, however old")
	same(t, []schedule.Run{all[3], all[0]}, s.runs(t, h, row.ID, time.Time{}, 10))
	require.Equal(t, []string{live.ID}, alive())
}
