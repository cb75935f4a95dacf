package runtime

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/symphainy/symphainy/application/intents"
	"github.com/symphainy/symphainy/domain/event"
	"github.com/symphainy/symphainy/domain/execution"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/ports"
)

// Reasons for which a run's context ends; the run reads them with context.Cause.
var (
	errCancelRequested = errors.New("cancellation was requested")
	errPauseRequested  = errors.New("a pause was requested")
	errAttemptTimeout  = fault.New(fault.Unavailable, "attempt_timeout", "An attempt took longer than it may.")
	errTimeout         = fault.New(fault.Unavailable, "timeout", "The execution took longer than it may.")
	errPoison          = fault.New(fault.Internal, "attempts_exhausted", "The execution was given up: its workers kept dying.")
)

// errAway ends a run whose execution has gone to wait: whatever its handler made of that, nothing is left for it to write.
var errAway = errors.New("the execution waits")

// errNotSuspended is a handler that says it waits and does not.
var errNotSuspended = fault.New(fault.Internal, "internal", "a handler returned ErrSuspended without a wait")

// run is one claim at work.
type run struct {
	ctx     context.Context //nolint:containedctx // it is the run's own, from the claim to the end
	entry   intents.Entry
	lease   execution.Lease
	cancel  context.CancelCauseFunc
	renewed time.Time

	// claimed is the execution as it was claimed.
	claimed execution.Snapshot
	// latest is the execution as this run stored it last.
	latest execution.Execution
	// finished are the steps that are done, as the handler's call knows them.
	finished map[string]execution.Step
	// over is closed when the run has ended, and end is then how it left the execution; nil if it did not tell.
	over chan struct{}
	end  *execution.Snapshot
}

// work does one job of the queue: claim, run, finish. A job for an execution that is not claimable is done.
func (e *Engine) work(ctx context.Context, id string) error {
	if !e.places.enter(ctx) {
		return nil
	}
	defer e.places.leave()
	ex, err := e.claimInTurn(ctx, id)
	if errors.Is(err, execution.ErrNotClaimable) || errors.Is(err, fault.ErrNotFound) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("claim %s: %w", id, err)
	}
	e.hint(ctx, ex.Snapshot(), false)
	return e.attempt(ctx, e.enlist(ctx, ex))
}

// enlist notes a run of an execution that this process has claimed. Its context ends with that of the process's work, or by its cancel.
func (e *Engine) enlist(ctx context.Context, ex execution.Execution) *run {
	ctx, cancel := context.WithCancelCause(ctx)
	r := &run{ctx: ctx, lease: ex.Snapshot().Lease(), cancel: cancel, renewed: e.Clock.Now(), claimed: ex.Snapshot(), latest: ex, over: make(chan struct{})}
	e.enter(r.lease.ExecutionID, r)
	return r
}

// attempt runs what was claimed, and finishes it. The error is for the log.
//
//nolint:contextcheck // the run's own context was made of ctx when it was claimed
func (e *Engine) attempt(ctx context.Context, r *run) error {
	s := r.claimed
	defer e.suspect.leave(s.ID)
	defer e.letGo(context.WithoutCancel(ctx))
	defer e.leave(s.ID, r)
	entry, err := e.Catalogue.Find(s.Intent.Type)
	r.entry = entry
	if err != nil {
		// The intent was accepted by a version that knew it; this one does not.
		return e.finish(ctx, r, ports.IntentResult{}, err)
	}
	timed, stop := e.timed(r.ctx, entry, s)
	defer stop()
	returned := e.lingers(timed, s)
	result, err := e.handle(timed, r, s)
	returned()
	if errors.Is(err, errAway) {
		return nil
	}
	if cause := context.Cause(timed); cause != nil && !errors.Is(err, execution.ErrLeaseLost) && (err != nil || errors.Is(cause, errCancelRequested)) {
		err = cause
	}
	if err == nil && s.Ending != "" {
		return e.unwound(ctx, r)
	}
	return e.finish(ctx, r, result, err)
}

// timed gives the context in which this attempt has to end: by the execution's deadline, and by the attempt's own. Undos have as long as an
// execution that declares nothing.
func (e *Engine) timed(ctx context.Context, entry intents.Entry, s execution.Snapshot) (context.Context, context.CancelFunc) {
	if s.Ending != "" {
		return context.WithTimeoutCause(ctx, e.cfg.Timeout, errAttemptTimeout)
	}
	stop := context.CancelFunc(func() {})
	if t := entry.Spec.AttemptTimeout; t > 0 {
		ctx, stop = context.WithTimeoutCause(ctx, t, errAttemptTimeout)
	}
	if s.Deadline.IsZero() {
		return ctx, stop
	}
	timed, end := context.WithTimeoutCause(ctx, s.Deadline.Sub(e.Clock.Now()), errTimeout)
	return timed, func() { end(); stop() }
}

