package bootstrap

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"go.uber.org/fx"

	"github.com/symphainy/symphainy/application/erasure"
	"github.com/symphainy/symphainy/application/realms/content"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/ports"
)

// chore is something that is done again and again in the background. It is idempotent, so every process may do it.
type chore struct {
	name  string
	every time.Duration
	do    func(ctx context.Context) error
}

// upkeep does chores until it is stopped.
type upkeep struct {
	chores []chore
	log    *slog.Logger
	cancel context.CancelFunc
	done   sync.WaitGroup
}

// upkeepModule gives the background work: the sweep of contracts, the removal of what has expired, and the sealing of audit
// records.
func upkeepModule(cfg Config) fx.Option {
	return fx.Module("upkeep", fx.Provide(
		func(lc fx.Lifecycle, c *content.Realm, uow ports.UnitOfWork, blobs ports.BlobStore, clock ports.Clock, log *slog.Logger) *upkeep {
			u := &upkeep{log: log, chores: []chore{
				{"sweep expired contracts", cfg.SweepEvery, func(ctx context.Context) error { return sweep(ctx, c, log) }},
				{"purge what has expired", cfg.PurgeEvery, func(ctx context.Context) error { return purge(ctx, uow, clock) }},
				{"trim event logs", cfg.PurgeEvery, func(ctx context.Context) error { return trim(ctx, uow, cfg.Retention.Events, log) }},
				{"erase what visitors left", cfg.PurgeEvery, func(ctx context.Context) error {
					return forget(ctx, erasure.Eraser{UnitOfWork: uow, Blobs: blobs}, cfg.Retention.Visitors, log)
				}},
				sealing(uow, log),
			}}
			lc.Append(fx.StartStopHook(u.start, u.stop))
			return u
		},
	))
}

func (u *upkeep) start(ctx context.Context) {
	ctx, u.cancel = context.WithCancel(context.WithoutCancel(ctx))
	for _, c := range u.chores {
		u.done.Go(func() { u.repeat(ctx, c) })
	}
}

func (u *upkeep) stop() {
	u.cancel()
	u.done.Wait()
}

// repeat does a chore at once, because a process that is restarted often must not put it off for ever, and then at every tick.
func (u *upkeep) repeat(ctx context.Context, c chore) {
	tick := time.NewTicker(c.every)
	defer tick.Stop()
	for {
		if err := guarded(ctx, c.do); err != nil && ctx.Err() == nil {
			u.log.WarnContext(ctx, "upkeep", slog.String("what", c.name), slog.Any("error", err))
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// guarded turns a panic into an error: a chore that fails must not end the process.
func guarded(ctx context.Context, do func(context.Context) error) error {
	return fault.Guard(func() error { return do(ctx) })
}

// sweep ends contracts that are over, and tells what it did if it did anything.
func sweep(ctx context.Context, c *content.Realm, log *slog.Logger) error {
	report, err := c.Sweep(ctx)
	if err != nil {
		return err
	}
	if report.ExpiredContractsFound > 0 || report.RenderingsRemoved > 0 || len(report.Errors) > 0 {
		log.InfoContext(ctx, "sweep", slog.Any("report", report))
	}
	return nil
}

// ledgerKept is how long it is known what agents used up under a subject that uses up nothing more.
const ledgerKept = 90 * 24 * time.Hour

// purge removes tickets, limits and idempotency keys that mean nothing any more.
func purge(ctx context.Context, uow ports.UnitOfWork, clock ports.Clock) error {
	return uow.Do(ctx, func(ctx context.Context, tx ports.Tx) error {
		now := clock.Now()
		if _, err := tx.Tickets.DeleteExpired(ctx, now); err != nil {
			return err
		}
		if _, err := tx.Limits.DeleteIdle(ctx, now); err != nil {
			return err
		}
		if _, err := tx.Ledger.DeleteIdle(ctx, now.Add(-ledgerKept)); err != nil {
			return err
		}
		_, err := tx.Idempotency.DeleteExpired(ctx, now)
		return err
	})
}

// forget removes what is left of visitors. Their audit records stay.
func forget(ctx context.Context, e erasure.Eraser, age time.Duration, log *slog.Logger) error {
	if age == 0 {
		return nil
	}
	n, err := e.Visitors(ctx, age)
	if n > 0 {
		log.InfoContext(ctx, "sessions of visitors were erased", slog.Int("sessions", n))
	}
	return err
}

// trimBatch is how many logs one transaction removes.
const trimBatch = 100

// trim removes the event logs of executions that ended longer ago than they are kept, a few at a time. What is audited stays.
func trim(ctx context.Context, uow ports.UnitOfWork, age time.Duration, log *slog.Logger) error {
	if age == 0 {
		return nil
	}
	total, n := 0, trimBatch
	for n == trimBatch {
		err := uow.Do(ctx, func(ctx context.Context, tx ports.Tx) (err error) {
			n, err = tx.Retention.TrimEvents(ctx, age, trimBatch)
			return err
		})
		if err != nil {
			return err
		}
		total += n
	}
	if total > 0 {
		log.InfoContext(ctx, "event logs were trimmed", slog.Int("executions", total))
	}
	return nil
}
