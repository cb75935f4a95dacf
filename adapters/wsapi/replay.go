package wsapi

import (
	"context"

	"github.com/symphainy/symphainy/domain/event"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/ports"
)

// replay answers a reader's position in a log: stream.resumed, then all events after it that the log has. The live stream goes on after them.
func (f *follower) replay(ctx context.Context, scope identity.Scope, executionID, conversationID string, from ports.Position) error {
	f.pause()
	defer f.resume() //nolint:contextcheck // following outlives the message
	page, err := f.socket.hub.Feed.Page(ctx, scope, executionID, from, replayPage)
	if err != nil {
		return err
	}
	if err := f.socket.resumed(ctx, executionID, conversationID, from, page); err != nil {
		return err
	}
	return f.drain(ctx, scope, executionID, conversationID, page)
}

// again puts out the log of an execution from its start if this socket has shown nothing of it: the answer to a message that was sent
// again, whose first answer went to a connection that is gone.
func (f *follower) again(ctx context.Context, scope identity.Scope, executionID, conversationID string) error {
	if f.hasShown(executionID) {
		return nil
	}
	f.pause()
	defer f.resume() //nolint:contextcheck // following outlives the message
	page, err := f.socket.hub.Feed.Page(ctx, scope, executionID, ports.Position{}, replayPage)
	if err != nil {
		return err
	}
	return f.drain(ctx, scope, executionID, conversationID, page)
}

// drain puts out a page and all that follow it. The follower is paused.
func (f *follower) drain(ctx context.Context, scope identity.Scope, executionID, conversationID string, page ports.EventPage) error {
	for {
		for _, e := range page.Events {
			if err := f.put(ctx, e, conversationID); err != nil {
				return err
			}
		}
		if page.Ended || len(page.Events) < replayPage {
			return nil
		}
		next := ports.Position{Epoch: page.Epoch, Seq: f.positions[executionID]}
		var err error
		if page, err = f.socket.hub.Feed.Page(ctx, scope, executionID, next, replayPage); err != nil {
			return err
		}
	}
}

// put queues one event, waiting for a reader that is only behind. One that the socket's dialect does not know is left out.
func (s *socket) put(ctx context.Context, e event.Event, conversationID string) error {
	frame, err := s.frame(ctx, e, conversationID)
	switch {
	case err != nil && fault.KindOf(err) == fault.Unavailable:
		return err // tried again
	case err != nil:
		s.log().ErrorContext(ctx, "an event could not be written", "error", err)
		return ending{closeBug, "internal error"}
	case frame == nil:
		return nil
	}
	s.delivered([]ports.SessionEvent{{Event: e}})
	return s.conn.sayWait(ctx, frame)
}

// delivered tells how old events were when they were put out.
func (s *socket) delivered(events []ports.SessionEvent) {
	if s.hub.Delivered == nil {
		return
	}
	now := s.hub.Clock.Now()
	for _, e := range events {
		s.hub.Delivered(now.Sub(e.Event.Time))
	}
}

// resumed queues the answer to a resume.
func (s *socket) resumed(ctx context.Context, executionID, conversationID string, from ports.Position, page ports.EventPage) error {
	data := resumed{Recovered: page.Recovered, Reason: page.Reason, FromSeq: page.Start + 1}
	if page.Recovered {
		data.FromSeq = from.Seq + 1
	}
	head := runtimeEvent{ExecutionID: executionID, ConversationID: conversationID, Epoch: page.Epoch}
	frame, err := own(eventResumed, data, head, s.hub.Clock.Now())
	if err != nil {
		return ending{closeBug, "internal error"}
	}
	return s.conn.sayWait(ctx, frame)
}

// settle ends the socket if err is an ending, and otherwise answers with an error frame. A nil error is nothing.
func (s *socket) settle(err error) {
	if err == nil || s.conn.ctx.Err() != nil {
		return
	}
	if e, ok := endingOf(err); ok {
		s.conn.end(e)
		return
	}
	s.fail(err)
}

// found refuses an id that cannot be one before a store is asked; the answer is that of an unknown one.
func found(ok bool) error {
	if ok {
		return nil
	}
	return fault.ErrNotFound
}
