package bootstrap

import (
	"context"
	"log/slog"

	"github.com/jackc/pgx/v5"
	"go.uber.org/fx"

	"github.com/symphainy/symphainy/adapters/localqueue"
	"github.com/symphainy/symphainy/adapters/riverqueue"
	"github.com/symphainy/symphainy/ports"
)

// enqueuer is how the store hands jobs to the queue: after the commit within the process, or in the transaction.
type enqueuer struct {
	afterCommit func(jobs []ports.Job)
	inTx        func(ctx context.Context, tx pgx.Tx, jobs []ports.Job) error
}

// queueModule gives the queue of work: in memory beside the embedded database, whose only process this is; in PostgreSQL for any number
// of processes.
func queueModule(cfg Config) fx.Option {
	if cfg.Embedded() {
		return fx.Module("queue", fx.Provide(func(log *slog.Logger) (ports.WorkQueue, enqueuer) {
			q := localqueue.New(localqueue.Config{Workers: cfg.Workers, Logger: log})
			return q, enqueuer{afterCommit: q.Enqueued}
		}))
	}
	return fx.Module("queue", fx.Provide(func(log *slog.Logger, opened *openings) (ports.WorkQueue, enqueuer, error) {
		q, err := riverqueue.New(cfg.river(log))
		if err != nil {
			return nil, enqueuer{}, err
		}
		opened.add(q.Close)
		return q, enqueuer{inTx: q.EnqueueTx}, nil
	}))
}

// river gives the settings of the queue in PostgreSQL.
func (c Config) river(log *slog.Logger) riverqueue.Config {
	return riverqueue.Config{
		DatabaseURL: c.Database.URL.Reveal(), MigrateURL: c.Migrate.DatabaseURL.Reveal(), Workers: c.Workers, Logger: log,
	}
}
