package runtime

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/symphainy/symphainy/application/intents"
	"github.com/symphainy/symphainy/application/schedules"
	"github.com/symphainy/symphainy/domain/audit"
	"github.com/symphainy/symphainy/domain/execution"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/domain/intent"
	"github.com/symphainy/symphainy/domain/schedule"
	"github.com/symphainy/symphainy/domain/typeid"
	"github.com/symphainy/symphainy/ports"
)

// Bounds of one look at the schedules: a round takes so many, each so many decisions; what is left waits for the next look, a second later.
const (
	fireBatch     = 100
	fireDecisions = 20
	// keptRuns is how many decisions of a schedule are remembered.
	keptRuns = 200
	// maxLive is how many executions of one schedule are asked to end for a tick.
	maxLive = 100
)

// laneOfSchedule begins the lanes of schedules whose executions follow each other. Conversations, which have lanes too, have other ids.
const laneOfSchedule = "schedule:"

// fireDue decides about the ticks that are due. Every process does it; of several that look at one tick, one decides.
func (e *Engine) fireDue(ctx context.Context) error {
	var due []schedule.Schedule
	err := e.UnitOfWork.View(ctx, func(ctx context.Context, tx ports.Tx) (err error) {
		due, err = tx.Ticks.Due(ctx, fireBatch)
		return err
	})
	if err != nil {
		return err
	}
	var problems []error
	for _, v := range due {
		if err := guarded(func() error { return e.fireAll(ctx, v.Snapshot()) }); err != nil {
			problems = append(problems, fmt.Errorf("schedule %s: %w", v.Snapshot().ID, err))
		}
	}
	return errors.Join(problems...)
}

// fireAll decides about what is due of one schedule, one tick after the other.
func (e *Engine) fireAll(ctx context.Context, s schedule.Snapshot) error {
	a, err := e.prepare(ctx, s)
	if err != nil {
		return err
	}
	for range fireDecisions {
		if more, err := e.fire(ctx, &a); err != nil || !more {
			return err
		}
	}
	return nil
}

// firing is what is found out about a schedule before any of its ticks is seized: looks at rights and at files have no place in a transaction.
type firing struct {
	schedule  schedule.Snapshot
	following schedule.Following
	entry     intents.Entry
	principal identity.Principal
	// parameters are those to submit: checked, and staged.
	parameters []byte
	// refused says why the schedule may not act or cannot; nil if it may.
	refused *refusal

	// started and stopped are what the watchers of executions are told after the commit.
	started, stopped []execution.Snapshot
}

type refusal struct{ code, reason string }

// prepare judges what a schedule wants to do by what holds now: its creator's rights are today's as far as they were there before.
func (e *Engine) prepare(ctx context.Context, s schedule.Snapshot) (firing, error) {
	a := firing{schedule: s}
	var err error
	if a.following, err = schedules.Following(s.Order); err != nil {
		// An expression that this version does not read any more.
		a.following, a.refused = func(time.Time) time.Time { return time.Time{} }, &refusal{fault.As(err).Code, fault.As(err).Msg}
		return a, nil
	}
	if a.entry, err = e.Catalogue.Find(s.Order.IntentType); err != nil || a.entry.Spec.Internal {
		a.refused = &refusal{schedule.CodeNoIntent, "There is no intent of this type any more."}
		return a, nil //nolint:nilerr // the refusal says it
	}
	today, err := e.Grants.Current(ctx, s.Principal)
	if err != nil {
		return a, err
	}
	a.principal = s.Principal
	a.principal.Roles = slices.DeleteFunc(slices.Clone(s.Principal.Roles), func(r identity.Role) bool { return !slices.Contains(today, r) })
	if !a.principal.May(a.entry.Spec.Permission) || a.principal.Anonymous() {
		a.refused = &refusal{schedule.CodeNoRights, "Who made this schedule may not do this today: signed out, disabled, no longer a member, or in another role. Resume it to let it act for your present session."}
		return a, nil
	}
	if a.parameters, err = a.entry.Parameters(s.Order.Parameters); err != nil {
		a.refused = &refusal{schedule.CodeParameters, "The parameters do not fit the intent any more."}
		return a, nil //nolint:nilerr // the refusal says it
	}
	if a.entry.Stager != nil {
		a.parameters, err = a.entry.Stager.Stage(ctx, a.principal, a.entry.Spec.Type, a.parameters)
		if f := fault.As(err); f != nil && f.Kind != fault.Unavailable && f.Kind != fault.Internal {
			a.refused, err = &refusal{schedule.CodeParameters, f.Msg}, nil
		}
	}
	return a, err
}

