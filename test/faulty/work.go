package faulty

import (
	"context"
	"time"

	"github.com/symphainy/symphainy/domain/event"
	"github.com/symphainy/symphainy/domain/execution"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/domain/intent"
	"github.com/symphainy/symphainy/ports"
)

type executionsStore struct {
	faults *Store
	next   ports.ExecutionStore
}

func (s executionsStore) Insert(ctx context.Context, e execution.Execution) error {
	if err := s.faults.strike("Executions.Insert"); err != nil {
		return err
	}
	return s.next.Insert(ctx, e)
}

func (s executionsStore) Begin(ctx context.Context, e execution.Execution, lease time.Duration) error {
	if err := s.faults.strike("Executions.Begin"); err != nil {
		return err
	}
	return s.next.Begin(ctx, e, lease)
}

func (s executionsStore) ByID(ctx context.Context, scope identity.Scope, id string) (execution.Execution, error) {
	return guard(s.faults, "Executions.ByID", func() (execution.Execution, error) { return s.next.ByID(ctx, scope, id) })
}

func (s executionsStore) Lock(ctx context.Context, scope identity.Scope, id string) (execution.Execution, error) {
	return guard(s.faults, "Executions.Lock", func() (execution.Execution, error) { return s.next.Lock(ctx, scope, id) })
}

func (s executionsStore) Save(ctx context.Context, e execution.Execution) error {
	if err := s.faults.strike("Executions.Save"); err != nil {
		return err
	}
	return s.next.Save(ctx, e)
}

func (s executionsStore) List(ctx context.Context, scope identity.Scope, f ports.ExecutionFilter, page ports.Page) ([]execution.Execution, error) {
	return guard(s.faults, "Executions.List", func() ([]execution.Execution, error) { return s.next.List(ctx, scope, f, page) })
}

type leasesStore struct {
	faults *Store
	next   ports.LeaseStore
}

func (s leasesStore) Claim(ctx context.Context, id, owner string, lease time.Duration) (execution.Execution, error) {
	return guard(s.faults, "Leases.Claim", func() (execution.Execution, error) { return s.next.Claim(ctx, id, owner, lease) })
}

func (s leasesStore) Hold(ctx context.Context, l execution.Lease) (execution.Execution, error) {
	return guard(s.faults, "Leases.Hold", func() (execution.Execution, error) { return s.next.Hold(ctx, l) })
}

func (s leasesStore) Renew(ctx context.Context, leases []execution.Lease, lease time.Duration) (ports.Renewal, error) {
	return guard(s.faults, "Leases.Renew", func() (ports.Renewal, error) { return s.next.Renew(ctx, leases, lease) })
}

func (s leasesStore) Due(ctx context.Context, limit int) ([]string, error) {
	return guard(s.faults, "Leases.Due", func() ([]string, error) { return s.next.Due(ctx, limit) })
}

func (s leasesStore) NextInLane(ctx context.Context, tenantID, lane string) (string, error) {
	return guard(s.faults, "Leases.NextInLane", func() (string, error) { return s.next.NextInLane(ctx, tenantID, lane) })
}

func (s leasesStore) ReleaseAll(ctx context.Context) (int64, error) {
	return guard(s.faults, "Leases.ReleaseAll", func() (int64, error) { return s.next.ReleaseAll(ctx) })
}

type stepsStore struct {
	faults *Store
	next   ports.StepStore
}

func (s stepsStore) Put(ctx context.Context, tenantID string, v execution.Step) error {
	if err := s.faults.strike("Steps.Put"); err != nil {
		return err
	}
	return s.next.Put(ctx, tenantID, v)
}

func (s stepsStore) Forget(ctx context.Context, tenantID, executionID string) (int64, error) {
	return guard(s.faults, "Steps.Forget", func() (int64, error) { return s.next.Forget(ctx, tenantID, executionID) })
}

func (s stepsStore) Of(ctx context.Context, tenantID, executionID string) ([]execution.Step, error) {
	return guard(s.faults, "Steps.Of", func() ([]execution.Step, error) { return s.next.Of(ctx, tenantID, executionID) })
}

type eventsStore struct {
	faults *Store
	next   ports.EventLog
}

func (s eventsStore) Append(ctx context.Context, tenantID string, events []event.Event) error {
	if err := s.faults.strike("Events.Append"); err != nil {
		return err
	}
	return s.next.Append(ctx, tenantID, events)
}

func (s eventsStore) Read(ctx context.Context, tenantID, executionID string, after int64, limit int) ([]event.Event, error) {
	return guard(s.faults, "Events.Read", func() ([]event.Event, error) { return s.next.Read(ctx, tenantID, executionID, after, limit) })
}

type queueStore struct {
	faults *Store
	next   ports.WorkEnqueuer
}

func (s queueStore) Enqueue(ctx context.Context, jobs ...ports.Job) error {
	if err := s.faults.strike("Queue.Enqueue"); err != nil {
		return err
	}
	return s.next.Enqueue(ctx, jobs...)
}

type idempotencyStore struct {
	faults *Store
	next   ports.IdempotencyStore
}

func (s idempotencyStore) Reserve(ctx context.Context, r intent.IdempotencyRecord) (*intent.IdempotencyRecord, error) {
	return guard(s.faults, "Idempotency.Reserve", func() (*intent.IdempotencyRecord, error) { return s.next.Reserve(ctx, r) })
}

func (s idempotencyStore) DeleteExpired(ctx context.Context, now time.Time) (int64, error) {
	return guard(s.faults, "Idempotency.DeleteExpired", func() (int64, error) { return s.next.DeleteExpired(ctx, now) })
}
