package bootstrap

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"time"

	"github.com/symphainy/symphainy/adapters/gormstore"
	"github.com/symphainy/symphainy/application/auditing"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/ports"
)

// sealEvery is how long a record of what was done is at most outside of its chain.
const sealEvery = time.Second

// sealing is the chore that seals audit records.
func sealing(uow ports.UnitOfWork, log *slog.Logger) chore {
	s := auditing.New(uow)
	return chore{"seal audit records", sealEvery, func(ctx context.Context) error {
		n, err := s.Seal(ctx)
		if n > 0 {
			log.DebugContext(ctx, "audit records sealed", slog.Int64("records", n))
		}
		return err
	}}
}

// VerifyAudit checks the chain of one tenant's audit records, or of every tenant's if tenant is "", and reports each, also those that
// are broken. The database is only read, and the embedded one not locked, so that this works beside a running server. A tenant without
// records is fault.ErrNotFound.
func VerifyAudit(ctx context.Context, cfg Config, tenant string, report func(auditing.Report) error) error {
	return readAudit(ctx, cfg, func(s *auditing.Service) error {
		verify := func(tenant string) error {
			r, err := s.Verify(ctx, tenant)
			if err != nil {
				return err
			}
			return report(r)
		}
		if tenant != "" {
			return verify(tenant)
		}
		return s.Tenants(ctx, func(tenant string) error {
			if err := verify(tenant); !errors.Is(err, fault.ErrNotFound) { // a chain that was begun, without a record
				return err
			}
			return nil
		})
	})
}

// ExportAudit writes a tenant's audit records as JSON lines, reading as VerifyAudit does.
func ExportAudit(ctx context.Context, cfg Config, tenant string, w io.Writer) error {
	return readAudit(ctx, cfg, func(s *auditing.Service) error { return s.Export(ctx, tenant, w) })
}

func readAudit(ctx context.Context, cfg Config, read func(*auditing.Service) error) error {
	if err := errors.Join(cfg.validateDatabase()...); err != nil {
		return err
	}
	store, err := gormstore.OpenReadOnly(ctx, cfg.store())
	if err != nil {
		return err
	}
	return errors.Join(read(auditing.New(store)), store.Close())
}
