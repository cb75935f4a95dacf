package content

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/symphainy/symphainy/application/realms/content/parse"
	"github.com/symphainy/symphainy/application/realms/steps"
	"github.com/symphainy/symphainy/domain/execution"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/intent"
	"github.com/symphainy/symphainy/ports"
)

// takePending takes up the file's oldest pending parse intent, with what it remembers. Open ones come first; then those that failed, or whose
// execution ended without finishing them (cancelled, given up), are taken up again. None is no error: a file may be parsed as often as
// one likes.
func (r *Realm) takePending(ctx context.Context, tx ports.Tx, now execution.Snapshot, fileID string) (id string, known parsingContext, err error) {
	p, found, err := r.oldestPending(ctx, tx, now, fileID)
	if err != nil || !found {
		return "", parsingContext{}, err
	}
	if err := json.Unmarshal(orEmpty(p.Context), &known); err != nil {
		return "", parsingContext{}, fault.As(err)
	}
	if err := p.Move(intent.PendingInProgress, r.Clock.Now()); err != nil {
		return "", parsingContext{}, err
	}
	p.ExecutionID, p.Error = now.ID, ""
	return p.ID, known, tx.Pending.Save(ctx, p)
}

func (r *Realm) oldestPending(ctx context.Context, tx ports.Tx, now execution.Snapshot, fileID string) (intent.Pending, bool, error) {
	for _, status := range []intent.PendingStatus{intent.PendingOpen, intent.PendingInProgress, intent.PendingFailed} {
		f := ports.PendingFilter{TargetArtifactID: fileID, Type: parseContent, Status: []intent.PendingStatus{status}}
		list, _, err := tx.Pending.List(ctx, now.Scope(), f, ports.Window{Limit: 50})
		if err != nil {
			return intent.Pending{}, false, err
		}
		for _, p := range list {
			again, err := r.reopen(ctx, tx, now, &p)
			if err != nil {
				return intent.Pending{}, false, err
			}
			if again {
				return p, true, nil
			}
		}
	}
	return intent.Pending{}, false, nil
}

// reopen makes a pending intent open again if nobody works on it; it reports whether it is open.
func (r *Realm) reopen(ctx context.Context, tx ports.Tx, now execution.Snapshot, p *intent.Pending) (bool, error) {
	at := r.Clock.Now()
	if p.Status == intent.PendingInProgress {
		worker, err := tx.Executions.ByID(ctx, now.Scope(), p.ExecutionID)
		switch {
		case errors.Is(err, fault.ErrNotFound):
		case err != nil:
			return false, err
		case !worker.State().Terminal():
			return false, nil
		}
		if err := p.Move(intent.PendingFailed, at); err != nil {
			return false, err
		}
	}
	if p.Status == intent.PendingFailed {
		return true, p.Move(intent.PendingOpen, at)
	}
	return p.Status == intent.PendingOpen, nil
}

// complete ends the pending intent that was taken up.
func (r *Realm) complete(ctx context.Context, call ports.IntentCall, p plan) error {
	return r.endPending(ctx, call, p, intent.PendingCompleted, "")
}

// giveUp ends it as failed where trying again cannot help. What may be tried again is left: the next attempt is the same execution, and
// should that end, the next parse_content takes the intent up again.
func (r *Realm) giveUp(ctx context.Context, call ports.IntentCall, p plan, cause error) error {
	f := fault.As(cause)
	mayBeRepeated := (f.Kind == fault.Unavailable || f.Kind == fault.Internal) && f.Code != parse.ErrOCR.Code
	if !mayBeRepeated && ctx.Err() == nil {
		return r.endPending(ctx, call, p, intent.PendingFailed, f.Code)
	}
	return nil
}

func (r *Realm) endPending(ctx context.Context, call ports.IntentCall, p plan, to intent.PendingStatus, code string) error {
	if p.PendingID == "" {
		return nil
	}
	_, err := steps.Transact(ctx, call, "pending_"+string(to), func(ctx context.Context, tx ports.Tx, now execution.Snapshot) (bool, error) {
		pending, err := tx.Pending.ByID(ctx, now.Scope(), p.PendingID)
		if errors.Is(err, fault.ErrNotFound) {
			return false, nil
		}
		if err != nil {
			return false, err
		}
		if pending.Status != intent.PendingInProgress || pending.ExecutionID != now.ID {
			// Cancelled by the sweep, or taken up by somebody else: not ours to end.
			return false, nil
		}
		if err := pending.Move(to, r.Clock.Now()); err != nil {
			return false, err
		}
		pending.Error = code
		return true, tx.Pending.Save(ctx, pending)
	})
	return err
}
