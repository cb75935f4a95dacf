package gormstore

import (
	"context"
	"time"

	"github.com/symphainy/symphainy/ports"
)

type retention struct{ t *transaction }

var _ ports.RetentionStore = retention{}

type endedRow struct {
	TenantID string `gorm:"column:tenant_id"`
	ID       string `gorm:"column:id"`
}

// TrimEvents passes over what somebody else has locked: several processes trim side by side, and an upgrade that moves a log is not waited for.
func (s retention) TrimEvents(ctx context.Context, age time.Duration, limit int) (int, error) {
	if s.t.view {
		return 0, errView
	}
	if err := s.t.across(ctx); err != nil {
		return 0, err
	}
	suffix := " FOR NO KEY UPDATE SKIP LOCKED"
	if s.t.sqlite {
		suffix = ""
	}
	rows, err := many[endedRow](ctx, s.t, `SELECT tenant_id, id FROM executions WHERE completed_at IS NOT NULL AND trimmed_seq < last_seq
		AND state IN ('completed', 'failed', 'cancelled') AND completed_at <= ? ORDER BY completed_at LIMIT ?`+suffix, s.t.before(age), max(limit, 0))
	if err != nil {
		return 0, err
	}
	for _, r := range rows {
		if _, err := s.t.exec(ctx, "DELETE FROM events WHERE tenant_id = ? AND execution_id = ?", r.TenantID, r.ID); err != nil {
			return 0, err
		}
		if _, err := s.t.exec(ctx, "UPDATE executions SET trimmed_seq = last_seq WHERE tenant_id = ? AND id = ?", r.TenantID, r.ID); err != nil {
			return 0, err
		}
	}
	return len(rows), nil
}
