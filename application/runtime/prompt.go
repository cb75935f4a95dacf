package runtime

import (
	"context"
	"sync"
	"time"

	"github.com/symphainy/symphainy/domain/event"
	"github.com/symphainy/symphainy/domain/execution"
	"github.com/symphainy/symphainy/ports"
)

// A submission for which a worker is free starts at once: the transaction that accepts it claims it too, for this process, and needs no job. It is
// one COMMIT instead of two, and no way through the queue and back. Nothing else changes: its lease is what the sweep of any process finds when this
// one dies, and where no worker is free it waits in the queue like all others.

// places are the workers of this process, which the queue's jobs and prompt starts share.
type places struct {
	// free has a token for each worker that works; nil if the queue's own number is the only bound.
	free chan struct{}

	mu     sync.Mutex
	open   bool
	ctx    context.Context //nolint:containedctx // that of prompt runs: it ends when a stop no longer waits for them
	cancel context.CancelFunc
	runs   sync.WaitGroup
}

func newPlaces(workers int) *places {
	if workers < 1 {
		return &places{}
	}
	return &places{free: make(chan struct{}, workers)}
}

// enter waits for a worker; false means that ctx ended first. Who waits here comes before any prompt start.
func (p *places) enter(ctx context.Context) bool {
	if p.free == nil {
		return true
	}
	select {
	case p.free <- struct{}{}:
		return true
	case <-ctx.Done():
		return false
	}
}

func (p *places) leave() {
	if p.free != nil {
		<-p.free
	}
}

// try takes a worker for a prompt start, if one is free and nobody waits for it.
func (p *places) try() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.open || p.free == nil {
		return false
	}
	select {
	case p.free <- struct{}{}:
		p.runs.Add(1)
		return true
	default:
		return false
	}
}

// done gives back what try took.
func (p *places) done() {
	p.leave()
	p.runs.Done()
}

func (p *places) start(ctx context.Context) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ctx, p.cancel = context.WithCancel(context.WithoutCancel(ctx))
	p.open = true
}

// shut allows no more prompt starts.
func (p *places) shut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.open = false
}

// wait waits for the prompt runs until ctx ends; then their contexts end, and it waits for them all the same.
func (p *places) wait(ctx context.Context) {
	if p.cancel == nil {
		return
	}
	defer context.AfterFunc(ctx, p.cancel)()
	p.runs.Wait()
	p.cancel()
}

// promptly reports whether a submission is of those that may start in their own transaction.
func (e *Engine) promptly(s ports.Submission) bool {
	return !e.cfg.Bounded && e.places.try()
}

// claimed is an accepted execution as this process's own, with the event of its start.
func (e *Engine) claimed(ex execution.Execution, now time.Time) (execution.Execution, []event.Event, error) {
	if err := ex.Claim(e.owner, now.Add(e.cfg.Lease), now); err != nil {
		return ex, nil, err
	}
	return ex, ex.Record(now, started(ex.Snapshot())), nil
}

// started is the event of an attempt's start.
func started(s execution.Snapshot) event.Draft {
	return draft(event.ExecutionStarted, map[string]any{"attempt": s.Attempt, "status": execution.Running.Wire()})
}

// prompt runs what was claimed in the transaction that accepted it. It is no part of the request.
//
//nolint:contextcheck // as it says
func (e *Engine) prompt(own execution.Execution) {
	r := e.enlist(e.places.ctx, own)
	go func() {
		defer e.places.done()
		if err := guarded(func() error { return e.attempt(e.places.ctx, r) }); err != nil {
			e.Report(e.places.ctx, "run an execution", err)
		}
	}()
}

// witness waits for the end of a run of this process, at most as long as between two polls. False means that the caller has to look.
func (e *Engine) witness(ctx context.Context, here *run, most time.Duration) (execution.Snapshot, bool) {
	scope := here.claimed.Scope()
	poll := time.NewTimer(min(most, e.cfg.Poll))
	defer poll.Stop()
	select {
	case <-here.over:
		end := here.end
		if end == nil || !end.State.Terminal() || end.Scope() != scope {
			return execution.Snapshot{}, false
		}
		return *end, true
	case <-ctx.Done():
		return here.claimed, true
	case <-poll.C:
		return execution.Snapshot{}, false
	}
}
