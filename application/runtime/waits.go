package runtime

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/symphainy/symphainy/domain/event"
	"github.com/symphainy/symphainy/domain/execution"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/domain/typeid"
	"github.com/symphainy/symphainy/ports"
)

// Sleep waits for a time.
func (c *call) Sleep(ctx context.Context, name string, d time.Duration) error {
	_, err := c.await(ctx, max(d, time.Microsecond), wait{For: execution.ForTimer, Name: name},
		func(_ context.Context, _ ports.Tx, _ execution.Snapshot, w *wait, at time.Time) ([]byte, error) {
			if at.Before(w.Until) {
				return nil, nil
			}
			return []byte("null"), nil
		})
	return err
}

// expired is the stored result of a wait that ended by itself.
//
//nolint:gochecknoglobals // a constant
var expired = []byte(`{"expired":true}`)

// isExpired reports whether a step's result is that of a wait that ended by itself.
func isExpired(result []byte) bool {
	var doc struct {
		Expired bool `json:"expired"`
	}
	return json.Unmarshal(result, &doc) == nil && doc.Expired
}

// signalDoc is the stored form of a signal that was taken.
type signalDoc struct {
	Expired bool            `json:"expired,omitempty"`
	ID      string          `json:"id,omitempty"`
	Name    string          `json:"name,omitempty"`
	Payload json.RawMessage `json:"payload,omitempty"`
	SentBy  string          `json:"sent_by,omitempty"`
	SentAt  time.Time       `json:"sent_at,omitzero"`
}

// AwaitSignal gives a signal that was sent before or comes in time.
func (c *call) AwaitSignal(ctx context.Context, name string, r ports.SignalWait) (execution.Signal, error) {
	first := wait{For: execution.ForSignal, Name: name, Signal: cmp.Or(r.Signal, name)}
	raw, err := c.await(ctx, cmp.Or(r.Within, execution.SignalTime), first,
		func(ctx context.Context, tx ports.Tx, now execution.Snapshot, w *wait, at time.Time) ([]byte, error) {
			s, err := tx.Signals.Next(ctx, now.TenantID, now.ID, w.Signal)
			switch {
			case errors.Is(err, fault.ErrNotFound) && at.Before(w.Until):
				return nil, nil
			case errors.Is(err, fault.ErrNotFound):
				return expired, nil
			case err != nil:
				return nil, err
			}
			if err := tx.Signals.Take(ctx, now.TenantID, now.ID, s.ID, name); err != nil {
				return nil, err
			}
			return json.Marshal(signalDoc{ID: s.ID, Name: s.Name, Payload: s.Payload, SentBy: s.SentBy, SentAt: s.SentAt})
		})
	if err != nil {
		return execution.Signal{}, err
	}
	var doc signalDoc
	if err := json.Unmarshal(raw, &doc); err != nil {
		return execution.Signal{}, fault.As(err)
	}
	if doc.Expired {
		return execution.Signal{}, execution.ErrSignalExpired
	}
	return execution.Signal{
		ID: doc.ID, ExecutionID: c.claimed.ID, Name: doc.Name, Payload: doc.Payload, SentBy: doc.SentBy, SentAt: doc.SentAt, TakenBy: name,
	}, nil
}

// Bounds of a signal.
const (
	maxSignalName    = 100
	maxSignalPayload = 64 << 10
)

var (
	errSignal       = fault.New(fault.Invalid, "invalid_signal", "A signal needs a name of 1 to 100 characters and a JSON payload.")
	errSignalTooBig = fault.New(fault.TooLarge, "signal_too_large", "A signal's payload may be 64 KiB at most.")
)

// Signal stores a signal, whether anybody waits for it yet or not, and wakes who does.
func (e *Engine) Signal(ctx context.Context, p identity.Principal, id string, s execution.Signal) (execution.Snapshot, error) {
	switch {
	case !p.May(identity.PermWrite):
		return execution.Snapshot{}, fault.ErrPermission
	case s.Name == "" || len(s.Name) > maxSignalName || s.Payload != nil && !json.Valid(s.Payload):
		return execution.Snapshot{}, errSignal
	case len(s.Payload) > maxSignalPayload:
		return execution.Snapshot{}, errSignalTooBig
	}
	return e.steer(ctx, p, p.Scope(), id, "execution.signal", func(ctx context.Context, tx ports.Tx, ex *execution.Execution, now time.Time) (act, error) {
		snap := ex.Snapshot()
		if snap.State.Terminal() {
			return act{}, execution.ErrEnded
		}
		sent := s
		if sent.ID == "" {
			sent.ID = e.IDs.NewID(typeid.Signal)
		}
		sent.ExecutionID, sent.SentBy, sent.SentAt, sent.TakenBy = id, p.Actor(), now, ""
		if err := tx.Signals.Put(ctx, snap.TenantID, sent); err != nil {
			if errors.Is(err, fault.ErrDuplicate) {
				return act{}, nil
			}
			return act{}, err
		}
		a := act{changed: true, detail: map[string]any{"signal": s.Name, "signal_id": sent.ID}}
		if w := waitOf(snap); w.For != execution.ForSignal || w.Signal != s.Name {
			return a, nil
		}
		a.drafts = []event.Draft{draft(event.ExecutionResumed, map[string]any{"status": execution.Running.Wire(), "signal": s.Name})}
		return a, e.wake(ctx, tx, ex, now)
	})
}

// wake makes a waiting execution due and hands it to the queue.
func (e *Engine) wake(ctx context.Context, tx ports.Tx, ex *execution.Execution, now time.Time) error {
	if err := ex.Wake(now); err != nil {
		return err
	}
	return tx.Queue.Enqueue(ctx, ports.Job{ExecutionID: ex.ID()})
}
