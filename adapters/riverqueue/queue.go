package riverqueue

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"

	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/ports"
)

type (
	pgxTx   = pgx.Tx
	client  = river.Client[pgxTx]
	handler = func(ctx context.Context, executionID string) error
)

// args is what a job holds.
type args struct {
	ExecutionID string `json:"execution_id"`
}

// Kind is the name of the job in River's tables.
func (args) Kind() string { return "execution" }

var _ ports.WorkQueue = (*Queue)(nil)

// Queue is a ports.WorkQueue. It can take jobs from New on and starts once.
type Queue struct {
	cfg    Config
	pool   *pgxpool.Pool
	client *client
	waking *waking
	// closing is closed by the first Stop; cut ends the contexts of running jobs.
	closing chan struct{}
	hard    context.Context //nolint:containedctx // it lives as long as the queue and ends the jobs that outlive Stop's patience
	cut     context.CancelFunc
	wakers  sync.WaitGroup
	// running counts the handlers that have not returned.
	running atomic.Int64

	mu      sync.Mutex
	handle  handler
	started bool
	stopped bool
}

// New prepares the queue; it connects when it is first used. Close gives its connections back.
func New(cfg Config) (*Queue, error) {
	cfg = cfg.Defaults()
	settings, err := cfg.pool(cfg.DatabaseURL)
	if err != nil {
		return nil, err
	}
	pool, err := pgxpool.NewWithConfig(context.Background(), settings)
	if err != nil {
		return nil, fmt.Errorf("riverqueue: open the database: %w", err)
	}
	q := &Queue{cfg: cfg, pool: pool, waking: newWaking(cfg.WakeCapacity), closing: make(chan struct{})}
	q.hard, q.cut = context.WithCancel(context.Background())
	workers := river.NewWorkers()
	river.AddWorker(workers, river.WorkFunc(func(ctx context.Context, j *river.Job[args]) error {
		q.run(ctx, j.Args.ExecutionID)
		return nil
	}))
	q.client, err = river.NewClient(riverpgxv5.New(pool), &river.Config{
		Queues:        map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: cfg.Workers}},
		Workers:       workers,
		FetchCooldown: cfg.Cooldown, FetchPollInterval: cfg.Poll,
		// An execution has its own deadline and lease.
		JobTimeout: -1, MaxAttempts: 3,
		CompletedJobRetentionPeriod: cfg.Retention, CancelledJobRetentionPeriod: cfg.Retention, DiscardedJobRetentionPeriod: cfg.Retention,
		Logger: quiet(cfg.Logger),
	})
	if err != nil {
		q.cut()
		pool.Close()
		return nil, fmt.Errorf("riverqueue: prepare: %w", err)
	}
	return q, nil
}

// EnqueueTx inserts jobs in a transaction of the store: they exist if it commits.
func (q *Queue) EnqueueTx(ctx context.Context, tx pgx.Tx, jobs []ports.Job) error {
	now := time.Now() //nolint:forbidigo // River judges by the host's clock, not by one of ours
	params := make([]river.InsertManyParams, len(jobs))
	for i, j := range jobs {
		params[i].Args = args{ExecutionID: j.ExecutionID}
		if j.DueAt.After(now) {
			params[i].InsertOpts = &river.InsertOpts{ScheduledAt: j.DueAt}
		}
	}
	if len(params) == 0 {
		return nil
	}
	if _, err := q.client.InsertManyTx(ctx, tx, params); err != nil {
		return fmt.Errorf("riverqueue: insert jobs: %w", err)
	}
	return nil
}

// Start begins to hand over jobs until Stop; the end of ctx does not end them. A database whose tables are not this binary's is ErrSchema.
func (q *Queue) Start(ctx context.Context, handle func(ctx context.Context, executionID string) error) error {
	if err := q.claimStart(handle); err != nil {
		return err
	}
	if err := checkSchema(ctx, q.pool, q.cfg); err != nil {
		return err
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.stopped {
		return fault.New(fault.Internal, "queue_stopped", "the queue was stopped while it started")
	}
	if err := q.client.Start(context.WithoutCancel(ctx)); err != nil {
		return fault.ErrUnavailable.Because(fmt.Errorf("riverqueue: start: %w", err))
	}
	q.started = true
	for range q.cfg.WakeWorkers {
		q.wakers.Go(q.serveWakes)
	}
	return nil
}

func (q *Queue) claimStart(handle handler) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.handle != nil || q.stopped {
		return fault.New(fault.Internal, "queue_started", "the queue was started before")
	}
	q.handle = handle
	return nil
}

