package memstore

import (
	"cmp"
	"context"

	"github.com/symphainy/symphainy/domain/execution"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/ports"
)

type signals struct{ *txn }

func (s signals) Put(ctx context.Context, tenantID string, v execution.Signal) error {
	if err := s.writes(ctx); err != nil {
		return err
	}
	if err := needTenant(tenantID); err != nil {
		return err
	}
	return s.st.signals.insert(tuple(v.ExecutionID, v.ID), signal{tenantID, v})
}

func (s signals) Next(ctx context.Context, tenantID, executionID, name string) (execution.Signal, error) {
	if err := s.ofTenant(ctx, tenantID); err != nil {
		return execution.Signal{}, err
	}
	rows := s.st.signals.find(
		func(v signal) bool {
			return v.TenantID == tenantID && v.Signal.ExecutionID == executionID && v.Signal.Name == name && v.Signal.TakenBy == ""
		},
		func(a, b signal) int { return oldestFirst(a.Signal.SentAt, b.Signal.SentAt, a.Signal.ID, b.Signal.ID) },
	)
	if len(rows) == 0 {
		return execution.Signal{}, fault.ErrNotFound
	}
	return rows[0].Signal, nil
}

func (s signals) Take(ctx context.Context, tenantID, executionID, id, wait string) error {
	if err := s.writes(ctx); err != nil {
		return err
	}
	if err := needTenant(tenantID); err != nil {
		return err
	}
	row, err := s.st.signals.get(tuple(executionID, id))
	if err != nil || row.TenantID != tenantID || row.Signal.TakenBy != "" {
		return fault.ErrNotFound
	}
	row.Signal.TakenBy = wait
	s.st.signals.put(tuple(executionID, id), row)
	return nil
}

type children struct{ *txn }

func (s children) Of(ctx context.Context, tenantID, parentID string) ([]execution.Child, error) {
	if err := s.ofTenant(ctx, tenantID); err != nil {
		return nil, err
	}
	rows := s.st.executions.find(func(row execution.Snapshot) bool { return childOf(row, tenantID, parentID) && row.ChildKey != "" }, accepted)
	list := make([]execution.Child, len(rows))
	for i, row := range rows {
		list[i] = execution.Child{ID: row.ID, Key: row.ChildKey, State: row.State}
	}
	return list, nil
}

func childOf(row execution.Snapshot, tenantID, parentID string) bool {
	return row.TenantID == tenantID && row.ParentID == parentID && parentID != ""
}

func (s children) Live(ctx context.Context, tenantID, parentID string) (int, error) {
	if err := s.ofTenant(ctx, tenantID); err != nil {
		return 0, err
	}
	n := 0
	for _, row := range s.st.executions.rows() {
		if childOf(row, tenantID, parentID) && !row.State.Terminal() {
			n++
		}
	}
	return n, nil
}

func (s children) Orphans(ctx context.Context, limit int) ([]execution.Orphan, error) {
	if err := s.reads(ctx); err != nil {
		return nil, err
	}
	rows := s.st.executions.find(func(row execution.Snapshot) bool {
		if row.ParentID == "" || row.State.Terminal() || row.CancelRequested {
			return false
		}
		parent, err := s.st.executions.get(row.ParentID)
		return err == nil && parent.TenantID == row.TenantID && parent.State.Terminal()
	}, func(a, b execution.Snapshot) int { return cmp.Compare(a.ID, b.ID) })
	list := []execution.Orphan{}
	for _, row := range cut(rows, ports.Window{Limit: limit}) {
		list = append(list, execution.Orphan{ID: row.ID, Scope: row.Scope()})
	}
	return list, nil
}

type decisions struct{ *txn }

// Lock needs no lock: the one writer of the store keeps all others out.
func (s decisions) Lock(ctx context.Context, tenantID, id string) (execution.Execution, error) {
	if err := s.writes(ctx); err != nil {
		return execution.Execution{}, err
	}
	if err := needTenant(tenantID); err != nil {
		return execution.Execution{}, err
	}
	row, err := s.st.executions.get(id)
	if err != nil || row.TenantID != tenantID {
		return execution.Execution{}, fault.ErrNotFound
	}
	return execution.Restore(row), nil
}

func (s decisions) Open(ctx context.Context, tenantID string, page ports.Page) ([]execution.Execution, error) {
	if err := s.ofTenant(ctx, tenantID); err != nil {
		return nil, err
	}
	rows := s.st.executions.find(func(row execution.Snapshot) bool {
		return row.TenantID == tenantID && row.ID > page.After && row.State == execution.Waiting && row.WaitingFor == execution.ForDecision
	}, func(a, b execution.Snapshot) int { return cmp.Compare(a.ID, b.ID) })
	list := []execution.Execution{}
	for _, row := range cut(rows, ports.Window{Limit: page.Limit}) {
		list = append(list, execution.Restore(row))
	}
	return list, nil
}
