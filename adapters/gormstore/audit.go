package gormstore

import (
	"context"

	"github.com/symphainy/symphainy/domain/audit"
	"github.com/symphainy/symphainy/ports"
)

type auditLog struct{ t *transaction }

var _ ports.AuditLog = auditLog{}

type auditRow struct {
	TenantID      string  `gorm:"column:tenant_id;primaryKey"`
	ID            string  `gorm:"column:id;primaryKey"`
	Actor         string  `gorm:"column:actor"`
	OnBehalfOf    string  `gorm:"column:on_behalf_of"`
	Action        string  `gorm:"column:action"`
	Target        string  `gorm:"column:target"`
	IntentType    string  `gorm:"column:intent_type"`
	ArgumentsHash string  `gorm:"column:arguments_hash"`
	PolicyVersion string  `gorm:"column:policy_version"`
	Result        string  `gorm:"column:result"`
	Detail        rawJSON `gorm:"column:detail"`
	TraceID       string  `gorm:"column:trace_id"`
	At            stamp   `gorm:"column:at"`
}

func (auditRow) TableName() string { return "audit_records" }

func (s auditLog) Append(ctx context.Context, records ...audit.Record) error {
	if len(records) == 0 {
		return nil
	}
	rows := make([]auditRow, len(records))
	for i, r := range records {
		if err := needTenant(r.TenantID); err != nil {
			return err
		}
		rows[i] = auditRow{
			TenantID: r.TenantID, ID: r.ID, Actor: r.Actor, OnBehalfOf: r.OnBehalfOf, Action: r.Action, Target: r.Target,
			IntentType: r.IntentType, ArgumentsHash: r.ArgumentsHash, PolicyVersion: r.PolicyVersion, Result: string(r.Result),
			Detail: r.Detail, TraceID: r.TraceID, At: at(r.At),
		}
	}
	for len(rows) > 0 {
		n := 1
		for n < len(rows) && rows[n].TenantID == rows[0].TenantID {
			n++
		}
		if err := s.append(ctx, rows[:n]); err != nil {
			return err
		}
		rows = rows[n:]
	}
	return nil
}

// append stores records of one tenant.
func (s auditLog) append(ctx context.Context, rows []auditRow) error {
	if err := s.t.in(ctx, rows[0].TenantID); err != nil {
		return err
	}
	return insertLater(ctx, s.t, rows...)
}

func (s auditLog) List(ctx context.Context, tenantID string, page ports.Page) ([]audit.Record, error) {
	return s.list(ctx, tenantID, page, conditions{parts: []string{"tenant_id = ?"}, args: []any{tenantID}})
}

func (s auditLog) About(ctx context.Context, tenantID, target string, page ports.Page) ([]audit.Record, error) {
	return s.list(ctx, tenantID, page, conditions{parts: []string{"tenant_id = ?", "target = ?"}, args: []any{tenantID, target}})
}

func (s auditLog) list(ctx context.Context, tenantID string, page ports.Page, c conditions) ([]audit.Record, error) {
	if err := s.t.in(ctx, tenantID); err != nil {
		return nil, err
	}
	if page.After != "" {
		c.add("(at, id) < (SELECT at, id FROM audit_records WHERE tenant_id = ? AND id = ?)", tenantID, page.After)
	}
	rows, err := many[auditRow](ctx, s.t, "SELECT "+columns[auditRow]()+" FROM audit_records WHERE "+c.sql()+
		" ORDER BY at DESC, id DESC LIMIT ?", append(c.args, page.Limit)...)
	return convert(rows, err, auditRow.record)
}

func (r auditRow) record() audit.Record {
	return audit.Record{
		ID: r.ID, TenantID: r.TenantID, Actor: r.Actor, OnBehalfOf: r.OnBehalfOf, Action: r.Action, Target: r.Target,
		IntentType: r.IntentType, ArgumentsHash: r.ArgumentsHash, PolicyVersion: r.PolicyVersion, Result: audit.Result(r.Result),
		Detail: r.Detail, TraceID: r.TraceID, At: r.At.Time,
	}
}
