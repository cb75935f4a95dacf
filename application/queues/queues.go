// Package queues shows operators what work there is: queued, running, waiting, stuck, by tenant and intent type.
package queues

import (
	"context"

	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/ports"
)

// maxRows bounds an overview; what is left out is told.
const maxRows = 1000

// Service reads the work there is, and lets administrators act on it.
type Service struct {
	uow        ports.UnitOfWork
	operations ports.Operations
	clock      ports.Clock
}

// New makes the service.
func New(uow ports.UnitOfWork, operations ports.Operations, clock ports.Clock) *Service {
	return &Service{uow, operations, clock}
}

// Overview is the live work, finished executions are not in it.
type Overview struct {
	// Platform tells that it is that of all tenants.
	Platform bool
	Counts   []ports.QueueCount
	// Truncated tells that there are more rows than are given.
	Truncated bool
}

// Overview gives the work of the caller's tenant, which needs the right to administer it, or of the whole platform, which needs the right to
// operate it. Somebody who has only the latter gets the platform's either way.
func (s *Service) Overview(ctx context.Context, p identity.Principal, platform bool) (Overview, error) {
	tenant, err := p.Administered(platform)
	if err != nil {
		return Overview{}, err
	}
	out := Overview{Platform: tenant == ""}
	err = s.uow.View(ctx, func(ctx context.Context, tx ports.Tx) (err error) {
		out.Counts, err = tx.Flow.Queues(ctx, tenant, maxRows+1)
		return err
	})
	if len(out.Counts) > maxRows {
		out.Counts, out.Truncated = out.Counts[:maxRows], true
	}
	return out, err
}

// narrow keeps a filter within what the caller reaches: an operator may name a tenant, an admin only the own one.
func narrow(p identity.Principal, platform bool, f ports.WorkFilter) (ports.WorkFilter, error) {
	tenant, err := p.Administered(platform)
	if tenant != "" {
		if f.TenantID != "" && f.TenantID != tenant {
			return f, fault.ErrPermission
		}
		f.TenantID = tenant
	}
	return f, err
}

// Executions gives executions of the caller's tenant, or of the platform, newest first: what they are and how they stand, whoever's they are.
func (s *Service) Executions(ctx context.Context, p identity.Principal, platform bool, f ports.WorkFilter, page ports.Page) (list []ports.WorkItem, err error) {
	if f, err = narrow(p, platform, f); err != nil {
		return nil, err
	}
	err = s.uow.View(ctx, func(ctx context.Context, tx ports.Tx) (err error) {
		list, err = tx.Work.Executions(ctx, f, page)
		return err
	})
	return list, err
}

// Control does one thing to those of them that pass the filter; each act is audited under the caller's name. As every change by administrators it
// is identity.ErrFresh for who signed in too long ago.
func (s *Service) Control(ctx context.Context, p identity.Principal, platform bool, action ports.BulkAction, f ports.WorkFilter) (ports.BulkResult, error) {
	f, err := narrow(p, platform, f)
	if err == nil {
		err = p.Fresh(s.clock.Now())
	}
	if err != nil {
		return ports.BulkResult{}, err
	}
	return s.operations.Operate(ctx, p, action, f)
}
