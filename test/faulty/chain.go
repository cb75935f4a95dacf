package faulty

import (
	"context"

	"github.com/symphainy/symphainy/domain/audit"
	"github.com/symphainy/symphainy/ports"
)

type chainStore struct {
	faults *Store
	next   ports.AuditChain
}

func (s chainStore) Waiting(ctx context.Context, after string, limit int) ([]string, error) {
	return guard(s.faults, "Chain.Waiting", func() ([]string, error) { return s.next.Waiting(ctx, after, limit) })
}

func (s chainStore) Tenants(ctx context.Context, after string, limit int) ([]string, error) {
	return guard(s.faults, "Chain.Tenants", func() ([]string, error) { return s.next.Tenants(ctx, after, limit) })
}

func (s chainStore) Head(ctx context.Context, tenantID string) (audit.Head, error) {
	return guard(s.faults, "Chain.Head", func() (audit.Head, error) { return s.next.Head(ctx, tenantID) })
}

func (s chainStore) Unsealed(ctx context.Context, tenantID, after string, limit int) ([]audit.Record, error) {
	return guard(s.faults, "Chain.Unsealed", func() ([]audit.Record, error) { return s.next.Unsealed(ctx, tenantID, after, limit) })
}

func (s chainStore) Extend(ctx context.Context, tenantID string, links ...audit.Link) error {
	if err := s.faults.strike("Chain.Extend"); err != nil {
		return err
	}
	return s.next.Extend(ctx, tenantID, links...)
}

func (s chainStore) Sealed(ctx context.Context, tenantID string, after audit.Link, limit int) ([]audit.Sealed, error) {
	return guard(s.faults, "Chain.Sealed", func() ([]audit.Sealed, error) { return s.next.Sealed(ctx, tenantID, after, limit) })
}
