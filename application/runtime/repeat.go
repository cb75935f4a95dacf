package runtime

import (
	"context"
	"crypto/sha256"
	"strings"
	"time"

	"github.com/symphainy/symphainy/domain/audit"
	"github.com/symphainy/symphainy/domain/execution"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/domain/intent"
	"github.com/symphainy/symphainy/domain/typeid"
	"github.com/symphainy/symphainy/ports"
)

// Errors of a retry.
var (
	errNoStep   = fault.New(fault.Invalid, "unknown_step", "The execution has no finished step of this name.")
	errComplete = fault.New(fault.Conflict, "nothing_to_retry", "The execution completed; name the step to go on from.")
	errGoesOn   = fault.New(fault.Conflict, "execution_goes_on", "Steps can be named only when the execution has ended; cancel it first.")
)

// Retry goes on at once, or repeats what has ended.
func (e *Engine) Retry(ctx context.Context, p identity.Principal, id string, r ports.RetryCommand) (execution.Snapshot, error) {
	if !p.May(identity.PermWrite) {
		return execution.Snapshot{}, fault.ErrPermission
	}
	if err := intent.CheckKey(r.IdempotencyKey); err != nil {
		return execution.Snapshot{}, err
	}
	now, err := e.Execution(ctx, p.Scope(), id)
	if err != nil {
		return execution.Snapshot{}, err
	}
	if now.State.Terminal() {
		return e.repeat(ctx, p, id, r)
	}
	return e.steer(ctx, p, p.Scope(), id, "execution.retry", func(ctx context.Context, tx ports.Tx, ex *execution.Execution, now time.Time) (act, error) {
		if r.From != "" {
			return act{}, errGoesOn
		}
		if known, err := e.reserveRetry(ctx, tx, p, id, r, id, now); err != nil || known != nil {
			return act{}, err
		}
		switch {
		case ex.State() == execution.Paused:
			return e.resume(ctx, tx, ex, now)
		case ex.State().Terminal():
			return act{}, execution.ErrEnded // since the look above; the same request again repeats it
		case !ex.Hurry(now):
			return act{}, nil
		}
		return act{changed: true}, tx.Queue.Enqueue(ctx, ports.Job{ExecutionID: id})
	})
}

// repeat makes the execution that repeats one that has ended. While it lives it is the only one: the row of the first is locked.
func (e *Engine) repeat(ctx context.Context, p identity.Principal, id string, r ports.RetryCommand) (execution.Snapshot, error) {
	var after execution.Snapshot
	fresh := false
	err := e.again(ctx, func(ctx context.Context, tx ports.Tx) error {
		old, err := tx.Executions.Lock(ctx, p.Scope(), id)
		if err != nil {
			return err
		}
		fresh = false
		live, err := tx.Executions.List(ctx, p.Scope(), ports.ExecutionFilter{RetryOf: id, Status: execution.Live()}, ports.Page{Limit: 1})
		if err != nil {
			return err
		}
		answer := e.IDs.NewID(typeid.Execution)
		if len(live) > 0 {
			answer = live[0].ID()
		}
		known, err := e.reserveRetry(ctx, tx, p, id, r, answer, e.Clock.Now())
		switch {
		case err != nil:
			return err
		case known != nil:
			after = known.Snapshot()
			return nil
		case len(live) > 0:
			after = live[0].Snapshot()
			return nil
		}
		fresh = true
		after, err = e.acceptAgain(ctx, tx, p, old.Snapshot(), r.From, answer)
		return err
	})
	if err != nil {
		return execution.Snapshot{}, err
	}
	if fresh {
		e.hint(ctx, after, false)
	}
	return after, nil
}

// reserveRetry binds the command's idempotency key to its answer, and gives the answer of the same command before, nil if there is none.
func (e *Engine) reserveRetry(ctx context.Context, tx ports.Tx, p identity.Principal, id string, r ports.RetryCommand, answer string, now time.Time) (*execution.Execution, error) {
	same := sha256.Sum256(encode(map[string]any{"retry": id, "from": r.From}))
	return e.reserve(ctx, tx, ports.Submission{Principal: p, IdempotencyKey: r.IdempotencyKey, Fingerprint: same[:]}, answer, now)
}

// acceptAgain accepts an intent once more for the caller, whose rights are those of now, with the steps that count as done.
func (e *Engine) acceptAgain(ctx context.Context, tx ports.Tx, p identity.Principal, old execution.Snapshot, from, id string) (execution.Snapshot, error) {
	entry, err := e.Catalogue.Find(old.Intent.Type)
	if err != nil {
		return execution.Snapshot{}, err
	}
	if !p.May(entry.Spec.Permission) || p.Anonymous() && !entry.Spec.Anonymous {
		return execution.Snapshot{}, fault.ErrPermission
	}
	if old.State == execution.Completed && from == "" {
		return execution.Snapshot{}, errComplete
	}
	steps, err := tx.Steps.Of(ctx, old.TenantID, old.ID)
	if err != nil {
		return execution.Snapshot{}, err
	}
	kept, err := before(steps, from)
	if err != nil {
		return execution.Snapshot{}, err
	}
	now := e.Clock.Now()
	in := old.Intent
	in.SameKey = "" // a repeat is asked for, whatever else is in flight
	in.ID = e.IDs.NewID(typeid.Intent)
	ex := execution.Accept(id, old.Realm, in, p, old.SessionID, old.TraceID, e.deadline(ports.Submission{Spec: entry.Spec, Intent: intent.Intent{}}, now), now)
	ex.Repeats(old.ID)
	if err := e.accept(ctx, tx, &ex, now); err != nil {
		return execution.Snapshot{}, err
	}
	for i, s := range kept {
		s.ExecutionID, s.Position = id, i+1
		if err := tx.Steps.Put(ctx, old.TenantID, s); err != nil {
			return execution.Snapshot{}, err
		}
	}
	record := e.record(old, "execution.retry", audit.Allowed, now)
	record.Actor, record.Detail = p.Actor(), encode(map[string]any{"retry": id, "steps": len(kept), "from": from})
	return ex.Snapshot(), tx.Audit.Append(ctx, record)
}

// before gives the finished steps that a repeat need not do again: those before the named one, and before the first that was undone or
// whose wait ended without a result. Marks of waits are not among them.
func before(steps []execution.Step, from string) ([]execution.Step, error) {
	undone, waits, found := map[string]bool{}, map[string]bool{}, from == ""
	for _, s := range steps {
		if name, ok := strings.CutSuffix(s.Name, openMark+"opened"); ok {
			waits[name] = true
		}
		undone[strings.TrimPrefix(s.Name, undoPrefix)] = strings.HasPrefix(s.Name, undoPrefix) || undone[s.Name]
		found = found || s.Name == from
	}
	if !found || checkName(from) != nil && from != "" {
		return nil, errNoStep
	}
	var kept []execution.Step
	for _, s := range steps {
		switch {
		case s.Name == from, undone[s.Name], waits[s.Name] && isExpired(s.Result):
			return kept, nil
		case checkName(s.Name) != nil, strings.HasPrefix(s.Name, undoPrefix):
			continue
		}
		kept = append(kept, s)
	}
	return kept, nil
}
