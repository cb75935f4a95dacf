package wsapi

import (
	"context"
	"maps"
	"sync"
	"time"

	"github.com/symphainy/symphainy/domain/event"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/ports"
)

const (
	// replayPage is how many events a replay reads at once.
	replayPage = 100
	// followTries is how often following begins again after an error before the socket gives up.
	followTries = 8
	// followPause is the wait before the second try; it doubles up to followPauseMax.
	followPause    = 50 * time.Millisecond
	followPauseMax = 2 * time.Second
	// followCalm is how long following has to go well for earlier errors not to count.
	followCalm = 10 * time.Second
)

// follower puts the events of the session's executions out on one socket. Replays and the live stream go through one lock and one map
// of positions, so an event that both could bring goes out once, and none is skipped.
type follower struct {
	socket *socket
	// since is the handshake: executions that had ended before it are history.
	since time.Time

	mu sync.Mutex
	// positions is, by execution, the number after which the live stream goes on.
	positions map[string]int64
	// shown holds the executions of which this socket has put out something.
	shown map[string]bool

	// stop and done belong to the running goroutine; they are the reader's alone.
	stop context.CancelFunc
	done chan struct{}
}

// begin starts to follow in the scope that holds now, until pause or the end of ctx, the socket's.
func (f *follower) begin(ctx context.Context, scope identity.Scope, sessionID string) {
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	f.stop, f.done = cancel, done
	f.socket.start("follower", func() {
		defer close(done)
		defer cancel()
		f.follow(ctx, scope, sessionID)
	})
}

// pause stops following and waits until nothing more comes out.
func (f *follower) pause() {
	f.stop()
	<-f.done
}

// follow follows until ctx ends. Errors that the credential explains end the socket with that reason; others are tried again.
func (f *follower) follow(ctx context.Context, scope identity.Scope, sessionID string) {
	pause := followPause
	for try := 1; ; try++ {
		before, began := f.known(), hostNow()
		err := f.socket.hub.Feed.FollowSession(ctx, scope, sessionID, before, f.since, func(batch []ports.SessionEvent) error {
			try, pause = 1, followPause
			return f.deliver(ctx, batch)
		})
		if ctx.Err() != nil {
			return
		}
		if e, ok := endingOf(err); ok {
			f.socket.conn.end(e)
			return
		}
		if hostNow().Sub(began) > followCalm {
			try, pause = 1, followPause // it went well for long
		}
		f.socket.log.WarnContext(ctx, "following a session failed", "error", err, "try", try)
		if try >= followTries {
			f.socket.conn.end(ending{closeTryLater, "store unavailable"})
			return
		}
		timer := time.NewTimer(pause)
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-timer.C:
		}
		pause = min(2*pause, followPauseMax)
	}
}

func (f *follower) known() map[string]int64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	return maps.Clone(f.positions)
}

// deliver puts out what is new of a batch.
func (f *follower) deliver(ctx context.Context, batch []ports.SessionEvent) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, e := range batch {
		if e.Event.Seq <= f.positions[e.Event.ExecutionID] {
			continue
		}
		if err := f.put(ctx, e.Event, e.ConversationID); err != nil {
			return err
		}
	}
	return nil
}

// put queues one event and notes its position; the lock is held.
func (f *follower) put(ctx context.Context, e event.Event, conversationID string) error {
	if err := f.socket.put(ctx, e, conversationID); err != nil {
		return err
	}
	f.positions[e.ExecutionID] = e.Seq
	f.shown[e.ExecutionID] = true
	return nil
}

// replay answers a reader's position in a log: stream.resumed, then all events after it that the log has. The live stream goes on after them.
func (f *follower) replay(ctx context.Context, scope identity.Scope, executionID, conversationID string, from ports.Position) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	page, err := f.socket.hub.Feed.Page(ctx, scope, executionID, from, replayPage)
	if err != nil {
		return err
	}
	if err := f.socket.resumed(ctx, executionID, conversationID, from, page); err != nil {
		return err
	}
	return f.drain(ctx, scope, executionID, conversationID, page)
}

// show puts out the log of an execution from its start if this socket has shown nothing of it: the answer to a message that was sent
// again, whose first answer went to a connection that is gone.
func (f *follower) show(ctx context.Context, scope identity.Scope, executionID, conversationID string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.shown[executionID] {
		return nil
	}
	page, err := f.socket.hub.Feed.Page(ctx, scope, executionID, ports.Position{}, replayPage)
	if err != nil {
		return err
	}
	return f.drain(ctx, scope, executionID, conversationID, page)
}

// drain puts out a page and all that follow it; the lock is held.
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
		s.log.ErrorContext(ctx, "an event could not be written", "error", err)
		return ending{closeBug, "internal error"}
	case frame == nil:
		return nil
	}
	if s.hub.Delivered != nil {
		s.hub.Delivered(s.hub.Clock.Now().Sub(e.Time))
	}
	return s.conn.out.putWait(ctx, frame, s.hub.cfg.DrainWait)
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
	return s.conn.out.putWait(ctx, frame, s.hub.cfg.DrainWait)
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
