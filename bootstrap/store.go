package bootstrap

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"

	"go.uber.org/fx"

	"github.com/symphainy/symphainy/adapters/blobstore"
	"github.com/symphainy/symphainy/adapters/gormstore"
	"github.com/symphainy/symphainy/adapters/telemetry"
	"github.com/symphainy/symphainy/ports"
)

// storeModule gives the store. It is opened while the parts are made, and closes last.
func storeModule(cfg Config) fx.Option {
	return fx.Module("store", fx.Provide(
		func(ctx context.Context, clock ports.Clock, jobs enqueuer, opened *openings, log *slog.Logger) (*gormstore.Store, error) {
			settings := cfg.store()
			settings.Clock, settings.OnEnqueue, settings.EnqueueTx = clock, jobs.afterCommit, jobs.inTx
			s, err := gormstore.Open(ctx, settings)
			if err != nil {
				return nil, err
			}
			opened.add(s.Close)
			return s, cfg.checkRole(ctx, s, log)
		},
		func(s *gormstore.Store, m *telemetry.Metrics, t *telemetry.Traces, clock ports.Clock) ports.UnitOfWork {
			return t.Store(m.Store(s, clock), clock)
		},
		func(s *gormstore.Store, b *blobstore.Store) []ports.HealthCheck { return []ports.HealthCheck{s, b} },
	))
}

// checkRole refuses, in production, a database role that row-level security does not hold. Elsewhere it is a warning.
func (c Config) checkRole(ctx context.Context, s *gormstore.Store, log *slog.Logger) error {
	err := s.Unprivileged(ctx)
	if errors.Is(err, gormstore.ErrPrivileged) && !c.Production() {
		log.WarnContext(ctx, "the database role may see the rows of all tenants", slog.String("reason", err.Error()))
		return nil
	}
	if err != nil {
		return fmt.Errorf("database.url: %w", err)
	}
	return nil
}

// store gives the settings of the store.
func (c Config) store() gormstore.Config {
	s := gormstore.Defaults()
	s.DatabaseURL, s.MigrateURL, s.DataDir = c.Database.URL.Reveal(), c.Migrate.DatabaseURL.Reveal(), c.DataDir
	// An unreadable bound was refused by Validate.
	s.Concurrency, _ = c.concurrency()
	s.Connections, s.Timeout = c.Database.Connections, c.Database.Timeout
	return s
}

// storeInWords says where the data is, without any secret.
func (c Config) storeInWords() string {
	if c.Embedded() {
		return c.store().Path() + " (SQLite)"
	}
	u, err := url.Parse(c.Database.URL.Reveal())
	if err != nil {
		return "PostgreSQL"
	}
	return fmt.Sprintf("%s%s (PostgreSQL)", u.Host, u.Path)
}