// Wake runs executions in this process without making jobs of them. It never blocks.
func (q *Queue) Wake(executionIDs ...string) {
	select {
	case <-q.closing:
	default:
		q.waking.add(executionIDs)
	}
}

func (q *Queue) serveWakes() {
	for {
		select { // an end that is near goes before work that waits
		case <-q.closing:
			return
		default:
		}
		select {
		case <-q.closing:
			return
		case <-q.waking.more:
			if id, ok := q.waking.take(); ok {
				q.run(q.hard, id)
			}
		}
	}
}

// run hands over one execution. Its failure is logged and ends here: a worker and its process outlive every handler.
func (q *Queue) run(ctx context.Context, id string) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(q.hard, cancel)() //nolint:contextcheck // the end of the queue cuts a job beside its own context
	defer func() {
		if p := recover(); p != nil {
			q.cfg.Logger.ErrorContext(ctx, "an execution's handler panicked", "execution_id", id, "panic", p, "stack", string(debug.Stack()))
		}
	}()
	if err := q.handle(ctx, id); err != nil {
		q.cfg.Logger.ErrorContext(ctx, "an execution's handler failed", "execution_id", id, "error", err)
	}
}

// Stop lets the running jobs end and hands out no others. When ctx ends first, it cancels their contexts, waits for them all the same, and
// returns the context's error. A second Stop waits as well. A database that does not answer by then holds it up for some seconds
// only: River's notes of what has ended are lost, and those jobs come again.
func (q *Queue) Stop(ctx context.Context) error {
	q.mu.Lock()
	if !q.stopped {
		q.stopped = true
		close(q.closing)
	}
	started := q.started
	q.mu.Unlock()
	if !started {
		return nil
	}
	done := make(chan error, 1)
	go func() {
		// Not bounded by ctx: whoever is cut still has to be waited for.
		err := q.client.Stop(context.WithoutCancel(ctx))
		q.wakers.Wait()
		done <- err
	}()
	select {
	case err := <-done:
		return wrapStop(err)
	case <-ctx.Done():
		q.cut()
		return errors.Join(wrapStop(q.giveUp(done)), fmt.Errorf("riverqueue: running jobs were cancelled: %w", ctx.Err()))
	}
}

// bookkeeping is how long River may take to note what has ended once nothing runs and the patience of Stop is over.
const bookkeeping = time.Second

// giveUp waits until the cancelled handlers have returned, then a moment for River, then takes River's connections away.
func (q *Queue) giveUp(done <-chan error) error {
	tick := time.NewTicker(bookkeeping)
	defer tick.Stop()
	for {
		select {
		case err := <-done:
			return err
		case <-tick.C:
			if q.running.Load() == 0 {
				go q.pool.Close() // waits for statements in flight, which have time limits of their own; Close waits for it
				return errors.Join(<-done, errors.New("the database did not answer"))
			}
		}
	}
}

func wrapStop(err error) error {
	if err != nil {
		return fmt.Errorf("riverqueue: stop: %w", err)
	}
	return nil
}

// Close gives the connections back; call it after Stop, and after the store that enqueues has closed.
func (q *Queue) Close() error {
	q.cut()
	q.pool.Close()
	return nil
}

// quiet passes warnings and errors only: River tells of every start, stop and election.
func quiet(log *slog.Logger) *slog.Logger { return slog.New(warnings{log.Handler()}) }

type warnings struct{ slog.Handler }

// Enabled reports whether a record of the level is passed on.
func (w warnings) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= slog.LevelWarn && w.Handler.Enabled(ctx, level)
}

// WithAttrs keeps the bound on the level.
func (w warnings) WithAttrs(attrs []slog.Attr) slog.Handler {
	return warnings{w.Handler.WithAttrs(attrs)}
}

// WithGroup keeps the bound on the level.
func (w warnings) WithGroup(name string) slog.Handler { return warnings{w.Handler.WithGroup(name)} }
