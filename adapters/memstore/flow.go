package memstore

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/symphainy/symphainy/domain/execution"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/ports"
)

type flow struct{ *txn }

// same gives the live executions of a session with a key; there is one at most.
func (s *state) same(tenantID, sessionID, key string) []execution.Snapshot {
	return s.executions.find(func(row execution.Snapshot) bool {
		return row.TenantID == tenantID && row.SessionID == sessionID && row.Intent.SameKey == key && !row.State.Terminal()
	}, accepted)
}

func (s flow) Same(ctx context.Context, scope identity.Scope, sessionID, key string) (execution.Execution, error) {
	if err := s.within(ctx, scope); err != nil {
		return execution.Execution{}, err
	}
	for _, row := range s.st.same(scope.TenantID, sessionID, key) {
		if key != "" && sees(scope, row.TenantID, row.OwnerID, row.SessionID) {
			return execution.Restore(row), nil
		}
	}
	return execution.Execution{}, fault.ErrNotFound
}

func queued(row execution.Snapshot) bool {
	return row.State == execution.Accepted || row.State == execution.Retrying
}

func (s flow) Full(ctx context.Context, tenantID string, limit int) (bool, error) {
	if err := s.ofTenant(ctx, tenantID); err != nil {
		return false, err
	}
	n := 0
	for _, row := range s.st.executions.rows() {
		if row.TenantID == tenantID && queued(row) {
			n++
		}
	}
	return n >= limit, nil
}

func (s flow) NextInTurn(ctx context.Context, after string) (tenantID, executionID string, err error) {
	if err := s.reads(ctx); err != nil {
		return "", "", err
	}
	now, l := s.now(), leases(s)
	rows := s.st.executions.find(
		func(row execution.Snapshot) bool {
			return queued(row) && !row.DueAt.After(now) && !l.laneBusy(row) && !l.tooMany(row)
		},
		func(a, b execution.Snapshot) int {
			return cmp.Or(strings.Compare(a.TenantID, b.TenantID), a.DueAt.Compare(b.DueAt), strings.Compare(a.ID, b.ID))
		},
	)
	if len(rows) == 0 {
		return "", "", nil
	}
	next := max(slices.IndexFunc(rows, func(row execution.Snapshot) bool { return row.TenantID > after }), 0)
	return rows[next].TenantID, rows[next].ID, nil
}

func (s flow) Queues(ctx context.Context, tenantID string, limit int) ([]ports.QueueCount, error) {
	if err := s.reads(ctx); err != nil {
		return nil, err
	}
	now, counts := s.now(), map[[3]string]*ports.QueueCount{}
	for _, row := range s.st.executions.rows() {
		if row.State.Terminal() || tenantID != "" && row.TenantID != tenantID {
			continue
		}
		key := [3]string{row.TenantID, row.Intent.Type, string(row.State)}
		c := counts[key]
		if c == nil {
			c = &ports.QueueCount{TenantID: row.TenantID, IntentType: row.Intent.Type, State: row.State, Oldest: row.CreatedAt}
			counts[key] = c
		}
		c.Count++
		if stuck(row, now) {
			c.Stuck++
		}
		if row.CreatedAt.Before(c.Oldest) {
			c.Oldest = row.CreatedAt
		}
	}
	list := make([]ports.QueueCount, 0, len(counts))
	for _, c := range counts {
		list = append(list, *c)
	}
	slices.SortFunc(list, func(a, b ports.QueueCount) int {
		return cmp.Or(strings.Compare(a.TenantID, b.TenantID), strings.Compare(a.IntentType, b.IntentType), strings.Compare(string(a.State), string(b.State)))
	})
	return list[:min(len(list), max(limit, 0))], nil
}

func stuck(row execution.Snapshot, now time.Time) bool {
	switch {
	case row.State == execution.Running:
		return row.LeaseUntil.Before(now.Add(-ports.StuckRunning))
	case queued(row) || row.State == execution.Waiting:
		return !row.DueAt.IsZero() && row.DueAt.Before(now.Add(-ports.StuckQueued))
	}
	return false
}

// tooMany reports whether a bound keeps the row from running now.
func (s leases) tooMany(row execution.Snapshot) bool {
	b := s.bounds
	if !b.Bounded() {
		return false
	}
	var tenant, session, kind int
	now := s.now()
	for _, other := range s.st.executions.rows() {
		if other.State != execution.Running || !other.LeaseUntil.After(now) || other.ID == row.ID {
			continue
		}
		if other.TenantID == row.TenantID {
			tenant++
		}
		if other.SessionID == row.SessionID {
			session++
		}
		if other.Intent.Type == row.Intent.Type {
			kind++
		}
	}
	reached := func(n, bound int) bool { return bound > 0 && n >= bound }
	return reached(tenant, b.PerTenant) || reached(session, b.PerSession) || reached(kind, b.PerType[row.Intent.Type])
}
