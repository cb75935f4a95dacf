package memstore

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"slices"

	"github.com/symphainy/symphainy/domain/audit"
	"github.com/symphainy/symphainy/domain/fault"
)

type auditChain struct{ *txn }

func (s auditChain) Waiting(ctx context.Context, after string, limit int) ([]string, error) {
	return s.tenants(ctx, after, limit, true)
}

func (s auditChain) Tenants(ctx context.Context, after string, limit int) ([]string, error) {
	return s.tenants(ctx, after, limit, false)
}

func (s auditChain) tenants(ctx context.Context, after string, limit int, unsealed bool) ([]string, error) {
	if err := s.reads(ctx); err != nil {
		return nil, err
	}
	var found []string
	for _, r := range s.st.audit.rows() {
		if !unsealed || !s.sealed(r.ID) {
			found = append(found, r.TenantID)
		}
	}
	slices.Sort(found)
	found = slices.DeleteFunc(slices.Compact(found), func(id string) bool { return id <= after })
	return found[:min(limit, len(found))], nil
}

func (s auditChain) sealed(recordID string) bool {
	_, err := s.st.links.get(recordID)
	return err == nil
}

func (s auditChain) Head(ctx context.Context, tenantID string) (audit.Head, error) {
	if err := s.ofTenant(ctx, tenantID); err != nil {
		return audit.Head{}, err
	}
	h, err := s.st.heads.get(tenantID)
	if errors.Is(err, fault.ErrNotFound) {
		return audit.Start(tenantID), nil
	}
	return h, err
}

func (s auditChain) Unsealed(ctx context.Context, tenantID, after string, limit int) ([]audit.Record, error) {
	if err := s.ofTenant(ctx, tenantID); err != nil {
		return nil, err
	}
	rows := s.st.audit.find(
		func(r audit.Record) bool { return r.TenantID == tenantID && r.ID > after && !s.sealed(r.ID) },
		func(a, b audit.Record) int { return cmp.Compare(a.ID, b.ID) },
	)
	return rows[:min(limit, len(rows))], nil
}

func (s auditChain) Extend(ctx context.Context, tenantID string, links ...audit.Link) error {
	if err := s.writes(ctx); err != nil {
		return err
	}
	head, err := s.Head(ctx, tenantID)
	if err != nil {
		return err
	}
	for _, l := range links {
		r, err := s.st.audit.get(l.RecordID)
		if err != nil || r.TenantID != tenantID || l.TenantID != tenantID || l.Position != head.Position+1 || !bytes.Equal(l.Previous, head.Hash) {
			return fault.ErrStale
		}
		if s.st.links.insert(l.RecordID, l) != nil {
			return fault.ErrStale
		}
		head.Position, head.Hash = l.Position, l.Hash
	}
	s.st.heads.put(tenantID, head)
	return nil
}

func (s auditChain) Sealed(ctx context.Context, tenantID string, after audit.Link, limit int) ([]audit.Sealed, error) {
	if err := s.ofTenant(ctx, tenantID); err != nil {
		return nil, err
	}
	links := s.st.links.find(
		func(l audit.Link) bool { return l.TenantID == tenantID && inChain(l, after) > 0 }, inChain,
	)
	out := make([]audit.Sealed, min(limit, len(links)))
	for i := range out {
		r, err := s.st.audit.get(links[i].RecordID)
		if err != nil {
			return nil, err
		}
		out[i] = audit.Sealed{Record: r, Link: links[i]}
	}
	return out, nil
}

// inChain orders links by position and record.
func inChain(a, b audit.Link) int {
	return cmp.Or(cmp.Compare(a.Position, b.Position), cmp.Compare(a.RecordID, b.RecordID))
}
