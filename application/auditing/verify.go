package auditing

import (
	"cmp"
	"context"
	"iter"
	"math"

	"github.com/symphainy/symphainy/domain/audit"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/ports"
)

// Report is what a look at a tenant's records found.
type Report struct {
	Tenant string
	// Sealed is how many records hold, from the first; Head is the hash of the last of them.
	Sealed int64
	Head   []byte
	// Unsealed is how many records wait for their place in the chain. Nothing protects them yet.
	Unsealed int64
	// Broken is the first place where the chain does not hold, nil if it holds.
	Broken *audit.Break
}

// Tenants calls visit for every tenant that has audit records or a chain, in order of id, until an error.
func (s *Service) Tenants(ctx context.Context, visit func(tenant string) error) error {
	for after := ""; ; {
		var page []string
		err := s.uow.View(ctx, func(ctx context.Context, tx ports.Tx) (err error) {
			page, err = tx.Chain.Tenants(ctx, after, pageSize)
			return err
		})
		if err != nil || len(page) == 0 {
			return err
		}
		for _, tenant := range page {
			if err := visit(tenant); err != nil {
				return err
			}
		}
		after = page[len(page)-1]
	}
}

// Verify checks the tenant's chain from its first record to its head. It may run while records are appended and sealed. A tenant
// without records and without a chain is fault.ErrNotFound: what was asked for by a wrong name must not look good.
func (s *Service) Verify(ctx context.Context, tenant string) (Report, error) {
	for {
		r, err := s.verify(ctx, tenant)
		if err != nil || r.Sealed > 0 || r.Unsealed > 0 || r.Broken != nil {
			return r, err
		}
		// Between the look at the chain and the one at what waits for it, the tenant's first records may have been sealed.
		if nothing, err := s.nothingOf(ctx, tenant); err != nil || nothing {
			return Report{}, cmp.Or(err, error(fault.ErrNotFound))
		}
	}
}

func (s *Service) nothingOf(ctx context.Context, tenant string) (nothing bool, err error) {
	err = s.uow.View(ctx, func(ctx context.Context, tx ports.Tx) error {
		waiting, err := tx.Chain.Unsealed(ctx, tenant, "", 1)
		if err != nil {
			return err
		}
		head, err := tx.Chain.Head(ctx, tenant)
		nothing = len(waiting) == 0 && head.Position == 0
		return err
	})
	return nothing, err
}

func (s *Service) verify(ctx context.Context, tenant string) (Report, error) {
	var head audit.Head
	reached, broken, err := audit.Verify(tenant, s.chain(ctx, tenant, &head), func() audit.Head { return head })
	if err != nil {
		return Report{}, err
	}
	r := Report{Tenant: tenant, Sealed: reached.Position, Head: reached.Hash, Broken: broken}
	for _, err := range s.unsealed(ctx, tenant) {
		if err != nil {
			return Report{}, err
		}
		r.Unsealed++
	}
	return r, nil
}

// chain reads the chain in pages. Each page and the head beside it come from one snapshot, so that a chain that grows meanwhile is
// followed to its end, and never seems to miss what came between two looks.
func (s *Service) chain(ctx context.Context, tenant string, head *audit.Head) iter.Seq2[audit.Sealed, error] {
	return func(yield func(audit.Sealed, error) bool) {
		for after := (audit.Link{Position: math.MinInt64}); ; {
			var page []audit.Sealed
			err := s.uow.View(ctx, func(ctx context.Context, tx ports.Tx) (err error) {
				if *head, err = tx.Chain.Head(ctx, tenant); err != nil {
					return err
				}
				page, err = tx.Chain.Sealed(ctx, tenant, after, pageSize)
				return err
			})
			if err != nil {
				yield(audit.Sealed{}, err)
				return
			}
			for _, one := range page {
				if !yield(one, nil) {
					return
				}
				after = one.Link
			}
			if len(page) < pageSize {
				return
			}
		}
	}
}

func (s *Service) unsealed(ctx context.Context, tenant string) iter.Seq2[audit.Record, error] {
	return func(yield func(audit.Record, error) bool) {
		for after := ""; ; {
			var page []audit.Record
			err := s.uow.View(ctx, func(ctx context.Context, tx ports.Tx) (err error) {
				page, err = tx.Chain.Unsealed(ctx, tenant, after, pageSize)
				return err
			})
			if err != nil {
				yield(audit.Record{}, err)
				return
			}
			for _, one := range page {
				if !yield(one, nil) {
					return
				}
				after = one.ID
			}
			if len(page) < pageSize {
				return
			}
		}
	}
}
