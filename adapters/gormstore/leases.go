package gormstore

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/symphainy/symphainy/domain/execution"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/ports"
)

type leases struct{ t *transaction }

var _ ports.LeaseStore = leases{}

// laneFree is the condition that no earlier live execution shares the row's lane.
const laneFree = `(e.lane = '' OR NOT EXISTS (SELECT 1 FROM executions p WHERE p.tenant_id = e.tenant_id AND p.lane = e.lane
	AND p.lane <> '' AND p.lane_pos < e.lane_pos AND p.state IN ('accepted', 'running', 'waiting', 'retrying', 'paused')))`

// claimable is the condition of rows that a worker may take at the two times that it is given: due, and without a live owner.
const claimable = `((e.state IN ('accepted', 'retrying', 'waiting') AND e.due_at <= ?) OR (` + lapsible + ` AND (e.lease_until IS NULL OR e.lease_until <= ?)))`

// Claim is one statement: of concurrent claims one finds the row as it must be.
func (s leases) Claim(ctx context.Context, id, owner string, lease time.Duration) (execution.Execution, error) {
	if err := s.t.across(ctx); err != nil {
		return execution.Execution{}, err
	}
	if err := s.t.lockClaims(ctx, id); errors.Is(err, fault.ErrNotFound) {
		return execution.Execution{}, execution.ErrNotClaimable
	} else if err != nil {
		return execution.Execution{}, err
	}
	now := s.t.now()
	bounds, limits := s.t.bounded()
	row, err := s.t.narrowed(one[narrowedRow](ctx, s.t, `UPDATE executions AS e SET state = 'running', lease_owner = ?, lease_until = ?, fence = fence + 1,
		attempt = attempt + CASE WHEN state = 'waiting' THEN 0 ELSE 1 END, started_at = COALESCE(started_at, ?), updated_at = ?, version = version + 1
		WHERE e.id = ? AND `+claimable+` AND `+laneFree+bounds+` RETURNING `+columns[executionRow]()+s.t.narrowing(),
		append([]any{owner, s.t.after(lease), now, now, id, now, now}, limits...)...))
	if errors.Is(err, fault.ErrNotFound) {
		return execution.Execution{}, execution.ErrNotClaimable
	}
	return restore(row, err, executionRow.execution)
}

func (s leases) Hold(ctx context.Context, l execution.Lease) (execution.Execution, error) {
	if err := s.t.across(ctx); err != nil {
		return execution.Execution{}, err
	}
	row, err := s.t.narrowed(one[narrowedRow](ctx, s.t, "SELECT "+columns[executionRow]()+s.t.narrowing()+
		" FROM executions WHERE id = ? AND "+fenced+" AND state = 'running'"+s.t.forUpdate(s.t.view),
		l.ExecutionID, l.Owner, l.Fence))
	if errors.Is(err, fault.ErrNotFound) {
		return execution.Execution{}, execution.ErrLeaseLost
	}
	return restore(row, err, executionRow.execution)
}

// Renew extends all leases of an owner in one statement; which are the caller's is decided by the fences that come back. Its rows are locked
// in the order of their ids, as Rekey locks them, so that neither waits for the other in a circle.
func (s leases) Renew(ctx context.Context, held []execution.Lease, lease time.Duration) (ports.Renewal, error) {
	var out ports.Renewal
	if len(held) == 0 {
		return out, nil
	}
	if err := s.t.across(ctx); err != nil {
		return out, err
	}
	pairs := make([][]any, len(held))
	for i, l := range held {
		pairs[i] = []any{l.ExecutionID, l.Owner, l.Fence}
	}
	type renewed struct {
		ID     string `gorm:"column:id"`
		Cancel bool   `gorm:"column:cancel_requested"`
		Pause  bool   `gorm:"column:pause_requested"`
	}
	rows, err := many[renewed](ctx, s.t, `UPDATE executions SET lease_until = ?
		WHERE id IN (SELECT id FROM executions WHERE state = 'running' AND (id, lease_owner, fence) IN (`+s.t.tuples(len(pairs))+`)
		ORDER BY id`+s.t.forUpdate(false)+`) RETURNING id, cancel_requested, pause_requested`,
		append([]any{s.t.after(lease)}, flatten(pairs)...)...)
	if err != nil {
		return out, err
	}
	kept := map[string]bool{}
	for _, r := range rows {
		kept[r.ID] = true
		if r.Cancel {
			out.Cancel = append(out.Cancel, r.ID)
		}
		if r.Pause {
			out.Pause = append(out.Pause, r.ID)
		}
	}
	for _, l := range held {
		if !kept[l.ExecutionID] {
			out.Lost = append(out.Lost, l.ExecutionID)
		}
	}
	return out, nil
}

func flatten(rows [][]any) []any {
	var out []any
	for _, r := range rows {
		out = append(out, r...)
	}
	return out
}

type idRow struct {
	ID string `gorm:"column:id"`
}

// Due gives lapsed work before fresh work. It reads the two partial indexes, each only as far as the limit asks: finished executions and a long backlog cost nothing.
func (s leases) Due(ctx context.Context, limit int) ([]string, error) {
	if err := s.t.across(ctx); err != nil {
		return nil, err
	}
	now, limit := s.t.now(), max(limit, 0)
	bounds, limits := s.t.bounded()
	rows, err := many[idRow](ctx, s.t, `SELECT id FROM (
		SELECT * FROM (SELECT e.id, 1 AS rank, e.due_at AS due, e.created_at FROM executions e
			WHERE e.state IN ('accepted', 'retrying', 'waiting') AND e.due_at <= ? AND `+laneFree+bounds+` ORDER BY e.due_at, e.created_at, e.id LIMIT ?) fresh
		UNION ALL
		SELECT * FROM (SELECT e.id, 0 AS rank, e.lease_until AS due, e.created_at FROM executions e
			WHERE e.state = 'running' AND (e.lease_until IS NULL OR e.lease_until <= ?) AND `+laneFree+bounds+`
			ORDER BY e.lease_until, e.created_at, e.id LIMIT ?) lapsed) due_rows
		ORDER BY rank, due, created_at, id LIMIT ?`,
		slices.Concat([]any{now}, limits, []any{limit, now}, limits, []any{limit, limit})...)
	return convert(rows, err, func(r idRow) string { return r.ID })
}

// NextInLane names the states twice: the first condition is the one by which the databases recognise the partial index.
func (s leases) NextInLane(ctx context.Context, tenantID, lane string) (string, error) {
	if err := s.t.in(ctx, tenantID); err != nil || lane == "" {
		return "", err
	}
	row, err := one[idRow](ctx, s.t, `SELECT id FROM executions WHERE tenant_id = ? AND lane = ? AND lane <> ''
		AND `+live+` AND state IN ('accepted', 'retrying') ORDER BY lane_pos LIMIT 1`, tenantID, lane)
	if errors.Is(err, fault.ErrNotFound) {
		return "", nil
	}
	return row.ID, err
}

func (s leases) ReleaseAll(ctx context.Context) (int64, error) {
	if err := s.t.across(ctx); err != nil {
		return 0, err
	}
	now := s.t.now()
	return s.t.exec(ctx, "UPDATE executions SET lease_until = ? WHERE state = 'running' AND lease_until > ?", now, now)
}
