package faulty

import (
	"context"
	"time"

	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/domain/schedule"
	"github.com/symphainy/symphainy/ports"
)

type schedulesStore struct {
	faults *Store
	next   ports.ScheduleStore
}

func (s schedulesStore) Insert(ctx context.Context, v schedule.Schedule) error {
	if err := s.faults.strike("Schedules.Insert"); err != nil {
		return err
	}
	return s.next.Insert(ctx, v)
}

func (s schedulesStore) ByID(ctx context.Context, scope identity.Scope, id string) (schedule.Schedule, error) {
	return guard(s.faults, "Schedules.ByID", func() (schedule.Schedule, error) { return s.next.ByID(ctx, scope, id) })
}

func (s schedulesStore) Save(ctx context.Context, v schedule.Schedule) error {
	if err := s.faults.strike("Schedules.Save"); err != nil {
		return err
	}
	return s.next.Save(ctx, v)
}

func (s schedulesStore) Delete(ctx context.Context, scope identity.Scope, id string) error {
	if err := s.faults.strike("Schedules.Delete"); err != nil {
		return err
	}
	return s.next.Delete(ctx, scope, id)
}

func (s schedulesStore) List(ctx context.Context, scope identity.Scope, page ports.Page) ([]schedule.Schedule, error) {
	return guard(s.faults, "Schedules.List", func() ([]schedule.Schedule, error) { return s.next.List(ctx, scope, page) })
}

func (s schedulesStore) Count(ctx context.Context, tenantID string) (int, error) {
	return guard(s.faults, "Schedules.Count", func() (int, error) { return s.next.Count(ctx, tenantID) })
}

type ticksStore struct {
	faults *Store
	next   ports.TickStore
}

func (s ticksStore) Due(ctx context.Context, limit int) ([]schedule.Schedule, error) {
	return guard(s.faults, "Ticks.Due", func() ([]schedule.Schedule, error) { return s.next.Due(ctx, limit) })
}

func (s ticksStore) Seize(ctx context.Context, tenantID, id string) (schedule.Schedule, time.Time, error) {
	if err := s.faults.strike("Ticks.Seize"); err != nil {
		return schedule.Schedule{}, time.Time{}, err
	}
	return s.next.Seize(ctx, tenantID, id)
}

func (s ticksStore) Put(ctx context.Context, tenantID string, r schedule.Run) error {
	if err := s.faults.strike("Ticks.Put"); err != nil {
		return err
	}
	return s.next.Put(ctx, tenantID, r)
}

func (s ticksStore) Live(ctx context.Context, tenantID, scheduleID string, limit int) ([]string, error) {
	return guard(s.faults, "Ticks.Live", func() ([]string, error) { return s.next.Live(ctx, tenantID, scheduleID, limit) })
}

func (s ticksStore) Runs(ctx context.Context, tenantID, scheduleID string, before time.Time, limit int) ([]schedule.Run, error) {
	return guard(s.faults, "Ticks.Runs", func() ([]schedule.Run, error) { return s.next.Runs(ctx, tenantID, scheduleID, before, limit) })
}

func (s ticksStore) Trim(ctx context.Context, tenantID, scheduleID string, keep int) (int64, error) {
	return guard(s.faults, "Ticks.Trim", func() (int64, error) { return s.next.Trim(ctx, tenantID, scheduleID, keep) })
}

type retentionStore struct {
	faults *Store
	next   ports.RetentionStore
}

func (s retentionStore) TrimEvents(ctx context.Context, age time.Duration, limit int) (int, error) {
	return guard(s.faults, "Retention.TrimEvents", func() (int, error) { return s.next.TrimEvents(ctx, age, limit) })
}

func (s retentionStore) Visitors(ctx context.Context, age time.Duration, limit int) ([]string, error) {
	return guard(s.faults, "Retention.Visitors", func() ([]string, error) { return s.next.Visitors(ctx, age, limit) })
}

func (s retentionStore) Forget(ctx context.Context, sessionIDs []string, age time.Duration) error {
	if err := s.faults.strike("Retention.Forget"); err != nil {
		return err
	}
	return s.next.Forget(ctx, sessionIDs, age)
}

type workStore struct {
	faults *Store
	next   ports.WorkStore
}

func (s workStore) Executions(ctx context.Context, f ports.WorkFilter, page ports.Page) ([]ports.WorkItem, error) {
	return guard(s.faults, "Work.Executions", func() ([]ports.WorkItem, error) { return s.next.Executions(ctx, f, page) })
}
