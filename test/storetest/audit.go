package storetest

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/domain/audit"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/typeid"
	"github.com/symphainy/symphainy/ports"
)

func (s *suite) auditOf(t *testing.T, tenantID string, page ports.Page) []audit.Record {
	t.Helper()
	return get(t, s, func(ctx context.Context, tx ports.Tx) ([]audit.Record, error) {
		return tx.Audit.List(ctx, tenantID, page)
	})
}

func (s *suite) audit(t *testing.T) {
	t.Helper()
	h, other := s.member(t, ""), s.member(t, "")
	add := func(records ...audit.Record) error {
		return s.try(t, func(ctx context.Context, tx ports.Tx) error { return tx.Audit.Append(ctx, records...) })
	}
	whole := ports.Page{Limit: 50}
	require.Empty(t, s.auditOf(t, h.tenantID, whole))
	r := audit.Record{
		ID: id(typeid.AuditRecord), TenantID: h.tenantID, Actor: h.user.ID, OnBehalfOf: awkward, Action: "intent.submitted",
		Target: id(typeid.Execution), IntentType: "parse_content", ArgumentsHash: "hash", PolicyVersion: "p1", Result: audit.Open,
		Detail: []byte(awkwardJSON), TraceID: "trace", At: s.abroad(1),
	}
	full(t, r)
	bare := audit.Record{ID: id(typeid.AuditRecord), TenantID: h.tenantID, Result: audit.Denied, At: s.at(2)}
	require.NoError(t, add())
	require.NoError(t, add(r, bare))
	same(t, []audit.Record{bare, r}, s.auditOf(t, h.tenantID, whole))
	require.Empty(t, s.auditOf(t, other.tenantID, whole))
	about := func(tenantID, target string) []audit.Record {
		return get(t, s, func(ctx context.Context, tx ports.Tx) ([]audit.Record, error) {
			return tx.Audit.About(ctx, tenantID, target, whole)
		})
	}
	same(t, []audit.Record{r}, about(h.tenantID, r.Target))
	require.Empty(t, about(other.tenantID, r.Target))
	require.Empty(t, about(h.tenantID, id(typeid.Execution)))
	require.ErrorIs(t, add(r), fault.ErrDuplicate)

	made := []string{r.ID, bare.ID}
	for i := range 4 {
		next := audit.Record{ID: id(typeid.AuditRecord), TenantID: h.tenantID, Result: audit.Allowed, At: s.at(3 + i/2)}
		made = append(made, next.ID)
		require.NoError(t, add(next, audit.Record{ID: id(typeid.AuditRecord), TenantID: other.tenantID, Result: audit.Allowed, At: s.at(3)}))
	}
	all := pages(t, 4, func(p ports.Page) []string {
		return ids(s.auditOf(t, h.tenantID, p), func(r audit.Record) string { return r.ID })
	})
	require.Equal(t, reversed(made), all)

	require.ErrorIs(t, s.try(t, func(ctx context.Context, tx ports.Tx) error {
		lost := audit.Record{ID: id(typeid.AuditRecord), TenantID: h.tenantID, Result: audit.Allowed, At: s.at(9)}
		require.NoError(t, tx.Audit.Append(ctx, lost))
		return fault.ErrPermission
	}), fault.ErrPermission)
	require.Len(t, s.auditOf(t, h.tenantID, whole), len(made))
}
