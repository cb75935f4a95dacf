package gormstore

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/symphainy/symphainy/domain/execution"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/ports"
)

type flow struct{ t *transaction }

var _ ports.FlowStore = flow{}

// bounded gives the condition that no bound keeps the row e from running, "" without bounds. Each subquery is asked once a statement, and reads the
// few rows that run.
func (t *transaction) bounded() (condition string, args []any) {
	b, now := t.bounds, t.now()
	const alive = " FROM executions r WHERE r.state = 'running' AND r.lease_until > ?"
	if b.PerTenant > 0 {
		condition += " AND e.tenant_id NOT IN (SELECT r.tenant_id" + alive + " GROUP BY r.tenant_id HAVING COUNT(*) >= ?)"
		args = append(args, now, b.PerTenant)
	}
	if b.PerSession > 0 {
		condition += " AND e.session_id NOT IN (SELECT r.session_id" + alive + " GROUP BY r.session_id HAVING COUNT(*) >= ?)"
		args = append(args, now, b.PerSession)
	}
	for _, name := range slices.Sorted(maps.Keys(b.PerType)) {
		condition += " AND (e.intent_type <> ? OR (SELECT COUNT(*)" + alive + " AND r.intent_type = ?) < ?)"
		args = append(args, name, now, name, b.PerType[name])
	}
	return condition, args
}

// lockClaims lets claims that one bound counts follow each other on PostgreSQL: two that count at the same time would both see room for one.
// Those of other tenants and types do not wait. The tenant's lock comes first, so that two never wait for each other. SQLite has one writer.
func (t *transaction) lockClaims(ctx context.Context, id string) error {
	if t.sqlite || !t.bounds.Bounded() {
		return nil
	}
	row, err := one[struct {
		Tenant string `gorm:"column:tenant_id"`
		Type   string `gorm:"column:intent_type"`
	}](ctx, t, "SELECT tenant_id, intent_type FROM executions WHERE id = ?", id)
	if err != nil {
		return err
	}
	if t.bounds.PerTenant > 0 || t.bounds.PerSession > 0 {
		if err := t.lockLane(ctx, row.Tenant, "\x00claims"); err != nil {
			return err
		}
	}
	if t.bounds.PerType[row.Type] > 0 {
		return t.lockLane(ctx, "\x00claims", row.Type)
	}
	return nil
}

func (s flow) Same(ctx context.Context, scope identity.Scope, sessionID, key string) (execution.Execution, error) {
	if err := s.t.within(ctx, scope); err != nil {
		return execution.Execution{}, err
	}
	where, args := owned(scope)
	row, err := one[executionRow](ctx, s.t, "SELECT "+columns[executionRow]()+" FROM executions WHERE "+where+
		" AND session_id = ? AND same_key = ? AND same_key <> '' AND "+live, append(args, sessionID, key)...)
	return restore(row, err, executionRow.execution)
}

// Full counts no further than the limit, in the partial index of what waits.
func (s flow) Full(ctx context.Context, tenantID string, limit int) (bool, error) {
	if err := s.t.in(ctx, tenantID); err != nil {
		return false, err
	}
	if limit < 1 {
		return true, nil
	}
	_, err := one[idRow](ctx, s.t, `SELECT tenant_id AS id FROM executions
		WHERE tenant_id = ? AND state IN ('accepted', 'retrying') LIMIT 1 OFFSET ?`, tenantID, limit-1)
	if errors.Is(err, fault.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

type turnRow struct {
	Tenant string `gorm:"column:tenant_id"`
	ID     string `gorm:"column:id"`
}

// NextInTurn reads the partial index of what waits in its order, from where the turn stands, and stops at the first row that could be
// claimed: the number of tenants and of what they have waiting costs nothing.
func (s flow) NextInTurn(ctx context.Context, after string) (tenantID, executionID string, err error) {
	if err := s.t.across(ctx); err != nil {
		return "", "", err
	}
	now := s.t.now()
	bounds, limits := s.t.bounded()
	for _, half := range []string{"e.tenant_id > ?", "e.tenant_id <= ?"} {
		row, err := one[turnRow](ctx, s.t, nextInTurn(half, bounds), append([]any{after, now}, limits...)...)
		if !errors.Is(err, fault.ErrNotFound) {
			return row.Tenant, row.ID, err
		}
	}
	return "", "", nil
}

func nextInTurn(half, bounds string) string {
	return `SELECT e.tenant_id, e.id FROM executions e WHERE e.state IN ('accepted', 'retrying') AND ` + half +
		` AND e.due_at <= ? AND ` + laneFree + bounds + ` ORDER BY e.tenant_id, e.due_at LIMIT 1`
}

type queueRow struct {
	Tenant string `gorm:"column:tenant_id"`
	Type   string `gorm:"column:intent_type"`
	State  string `gorm:"column:state"`
	Count  int64  `gorm:"column:n"`
	Stuck  int64  `gorm:"column:stuck"`
	Oldest stamp  `gorm:"column:oldest"`
}

// Queues reads the partial indexes of the live states only, so that finished executions cost nothing.
func (s flow) Queues(ctx context.Context, tenantID string, limit int) ([]ports.QueueCount, error) {
	if err := s.t.inOrAcross(ctx, tenantID); err != nil {
		return nil, err
	}
	tenant, args := "", []any(nil)
	if tenantID != "" {
		tenant, args = " AND tenant_id = ?", []any{tenantID}
	}
	columns := "SELECT tenant_id, intent_type, state, due_at, lease_until, created_at FROM executions WHERE "
	query := `SELECT tenant_id, intent_type, state, COUNT(*) AS n, MIN(created_at) AS oldest,
		SUM(CASE WHEN state = 'running' AND lease_until < ? OR state IN ('accepted', 'retrying', 'waiting') AND due_at < ? THEN 1 ELSE 0 END) AS stuck
		FROM (` + columns + "state IN ('accepted', 'retrying', 'waiting')" + tenant + " UNION ALL " + columns + "state = 'running'" + tenant +
		" UNION ALL " + columns + "state = 'paused'" + tenant + `) live_rows
		GROUP BY tenant_id, intent_type, state ORDER BY tenant_id, intent_type, state LIMIT ?`
	all := slices.Concat([]any{s.t.before(ports.StuckRunning), s.t.before(ports.StuckQueued)}, args, args, args, []any{max(limit, 0)})
	rows, err := many[queueRow](ctx, s.t, query, all...)
	return convert(rows, err, func(r queueRow) ports.QueueCount {
		return ports.QueueCount{
			TenantID: r.Tenant, IntentType: r.Type, State: execution.State(r.State), Count: r.Count, Stuck: r.Stuck, Oldest: r.Oldest.Time,
		}
	})
}

// before is database time less d.
func (t *transaction) before(d time.Duration) any { return t.after(-d) }
