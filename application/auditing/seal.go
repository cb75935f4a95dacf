// Package auditing keeps the chain of each tenant's audit records, checks it, and writes it out.
package auditing

import (
	"context"
	"errors"

	"github.com/symphainy/symphainy/domain/audit"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/ports"
)

// How much one transaction seals: a writer that waits for it waits for some milliseconds.
const (
	tenantsAtOnce = 16
	recordsAtOnce = 50
)

// pageSize is how many records or tenants are read at once.
const pageSize = 500

// Service seals, verifies and exports audit records. It is safe for concurrent use, by several processes too.
type Service struct{ uow ports.UnitOfWork }

// New makes the service. For Verify and Export alone, a store that only reads is enough.
func New(uow ports.UnitOfWork) *Service { return &Service{uow} }

// Seal puts every record that waits into the chain of its tenant and gives how many there were; without any it costs one look. A tenant
// whose chain cannot go on does not keep others waiting: its error is joined to the result.
func (s *Service) Seal(ctx context.Context) (int64, error) {
	var sealed int64
	var problems []error
	for after := ""; ; {
		tenants, err := s.waiting(ctx, after)
		if err != nil || len(tenants) == 0 {
			return sealed, errors.Join(append(problems, err)...)
		}
		after = tenants[len(tenants)-1]
		n, err := s.sealAll(ctx, tenants...)
		sealed += n
		if err == nil {
			continue
		}
		if fault.KindOf(err) == fault.Unavailable || len(tenants) == 1 {
			return sealed, errors.Join(append(problems, err)...)
		}
		for _, tenant := range tenants {
			n, err := s.sealAll(ctx, tenant)
			sealed += n
			if err != nil {
				problems = append(problems, err)
			}
		}
	}
}

func (s *Service) waiting(ctx context.Context, after string) (tenants []string, err error) {
	err = s.uow.View(ctx, func(ctx context.Context, tx ports.Tx) error {
		tenants, err = tx.Chain.Waiting(ctx, after, tenantsAtOnce)
		return err
	})
	return tenants, err
}

// sealAll seals what waits of the tenants, in transactions of bounded size.
func (s *Service) sealAll(ctx context.Context, tenants ...string) (int64, error) {
	var sealed int64
	for more := true; more; {
		var n int64
		err := s.uow.Do(ctx, func(ctx context.Context, tx ports.Tx) error {
			n, more = 0, false
			for _, tenant := range tenants { // in order of id, as everybody locks them
				k, err := sealSome(ctx, tx, tenant)
				if err != nil {
					return err
				}
				n, more = n+int64(k), more || k == recordsAtOnce
			}
			return nil
		})
		if err != nil {
			return sealed, err
		}
		sealed += n
	}
	return sealed, nil
}

func sealSome(ctx context.Context, tx ports.Tx, tenant string) (int, error) {
	// First the head: what another sealer has just sealed must not be read as unsealed.
	head, err := tx.Chain.Head(ctx, tenant)
	if err != nil {
		return 0, err
	}
	records, err := tx.Chain.Unsealed(ctx, tenant, "", recordsAtOnce)
	if err != nil || len(records) == 0 {
		return 0, err
	}
	links := make([]audit.Link, len(records))
	for i, r := range records {
		links[i], head = head.Seal(r)
	}
	return len(links), tx.Chain.Extend(ctx, tenant, links...)
}
