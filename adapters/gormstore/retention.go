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

// visitors is the condition of sessions that are nobody's and over since the time that it is given.
const visitors = "owner_user_id IS NULL AND expires_at <= ?"

func (s retention) Visitors(ctx context.Context, age time.Duration, limit int) ([]string, error) {
	rows, err := many[idRow](ctx, s.t, "SELECT id FROM sessions WHERE "+visitors+" ORDER BY expires_at, id LIMIT ?", s.t.before(age), max(limit, 0))
	return idsOf(rows), err
}

func (s retention) Forget(ctx context.Context, sessionIDs []string, age time.Duration) error {
	if s.t.view {
		return errView
	}
	if _, err := s.t.exec(ctx, "DELETE FROM tickets WHERE session_id IN (SELECT id FROM sessions WHERE id IN ? AND "+visitors+")", sessionIDs, s.t.before(age)); err != nil {
		return err
	}
	_, err := s.t.exec(ctx, "DELETE FROM sessions WHERE id IN ? AND "+visitors, sessionIDs, s.t.before(age))
	return err
}
