package wsapi

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"time"

	"github.com/symphainy/symphainy/domain/event"
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

// errCaughtUp ends following by oneself.
var errCaughtUp = errors.New("the socket has what the tail has")

// follower puts the events of the session's executions out on one socket. Mostly the tail of the session does that for all of them. While the
// socket's reader replays, or the peer reads more slowly than events come, the follower has positions of its own, and follows by itself until it
// has put out what the tail has; so an event that several ways could bring goes out once, and none is skipped.
type follower struct {
	socket *socket
	// tail is what the socket shares with others; nil if it shares nothing.
	tail *tail
	key  tailKey
	// since is the handshake, or when the follower left the tail: executions that had ended before it are history.
	since time.Time

	// What follows is guarded by tail.mu. ahead is, by execution, what the socket has been given beyond the tail; nil for nothing.
	ahead map[string]int64
	// shown holds the executions of which this socket has put out something, last the latest of them.
	shown map[string]bool
	last  string
	// paused keeps the follower apart.
	paused bool
	// stop and done belong to the goroutine that follows by itself.
	stop context.CancelFunc
	done chan struct{}

	// positions is, by execution, the number after which the stream goes on. It belongs to whoever follows: that goroutine, or the reader while
	// the follower is paused; the tail's sockets have none.
	positions map[string]int64
}

// enter begins to follow a session from the positions that the follower has.
func (f *follower) enter(scope identity.Scope, sessionID string) {
	key := tailKey{scope, sessionID}
	if f.tail == nil || f.key != key {
		f.leave()
		f.key, f.tail = key, f.socket.hub.tails.hold(key)
	}
	f.resume()
}

// leave ends following, and waits until nothing more comes out.
func (f *follower) leave() {
	if f.tail != nil {
		f.pause()
		f.socket.hub.tails.release(f.tail)
		f.tail = nil
	}
}

// pause stops following and waits until nothing more comes out. The positions are the caller's until resume.
func (f *follower) pause() {
	f.tail.mu.Lock()
	f.paused = true
	if _, live := f.tail.live[f]; live {
		f.tail.part(f)
		f.ahead = nil
	}
	stop, done := f.stop, f.done
	f.tail.mu.Unlock()
	if done != nil {
		stop()
		<-done
	}
}

// resume goes on with the tail where that stands no further, else alone.
func (f *follower) resume() {
	f.tail.mu.Lock()
	f.paused = false
	f.tail.mu.Unlock()
	if f.tail.rejoin(f) {
		return
	}
	f.tail.mu.Lock()
	defer f.tail.mu.Unlock()
	f.begin()
}

// begin starts to follow alone; tail.mu is held.
func (f *follower) begin() {
	ctx, stop := context.WithCancel(f.socket.conn.ctx)
	done := make(chan struct{})
	f.stop, f.done = stop, done
	go f.socket.guarded("follower", func() {
		defer close(done)
		defer stop()
		f.follow(ctx, f.key)
	})
}

// follow follows alone until ctx ends or the tail is caught up with. Errors that the credential explains end the socket with that reason; others
// are tried again.
func (f *follower) follow(ctx context.Context, key tailKey) {
	caughtUp := false
	why := persist(ctx, f.socket.log(), func(well func()) error {
		err := f.socket.hub.Feed.FollowSession(ctx, key.scope, key.session, maps.Clone(f.positions), f.since, func(batch []ports.SessionEvent) error {
			well()
			return f.deliver(ctx, batch)
		})
		if caughtUp = errors.Is(err, errCaughtUp); caughtUp {
			return ending{closeNormal, "caught up"}
		}
		return err
	})
	if !caughtUp && ctx.Err() == nil {
		f.socket.conn.end(why)
	}
}

