// Package runtime is the execution engine: it accepts intents durably, runs them through their realms' handlers under a fenced lease,
// step by step, and keeps the event log that every watcher reads. Nothing else makes a change durable.
package runtime

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/symphainy/symphainy/application/intents"
	"github.com/symphainy/symphainy/domain/artifact"
	"github.com/symphainy/symphainy/domain/typeid"
	"github.com/symphainy/symphainy/ports"
)

// Config holds the engine's times. All have defaults; tests shorten them.
type Config struct {
	// Lease is how long a claim holds without renewal; Renewal how often it is renewed.
	Lease   time.Duration
	Renewal time.Duration
	// Sweep is how often rows that are due and unclaimed are looked for; Poll how often followers look without a hint.
	Sweep time.Duration
	Poll  time.Duration
	// Timeout bounds an execution whose intent declares none.
	Timeout time.Duration
	// MaxClaims is how often an execution may be claimed before it counts as poison: its owners keep dying.
	MaxClaims int
	// QueueLimit is how many executions of a tenant may wait for a worker; a submission over it is refused.
	QueueLimit int
	// Workers bounds the executions that run here at once, whether a job or their own submission started them. With 0 only the queue's jobs
	// start executions, and its workers are the bound.
	Workers int
	// Bounded tells that the store bounds what runs at once, so that the end of one execution may let another go.
	Bounded bool
	// Exclusive tells that no other process can share the store, so that work of a dead owner is due at once.
	Exclusive bool
}

// Defaults gives the times of runtime.md §2.
func Defaults() Config {
	return Config{
		Lease: 5 * time.Second, Renewal: 1500 * time.Millisecond, Sweep: time.Second, Poll: time.Second,
		Timeout: 15 * time.Minute, MaxClaims: 10, QueueLimit: 10_000,
	}
}

// Validate reports all settings that cannot work, joined.
func (c Config) Validate() error {
	var problems []error
	for name, d := range map[string]time.Duration{
		"lease": c.Lease, "renewal": c.Renewal, "sweep": c.Sweep, "poll": c.Poll, "timeout": c.Timeout,
	} {
		if d <= 0 {
			problems = append(problems, fmt.Errorf("runtime: %s must be positive", name))
		}
	}
	if c.Renewal*2 > c.Lease {
		problems = append(problems, errors.New("runtime: renewal must be at most half of the lease"))
	}
	if c.MaxClaims < 1 {
		problems = append(problems, errors.New("runtime: max claims must be at least 1"))
	}
	if c.QueueLimit < 1 {
		problems = append(problems, errors.New("runtime: the queue limit must be at least 1"))
	}
	return errors.Join(problems...)
}

// Deps is what the engine works with.
type Deps struct {
	UnitOfWork ports.UnitOfWork
	Queue      ports.WorkQueue
	Bus        ports.EventBus
	Clock      ports.Clock
	IDs        ports.IDs
	Grants     ports.Grants
	Catalogue  *intents.Catalogue
	// Document gives the wire form of an artifact for the execution's results.
	Document func(artifact.Snapshot) (map[string]any, error)
	// Results says what is kept of the artifacts that executions make; nil keeps all.
	Results artifact.ResultPolicies
	// Report receives failures that no caller waits for; it must not block.
	Report func(ctx context.Context, what string, err error)
}

// Engine runs executions. It implements ports.Runtime and ports.EventFeed.
type Engine struct {
	Deps
	cfg   Config
	owner string

	mu      sync.Mutex
	running map[string]*run

	places  *places
	turn    turn
	room    room
	suspect suspect
	// sights are the looks that followers share, pulse is what tells them when to look.
	sights reads[place, ports.EventPage]
	pulse  pulse
	// recent is what this process itself has committed of late.
	recent recent
	// lingering counts the handlers that ignore the end of their context.
	lingering atomic.Int64

	stop context.CancelFunc
	done sync.WaitGroup
}

