package gormstore

import (
	"context"

	"github.com/symphainy/symphainy/domain/execution"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/ports"
)

type signals struct{ t *transaction }

var _ ports.SignalStore = signals{}

type signalRow struct {
	TenantID    string  `gorm:"column:tenant_id;primaryKey"`
	ExecutionID string  `gorm:"column:execution_id;primaryKey"`
	ID          string  `gorm:"column:id;primaryKey"`
	Name        string  `gorm:"column:name"`
	Payload     rawJSON `gorm:"column:payload"`
	SentBy      string  `gorm:"column:sent_by"`
	Sent        stamp   `gorm:"column:sent_at"`
	TakenBy     string  `gorm:"column:taken_by"`
}

func (signalRow) TableName() string { return "signals" }

func (s signals) Put(ctx context.Context, tenantID string, v execution.Signal) error {
	if err := s.t.in(ctx, tenantID); err != nil {
		return err
	}
	return insertOne(ctx, s.t, signalRow{
		TenantID: tenantID, ExecutionID: v.ExecutionID, ID: v.ID, Name: v.Name, Payload: v.Payload, SentBy: v.SentBy, Sent: at(v.SentAt), TakenBy: v.TakenBy,
	})
}

func (s signals) Next(ctx context.Context, tenantID, executionID, name string) (execution.Signal, error) {
	if err := s.t.in(ctx, tenantID); err != nil {
		return execution.Signal{}, err
	}
	row, err := one[signalRow](ctx, s.t, "SELECT "+columns[signalRow]()+` FROM signals
		WHERE tenant_id = ? AND execution_id = ? AND name = ? AND taken_by = '' ORDER BY sent_at, id LIMIT 1`, tenantID, executionID, name)
	return restore(row, err, func(r signalRow) execution.Signal {
		return execution.Signal{
			ID: r.ID, ExecutionID: r.ExecutionID, Name: r.Name, Payload: r.Payload, SentBy: r.SentBy, SentAt: r.Sent.Time, TakenBy: r.TakenBy,
		}
	})
}

func (s signals) Take(ctx context.Context, tenantID, executionID, id, wait string) error {
	if err := s.t.in(ctx, tenantID); err != nil {
		return err
	}
	n, err := s.t.exec(ctx, "UPDATE signals SET taken_by = ? WHERE tenant_id = ? AND execution_id = ? AND id = ? AND taken_by = ''", wait, tenantID, executionID, id)
	if err == nil && n == 0 {
		return fault.ErrNotFound
	}
	return err
}

type children struct{ t *transaction }

var _ ports.ChildStore = children{}

func (s children) Of(ctx context.Context, tenantID, parentID string) ([]execution.Child, error) {
	if err := s.t.in(ctx, tenantID); err != nil || parentID == "" {
		return nil, err
	}
	type childRow struct {
		ID    string `gorm:"column:id"`
		Key   string `gorm:"column:child_key"`
		State string `gorm:"column:state"`
	}
	rows, err := many[childRow](ctx, s.t, `SELECT id, child_key, state FROM executions
		WHERE tenant_id = ? AND parent_id = ? AND parent_id <> '' AND child_key <> '' ORDER BY created_at, id`, tenantID, parentID)
	return convert(rows, err, func(r childRow) execution.Child {
		return execution.Child{ID: r.ID, Key: r.Key, State: execution.State(r.State)}
	})
}

func (s children) Live(ctx context.Context, tenantID, parentID string) (int, error) {
	if err := s.t.in(ctx, tenantID); err != nil || parentID == "" {
		return 0, err
	}
	n, err := one[struct {
		N int `gorm:"column:n"`
	}](ctx, s.t, "SELECT COUNT(*) AS n FROM executions WHERE tenant_id = ? AND parent_id = ? AND parent_id <> '' AND "+live, tenantID, parentID)
	return n.N, err
}

// orphans walks the index of live children, of which there are few, and looks each parent up. That a parent's id is after the empty one says nothing
// new, but it lets SQLite start from that index; without it all executions that ever were would be read, in the order of their ids.
const orphans = ` FROM executions c JOIN executions p ON p.tenant_id = c.tenant_id AND p.id = c.parent_id
	WHERE c.parent_id <> '' AND c.parent_id > '' AND c.state IN ('accepted', 'running', 'waiting', 'retrying', 'paused') AND NOT c.cancel_requested
	AND p.state IN ('completed', 'failed', 'cancelled') ORDER BY c.id LIMIT ?`

// Orphans gives live children whose parents have ended.
func (s children) Orphans(ctx context.Context, limit int) ([]execution.Orphan, error) {
	if err := s.t.across(ctx); err != nil {
		return nil, err
	}
	type orphanRow struct {
		TenantID  string `gorm:"column:tenant_id"`
		ID        string `gorm:"column:id"`
		OwnerID   string `gorm:"column:owner_id"`
		SessionID string `gorm:"column:session_id"`
	}
	rows, err := many[orphanRow](ctx, s.t, "SELECT c.tenant_id, c.id, c.owner_id, c.session_id"+orphans, max(limit, 0))
	return convert(rows, err, func(r orphanRow) execution.Orphan {
		scope := execution.Snapshot{TenantID: r.TenantID, OwnerID: r.OwnerID, SessionID: r.SessionID}.Scope()
		return execution.Orphan{ID: r.ID, Scope: scope}
	})
}

type decisions struct{ t *transaction }

var _ ports.DecisionStore = decisions{}

func (s decisions) Lock(ctx context.Context, tenantID, id string) (execution.Execution, error) {
	if err := s.t.in(ctx, tenantID); err != nil {
		return execution.Execution{}, err
	}
	row, err := one[executionRow](ctx, s.t, "SELECT "+columns[executionRow]()+" FROM executions WHERE tenant_id = ? AND id = ?"+s.t.forUpdate(s.t.view), tenantID, id)
	return restore(row, err, executionRow.execution)
}

// openDecisions reads the partial index of what waits for a decision, in its order.
const openDecisions = " FROM executions WHERE tenant_id = ? AND waiting_for = 'decision' AND state = 'waiting' AND id > ? ORDER BY id LIMIT ?"

func (s decisions) Open(ctx context.Context, tenantID string, page ports.Page) ([]execution.Execution, error) {
	if err := s.t.in(ctx, tenantID); err != nil {
		return nil, err
	}
	rows, err := many[executionRow](ctx, s.t, "SELECT "+columns[executionRow]()+openDecisions, tenantID, page.After, max(page.Limit, 0))
	return convert(rows, err, executionRow.execution)
}
