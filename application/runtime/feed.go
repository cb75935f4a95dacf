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
)

// Page reads up to limit events after the position.
func (e *Engine) Page(ctx context.Context, scope identity.Scope, executionID string, from ports.Position, limit int) (ports.EventPage, error) {
	var page ports.EventPage
	err := e.UnitOfWork.View(ctx, func(ctx context.Context, tx ports.Tx) error {
		ex, err := tx.Executions.ByID(ctx, scope, executionID)
		if err != nil {
			return err
		}
		s := ex.Snapshot()
		page = ports.EventPage{Epoch: s.Epoch}
		after, reason := start(s, from)
		page.Recovered, page.Reason = reason == "", reason
		if page.Events, err = tx.Events.Read(ctx, s.TenantID, executionID, after, limit); err != nil {
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
// starts from the beginning, so nothing is missed silently.
func start(s execution.Snapshot, from ports.Position) (after int64, reason string) {
	switch {
	case from.Epoch != 0 && from.Epoch != s.Epoch:
		return 0, reasonEpoch
	case from.Seq > s.LastSeq:
		return 0, reasonFuture
	case from.Seq < 0:
		return 0, reasonPast
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
	for {
		page, err := e.Page(ctx, scope, executionID, from, pageSize)
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
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-hints:
		case <-poll.C:
		}
	}
}
