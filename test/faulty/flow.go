package faulty

import (
	"context"

	"github.com/symphainy/symphainy/domain/execution"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/ports"
)

type flowStore struct {
	faults *Store
	next   ports.FlowStore
}

func (s flowStore) Same(ctx context.Context, scope identity.Scope, sessionID, key string) (execution.Execution, error) {
	return guard(s.faults, "Flow.Same", func() (execution.Execution, error) { return s.next.Same(ctx, scope, sessionID, key) })
}

func (s flowStore) Full(ctx context.Context, tenantID string, limit int) (bool, error) {
	return guard(s.faults, "Flow.Full", func() (bool, error) { return s.next.Full(ctx, tenantID, limit) })
}

func (s flowStore) NextInTurn(ctx context.Context, after string) (tenantID, executionID string, err error) {
	if err := s.faults.strike("Flow.NextInTurn"); err != nil {
		return "", "", err
	}
	return s.next.NextInTurn(ctx, after)
}

func (s flowStore) Queues(ctx context.Context, tenantID string, limit int) ([]ports.QueueCount, error) {
	return guard(s.faults, "Flow.Queues", func() ([]ports.QueueCount, error) { return s.next.Queues(ctx, tenantID, limit) })
}
