package gormstore

import (
	"context"

	"github.com/symphainy/symphainy/domain/execution"
	"github.com/symphainy/symphainy/ports"
)

type deadlines struct{ t *transaction }

var _ ports.DeadlineStore = deadlines{}

// idle is the condition of live executions that nobody works on and that are not being undone.
const idle = "state IN ('accepted', 'waiting', 'retrying', 'paused') AND ending = ''"

// Overdue reads two partial indexes, each as far as the limit asks.
func (s deadlines) Overdue(ctx context.Context, limit int) ([]string, error) {
	if err := s.t.across(ctx); err != nil {
		return nil, err
	}
	now, limit := s.t.now(), max(limit, 0)
	rows, err := many[idRow](ctx, s.t, `SELECT id FROM (
		SELECT * FROM (SELECT id, deadline AS due FROM executions WHERE `+live+` AND deadline IS NOT NULL AND deadline <= ? AND `+idle+`
			ORDER BY deadline LIMIT ?) late
		UNION ALL
		SELECT * FROM (SELECT id, start_by AS due FROM executions WHERE state = 'accepted' AND start_by IS NOT NULL AND start_by <= ? AND ending = ''
			AND (deadline IS NULL OR deadline > ?) ORDER BY start_by LIMIT ?) unstarted) overdue
		ORDER BY due, id LIMIT ?`, now, limit, now, now, limit, limit)
	return convert(rows, err, func(r idRow) string { return r.ID })
}

func (s deadlines) Seize(ctx context.Context, id string) (execution.Execution, error) {
	if s.t.view {
		return execution.Execution{}, errView
	}
	if err := s.t.across(ctx); err != nil {
		return execution.Execution{}, err
	}
	now := s.t.now()
	row, err := s.t.narrowed(one[narrowedRow](ctx, s.t, "SELECT "+columns[executionRow]()+s.t.narrowing()+" FROM executions WHERE id = ? AND "+idle+
		" AND (deadline <= ? OR state = 'accepted' AND start_by <= ?)"+s.t.forUpdate(false), id, now, now))
	return restore(row, err, executionRow.execution)
}
