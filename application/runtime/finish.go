package runtime

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/symphainy/symphainy/application/intents"
	"github.com/symphainy/symphainy/domain/artifact"
	"github.com/symphainy/symphainy/domain/event"
	"github.com/symphainy/symphainy/domain/execution"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/domain/realm"
	"github.com/symphainy/symphainy/ports"
)

// finishTime bounds the last write of a run, which goes on although the run's own context may be over.
const finishTime = 10 * time.Second

// finish writes how a run ended. A lost lease writes nothing: somebody else owns the execution. The error it returns is for the log.
func (e *Engine) finish(ctx context.Context, r *run, result ports.IntentResult, cause error) error {
	if errors.Is(cause, execution.ErrLeaseLost) {
		return nil
	}
	stopping := ctx.Err() != nil
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), finishTime)
	defer cancel()
	if cause == nil {
		err := e.conclude(ctx, r, plain(result), func(ctx context.Context, tx ports.Tx, ex *execution.Execution, after *execution.Snapshot, now time.Time) error {
			return e.complete(ctx, tx, ex, after, r, result, now)
		})
		if err == nil || fault.KindOf(err) == fault.Unavailable {
			return err // without the store nothing can be written now: the lease lapses and another attempt follows
		}
		cause = err // a result that cannot be stored ends the execution: it must not run for ever
	}
	err := e.conclude(ctx, r, false, func(ctx context.Context, tx ports.Tx, ex *execution.Execution, after *execution.Snapshot, now time.Time) error {
		return e.fallBack(ctx, tx, ex, after, r.entry, cause, stopping, now)
	})
	if fault.KindOf(cause) == fault.Internal && !errors.Is(cause, errCancelRequested) && !errors.Is(cause, errPauseRequested) && !stopping {
		return errors.Join(fmt.Errorf("execution %s: %w", r.lease.ExecutionID, cause), err)
	}
	return err
}

// plain reports whether a result makes no artifacts, so that its end writes the execution's own rows and no others.
func plain(result ports.IntentResult) bool {
	return !slices.ContainsFunc(result.Artifacts, func(r ports.ResultArtifact) bool { return !r.View })
}

// conclude runs the last transaction of a run under its lease, and tells the watchers. A short one does not look at the row first: it goes by what
// this run has stored last, and the guard of the version, which every claim and every request to stop raises, tells whether that still holds. If
// not, it starts again with a look.
func (e *Engine) conclude(ctx context.Context, r *run, short bool, write func(context.Context, ports.Tx, *execution.Execution, *execution.Snapshot, time.Time) error) error {
	var after execution.Snapshot
	var err error = fault.ErrStale
	if short && wanted(r.latest.Snapshot()) == nil {
		err = e.UnitOfWork.Do(ctx, func(ctx context.Context, tx ports.Tx) error {
			ex := r.latest
			return write(ctx, tx, &ex, &after, e.Clock.Now())
		})
	}
	if errors.Is(err, fault.ErrStale) || errors.Is(err, fault.ErrNotFound) {
		err = e.UnitOfWork.Do(ctx, func(ctx context.Context, tx ports.Tx) error {
			ex, err := tx.Leases.Hold(ctx, r.lease)
			if err != nil {
				return err
			}
			return write(ctx, tx, &ex, &after, e.Clock.Now())
		})
	}
	if errors.Is(err, execution.ErrLeaseLost) {
		return nil
	}
	if err == nil {
		r.end = &after
		e.hint(ctx, after, false)
		if after.State == execution.Cancelled || after.State == execution.Failed {
			e.cancelOrphans(ctx)
		}
	}
	return err
}

