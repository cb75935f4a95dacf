package gormstore

import (
	"context"
	"slices"

	"github.com/symphainy/symphainy/ports"
)

type work struct{ t *transaction }

var _ ports.WorkStore = work{}

type workRow struct {
	executionRow `gorm:"embedded"`

	Stuck bool `gorm:"column:stuck"`
}

// stuckWork is the condition of executions that nobody works on although somebody should, at the two times that it is given.
const stuckWork = "(state = 'running' AND lease_until < ? OR state IN ('accepted', 'retrying', 'waiting') AND due_at < ?)"

func (s work) Executions(ctx context.Context, f ports.WorkFilter, page ports.Page) ([]ports.WorkItem, error) {
	if err := s.t.across(ctx); err != nil {
		return nil, err
	}
	late := []any{s.t.before(ports.StuckRunning), s.t.before(ports.StuckQueued)}
	var c conditions
	c.add("id <> ''")
	c.equal("tenant_id", f.TenantID)
	c.equal("intent_type", f.IntentType)
	if len(f.IDs) > 0 {
		c.add("id IN ?", f.IDs)
	}
	if len(f.States) > 0 {
		c.add("state IN ?", f.States)
	}
	if f.Stuck {
		c.add(stuckWork, late...)
	}
	if page.After != "" {
		c.add("id < ?", page.After)
	}
	rows, err := many[workRow](ctx, s.t, "SELECT "+columns[executionRow]()+", COALESCE("+stuckWork+", false) AS stuck FROM executions WHERE "+c.sql()+
		" ORDER BY id DESC LIMIT ?", slices.Concat(late, c.args, []any{max(page.Limit, 0)})...)
	return convert(rows, err, func(r workRow) ports.WorkItem { return ports.WorkItem{Execution: r.execution(), Stuck: r.Stuck} })
}
