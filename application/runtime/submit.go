package runtime

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"time"

	"github.com/symphainy/symphainy/domain/audit"
	"github.com/symphainy/symphainy/domain/event"
	"github.com/symphainy/symphainy/domain/execution"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/intent"
	"github.com/symphainy/symphainy/domain/typeid"
	"github.com/symphainy/symphainy/ports"
)

// Submit accepts an intent: execution, first event, audit record and queue entry in one transaction (G1, G7).
func (e *Engine) Submit(ctx context.Context, s ports.Submission) (ports.Receipt, error) {
	for range sameTries {
		if receipt, err := e.submit(ctx, s); !errors.Is(err, errSameEnded) {
			return receipt, err
		}
	}
	return ports.Receipt{}, fault.ErrUnavailable.Because(errSameEnded)
}

func (e *Engine) submit(ctx context.Context, s ports.Submission) (ports.Receipt, error) {
	id := e.IDs.NewID(typeid.Execution)
	prompt := e.promptly(s)
	defer func() {
		if prompt {
			e.places.done()
		}
	}()
	var own execution.Execution
	var receipt ports.Receipt
	err := e.UnitOfWork.Do(ctx, func(ctx context.Context, tx ports.Tx) error {
		if s.Principal.Anonymous() {
			if err := tx.Scopes.Pin(ctx, s.Principal.SessionID); err != nil {
				return err
			}
		}
		now := e.Clock.Now()
		own = execution.Execution{}
		known, err := e.reserve(ctx, tx, s, id, now)
		if err != nil || known != nil {
			receipt = ports.Receipt{Repeated: true}
			if known != nil {
				receipt.Execution = known.Snapshot()
			}
			return err
		}
		ex := execution.Accept(id, s.Realm, s.Intent, s.Principal, s.SessionID, s.TraceID, e.deadline(s, now), now)
		if t := s.Spec.QueueTimeout; t > 0 {
			ex.StartBy(now.Add(t))
		}
		if err := e.admit(ctx, tx, s.Principal.TenantID); err != nil {
			return err
		}
		if prompt {
			own, err = e.acceptStarted(ctx, tx, &ex, now)
		} else {
			err = e.accept(ctx, tx, &ex, now)
		}
		if s.Intent.SameKey != "" && errors.Is(err, fault.ErrDuplicate) {
			own = execution.Execution{}
			same, err := coalesced(ctx, tx, s)
			receipt = ports.Receipt{Execution: same, Coalesced: true}
			return err
		}
		if err != nil {
			return err
		}
		receipt = ports.Receipt{Execution: ex.Snapshot()}
		return alongside(ctx, tx, s, id, now)
	})
	if err != nil {
		return ports.Receipt{}, err
	}
	if !receipt.Repeated && !receipt.Coalesced {
		e.hint(ctx, receipt.Execution, false)
	}
	if own.ID() != "" {
		prompt = false // the run gives the worker back
		e.prompt(own)
	}
	return receipt, nil
}

func (e *Engine) deadline(s ports.Submission, now time.Time) time.Time {
	if s.Spec.Timeout > 0 {
		return now.Add(s.Spec.Timeout)
	}
	return now.Add(e.cfg.Timeout)
}

// reserve takes the idempotency key first, so that of many equal submissions exactly one goes on.
func (e *Engine) reserve(ctx context.Context, tx ports.Tx, s ports.Submission, id string, now time.Time) (*execution.Execution, error) {
	if s.IdempotencyKey == "" {
		return nil, nil //nolint:nilnil // no key, so nothing is known: the one meaning of both being nil
	}
	known, err := tx.Idempotency.Reserve(ctx, intent.IdempotencyRecord{
		TenantID: s.Principal.TenantID, Actor: s.Principal.Actor(), Key: s.IdempotencyKey, Fingerprint: s.Fingerprint,
		ExecutionID: id, ExpiresAt: now.Add(intent.IdempotencyLife),
	})
	if err != nil || known == nil {
		return nil, err
	}
	if !bytes.Equal(known.Fingerprint, s.Fingerprint) {
		return nil, intent.ErrIdempotencyReused
	}
	first, err := tx.Executions.ByID(ctx, s.Principal.Scope(), known.ExecutionID)
	if err != nil {
		return nil, err
	}
	return &first, nil
}

