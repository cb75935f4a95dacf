package memstore

import (
	"cmp"
	"context"
	"time"

	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/domain/schedule"
	"github.com/symphainy/symphainy/ports"
)

// run is a stored run with its isolation scope.
type run struct {
	TenantID string
	Run      schedule.Run
}

func runKey(r schedule.Run) string { return tuple(r.ScheduleID, moment(r.Tick).String()) }

type schedules struct{ *txn }

func (s schedules) Insert(ctx context.Context, v schedule.Schedule) error {
	if err := s.writes(ctx); err != nil {
		return err
	}
	row := v.Snapshot()
	if err := needTenant(row.TenantID); err != nil {
		return err
	}
	return s.st.schedules.insert(row.ID, row)
}

func (s schedules) ByID(ctx context.Context, scope identity.Scope, id string) (schedule.Schedule, error) {
	if err := s.within(ctx, scope); err != nil {
		return schedule.Schedule{}, err
	}
	row, err := s.st.schedules.get(id)
	if err != nil || !sees(scope, row.TenantID, row.OwnerID, row.Principal.SessionID) {
		return schedule.Schedule{}, fault.ErrNotFound
	}
	return schedule.Restore(row), nil
}

func (s schedules) Save(ctx context.Context, v schedule.Schedule) error {
	if err := s.writes(ctx); err != nil {
		return err
	}
	version := func(row *schedule.Snapshot) *int { return &row.Version }
	row := v.Snapshot()
	if err := needTenant(row.TenantID); err != nil {
		return err
	}
	return s.st.schedules.save(row.ID, row, version, func(stored schedule.Snapshot, next *schedule.Snapshot) error {
		if stored.TenantID != next.TenantID {
			return fault.ErrNotFound
		}
		next.OwnerID = stored.OwnerID
		return nil
	})
}

func (s schedules) Delete(ctx context.Context, scope identity.Scope, id string) error {
	if err := s.writes(ctx); err != nil {
		return err
	}
	if _, err := s.ByID(ctx, scope, id); err != nil {
		return err
	}
	s.st.schedules.remove(id)
	s.st.runs.prune(func(r run) bool { return r.Run.ScheduleID == id })
	return nil
}

func (s schedules) List(ctx context.Context, scope identity.Scope, page ports.Page) ([]schedule.Schedule, error) {
	if err := s.within(ctx, scope); err != nil {
		return nil, err
	}
	rows := s.st.schedules.find(
		func(row schedule.Snapshot) bool {
			return sees(scope, row.TenantID, row.OwnerID, row.Principal.SessionID) && (page.After == "" || row.ID < page.After)
		},
		func(a, b schedule.Snapshot) int { return cmp.Compare(b.ID, a.ID) },
	)
	list := []schedule.Schedule{}
	for _, row := range cut(rows, ports.Window{Limit: page.Limit}) {
		list = append(list, schedule.Restore(row))
	}
	return list, nil
}

func (s schedules) Count(ctx context.Context, tenantID string) (int, error) {
	if err := s.ofTenant(ctx, tenantID); err != nil {
		return 0, err
	}
	n := 0
	for _, row := range s.st.schedules.rows() {
		if row.TenantID == tenantID && row.Status != schedule.Ended {
			n++
		}
	}
	return n, nil
}

type ticks struct{ *txn }

func isDue(row schedule.Snapshot, now time.Time) bool {
	due := row.Due()
	return !due.IsZero() && !due.After(now)
}

func (s ticks) Due(ctx context.Context, limit int) ([]schedule.Schedule, error) {
	if err := s.reads(ctx); err != nil {
		return nil, err
	}
	now := s.now()
	rows := s.st.schedules.find(
		func(row schedule.Snapshot) bool { return isDue(row, now) },
		func(a, b schedule.Snapshot) int { return cmp.Or(a.Due().Compare(b.Due()), cmp.Compare(a.ID, b.ID)) },
	)
	list := []schedule.Schedule{}
	for _, row := range cut(rows, ports.Window{Limit: limit}) {
		list = append(list, schedule.Restore(row))
	}
	return list, nil
}

func (s ticks) Seize(ctx context.Context, tenantID, id string) (schedule.Schedule, time.Time, error) {
	if err := s.writes(ctx); err != nil {
		return schedule.Schedule{}, time.Time{}, err
	}
	if err := needTenant(tenantID); err != nil {
		return schedule.Schedule{}, time.Time{}, err
	}
	row, err := s.st.schedules.get(id)
	if now := s.now(); err == nil && row.TenantID == tenantID && isDue(row, now) {
		return schedule.Restore(row), now, nil
	}
	return schedule.Schedule{}, time.Time{}, fault.ErrNotFound
}

func (s ticks) Put(ctx context.Context, tenantID string, r schedule.Run) error {
	if err := s.writes(ctx); err != nil {
		return err
	}
	if err := needTenant(tenantID); err != nil {
		return err
	}
	if row, err := s.st.schedules.get(r.ScheduleID); err != nil || row.TenantID != tenantID {
		return fault.ErrNotFound
	}
	return s.st.runs.insert(runKey(r), run{tenantID, r})
}

// of gives the runs of a schedule, the newest tick first.
func (s ticks) of(tenantID, id string) []run {
	return s.st.runs.find(
		func(r run) bool { return r.TenantID == tenantID && r.Run.ScheduleID == id },
		func(a, b run) int { return b.Run.Tick.Compare(a.Run.Tick) },
	)
}

func (s ticks) lives(r run) bool {
	if r.Run.ExecutionID == "" {
		return false
	}
	row, err := s.st.executions.get(r.Run.ExecutionID)
	return err == nil && row.TenantID == r.TenantID && !row.State.Terminal()
}

func (s ticks) Live(ctx context.Context, tenantID, id string, limit int) ([]string, error) {
	if err := s.ofTenant(ctx, tenantID); err != nil {
		return nil, err
	}
	ids, rows := []string{}, s.of(tenantID, id)
	for i := len(rows) - 1; i >= 0 && len(ids) < limit; i-- {
		if s.lives(rows[i]) {
			ids = append(ids, rows[i].Run.ExecutionID)
		}
	}
	return ids, nil
}

func (s ticks) Runs(ctx context.Context, tenantID, id string, before time.Time, limit int) ([]schedule.Run, error) {
	if err := s.ofTenant(ctx, tenantID); err != nil {
		return nil, err
	}
	list := []schedule.Run{}
	for _, r := range s.of(tenantID, id) {
		if len(list) < limit && (before.IsZero() || r.Run.Tick.Before(before)) {
			list = append(list, r.Run)
		}
	}
	return list, nil
}

func (s ticks) Trim(ctx context.Context, tenantID, id string, keep int) (int64, error) {
	if err := s.writes(ctx); err != nil {
		return 0, err
	}
	if err := needTenant(tenantID); err != nil {
		return 0, err
	}
	removed := int64(0)
	for i, r := range s.of(tenantID, id) {
		if i >= keep && !s.lives(r) {
			s.st.runs.remove(runKey(r.Run))
			removed++
		}
	}
	return removed, nil
}