// fire seizes the schedule and decides about one tick: what was decided, the execution, and the schedule's next tick commit together, so that
// every tick is decided about once. It reports whether another may be due.
func (e *Engine) fire(ctx context.Context, a *firing) (more bool, err error) {
	err = e.UnitOfWork.Do(ctx, func(ctx context.Context, tx ports.Tx) error {
		a.started, a.stopped, more = nil, nil, false
		v, now, err := tx.Ticks.Seize(ctx, a.schedule.TenantID, a.schedule.ID)
		if errors.Is(err, fault.ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		if v.Snapshot().Version != a.schedule.Version {
			return nil // somebody changed or fired it; the next look judges it anew
		}
		if err := e.decideTick(ctx, tx, a, &v, now); err != nil {
			return err
		}
		if err := tx.Schedules.Save(ctx, v); err != nil {
			return err
		}
		if _, err := tx.Ticks.Trim(ctx, a.schedule.TenantID, a.schedule.ID, keptRuns); err != nil {
			return err
		}
		more = a.refused == nil
		a.schedule = v.Snapshot()
		a.schedule.Version++
		return nil
	})
	if err != nil {
		return false, err
	}
	for _, s := range a.started {
		e.hint(ctx, s, false)
	}
	for _, s := range a.stopped {
		e.hint(ctx, s, true)
	}
	if len(a.stopped) > 0 {
		e.cancelOrphans(ctx)
	}
	return more, nil
}

// decideTick decides about a run that was asked for, or about what is due.
func (e *Engine) decideTick(ctx context.Context, tx ports.Tx, a *firing, v *schedule.Schedule, now time.Time) error {
	s := v.Snapshot()
	run := schedule.Run{ScheduleID: s.ID, At: now}
	if at := s.TriggerAt; !at.IsZero() && !at.After(now) {
		run.Tick, run.Manual = at, true
		v.Triggered(now)
	} else {
		plan, ok := s.Plan(a.following, now)
		if !ok {
			return nil
		}
		v.Advance(plan.Last(), plan.Next, now)
		if run.Tick = plan.Tick; run.Tick.IsZero() {
			run.Tick, run.Until, run.Outcome, run.Code = plan.MissedFrom, plan.MissedUntil, schedule.Missed, schedule.CodeLate
		}
	}
	switch {
	case a.refused != nil:
		run.Outcome, run.Code = schedule.Refused, a.refused.code
		v.Refuse(a.refused.code, a.refused.reason, now)
		record := schedules.Record(e.IDs, s.Principal.Actor(), s, "schedule.refused", audit.Denied, a.refused.code, now)
		if err := tx.Audit.Append(ctx, record); err != nil {
			return err
		}
	case run.Outcome == "":
		if err := e.launch(ctx, tx, a, s, &run); err != nil {
			return err
		}
	}
	return tx.Ticks.Put(ctx, s.TenantID, run)
}

// launch starts an execution for a tick, as far as the overlap policy and the tenant's queue let it.
func (e *Engine) launch(ctx context.Context, tx ports.Tx, a *firing, s schedule.Snapshot, run *schedule.Run) error {
	live, err := tx.Ticks.Live(ctx, s.TenantID, s.ID, maxLive)
	if err != nil {
		return err
	}
	verdict := s.Order.Overlap.Judge(len(live))
	if !verdict.Start {
		run.Outcome, run.Code = schedule.Skipped, schedule.CodeOverlap
		return nil
	}
	err = e.admit(ctx, tx, s.TenantID)
	if errors.Is(err, ports.ErrQueueFull) {
		run.Outcome, run.Code = schedule.Skipped, schedule.CodeQueueFull
		return nil
	}
	if err != nil {
		return err
	}
	if verdict.Cancel {
		if err := e.cancelEarlier(ctx, tx, a, live); err != nil {
			return err
		}
	}
	now := e.Clock.Now()
	in := intent.Intent{
		ID: e.IDs.NewID(typeid.Intent), Type: a.entry.Spec.Type, Parameters: a.parameters, SolutionID: s.Order.SolutionID,
		Metadata: encode(map[string]any{"schedule_id": s.ID, "tick": run.Tick.Format(time.RFC3339Nano), "manual": run.Manual}),
	}
	if verdict.InTurn {
		in.Lane = laneOfSchedule + s.ID
	}
	ex := execution.Accept(e.IDs.NewID(typeid.Execution), a.entry.Realm, in, a.principal, a.principal.SessionID, "",
		e.deadline(ports.Submission{Spec: a.entry.Spec}, now), now)
	if t := a.entry.Spec.QueueTimeout; t > 0 {
		ex.StartBy(now.Add(t))
	}
	if err := e.accept(ctx, tx, &ex, now); err != nil {
		return err
	}
	a.started = append(a.started, ex.Snapshot())
	run.Outcome, run.ExecutionID = schedule.Started, ex.ID()
	return nil
}

// cancelEarlier asks the executions of earlier ticks to end.
func (e *Engine) cancelEarlier(ctx context.Context, tx ports.Tx, a *firing, live []string) error {
	for _, id := range live {
		ex, err := tx.Executions.Lock(ctx, a.principal.Scope(), id)
		if err != nil {
			return err
		}
		var after execution.Snapshot
		now := e.Clock.Now()
		changed, err := e.cancel(ctx, tx, &ex, &after, now)
		if err != nil && !errors.Is(err, execution.ErrEnded) {
			return err
		}
		if !changed {
			continue
		}
		if err := tx.Audit.Append(ctx, e.record(after, "execution.cancel", audit.Allowed, now)); err != nil {
			return err
		}
		a.stopped = append(a.stopped, after)
	}
	return nil
}
