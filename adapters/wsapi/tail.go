package wsapi

import (
	"context"
	"maps"
	"sync"
	"time"

	"github.com/symphainy/symphainy/domain/event"
	"github.com/symphainy/symphainy/domain/execution"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/ports"
)

// tailKey is a session as one scope sees it: who shares a tail may see the same.
type tailKey struct {
	scope   identity.Scope
	session string
}

// tails hold a tail for each session that sockets follow.
type tails struct {
	hub *Hub
	mu  sync.Mutex
	all map[tailKey]*tail
}

// hold gives the tail of a session for one socket more; release gives it back.
func (t *tails) hold(key tailKey) *tail {
	t.mu.Lock()
	defer t.mu.Unlock()
	one := t.all[key]
	if one == nil {
		one = &tail{hub: t.hub, key: key, at: map[string]mark{}, running: map[string]struct{}{}, live: map[*follower]struct{}{}}
		t.all[key] = one
	}
	one.holders++
	return one
}

// release waits for the end of a tail that nobody holds any more.
func (t *tails) release(one *tail) {
	t.mu.Lock()
	one.holders--
	last := one.holders == 0
	if last && t.all[one.key] == one {
		delete(t.all, one.key)
	}
	t.mu.Unlock()
	if last {
		one.end()
	}
}

// drop keeps a tail that has failed from those who come later.
func (t *tails) drop(one *tail) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.all[one.key] == one {
		delete(t.all, one.key)
	}
}

// tail follows one session for all of its sockets: each event is read and encoded once, and queued at each of them. It waits for nobody: a socket
// without room follows by itself until it has caught up.
type tail struct {
	hub     *Hub
	key     tailKey
	holders int // guarded by tails.mu

	mu    sync.Mutex
	stop  context.CancelFunc
	done  chan struct{}
	since time.Time
	// at is how far each execution's log has been put out, running those of them that have not ended.
	at      map[string]mark
	running map[string]struct{}
	// live are the sockets that have been given all of that.
	live map[*follower]struct{}
}

// mark is a place in a log.
type mark struct {
	seq   int64
	epoch int
	lane  string
}

// begin starts to follow where a first socket stands; t.mu is held.
func (t *tail) begin(since time.Time) {
	ctx, stop := context.WithCancel(t.hub.watch.ctx) // a tail has the life of its holders, none of whose contexts it is
	t.stop, t.done, t.since = stop, make(chan struct{}), since
	go func() {
		defer close(t.done)
		defer stop()
		why := ending{closeBug, "internal error"}
		err := fault.Guard(func() error {
			why = t.follow(ctx)
			return nil
		})
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			t.hub.Log.ErrorContext(ctx, "panic in the tail of a session", "error", err)
		}
		t.hub.tails.drop(t)
		t.mu.Lock()
		defer t.mu.Unlock()
		for f := range t.live {
			f.socket.conn.end(why)
		}
	}()
}

func (t *tail) follow(ctx context.Context) ending {
	return persist(ctx, t.hub.Log, func(well func()) error {
		t.mu.Lock()
		known := make(map[string]int64, len(t.at))
		for id, at := range t.at {
			known[id] = at.seq
		}
		t.mu.Unlock()
		return t.hub.Feed.FollowSession(ctx, t.key.scope, t.key.session, known, t.since, func(batch []ports.SessionEvent) error {
			well()
			return t.deliver(ctx, batch)
		})
	})
}

// end stops following and waits for it.
func (t *tail) end() {
	t.mu.Lock()
	stop, done := t.stop, t.done
	t.mu.Unlock()
	if stop != nil {
		stop()
		<-done
	}
}

