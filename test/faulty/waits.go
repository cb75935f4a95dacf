package faulty

import (
	"context"

	"github.com/symphainy/symphainy/domain/execution"
	"github.com/symphainy/symphainy/ports"
)

type signalsStore struct {
	faults *Store
	next   ports.SignalStore
}

func (s signalsStore) Put(ctx context.Context, tenantID string, v execution.Signal) error {
	if err := s.faults.strike("Signals.Put"); err != nil {
		return err
	}
	return s.next.Put(ctx, tenantID, v)
}

func (s signalsStore) Next(ctx context.Context, tenantID, executionID, name string) (execution.Signal, error) {
	return guard(s.faults, "Signals.Next", func() (execution.Signal, error) { return s.next.Next(ctx, tenantID, executionID, name) })
}

func (s signalsStore) Take(ctx context.Context, tenantID, executionID, id, wait string) error {
	if err := s.faults.strike("Signals.Take"); err != nil {
		return err
	}
	return s.next.Take(ctx, tenantID, executionID, id, wait)
}

type childrenStore struct {
	faults *Store
	next   ports.ChildStore
}

func (s childrenStore) Of(ctx context.Context, tenantID, parentID string) ([]execution.Child, error) {
	return guard(s.faults, "Children.Of", func() ([]execution.Child, error) { return s.next.Of(ctx, tenantID, parentID) })
}

func (s childrenStore) Live(ctx context.Context, tenantID, parentID string) (int, error) {
	return guard(s.faults, "Children.Live", func() (int, error) { return s.next.Live(ctx, tenantID, parentID) })
}

func (s childrenStore) Orphans(ctx context.Context, limit int) ([]execution.Orphan, error) {
	return guard(s.faults, "Children.Orphans", func() ([]execution.Orphan, error) { return s.next.Orphans(ctx, limit) })
}

type decisionsStore struct {
	faults *Store
	next   ports.DecisionStore
}

func (s decisionsStore) Lock(ctx context.Context, tenantID, id string) (execution.Execution, error) {
	return guard(s.faults, "Decisions.Lock", func() (execution.Execution, error) { return s.next.Lock(ctx, tenantID, id) })
}

func (s decisionsStore) Open(ctx context.Context, tenantID string, page ports.Page) ([]execution.Execution, error) {
	return guard(s.faults, "Decisions.Open", func() ([]execution.Execution, error) { return s.next.Open(ctx, tenantID, page) })
}

type deadlinesStore struct {
	faults *Store
	next   ports.DeadlineStore
}

func (s deadlinesStore) Overdue(ctx context.Context, limit int) ([]string, error) {
	return guard(s.faults, "Deadlines.Overdue", func() ([]string, error) { return s.next.Overdue(ctx, limit) })
}

func (s deadlinesStore) Seize(ctx context.Context, id string) (execution.Execution, error) {
	return guard(s.faults, "Deadlines.Seize", func() (execution.Execution, error) { return s.next.Seize(ctx, id) })
}