var (
	_ ports.Runtime   = (*Engine)(nil)
	_ ports.EventFeed = (*Engine)(nil)
)

// New makes an engine; it does nothing until Start, but accepts and reads at once.
func New(d Deps, cfg Config) (*Engine, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	e := &Engine{Deps: d, cfg: cfg, owner: d.IDs.NewID(typeid.Worker), running: map[string]*run{}, places: newPlaces(cfg.Workers)}
	e.pulse.engine = e
	e.UnitOfWork = noting{d.UnitOfWork, &e.recent}
	return e, nil
}

// Start begins to work: it takes over what dead owners left (at once where the store is exclusive), consumes the queue, renews leases
// and sweeps for due work until Stop.
func (e *Engine) Start(ctx context.Context) error {
	if e.cfg.Exclusive {
		if err := e.UnitOfWork.Do(ctx, func(ctx context.Context, tx ports.Tx) error {
			_, err := tx.Leases.ReleaseAll(ctx)
			return err
		}); err != nil {
			return fmt.Errorf("runtime: release the work of the last process: %w", err)
		}
	}
	hints, unsubscribe, err := e.Bus.Subscribe(ports.TopicControl)
	if err != nil {
		return fmt.Errorf("runtime: subscribe to control hints: %w", err)
	}
	if err := e.Queue.Start(ctx, e.work); err != nil {
		unsubscribe()
		return fmt.Errorf("runtime: start the queue: %w", err)
	}
	e.places.start(ctx)
	loops, stop := context.WithCancel(context.WithoutCancel(ctx))
	e.stop = func() { stop(); unsubscribe() }
	e.loop(loops, "renew leases", e.cfg.Renewal, nil, func(ctx context.Context, _ ports.Hint) error { return e.renew(ctx) })
	e.loop(loops, "sweep", e.cfg.Sweep, nil, func(ctx context.Context, _ ports.Hint) error { return e.sweep(ctx) })
	e.loop(loops, "fire schedules", e.cfg.Sweep, nil, func(ctx context.Context, _ ports.Hint) error { return e.fireDue(ctx) })
	e.loop(loops, "control", 0, hints, e.control)
	return nil
}

// Stop takes no more work, waits for what runs until ctx ends, then puts the rest back for another owner.
func (e *Engine) Stop(ctx context.Context) error {
	if e.stop == nil {
		return nil
	}
	e.places.shut()
	err := e.Queue.Stop(ctx)
	e.places.wait(ctx)
	e.stop()
	e.done.Wait()
	return err
}

// loop runs work at once, at every tick and for every hint, until ctx ends. A failed round is reported and the next one tries again.
func (e *Engine) loop(ctx context.Context, what string, every time.Duration, hints <-chan ports.Hint, work func(context.Context, ports.Hint) error) {
	e.done.Go(func() {
		var ticks <-chan time.Time
		if every > 0 {
			t := time.NewTicker(every)
			defer t.Stop()
			ticks = t.C
		}
		for hint := (ports.Hint{}); ; {
			if err := guarded(func() error { return work(ctx, hint) }); err != nil && ctx.Err() == nil {
				e.Report(ctx, what, err)
			}
			select {
			case <-ctx.Done():
				return
			case <-ticks:
			case hint = <-hints:
			}
		}
	})
}

// sweep hands over due work that no job announces: lapsed leases, lost hints, lanes that became free.
func (e *Engine) sweep(ctx context.Context) error {
	var due []string
	err := e.UnitOfWork.Look(ctx, func(ctx context.Context, tx ports.Tx) (err error) {
		due, err = tx.Leases.Due(ctx, sweepBatch)
		return err
	})
	if err == nil && len(due) > 0 {
		e.Queue.Wake(due...)
	}
	return errors.Join(err, e.failOverdue(ctx), e.endOrphans(ctx))
}

// sweepBatch bounds one sweep; the next one, a second later, takes what is left.
const sweepBatch = 500