// deliver queues what is new of a batch at all sockets.
func (t *tail) deliver(ctx context.Context, batch []ports.SessionEvent) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	fresh := make([]ports.SessionEvent, 0, len(batch))
	frames := make([][]byte, 0, len(batch))
	for _, e := range batch {
		if e.Event.Seq <= t.at[e.Event.ExecutionID].seq {
			continue
		}
		frame, err := t.hub.frames.logged(e.Event, e.ConversationID)
		if err != nil {
			t.hub.Log.ErrorContext(ctx, "an event could not be written", "error", err)
			return ending{closeBug, "internal error"}
		}
		t.note(e)
		fresh, frames = append(fresh, e), append(frames, frame)
	}
	if len(fresh) == 0 {
		return nil
	}
	for f := range t.live {
		f.socket.guarded("follower", func() { //nolint:contextcheck // who is left behind follows for the life of its socket
			if n := f.take(fresh, frames); n < len(fresh) {
				t.leftBehind(f, fresh[n:])
			}
		})
	}
	return nil
}

// note remembers an event as put out; t.mu is held.
func (t *tail) note(e ports.SessionEvent) {
	id := e.Event.ExecutionID
	t.at[id] = mark{seq: e.Event.Seq, epoch: e.Event.Epoch, lane: e.ConversationID}
	switch e.Event.Type {
	case event.ExecutionCompleted, event.ExecutionFailed, event.ExecutionCancelled:
		delete(t.running, id)
	default:
		t.running[id] = struct{}{}
	}
}

// leftBehind lets a socket without room for an event go on by itself; t.mu is held.
func (t *tail) leftBehind(f *follower, rest []ports.SessionEvent) {
	t.part(f)
	for i := len(rest) - 1; i >= 0; i-- {
		if e := rest[i].Event; e.Seq > f.ahead[e.ExecutionID] {
			f.positions[e.ExecutionID] = e.Seq - 1
		}
	}
	f.ahead = nil
	f.begin()
}

// part takes a socket out of those that are given everything: from now on its positions are its own. t.mu is held.
func (t *tail) part(f *follower) {
	delete(t.live, f)
	f.positions = make(map[string]int64, len(t.at))
	for id, at := range t.at {
		f.positions[id] = at.seq
	}
	maps.Copy(f.positions, f.ahead)
	f.since = t.hub.Clock.Now().Add(-clockMargin)
}

// welcome takes a socket in that has read where its session stands, right after hello, which is told of every unfinished execution how far it got.
func (t *tail) welcome(f *follower, recent []execution.Snapshot, hello func([]position)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	first, list := t.done == nil, []position{}
	read := make(map[string]struct{}, len(recent))
	for _, e := range recent {
		read[e.ID] = struct{}{}
		at := mark{e.LastSeq, e.Epoch, e.Intent.Lane}
		switch seen := t.at[e.ID].seq; {
		case first:
			t.begun(e)
		case seen < e.LastSeq:
			f.skip(e.ID, e.LastSeq)
		case seen > e.LastSeq: // the tail is ahead of the look
			if _, goes := t.running[e.ID]; !goes {
				continue
			}
			at = t.at[e.ID]
		}
		if !e.State.Terminal() {
			list = append(list, at.of(e.ID))
		}
	}
	for id := range t.running {
		if _, known := read[id]; !known { // it began after the look
			list = append(list, t.at[id].of(id))
		}
	}
	hello(list)
	t.live[f] = struct{}{}
	if first {
		t.begin(f.since)
	}
}

// begun notes an execution that was there before the tail; t.mu is held.
func (t *tail) begun(e execution.Snapshot) {
	t.at[e.ID] = mark{e.LastSeq, e.Epoch, e.Intent.Lane}
	if !e.State.Terminal() {
		t.running[e.ID] = struct{}{}
	}
}

// of tells the client of the place.
func (m mark) of(executionID string) position {
	return position{ExecutionID: executionID, ConversationID: m.lane, Epoch: m.epoch, Seq: m.seq}
}

// rejoin takes a socket back that has put out at least what the tail has, and reports whether it did.
func (t *tail) rejoin(f *follower) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if f.paused {
		return false
	}
	if t.done == nil { // a session in a new scope: it begins where this socket stands
		for id, seq := range f.positions {
			t.at[id] = mark{seq: seq}
		}
		t.begin(f.since)
	}
	for id, at := range t.at {
		if f.positions[id] < at.seq {
			return false
		}
	}
	for id, seq := range f.positions {
		if seq > t.at[id].seq {
			f.skip(id, seq)
		}
	}
	f.positions = nil
	t.live[f] = struct{}{}
	return true
}
