package runtime

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/symphainy/symphainy/domain/execution"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/typeid"
	"github.com/symphainy/symphainy/ports"
)

// fairAfter is how long a job has waited when whose turn it is begins to matter. Below, workers are free, and every tenant's work starts at
// once anyway.
const fairAfter = 100 * time.Millisecond

// turn goes around the tenants.
type turn struct {
	mu   sync.Mutex
	last string
}

// inTurn gives the execution to start for a job. A queue hands out jobs in their order, and a tenant may have put ten thousand into it before
// anybody else's first: so a job that had to wait is only a sign that there is work, and starts what is next in turn. The jobs are as many as the
// executions, so what is displaced here is started for another's job.
func (e *Engine) inTurn(ctx context.Context, id string) (string, error) {
	made, ok := typeid.Millis(typeid.Execution, id)
	if !ok || e.Clock.Now().Sub(time.UnixMilli(made)) < fairAfter {
		return id, nil
	}
	next, err := e.nextInTurn(ctx)
	if err != nil || next == "" {
		return id, err
	}
	return next, nil
}

// nextInTurn moves the turn on.
func (e *Engine) nextInTurn(ctx context.Context) (id string, err error) {
	e.turn.mu.Lock()
	defer e.turn.mu.Unlock()
	err = e.UnitOfWork.Look(ctx, func(ctx context.Context, tx ports.Tx) error {
		tenant, next, err := tx.Flow.NextInTurn(ctx, e.turn.last)
		if next != "" {
			e.turn.last = tenant
		}
		id = next
		return err
	})
	return id, err
}

// claimInTurn claims for a job: what is next in turn, or, where another worker was faster, what the job is about.
func (e *Engine) claimInTurn(ctx context.Context, id string) (execution.Execution, error) {
	next, err := e.inTurn(ctx, id)
	if err != nil {
		return execution.Execution{}, err
	}
	ex, err := e.claim(ctx, next)
	if next != id && errors.Is(err, execution.ErrNotClaimable) {
		return e.claim(ctx, id)
	}
	return ex, err
}

// letGo starts what a bound kept waiting, now that something has ended. What is not found here is found by the sweep.
func (e *Engine) letGo(ctx context.Context) {
	if !e.cfg.Bounded {
		return
	}
	next, err := e.nextInTurn(ctx)
	if err != nil {
		e.Report(ctx, "look for what a bound kept waiting", err)
		return
	}
	if next != "" {
		e.Queue.Wake(next)
	}
}

// room remembers how much tenants may submit before their queue is looked at again, so that the look costs nothing while it is short.
type room struct {
	mu   sync.Mutex
	left map[string]int
}

// maxRooms bounds what is remembered; forgetting costs a look.
const maxRooms = 10_000

// take uses up one place that is known to be free.
func (r *room) take(tenantID string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.left[tenantID] == 0 {
		return false
	}
	r.left[tenantID]--
	return true
}

func (r *room) found(tenantID string, places int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.left == nil || len(r.left) >= maxRooms {
		r.left = map[string]int{}
	}
	r.left[tenantID] = places
}

// admit refuses a submission of a tenant whose queue is full. A queue that is less than half full is not looked at again for an eighth of it: of
// four processes that do so none goes over the limit. Submissions at the same time may exceed it by their number.
func (e *Engine) admit(ctx context.Context, tx ports.Tx, tenantID string) error {
	if e.room.take(tenantID) {
		return nil
	}
	limit := e.cfg.QueueLimit
	if many, err := tx.Flow.Full(ctx, tenantID, (limit+1)/2); err != nil || !many {
		if err == nil {
			e.room.found(tenantID, limit/8)
		}
		return err
	}
	full, err := tx.Flow.Full(ctx, tenantID, limit)
	if err == nil && full {
		return ports.ErrQueueFull
	}
	return err
}

// sameTries bounds how often a submission looks for the execution that is the same as it; that one may end at any moment, and then the
// submission is a new one.
const sameTries = 5

// coalesced gives the live execution that is the same as a submission whose own insert found it. errSameEnded if it ended meanwhile.
func coalesced(ctx context.Context, tx ports.Tx, s ports.Submission) (execution.Snapshot, error) {
	ex, err := tx.Flow.Same(ctx, s.Principal.Scope(), s.SessionID, s.Intent.SameKey)
	if errors.Is(err, fault.ErrNotFound) {
		return execution.Snapshot{}, errSameEnded
	}
	return ex.Snapshot(), err
}

// errSameEnded is an execution that ended between the insert that met it and the look for it.
var errSameEnded = errors.New("the same execution has just ended")
