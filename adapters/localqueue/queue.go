package localqueue

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/ports"
)

var _ ports.WorkQueue = (*Queue)(nil)

type handler = func(ctx context.Context, executionID string) error

type phase int

const (
	idle phase = iota
	started
	stopped
)

// Queue is a ports.WorkQueue in memory. Jobs that come before Start wait for it; jobs that come after Stop are dropped.
type Queue struct {
	cfg Config
	// rescheduled tells the timekeeper that the earliest due time has changed.
	rescheduled chan struct{}
	// closing is closed by Stop and ends the timekeeper.
	closing chan struct{}
	// goroutines are the workers and the timekeeper.
	goroutines sync.WaitGroup

	mu    sync.Mutex
	phase phase
	// work is signalled when something is ready, and broadcast by Stop.
	work    *sync.Cond
	backlog backlog
	timers  timers
	// cancel ends the contexts of running jobs; nil before Start.
	cancel context.CancelFunc
}

// New makes a queue that does nothing until Start.
func New(cfg Config) *Queue {
	q := &Queue{cfg: cfg.Defaults(), rescheduled: make(chan struct{}, 1), closing: make(chan struct{})}
	q.work = sync.NewCond(&q.mu)
	return q
}

// Start starts the workers. They live until Stop: the end of ctx does not end them. A queue starts once.
func (q *Queue) Start(ctx context.Context, handle func(ctx context.Context, executionID string) error) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.phase != idle {
		return fault.New(fault.Internal, "queue_started", "the queue was started before")
	}
	q.phase = started
	ctx, q.cancel = context.WithCancel(context.WithoutCancel(ctx))
	for range q.cfg.Workers {
		q.goroutines.Go(func() { q.serve(ctx, handle) })
	}
	q.goroutines.Go(q.keepTime)
	return nil
}

// Enqueued takes the jobs of a transaction that has committed: those that are due become ready, the others wait for their time. It
// never blocks.
func (q *Queue) Enqueued(jobs []ports.Job) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.phase == stopped {
		return
	}
	now, first := q.cfg.Clock.Now(), q.timers.next()
	for _, j := range jobs {
		if !j.DueAt.After(now) {
			q.ready(j.ExecutionID)
		} else if !q.timers.add(j, q.cfg.Capacity) {
			q.dropped(j.ExecutionID)
		}
	}
	if q.timers.next() != first {
		q.reschedule()
	}
}

// Wake makes the executions ready at once. It never blocks.
func (q *Queue) Wake(executionIDs ...string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.phase == stopped {
		return
	}
	for _, id := range executionIDs {
		q.ready(id)
	}
}

// Stop lets the running jobs end and hands out no others. When ctx ends first, it cancels their contexts, waits for them all the same,
// and returns the context's error. A second Stop waits as well.
func (q *Queue) Stop(ctx context.Context) error {
	q.mu.Lock()
	if q.phase != stopped {
		q.phase = stopped
		close(q.closing)
		q.work.Broadcast()
	}
	cancel := q.cancel
	q.mu.Unlock()
	if cancel == nil {
		return nil
	}
	defer cancel()
	ended := make(chan struct{})
	go func() {
		q.goroutines.Wait()
		close(ended)
	}()
	select {
	case <-ended:
		return nil
	case <-ctx.Done():
		cancel()
		<-ended
		return fmt.Errorf("localqueue: running jobs were cancelled: %w", ctx.Err())
	}
}

// ready puts an execution into the backlog. The caller holds the lock.
func (q *Queue) ready(id string) {
	switch q.backlog.add(id, q.cfg.Capacity) {
	case added:
		q.work.Signal()
	case full:
		q.dropped(id)
	case known:
	}
}

func (q *Queue) dropped(id string) {
	q.cfg.Logger.Debug("the queue is full; the sweep will find the execution", "execution_id", id)
}

// serve is one worker.
func (q *Queue) serve(ctx context.Context, handle handler) {
	for {
		id, ok := q.take()
		if !ok {
			return
		}
		if err := guarded(ctx, handle, id); err != nil {
			q.cfg.Logger.ErrorContext(ctx, "a job failed", "execution_id", id, "error", err)
		}
		q.done(id)
	}
}

// take waits for an execution that is ready; false means that the queue was stopped.
func (q *Queue) take() (string, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for {
		if q.phase == stopped {
			return "", false
		}
		if id, ok := q.backlog.take(); ok {
			return id, true
		}
		q.work.Wait()
	}
}

func (q *Queue) done(id string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.backlog.done(id) && q.phase == started {
		q.ready(id)
	}
}

// guarded runs the handler; a panic of it becomes an error, so that one bad job does not take the process with it.
func guarded(ctx context.Context, handle handler, id string) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = errors.Join(err, fmt.Errorf("panic: %v", p))
		}
	}()
	return handle(ctx, id)
}