// persist calls follow again after errors until ctx ends, and gives what ends the sockets: the ending that an error is, or a store that does not
// come back.
func persist(ctx context.Context, log *slog.Logger, follow func(well func()) error) ending {
	pause := followPause
	for try := 1; ; try++ {
		began := hostNow()
		err := follow(func() { try, pause = 1, followPause })
		if ctx.Err() != nil {
			return ending{closeNormal, "done"}
		}
		if e, ok := endingOf(err); ok {
			return e
		}
		if hostNow().Sub(began) > followCalm {
			try, pause = 1, followPause // it went well for long
		}
		log.WarnContext(ctx, "following a session failed", "error", err, "try", try)
		if try >= followTries {
			return ending{closeTryLater, "store unavailable"}
		}
		timer := time.NewTimer(pause)
		select {
		case <-ctx.Done():
			timer.Stop()
			return ending{closeNormal, "done"}
		case <-timer.C:
		}
		pause = min(2*pause, followPauseMax)
	}
}

// deliver puts out what is new of a batch, waiting for a reader that is only behind, and goes back to the tail when it can.
func (f *follower) deliver(ctx context.Context, batch []ports.SessionEvent) error {
	for _, e := range batch {
		if e.Event.Seq <= f.positions[e.Event.ExecutionID] {
			continue
		}
		if err := f.put(ctx, e.Event, e.ConversationID); err != nil {
			return err
		}
	}
	if f.tail != nil && f.tail.rejoin(f) { //nolint:contextcheck // a tail has the life of its holders, none of whose contexts it is
		return errCaughtUp
	}
	return nil
}

// put queues one event and notes its position, which is the caller's.
func (f *follower) put(ctx context.Context, e event.Event, conversationID string) error {
	if err := f.socket.put(ctx, e, conversationID); err != nil {
		return err
	}
	f.positions[e.ExecutionID] = e.Seq
	f.show(e.ExecutionID)
	return nil
}

// take queues events that the tail brings, without waiting, and gives how many of them are dealt with; tail.mu is held.
func (f *follower) take(events []ports.SessionEvent, frames [][]byte) int {
	if f.ahead == nil && !f.socket.older.speaks() {
		n := f.socket.conn.offerAll(frames)
		for _, e := range events[:n] {
			f.shows(e.Event.ExecutionID)
		}
		f.socket.delivered(events[:n])
		return n
	}
	return f.takeEach(events, frames)
}

// takeEach is take for a socket that has some of the events, or puts them out in a dialect of its own.
func (f *follower) takeEach(events []ports.SessionEvent, frames [][]byte) int {
	for i, e := range events {
		if e.Event.Seq <= f.ahead[e.Event.ExecutionID] {
			continue
		}
		delete(f.ahead, e.Event.ExecutionID)
		frame := frames[i]
		if f.socket.older.speaks() {
			var err error
			if frame, err = f.socket.translated(e.Event, e.ConversationID); err != nil {
				f.socket.bug(err)
				return len(events)
			}
		}
		if frame != nil { // else the dialect does not know it
			if !f.socket.conn.offer(frame) {
				return i
			}
			f.socket.delivered(events[i : i+1])
		}
		f.shows(e.Event.ExecutionID)
	}
	if len(f.ahead) == 0 {
		f.ahead = nil
	}
	return len(events)
}

// skip notes what the socket has been given beyond the tail; tail.mu is held.
func (f *follower) skip(executionID string, seq int64) {
	if f.ahead == nil {
		f.ahead = map[string]int64{}
	}
	f.ahead[executionID] = seq
}

// show notes that something of an execution is put out.
func (f *follower) show(executionID string) {
	if f.tail != nil {
		f.tail.mu.Lock()
		defer f.tail.mu.Unlock()
		f.shows(executionID)
	}
}

// shows is show while tail.mu is held.
func (f *follower) shows(executionID string) {
	if executionID == f.last {
		return
	}
	if f.shown == nil {
		f.shown = map[string]bool{}
	}
	f.shown[executionID], f.last = true, executionID
}

// hasShown tells whether something of an execution is put out.
func (f *follower) hasShown(executionID string) bool {
	f.tail.mu.Lock()
	defer f.tail.mu.Unlock()
	return f.shown[executionID]
}
