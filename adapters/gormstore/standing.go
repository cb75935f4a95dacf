package gormstore

import (
	"context"
	"strings"
	"time"

	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/ports"
)

type standings struct{ t *transaction }

var _ ports.StandingStore = standings{}

type standingRow struct {
	Session   sessionRow `gorm:"embedded"`
	Role      string     `gorm:"column:role"`
	Operator  bool       `gorm:"column:operator"`
	Disabled  bool       `gorm:"column:disabled"`
	Suspended bool       `gorm:"column:suspended"`
}

func (r standingRow) standing() ports.Standing {
	return ports.Standing{
		Session: r.Session.session(), Role: identity.Role(r.Role), Operator: r.Operator, Disabled: r.Disabled, Suspended: r.Suspended,
	}
}

func (s standings) Of(ctx context.Context, sessionIDs []string) ([]ports.Standing, error) {
	if len(sessionIDs) == 0 {
		return nil, nil
	}
	rows, err := many[standingRow](ctx, s.t, "SELECT "+prefixed("s", columns[sessionRow]())+`,
		CASE WHEN u.id IS NULL OR t.id IS NULL THEN '' ELSE COALESCE(m.role, '') END AS role, COALESCE(u.operator, FALSE) AS operator,
		COALESCE(u.disabled, FALSE) AS disabled, COALESCE(t.suspended, FALSE) AS suspended
		FROM sessions s LEFT JOIN users u ON u.id = s.owner_user_id LEFT JOIN tenants t ON t.id = s.tenant_id
		LEFT JOIN memberships m ON m.tenant_id = s.tenant_id AND m.user_id = s.owner_user_id WHERE s.id IN ?`, padded(sessionIDs))
	return convert(rows, err, standingRow.standing)
}

// padded repeats the last of a list that is not empty until its length is a power of two, so that statements with lists come in few forms: each
// connection keeps a prepared one for each form.
func padded[T any](list []T) []T {
	for n := len(list); n&(n-1) != 0; n++ {
		list = append(list[:n:n], list[n-1])
	}
	return list
}

// prefixed puts an alias before each column of a list.
func prefixed(alias, columns string) string {
	return alias + "." + strings.ReplaceAll(columns, ", ", ", "+alias+".")
}

type activity struct{ t *transaction }

var _ ports.ActivityStore = activity{}

type sessionKeyRow struct {
	TenantID  string `gorm:"column:tenant_id"`
	SessionID string `gorm:"column:session_id"`
}

// Active looks twice at one index per session, whatever the history of the sessions and the traffic of others.
func (s activity) Active(ctx context.Context, sessions []ports.SessionKey, since time.Time) ([]ports.SessionKey, error) {
	if len(sessions) == 0 {
		return nil, nil
	}
	if err := s.t.across(ctx); err != nil {
		return nil, err
	}
	sessions = padded(sessions)
	args := make([]any, 0, 2*len(sessions)+1)
	for _, key := range sessions {
		args = append(args, key.TenantID, key.SessionID)
	}
	const with = "EXISTS (SELECT 1 FROM executions e WHERE e.tenant_id = w.tenant_id AND e.session_id = w.session_id AND e.completed_at "
	rows, err := many[sessionKeyRow](ctx, s.t, "WITH w (tenant_id, session_id) AS (VALUES "+
		strings.TrimSuffix(strings.Repeat("(?, ?), ", len(sessions)), ", ")+") SELECT DISTINCT w.tenant_id, w.session_id FROM w WHERE "+
		with+"IS NULL) OR "+with+">= ?)", append(args, at(since))...)
	return convert(rows, err, func(r sessionKeyRow) ports.SessionKey { return ports.SessionKey(r) })
}