// accept stores a new execution with its first event and the job that will start it.
func (e *Engine) accept(ctx context.Context, tx ports.Tx, ex *execution.Execution, now time.Time) error {
	first := ex.Record(now, accepted(ex.Snapshot()))
	if err := tx.Executions.Insert(ctx, *ex); err != nil {
		return err
	}
	if err := e.submitted(ctx, tx, ex.Snapshot(), first, now); err != nil {
		return err
	}
	return tx.Queue.Enqueue(ctx, ports.Job{ExecutionID: ex.ID(), DueAt: ex.Snapshot().DueAt})
}

// acceptStarted stores a new execution as started by this process, and gives it as such; ex is then as it was accepted. Where its lane is not free
// it is stored as any other, and what is given is empty.
func (e *Engine) acceptStarted(ctx context.Context, tx ports.Tx, ex *execution.Execution, now time.Time) (execution.Execution, error) {
	before := *ex
	first := ex.Record(now, accepted(ex.Snapshot()))
	own, second, err := e.claimed(*ex, now)
	if err == nil {
		err = tx.Executions.Begin(ctx, own, e.cfg.Lease)
	}
	if errors.Is(err, execution.ErrNotClaimable) {
		*ex = before
		return execution.Execution{}, e.accept(ctx, tx, ex, now)
	}
	if err != nil {
		return execution.Execution{}, err
	}
	return own, e.submitted(ctx, tx, ex.Snapshot(), append(first, second...), now)
}

func accepted(s execution.Snapshot) event.Draft {
	return draft(event.ExecutionAccepted, map[string]any{
		"intent_id": s.Intent.ID, "intent_type": s.Intent.Type, "realm": s.Realm, "status": execution.Accepted.Wire(),
	})
}

// submitted stores the first events of a new execution, and the record of its submission.
func (e *Engine) submitted(ctx context.Context, tx ports.Tx, s execution.Snapshot, events []event.Event, now time.Time) error {
	if err := tx.Events.Append(ctx, s.TenantID, events); err != nil {
		return err
	}
	return tx.Audit.Append(ctx, e.record(s, "intent.submitted", audit.Open, now))
}

// record makes the audit record of an act on an execution.
func (e *Engine) record(s execution.Snapshot, action string, result audit.Result, now time.Time) audit.Record {
	hash := sha256.Sum256(s.Intent.Parameters)
	return audit.Record{
		ID: e.IDs.NewID(typeid.AuditRecord), TenantID: s.TenantID, Actor: s.Principal.Actor(), Action: action, Target: s.ID,
		IntentType: s.Intent.Type, ArgumentsHash: hex.EncodeToString(hash[:]), PolicyVersion: policyVersion, Result: result,
		Detail: detail(s), TraceID: s.TraceID, At: now,
	}
}

// policyVersion names the rules by which intents are admitted today: the declarations compiled into the binary.
const policyVersion = "builtin_1.0"

func detail(s execution.Snapshot) []byte {
	d := map[string]any{"session_id": s.SessionID, "intent_id": s.Intent.ID, "attempt": s.Attempt}
	if s.ErrorCode != "" {
		d["error_code"] = s.ErrorCode
	}
	return encode(d)
}

// draft makes an event of values that always encode.
func draft(eventType string, data map[string]any) event.Draft {
	return event.Draft{Type: eventType, Data: encode(data)}
}

// encode turns maps of strings, numbers and JSON fragments into JSON. Such maps cannot fail to encode; a fragment that is no JSON is a
// bug of ours and reads as an empty object.
func encode(data map[string]any) []byte {
	raw, err := json.Marshal(data)
	if err != nil {
		return []byte("{}")
	}
	return raw
}

// hint tells watchers, after COMMIT, that an execution's log has grown. A failed hint is only reported: the poll carries the stream.
func (e *Engine) hint(ctx context.Context, s execution.Snapshot, control bool) {
	e.recent.stands(s)
	h := ports.Hint{SessionID: s.SessionID, ExecutionID: s.ID, LastSeq: s.LastSeq, Control: control}
	if err := e.Bus.Publish(context.WithoutCancel(ctx), h); err != nil {
		e.Report(ctx, "publish a hint", err)
	}
}
