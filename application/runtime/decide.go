package runtime

import (
	"cmp"
	"context"
	"encoding/json"
	"time"

	"github.com/symphainy/symphainy/application/intents"
	"github.com/symphainy/symphainy/domain/audit"
	"github.com/symphainy/symphainy/domain/event"
	"github.com/symphainy/symphainy/domain/execution"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/ports"
)

// decisionDoc is the stored form of a decision.
type decisionDoc struct {
	Expired       bool              `json:"expired,omitempty"`
	Verdict       execution.Verdict `json:"decision,omitempty"`
	Response      json.RawMessage   `json:"response,omitempty"`
	By            string            `json:"by,omitempty"`
	At            time.Time         `json:"at,omitzero"`
	ArgumentsHash string            `json:"arguments_hash"`
}

// AwaitDecision asks people, and gives what they decided. The step is written by whoever decides; here it is only waited for.
func (c *call) AwaitDecision(ctx context.Context, name string, r execution.DecisionRequest) (execution.Decision, error) {
	arguments, err := canonical(r.Arguments)
	if err != nil {
		return execution.Decision{}, err
	}
	lasts, who := cmp.Or(r.Within, execution.DecisionTime), mayDecide(r.Deciders)
	first := wait{
		For: execution.ForDecision, Name: name, Prompt: r.Prompt, Arguments: arguments, ArgumentsHash: hashOf(arguments),
		ResponseSchema: r.ResponseSchema, MayDecide: &who,
	}
	raw, err := c.await(ctx, lasts, first, func(_ context.Context, _ ports.Tx, _ execution.Snapshot, w *wait, at time.Time) ([]byte, error) {
		switch {
		case w.ArgumentsHash != first.ArgumentsHash:
			return nil, execution.ErrArgumentsChanged
		case at.Before(w.Until):
			return nil, nil
		case r.Escalate != nil && !w.Escalated:
			others := mayDecide(*r.Escalate)
			w.Escalated, w.MayDecide, w.Until = true, &others, at.Add(lasts)
			return nil, nil
		}
		return json.Marshal(decisionDoc{Expired: true, ArgumentsHash: w.ArgumentsHash})
	})
	if err != nil {
		return execution.Decision{}, err
	}
	var doc decisionDoc
	if err := json.Unmarshal(raw, &doc); err != nil {
		return execution.Decision{}, fault.As(err)
	}
	switch {
	case doc.ArgumentsHash != first.ArgumentsHash:
		return execution.Decision{}, execution.ErrArgumentsChanged
	case doc.Expired:
		return execution.Decision{}, execution.ErrDecisionExpired
	}
	return execution.Decision{Verdict: doc.Verdict, Response: doc.Response, By: doc.By, At: doc.At, ArgumentsHash: doc.ArgumentsHash}, nil
}

// maxResponse bounds the response of a decision in bytes.
const maxResponse = 64 << 10

// Decide takes a decision once: whoever comes first under the row's lock writes the step that the handler waits for.
func (e *Engine) Decide(ctx context.Context, p identity.Principal, id string, d ports.DecisionCommand) (execution.Snapshot, error) {
	if !d.Verdict.Valid() || len(d.Response) > maxResponse || d.Response != nil && !json.Valid(d.Response) {
		return execution.Snapshot{}, execution.ErrDecision
	}
	var after execution.Snapshot
	var changed bool
	var refused error
	err := e.again(ctx, func(ctx context.Context, tx ports.Tx) error {
		changed, refused = false, nil
		ex, err := tx.Decisions.Lock(ctx, p.TenantID, id)
		if err != nil {
			return err
		}
		s, now := ex.Snapshot(), e.Clock.Now()
		w := waitOf(s)
		if w.For != execution.ForDecision {
			after = s
			return e.decidedBefore(ctx, tx, p, s, d)
		}
		if refused = mayTake(p, s, w, d, now); refused != nil {
			record := e.record(s, "execution.decision", audit.Denied, now)
			record.Actor, record.ArgumentsHash = p.Actor(), w.ArgumentsHash
			record.Detail = encode(map[string]any{"name": w.Name, "decision": d.Verdict, "error_code": fault.As(refused).Code})
			return tx.Audit.Append(ctx, record)
		}
		changed = true
		err = e.take(ctx, tx, p, &ex, w, d, now)
		after = ex.Snapshot()
		return err
	})
	switch {
	case err != nil:
		return execution.Snapshot{}, err
	case refused != nil:
		return execution.Snapshot{}, refused
	case changed:
		e.hint(ctx, after, false)
	}
	return after, nil
}