func (e *Engine) claim(ctx context.Context, id string) (execution.Execution, error) {
	var ex execution.Execution
	apart := false
	err := e.UnitOfWork.Do(ctx, func(ctx context.Context, tx ports.Tx) (err error) {
		if ex, err = tx.Leases.Claim(ctx, id, e.owner, e.cfg.Lease); err != nil {
			return err
		}
		ex.Awake(e.Clock.Now())
		s := ex.Snapshot()
		if e.cfg.suspected(s) {
			if !e.suspect.enter(s.ID) {
				return execution.ErrNotClaimable
			}
			apart = true
		}
		return e.append(ctx, tx, &ex, started(s))
	})
	if err != nil && apart {
		e.suspect.leave(id)
	}
	return ex, err
}

// append numbers and stores events of a row that the transaction has locked.
func (e *Engine) append(ctx context.Context, tx ports.Tx, ex *execution.Execution, drafts ...event.Draft) error {
	events := ex.Record(e.Clock.Now(), drafts...)
	if err := tx.Executions.Save(ctx, *ex); err != nil {
		return err
	}
	ex.Saved()
	return tx.Events.Append(ctx, ex.Snapshot().TenantID, events)
}

// handle checks what must hold before any work, and runs the handler.
func (e *Engine) handle(ctx context.Context, r *run, s execution.Snapshot) (result ports.IntentResult, err error) {
	if s.Attempt > e.cfg.MaxClaims {
		return result, errPoison
	}
	if cause := wanted(s); cause != nil {
		return result, cause
	}
	c := &call{engine: e, run: r, entry: r.entry, claimed: s}
	if err := c.load(ctx); err != nil {
		return result, err
	}
	if s.Ending != "" {
		return result, c.unwind(ctx)
	}
	if err := guarded(func() error { return c.authorise(ctx) }); err != nil {
		return result, err
	}
	err = guarded(func() (err error) {
		result, err = r.entry.Handler(ctx, c)
		return err
	})
	if c.suspended {
		return result, errAway
	}
	if errors.Is(err, ports.ErrSuspended) {
		return result, errNotSuspended.Because(err)
	}
	return result, err
}

// guarded turns a panic into an Internal error with the stack as its cause, for the log.
func guarded(fn func() error) error { return fault.Guard(fn) }

func (e *Engine) enter(id string, r *run) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if old, ok := e.running[id]; ok {
		old.cancel(execution.ErrLeaseLost) // its lease lapsed, and this process has claimed again
	}
	e.running[id] = r
}

func (e *Engine) leave(id string, r *run) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.running[id] == r {
		delete(e.running, id)
	}
	r.cancel(nil)
	close(r.over)
}

// renew extends the leases of all that runs here. A run whose lease could not be renewed in time is stopped: it can no longer prove that
// it is the owner.
func (e *Engine) renew(ctx context.Context) error {
	now := e.Clock.Now()
	leases := e.leases()
	if len(leases) == 0 {
		return nil
	}
	var renewal ports.Renewal
	err := e.UnitOfWork.Do(ctx, func(ctx context.Context, tx ports.Tx) (err error) {
		renewal, err = tx.Leases.Renew(ctx, leases, e.cfg.Lease)
		return err
	})
	if err != nil {
		e.each(func(r *run) {
			if now.Sub(r.renewed) >= e.cfg.Lease {
				r.cancel(execution.ErrLeaseLost)
			}
		})
		return err
	}
	e.each(func(r *run) { r.renewed = now })
	for _, l := range leases {
		switch {
		case slices.Contains(renewal.Lost, l.ExecutionID):
			e.stopRun(l, execution.ErrLeaseLost)
		case slices.Contains(renewal.Cancel, l.ExecutionID):
			e.stopRun(l, errCancelRequested)
		case slices.Contains(renewal.Pause, l.ExecutionID):
			e.stopRun(l, errPauseRequested)
		}
	}
	return nil
}

func (e *Engine) leases() []execution.Lease {
	var leases []execution.Lease
	e.each(func(r *run) { leases = append(leases, r.lease) })
	return leases
}

func (e *Engine) each(fn func(*run)) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, r := range e.running {
		fn(r)
	}
}

// stopRun ends one claim; a later claim of the same execution goes on.
func (e *Engine) stopRun(l execution.Lease, cause error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if r, ok := e.running[l.ExecutionID]; ok && r.lease == l {
		r.cancel(cause)
	}
}

// control looks at the row of a running execution that somebody wants stopped.
func (e *Engine) control(ctx context.Context, h ports.Hint) error {
	e.mu.Lock()
	r, here := e.running[h.ExecutionID]
	e.mu.Unlock()
	if !here {
		return nil
	}
	return e.UnitOfWork.Look(ctx, func(ctx context.Context, tx ports.Tx) error {
		ex, err := tx.Leases.Hold(ctx, r.lease)
		switch {
		case errors.Is(err, execution.ErrLeaseLost):
			r.cancel(execution.ErrLeaseLost)
			return nil
		case err == nil:
			if cause := wanted(ex.Snapshot()); cause != nil {
				r.cancel(cause)
			}
		}
		return err
	})
}
