package memstore

import (
	"context"

	"github.com/symphainy/symphainy/domain/audit"
	"github.com/symphainy/symphainy/ports"
)

type auditLog struct{ *txn }

func (s auditLog) Append(ctx context.Context, records ...audit.Record) error {
	if err := s.writes(ctx); err != nil {
		return err
	}
	for _, r := range records {
		if err := s.st.audit.insert(r.ID, r); err != nil {
			return err
		}
	}
	return nil
}

func (s auditLog) List(ctx context.Context, tenantID string, page ports.Page) ([]audit.Record, error) {
	return s.list(ctx, tenantID, page, func(audit.Record) bool { return true })
}

func (s auditLog) About(ctx context.Context, tenantID, target string, page ports.Page) ([]audit.Record, error) {
	return s.list(ctx, tenantID, page, func(r audit.Record) bool { return r.Target == target })
}

func (s auditLog) list(ctx context.Context, tenantID string, page ports.Page, passes func(audit.Record) bool) ([]audit.Record, error) {
	if err := s.ofTenant(ctx, tenantID); err != nil {
		return nil, err
	}
	rows := s.st.audit.find(
		func(r audit.Record) bool { return r.TenantID == tenantID && passes(r) },
		func(a, b audit.Record) int { return newestFirst(a.At, b.At, a.ID, b.ID) },
	)
	return after(rows, page, func(r audit.Record) string { return r.ID }), nil
}
