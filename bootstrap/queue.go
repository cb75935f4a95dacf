package bootstrap

import (
	"context"
	"log/slog"

	"github.com/jackc/pgx/v5"
	"go.uber.org/fx"

	"github.com/symphainy/symphainy/adapters/localqueue"
	"github.com/symphainy/symphainy/ports"
)

// enqueuer is how the store hands jobs to the queue: after the commit within the process, or in the transaction.
type enqueuer struct {
	afterCommit func(jobs []ports.Job)
	inTx        func(ctx context.Context, tx pgx.Tx, jobs []ports.Job) error
}

// queueModule gives the queue of work.
func queueModule(cfg Config) fx.Option {
	return fx.Module("queue", fx.Provide(func(log *slog.Logger) (ports.WorkQueue, enqueuer) {
		q := localqueue.New(localqueue.Config{Workers: cfg.Workers, Logger: log})
		return q, enqueuer{afterCommit: q.Enqueued}
	}))
}