// complete stores the artifacts, their events, the domain events and the terminal state together.
func (e *Engine) complete(ctx context.Context, tx ports.Tx, ex *execution.Execution, after *execution.Snapshot, by *run, result ports.IntentResult, now time.Time) error {
	s := ex.Snapshot()
	artifacts := map[string]any{}
	var drafts []event.Draft
	var err error
	made, fleeting := map[string]bool{}, false
	for _, r := range result.Artifacts {
		snap := r.Artifact
		if !r.View {
			snap = produced(snap, s, now)
			policy := e.Results.Of(snap.Type)
			if policy == artifact.DiscardResult {
				snap.Renderings = nil
			}
			if snap.SourceExpiredAt, err = sourceExpired(ctx, tx, s.Scope(), snap, made, now); err != nil {
				return err
			}
			a, err := artifact.New(snap)
			if err != nil {
				return err
			}
			if err := tx.Artifacts.Insert(ctx, a); err != nil {
				return err
			}
			snap = a.Snapshot()
			made[snap.ID] = true
			drafts = append(drafts, draft(event.ArtifactCreated, map[string]any{
				"artifact_id": snap.ID, "artifact_type": snap.Type, "lifecycle_state": snap.State,
			}))
			if policy != artifact.PersistResult {
				fleeting = fleeting || len(r.Artifact.Renderings) > 0
				snap.Renderings = nil // the execution's answer is kept longer than they may be
			}
		}
		if err := e.present(artifacts, r, snap); err != nil {
			return err
		}
	}
	if fleeting {
		// The steps hold what the renderings were made of, and would keep them.
		if _, err := tx.Steps.Forget(ctx, s.TenantID, s.ID); err != nil {
			return err
		}
	}
	for key, value := range result.Values {
		artifacts[key] = value
	}
	raw, err := json.Marshal(artifacts)
	if err != nil {
		return fault.As(err)
	}
	if err := ex.Complete(raw, now); err != nil {
		return err
	}
	last, told := e.lastStep(by, result, now)
	drafts = slices.Concat(drafts, told, result.Events)
	drafts = append(drafts, draft(event.ExecutionCompleted, map[string]any{
		"status": execution.Completed.Wire(), "intent_type": s.Intent.Type, "values": values(result.Values),
	}))
	if err := e.end(ctx, tx, ex, after, now, drafts...); err != nil || result.Last == nil {
		return err
	}
	// After the guard of the version: what the step goes by still holds.
	if err := guarded(func() error { return result.Last.Do(ctx, tx, ex.Snapshot()) }); err != nil {
		return err
	}
	return tx.Steps.Put(ctx, s.TenantID, last)
}

// lastStep is the record of a result's last step, with its events.
func (e *Engine) lastStep(r *run, result ports.IntentResult, now time.Time) (execution.Step, []event.Draft) {
	if result.Last == nil {
		return execution.Step{}, nil
	}
	step := execution.Step{
		ExecutionID: r.claimed.ID, Name: result.Last.Name, Position: len(r.finished) + 1, Attempt: r.claimed.Attempt, Result: []byte("null"), StartedAt: now, CompletedAt: now,
	}
	return step, []event.Draft{stepDraft(event.StepStarted, step, ""), stepDraft(event.StepCompleted, step, "")}
}

// errSourceGone is work whose source was purged while it was done.
var errSourceGone = fault.New(fault.NotFound, "not_found", "What this was to be made of has been deleted meanwhile.")

// sourceExpired looks at what a result was made of, and keeps it as it is until the result is stored. Working material does not outlive its
// source: errSourceGone. A record of fact does, and says since when. made are the results that are stored already.
func sourceExpired(ctx context.Context, tx ports.Tx, scope identity.Scope, s artifact.Snapshot, made map[string]bool, now time.Time) (time.Time, error) {
	if s.DataClass != artifact.WorkingMaterial && s.DataClass != artifact.RecordOfFact {
		return s.SourceExpiredAt, nil
	}
	for _, id := range slices.Sorted(slices.Values(s.Parents)) {
		if made[id] {
			continue
		}
		_, err := tx.Artifacts.Lock(ctx, scope, id)
		switch {
		case err == nil:
		case !errors.Is(err, fault.ErrNotFound):
			return time.Time{}, err
		case s.DataClass == artifact.WorkingMaterial:
			return time.Time{}, errSourceGone
		case s.SourceExpiredAt.IsZero():
			s.SourceExpiredAt = now
		}
	}
	return s.SourceExpiredAt, nil
}

func values(v map[string]string) map[string]string {
	if v == nil {
		return map[string]string{}
	}
	return v
}

// present puts the wire form of a result under its key, and under each alias the same object that says so.
func (e *Engine) present(into map[string]any, r ports.ResultArtifact, s artifact.Snapshot) error {
	for i, key := range append([]string{r.Key}, r.Aliases...) {
		doc, err := e.Document(s)
		if err != nil {
			return err
		}
		if i > 0 {
			doc["alias_of"] = r.Key
		}
		into[key] = doc
	}
	return nil
}

// produced fills what the Runtime knows of a new artifact.
func produced(a artifact.Snapshot, s execution.Snapshot, now time.Time) artifact.Snapshot {
	a.TenantID, a.OwnerID, a.SessionID, a.SolutionID = s.TenantID, s.OwnerID, s.SessionID, s.Intent.SolutionID
	a.ProducedIntent, a.ExecutionID = s.Intent.Type, s.ID
	a.CreatedAt, a.UpdatedAt = now, now
	if a.Realm == "" {
		a.Realm = s.Realm
	}
	a.Origin = "authenticated"
	if s.Principal.Anonymous() {
		a.Origin = "anonymous"
	}
	return a
}

