package runtime

import (
	"context"
	"time"

	"github.com/symphainy/symphainy/domain/event"
	"github.com/symphainy/symphainy/domain/execution"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/ports"
)

// pageSize is how many events a follower reads at once.
const pageSize = 200

// Reasons for which a reader's position cannot be continued.
const (
	reasonEpoch  = "epoch_changed"
	reasonFuture = "future_position"
	reasonPast   = "negative_position"
	// reasonTrimmed is a position before what retention has left of the log.
	reasonTrimmed = "trimmed"
)

// place is where a look at a log begins, and whose it is.
type place struct {
	scope     identity.Scope
	execution string
	from      ports.Position
}

// Page reads up to limit events after the position.
func (e *Engine) Page(ctx context.Context, scope identity.Scope, executionID string, from ports.Position, limit int) (ports.EventPage, error) {
	return e.look(ctx, place{scope, executionID, from}, limit)
}

// seeAfter is see for a reader whom a hint tells how far the log goes: what this process has just written it is given without a look.
func (e *Engine) seeAfter(ctx context.Context, at place, last int64) (ports.EventPage, error) {
	if page, ok := e.recent.page(at, last); ok {
		return page, nil
	}
	return e.see(ctx, at)
}

// see is a look that all who stand at the same place share, and whose result they share: a thousand watchers of one log read it once.
func (e *Engine) see(ctx context.Context, at place) (ports.EventPage, error) {
	return e.sights.do(ctx, at, func(ctx context.Context) (ports.EventPage, error) { return e.look(ctx, at, pageSize) })
}

func (e *Engine) look(ctx context.Context, at place, limit int) (ports.EventPage, error) {
	var page ports.EventPage
	err := e.UnitOfWork.View(ctx, func(ctx context.Context, tx ports.Tx) error {
		ex, err := tx.Executions.ByID(ctx, at.scope, at.execution)
		if err != nil {
			return err
		}
		s := ex.Snapshot()
		page = ports.EventPage{Execution: s, Epoch: s.Epoch}
		after, reason := start(s, at.from)
		page.Recovered, page.Reason, page.Start = reason == "", reason, after
		if page.Events, err = tx.Events.Read(ctx, s.TenantID, at.execution, after, limit); err != nil {
			return err
		}
		last := after
		if n := len(page.Events); n > 0 {
			last = page.Events[n-1].Seq
		}
		page.Ended = s.State.Terminal() && last >= s.LastSeq
		return nil
	})
	return page, err
}

// start judges a reader's position: where reading begins, and why not where the reader stood. A position that cannot be continued
// starts from the beginning, or from what retention has left, so nothing is missed silently.
func start(s execution.Snapshot, from ports.Position) (after int64, reason string) {
	switch {
	case from.Epoch != 0 && from.Epoch != s.Epoch:
		return s.TrimmedSeq, reasonEpoch
	case from.Seq > s.LastSeq:
		return s.TrimmedSeq, reasonFuture
	case from.Seq < 0:
		return s.TrimmedSeq, reasonPast
	case from.Seq < s.TrimmedSeq:
		return s.TrimmedSeq, reasonTrimmed
	}
	return from.Seq, ""
}

// Follow delivers the log from the position on, without a gap, until it has ended.
func (e *Engine) Follow(ctx context.Context, scope identity.Scope, executionID string, from ports.Position, deliver func([]event.Event) error) error {
	hints, unsubscribe, err := e.Bus.Subscribe(ports.TopicExecution(executionID))
	if err != nil {
		return err
	}
	defer unsubscribe()
	poll := time.NewTicker(e.cfg.Poll)
	defer poll.Stop()
	for last := int64(0); ; {
		page, err := e.seeAfter(ctx, place{scope, executionID, from}, last)
		if err != nil {
			return err
		}
		if n := len(page.Events); n > 0 {
			if err := deliver(page.Events); err != nil {
				return err
			}
			from = ports.Position{Epoch: page.Epoch, Seq: page.Events[n-1].Seq}
		}
		if page.Ended {
			return nil
		}
		if len(page.Events) == pageSize {
			continue
		}
		last = 0
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case h := <-hints:
			last = certain(h, hints).LastSeq
		case <-poll.C:
		}
	}
}
