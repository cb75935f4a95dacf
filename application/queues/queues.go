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

// Service reads the work there is.
type Service struct{ uow ports.UnitOfWork }

// New makes the service.
func New(uow ports.UnitOfWork) *Service { return &Service{uow} }

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
	out := Overview{Platform: platform || !p.May(identity.PermAdmin)}
	tenant := p.TenantID
	if out.Platform {
		if !p.May(identity.PermOperate) {
			return Overview{}, fault.ErrPermission
		}
		tenant = ""
	}
	err := s.uow.View(ctx, func(ctx context.Context, tx ports.Tx) (err error) {
		out.Counts, err = tx.Flow.Queues(ctx, tenant, maxRows+1)
		return err
	})
	if len(out.Counts) > maxRows {
		out.Counts, out.Truncated = out.Counts[:maxRows], true
	}
	return out, err
}