// fallBack writes how a run that did not complete goes on: cancelled, paused, tried again, or failed.
func (e *Engine) fallBack(ctx context.Context, tx ports.Tx, ex *execution.Execution, after *execution.Snapshot, entry intents.Entry, cause error, stopping bool, now time.Time) error {
	s, f := ex.Snapshot(), fault.As(cause)
	undoing := s.Ending != ""
	switch {
	case !undoing && (s.CancelRequested || errors.Is(cause, errCancelRequested)):
		return e.giveUp(ctx, tx, ex, after, execution.Cancelled, nil, now)
	case !undoing && (s.PauseRequested || errors.Is(cause, errPauseRequested)):
		return e.pauseNow(ctx, tx, ex, after, entry, nil, now)
	case stopping:
		return e.putBack(ctx, tx, ex, after, now)
	}
	policy := entry.Spec.RetryPolicy()
	if e.another(policy, s, f, now) {
		return e.retry(ctx, tx, ex, after, f, now.Add(policy.Spread(policy.Delay(s.Attempt+1), e.share())), now)
	}
	switch {
	case undoing:
		return e.endUnwound(ctx, tx, ex, after, now)
	case policy.Exhausted == realm.Pause && retryable(f):
		return e.pauseNow(ctx, tx, ex, after, entry, f, now)
	}
	return e.giveUp(ctx, tx, ex, after, execution.Failed, f, now)
}

// another reports whether an attempt that failed is followed by another one.
func (e *Engine) another(policy realm.RetryPolicy, s execution.Snapshot, f *fault.Error, now time.Time) bool {
	return retryable(f) && policy.Allows(s.Attempt, f.Code, s.StartedAt, now.Add(policy.Delay(s.Attempt+1)))
}

// pauseNow pauses an execution: because somebody asked for it, or, with a reason, because its attempts are used up.
func (e *Engine) pauseNow(ctx context.Context, tx ports.Tx, ex *execution.Execution, after *execution.Snapshot, entry intents.Entry, reason *fault.Error, now time.Time) error {
	still := entry.Spec.Timeout == 0
	data := map[string]any{"status": execution.Paused.Wire()}
	var err error
	if reason == nil {
		err = ex.Pause(still, now)
	} else {
		data["error_code"], data["error"] = reason.Code, safeMessage(reason)
		err = ex.Exhaust(reason.Code, safeMessage(reason), still, now)
	}
	if err != nil {
		return err
	}
	err = e.append(ctx, tx, ex, draft(event.ExecutionPaused, data))
	*after = ex.Snapshot()
	return err
}

// errStopping is why an execution that a stopping process puts back is pending again.
var errStopping = fault.New(fault.Unavailable, "server_stopping", "The server is restarting; the execution goes on in a moment.")

// capabilityUnavailable is the code of what this deployment lacks; waiting does not bring it.
const capabilityUnavailable = "capability_unavailable"

// retryable reports whether the same attempt may end otherwise: faults of stores and networks, and unexpected failures. Errors that the
// input causes never are.
func retryable(err error) bool {
	f := fault.As(err)
	if errors.Is(err, errTimeout) || errors.Is(err, errPoison) || f.Code == capabilityUnavailable {
		return false
	}
	return f.Kind == fault.Unavailable || f.Kind == fault.Internal
}

func safeMessage(f *fault.Error) string {
	if f.Kind == fault.Internal && f.Code == "internal" {
		return "The execution failed unexpectedly; the trace id helps to find out why."
	}
	return f.Msg
}

func (e *Engine) retry(ctx context.Context, tx ports.Tx, ex *execution.Execution, after *execution.Snapshot, f *fault.Error, due, now time.Time) error {
	if err := ex.Retry(f.Code, safeMessage(f), due, now); err != nil {
		return err
	}
	return e.retrying(ctx, tx, ex, after, f, due)
}

// putBack gives the work of a stopping process to another one.
func (e *Engine) putBack(ctx context.Context, tx ports.Tx, ex *execution.Execution, after *execution.Snapshot, now time.Time) error {
	if err := ex.PutBack(errStopping.Code, errStopping.Msg, now); err != nil {
		return err
	}
	return e.retrying(ctx, tx, ex, after, errStopping, now)
}

func (e *Engine) retrying(ctx context.Context, tx ports.Tx, ex *execution.Execution, after *execution.Snapshot, f *fault.Error, due time.Time) error {
	err := e.append(ctx, tx, ex, draft(event.ExecutionRetrying, map[string]any{
		"status": execution.Retrying.Wire(), "error_code": f.Code, "attempt": ex.Snapshot().Attempt, "due_at": due.Format(time.RFC3339Nano),
	}))
	if err != nil {
		return err
	}
	*after = ex.Snapshot()
	return tx.Queue.Enqueue(ctx, ports.Job{ExecutionID: ex.ID(), DueAt: due})
}

// share is a random number from -1 to 1.
func (e *Engine) share() float64 { return float64(e.IDs.Secret()[0])/127.5 - 1 }
