package gormstore

import (
	"bytes"
	"context"
	"errors"

	"github.com/symphainy/symphainy/domain/audit"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/ports"
)

type auditChain struct{ t *transaction }

var _ ports.AuditChain = auditChain{}

type headRow struct {
	TenantID string      `gorm:"column:tenant_id"`
	Position int64       `gorm:"column:position"`
	Hash     bytesOrNull `gorm:"column:hash"`
}

// sealedRow is a record with its link.
type sealedRow struct {
	Record   auditRow    `gorm:"embedded"`
	Position int64       `gorm:"column:chain_position"`
	Previous bytesOrNull `gorm:"column:chain_previous"`
	Hash     bytesOrNull `gorm:"column:chain_hash"`
}

func (s auditChain) Waiting(ctx context.Context, after string, limit int) ([]string, error) {
	if err := s.t.across(ctx); err != nil {
		return nil, err
	}
	return many[string](ctx, s.t, "SELECT DISTINCT tenant_id FROM audit_records WHERE chain_position IS NULL AND tenant_id > ?"+
		" ORDER BY tenant_id LIMIT ?", after, limit)
}

// Tenants looks at records and heads: a tenant of which only one is left has to show.
func (s auditChain) Tenants(ctx context.Context, after string, limit int) ([]string, error) {
	if err := s.t.across(ctx); err != nil {
		return nil, err
	}
	return many[string](ctx, s.t, "SELECT tenant_id FROM ("+
		"SELECT * FROM (SELECT DISTINCT tenant_id FROM audit_records WHERE tenant_id > ? ORDER BY tenant_id LIMIT ?) AS of_records UNION "+
		"SELECT * FROM (SELECT tenant_id FROM audit_heads WHERE tenant_id > ? ORDER BY tenant_id LIMIT ?) AS of_heads"+
		") AS both_of_them ORDER BY tenant_id LIMIT ?", after, limit, after, limit, limit)
}

func (s auditChain) Head(ctx context.Context, tenantID string) (audit.Head, error) {
	if err := s.t.in(ctx, tenantID); err != nil {
		return audit.Head{}, err
	}
	h, err := s.head(ctx, tenantID)
	if !errors.Is(err, fault.ErrNotFound) {
		return h, err
	}
	start := audit.Start(tenantID)
	if s.t.view {
		return start, nil
	}
	// A row that is not there cannot be locked.
	if _, err := s.t.exec(ctx, "INSERT INTO audit_heads (tenant_id, position, hash) VALUES (?, 0, ?) ON CONFLICT DO NOTHING",
		tenantID, start.Hash); err != nil {
		return audit.Head{}, err
	}
	return s.head(ctx, tenantID)
}

func (s auditChain) head(ctx context.Context, tenantID string) (audit.Head, error) {
	row, err := one[headRow](ctx, s.t, "SELECT "+columns[headRow]()+" FROM audit_heads WHERE tenant_id = ?"+s.t.forUpdate(s.t.view), tenantID)
	return restore(row, err, func(r headRow) audit.Head {
		return audit.Head{TenantID: r.TenantID, Position: r.Position, Hash: r.Hash}
	})
}

func (s auditChain) Unsealed(ctx context.Context, tenantID, after string, limit int) ([]audit.Record, error) {
	if err := s.t.in(ctx, tenantID); err != nil {
		return nil, err
	}
	rows, err := many[auditRow](ctx, s.t, "SELECT "+columns[auditRow]()+" FROM audit_records WHERE chain_position IS NULL"+
		" AND tenant_id = ? AND id > ? ORDER BY id LIMIT ?", tenantID, after, limit)
	return convert(rows, err, auditRow.record)
}

func (s auditChain) Extend(ctx context.Context, tenantID string, links ...audit.Link) error {
	head, err := s.Head(ctx, tenantID)
	if err != nil || len(links) == 0 {
		return err
	}
	from := head.Position
	for _, l := range links {
		if l.TenantID != tenantID || l.Position != head.Position+1 || !bytes.Equal(l.Previous, head.Hash) {
			return fault.ErrStale
		}
		n, err := s.t.exec(ctx, "UPDATE audit_records SET chain_position = ?, chain_previous = ?, chain_hash = ?"+
			" WHERE tenant_id = ? AND id = ? AND chain_position IS NULL", l.Position, l.Previous, l.Hash, tenantID, l.RecordID)
		if err != nil {
			return err
		}
		if n == 0 {
			return fault.ErrStale
		}
		head.Position, head.Hash = l.Position, l.Hash
	}
	n, err := s.t.exec(ctx, "UPDATE audit_heads SET position = ?, hash = ? WHERE tenant_id = ? AND position = ?",
		head.Position, head.Hash, tenantID, from)
	if err == nil && n == 0 {
		return fault.ErrStale
	}
	return err
}

func (s auditChain) Sealed(ctx context.Context, tenantID string, after audit.Link, limit int) ([]audit.Sealed, error) {
	if err := s.t.in(ctx, tenantID); err != nil {
		return nil, err
	}
	// The condition on the position alone is what the index can answer.
	rows, err := many[sealedRow](ctx, s.t, "SELECT "+columns[auditRow]()+", chain_position, chain_previous, chain_hash FROM audit_records"+
		" WHERE chain_position IS NOT NULL AND tenant_id = ? AND chain_position >= ? AND (chain_position, id) > (?, ?) ORDER BY chain_position, id LIMIT ?",
		tenantID, after.Position, after.Position, after.RecordID, limit)
	return convert(rows, err, func(r sealedRow) audit.Sealed {
		return audit.Sealed{Record: r.Record.record(), Link: audit.Link{
			TenantID: r.Record.TenantID, Position: r.Position, RecordID: r.Record.ID, Previous: r.Previous, Hash: r.Hash,
		}}
	})
}