// mayTake is why the caller's decision is not taken, nil if it is. Who neither may decide nor owns the execution learns nothing of it.
func mayTake(p identity.Principal, s execution.Snapshot, w wait, d ports.DecisionCommand, now time.Time) error {
	switch {
	case !w.MayDecide.deciders().Allow(p, s) && !s.RunsFor(p):
		return fault.ErrNotFound
	case !w.MayDecide.deciders().Allow(p, s):
		return fault.ErrPermission
	case d.ArgumentsHash != w.ArgumentsHash:
		return execution.ErrArgumentsChanged
	case !now.Before(w.Until):
		return execution.ErrDecisionExpired
	case w.ResponseSchema == nil && d.Verdict == execution.Edit:
		return execution.ErrDecision
	case w.ResponseSchema == nil || d.Verdict == execution.Reject:
		return nil
	case d.Response == nil:
		return intents.Fits(w.ResponseSchema, []byte("null"))
	}
	return intents.Fits(w.ResponseSchema, d.Response)
}

// take writes the decision as the step that is waited for, with event and audit record, and wakes the execution.
func (e *Engine) take(ctx context.Context, tx ports.Tx, p identity.Principal, ex *execution.Execution, w wait, d ports.DecisionCommand, now time.Time) error {
	s := ex.Snapshot()
	raw, err := json.Marshal(decisionDoc{Verdict: d.Verdict, Response: d.Response, By: p.Actor(), At: now, ArgumentsHash: w.ArgumentsHash})
	if err != nil {
		return fault.As(err)
	}
	before, err := tx.Steps.Of(ctx, s.TenantID, s.ID)
	if err != nil {
		return err
	}
	err = tx.Steps.Put(ctx, s.TenantID, execution.Step{
		ExecutionID: s.ID, Name: w.Name, Position: len(before) + 1, Result: raw, Attempt: s.Attempt, StartedAt: w.Since, CompletedAt: now,
	})
	if err != nil {
		return err
	}
	if err := e.wake(ctx, tx, ex, now); err != nil {
		return err
	}
	record := e.record(s, "execution.decision", audit.Allowed, now)
	record.Actor, record.OnBehalfOf, record.ArgumentsHash = p.Actor(), s.Principal.Actor(), w.ArgumentsHash
	record.Detail = encode(map[string]any{"name": w.Name, "decision": d.Verdict, "escalated": w.Escalated, "session_id": s.SessionID})
	if err := tx.Audit.Append(ctx, record); err != nil {
		return err
	}
	return e.append(ctx, tx, ex, draft(event.ExecutionDecided, map[string]any{
		"status": execution.Running.Wire(), "name": w.Name, "decision": d.Verdict, "by": p.Actor(), "arguments_hash": w.ArgumentsHash,
	}))
}

// decidedBefore tells the caller's own decision, sent again, from one that comes too late.
func (e *Engine) decidedBefore(ctx context.Context, tx ports.Tx, p identity.Principal, s execution.Snapshot, d ports.DecisionCommand) error {
	steps, err := tx.Steps.Of(ctx, s.TenantID, s.ID)
	if err != nil {
		return err
	}
	for _, step := range steps {
		var doc decisionDoc
		if json.Unmarshal(step.Result, &doc) == nil && doc.By == p.Actor() && doc.Verdict == d.Verdict && doc.ArgumentsHash == d.ArgumentsHash && doc.ArgumentsHash != "" {
			return nil
		}
	}
	if !s.RunsFor(p) {
		return fault.ErrNotFound
	}
	return execution.ErrNothingToDecide
}
