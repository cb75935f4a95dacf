package runtime

import (
	"context"

	"github.com/symphainy/symphainy/domain/execution"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/ports"
)

var _ ports.Operations = (*Engine)(nil)

// Operate does one thing to executions of others, each in a transaction of its own. An admin reaches those of the own tenant, an operator all.
func (e *Engine) Operate(ctx context.Context, p identity.Principal, action ports.BulkAction, f ports.WorkFilter) (ports.BulkResult, error) {
	own := p.May(identity.PermAdmin) && f.TenantID == p.TenantID && p.TenantID != ""
	if !own && !p.May(identity.PermOperate) {
		return ports.BulkResult{}, fault.ErrPermission
	}
	var one func(context.Context, identity.Principal, identity.Scope, string) (execution.Snapshot, error)
	switch action {
	case ports.BulkCancel:
		one = e.cancelIn
	case ports.BulkPause:
		one = e.pauseIn
	case ports.BulkResume:
		one = e.resumeIn
	default:
		return ports.BulkResult{}, errBulk
	}
	if f.States = bulkStates(action, f.States); len(f.States) == 0 {
		return ports.BulkResult{IDs: []string{}, Refused: []string{}}, nil
	}
	var list []ports.WorkItem
	err := e.UnitOfWork.View(ctx, func(ctx context.Context, tx ports.Tx) (err error) {
		list, err = tx.Work.Executions(ctx, f, ports.Page{Limit: bulkBatch + 1})
		return err
	})
	if err != nil {
		return ports.BulkResult{}, err
	}
	return each(list, func(item ports.WorkItem) (string, error) {
		s := item.Execution.Snapshot()
		_, err := one(ctx, p, s.Scope(), s.ID)
		return s.ID, err
	})
}
