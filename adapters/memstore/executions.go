package memstore

import (
	"context"
	"slices"
	"time"

	"github.com/symphainy/symphainy/domain/execution"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/ports"
)

type executions struct{ *txn }

func executionVersion(s *execution.Snapshot) *int { return &s.Version }

func (s executions) Insert(ctx context.Context, e execution.Execution) error {
	if err := s.writes(ctx); err != nil {
		return err
	}
	row := e.Snapshot()
	if err := needTenant(row.TenantID); err != nil {
		return err
	}
	if row.ChildKey != "" {
		for _, other := range s.st.executions.rows() {
			if childOf(other, row.TenantID, row.ParentID) && other.ChildKey == row.ChildKey {
				return fault.ErrDuplicate
			}
		}
	}
	if row.Intent.SameKey != "" && len(s.st.same(row.TenantID, row.SessionID, row.Intent.SameKey)) > 0 {
		return fault.ErrDuplicate
	}
	return s.st.executions.insert(row.ID, row)
}

func (s executions) Begin(ctx context.Context, e execution.Execution, lease time.Duration) error {
	row := e.Snapshot()
	if leases(s).laneBusy(row) {
		return execution.ErrNotClaimable
	}
	row.LeaseUntil = moment(s.now().Add(lease))
	return s.Insert(ctx, execution.Restore(row))
}

func (s executions) ByID(ctx context.Context, scope identity.Scope, id string) (execution.Execution, error) {
	if err := s.within(ctx, scope); err != nil {
		return execution.Execution{}, err
	}
	row, err := s.st.executions.get(id)
	if err != nil || !sees(scope, row.TenantID, row.OwnerID, row.SessionID) {
		return execution.Execution{}, fault.ErrNotFound
	}
	return execution.Restore(row), nil
}

// Lock is ByID: the one writer of the store keeps all others out.
func (s executions) Lock(ctx context.Context, scope identity.Scope, id string) (execution.Execution, error) {
	if err := s.writes(ctx); err != nil {
		return execution.Execution{}, err
	}
	return s.ByID(ctx, scope, id)
}

func (s executions) Save(ctx context.Context, e execution.Execution) error {
	if err := s.writes(ctx); err != nil {
		return err
	}
	return s.st.executions.save(e.ID(), e.Snapshot(), executionVersion, func(stored execution.Snapshot, next *execution.Snapshot) error {
		if stored.TenantID != next.TenantID {
			return fault.ErrNotFound
		}
		next.OwnerID, next.Principal, next.TrimmedSeq = stored.OwnerID, stored.Principal, stored.TrimmedSeq
		return nil
	})
}

func (s executions) List(ctx context.Context, scope identity.Scope, f ports.ExecutionFilter, page ports.Page) ([]execution.Execution, error) {
	if err := s.within(ctx, scope); err != nil {
		return nil, err
	}
	// The cursor is an execution of the scope, also when it does not pass the filter any more.
	cursor := func(row execution.Snapshot) bool { return page.After != "" && row.ID == page.After }
	rows := s.st.executions.find(
		func(row execution.Snapshot) bool {
			return sees(scope, row.TenantID, row.OwnerID, row.SessionID) && (passes(row, f) || cursor(row))
		},
		func(a, b execution.Snapshot) int { return newestFirst(a.CreatedAt, b.CreatedAt, a.ID, b.ID) },
	)
	list := []execution.Execution{}
	for _, row := range after(rows, page, func(row execution.Snapshot) string { return row.ID }) {
		list = append(list, execution.Restore(row))
	}
	return list, nil
}

func passes(row execution.Snapshot, f ports.ExecutionFilter) bool {
	return (f.SessionID == "" || row.SessionID == f.SessionID) &&
		(len(f.Status) == 0 || slices.Contains(f.Status, row.State)) &&
		(f.IntentType == "" || row.Intent.Type == f.IntentType) &&
		!slices.Contains(f.Except, row.Intent.Type) &&
		(f.Realm == "" || row.Realm == f.Realm) &&
		(f.RetryOf == "" || row.RetryOf == f.RetryOf) &&
		(f.ParentID == "" || row.ParentID == f.ParentID) &&
		(f.CreatedAfter.IsZero() || row.CreatedAt.After(f.CreatedAfter)) &&
		(f.CreatedBefore.IsZero() || row.CreatedAt.Before(f.CreatedBefore)) &&
		(f.ActiveSince.IsZero() || !row.State.Terminal() || !row.CompletedAt.Before(f.ActiveSince))
}
