package wsapi

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/domain/session"
	"github.com/symphainy/symphainy/ports"
)

// blindPolls is how many polls may fail to reach the store before a socket gives up.
const blindPolls = 10

// errSessionChanged is a session that is another one than at the handshake: upgraded elsewhere, or ended.
var errSessionChanged = fault.New(fault.Unauthenticated, "session_changed", "The session has changed; open a new socket.")

// watch ends the sockets whose credential, session or right to read is gone: every Poll, and at once when the bus says that a session
// changed. It also ends idle ones. One goroutine and one statement for some hundred sessions serve all sockets of the process, so that ten
// thousand silent ones cost little; each session has a goroutine more that hears its hints. Nothing runs while no socket is open.
type watch struct {
	hub *Hub
	ctx context.Context //nolint:containedctx // the life of the hub

	mu      sync.Mutex
	sockets map[*socket][]string
	// rooms are the sessions that sockets depend on.
	rooms map[string]*room
	stop  context.CancelFunc
	// group holds the goroutines; Shutdown waits for them.
	group sync.WaitGroup
}

// room is who depends on one session.
type room struct {
	sockets map[*socket]struct{}
	leave   func()
}

func newWatch(h *Hub) *watch {
	return &watch{hub: h, ctx: context.Background(), sockets: map[*socket][]string{}, rooms: map[string]*room{}}
}

// join begins to watch a socket of the caller, or goes on with another caller on the same socket.
func (w *watch) join(s *socket, who caller) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.forget(s)
	ids := []string{who.sessionID()}
	if login := who.principal.SessionID; login != ids[0] {
		ids = append(ids, login)
	}
	for _, id := range ids {
		r := w.rooms[id]
		if r == nil {
			r = &room{sockets: map[*socket]struct{}{}, leave: w.listen(id)}
			w.rooms[id] = r
		}
		r.sockets[s] = struct{}{}
	}
	w.sockets[s] = ids
	if w.stop == nil {
		ctx, stop := context.WithCancel(w.ctx)
		w.stop = stop
		w.group.Go(func() { w.poll(ctx) })
		w.group.Go(func() { w.beat(ctx) })
	}
}

// leave ends the watch of a socket.
func (w *watch) leave(s *socket) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.forget(s)
	if len(w.sockets) == 0 && w.stop != nil {
		w.stop()
		w.stop = nil
	}
}

func (w *watch) forget(s *socket) {
	for _, id := range w.sockets[s] {
		r := w.rooms[id]
		delete(r.sockets, s)
		if len(r.sockets) == 0 {
			r.leave()
			delete(w.rooms, id)
		}
	}
	delete(w.sockets, s)
}

// listen hears what happens to a session, and gives what ends that. Without a bus the poll is enough.
func (w *watch) listen(sessionID string) (leave func()) {
	hints, unsubscribe, err := w.hub.Bus.Subscribe(ports.TopicSession(sessionID))
	if err != nil {
		w.hub.Log.WarnContext(w.ctx, "no hints for the sockets of a session", "error", err)
		return func() {}
	}
	left := make(chan struct{})
	w.group.Go(func() {
		defer unsubscribe()
		for {
			select {
			case <-left:
				return
			case h := <-hints:
				if h.ExecutionID == "" {
					w.guarded(func() { w.changed(sessionID) })
				}
			}
		}
	})
	return func() { close(left) }
}

// guarded runs a look after the sockets; a panic of it is told, and the next look comes all the same.
func (w *watch) guarded(look func()) {
	err := fault.Guard(func() error {
		look()
		return nil
	})
	if err != nil {
		w.hub.Log.ErrorContext(w.ctx, "a look after the sockets failed", "error", err)
	}
}

// changed judges at once all who depend on a session.
func (w *watch) changed(sessionID string) {
	w.hub.Guard.Forget(sessionID)
	w.mu.Lock()
	var sockets []*socket
	if r := w.rooms[sessionID]; r != nil {
		sockets = slices.Collect(maps.Keys(r.sockets))
	}
	w.mu.Unlock()
	for _, s := range sockets {
		s.guarded("watch", func() {
			s.auth.Lock()
			defer s.auth.Unlock()
			if err := s.stands(s.conn.ctx); err != nil {
				s.refuse(err)
			}
		})
	}
}

func (w *watch) poll(ctx context.Context) {
	tick := time.NewTicker(w.hub.cfg.Poll)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		w.mu.Lock()
		sessions := slices.Collect(maps.Keys(w.rooms))
		w.mu.Unlock()
		for some := range slices.Chunk(sessions, watchSize) {
			w.guarded(func() { w.round(ctx, some) })
		}
	}
}

// beats is how many times in its interval the watch looks for pings that are due.
const beats = 16

// beat asks all sockets for the pings that are due, whatever the store does.
func (w *watch) beat(ctx context.Context) {
	tick := time.NewTicker(max(w.hub.cfg.Ping/beats, time.Millisecond))
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-tick.C:
			w.guarded(func() { w.remind(now) })
		}
	}
}

func (w *watch) remind(now time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for s := range w.sockets {
		s.conn.beat(now)
	}
}

// watchSize is how many sessions one statement asks for.
const watchSize = 500

// round judges the sockets of some sessions, right after it has looked at these.
func (w *watch) round(ctx context.Context, sessions []string) {
	ctx, cancel := context.WithTimeout(ctx, w.hub.cfg.HandleTime)
	defer cancel()
	blind := w.hub.Guard.Refresh(ctx, sessions)
	var sockets []*socket
	w.mu.Lock()
	for _, id := range sessions {
		if r := w.rooms[id]; r != nil {
			for s := range r.sockets {
				if ids := w.sockets[s]; ids[len(ids)-1] == id { // once, with its login's
					sockets = append(sockets, s)
				}
			}
		}
	}
	w.mu.Unlock()
	for _, s := range sockets {
		s.guarded("watch", func() { s.judge(ctx, blind) })
	}
}

// judge ends the socket if it may not stay. A store that could not be looked at is forgiven for some polls.
func (s *socket) judge(ctx context.Context, err error) {
	if s.conn.idle() > s.hub.cfg.Idle {
		s.conn.end(ending{closeIdle, "idle"})
		return
	}
	if !s.auth.TryLock() {
		return // a message is at work, which judges for itself
	}
	defer s.auth.Unlock()
	switch {
	case s.who.principal.Expired(s.hub.Clock.Now()): // whatever the store says
		err = ports.ErrTokenExpired
	case err == nil:
		err = s.stands(ctx)
	}
	switch {
	case err == nil:
		s.blind = 0
	case s.refuse(err):
	default:
		if s.blind++; s.blind >= blindPolls {
			s.conn.end(ending{closeTryLater, "store unavailable"})
		}
	}
}

// stands asks whether the caller may still be here, as the guard last saw it; s.auth is held.
func (s *socket) stands(ctx context.Context) error {
	p := s.who.principal
	if err := s.hub.Guard.Check(ctx, p); err != nil {
		return err
	}
	if err := s.hub.Guard.Authorize(ctx, p, identity.PermRead); err != nil {
		return err
	}
	id := s.who.session.ID()
	if id == "" || id == p.SessionID {
		return nil // Check has judged it
	}
	now, err := s.hub.Guard.Session(ctx, id)
	if err != nil {
		return err
	}
	return s.unchanged(now)
}

// unchanged compares the socket's session with what it is now. An owner never changes without the epoch.
func (s *socket) unchanged(now session.Session) error {
	if now.Epoch() != s.who.session.Epoch() || now.Status(s.hub.Clock.Now()) == session.Ended {
		return errSessionChanged
	}
	return nil
}

// verify asks, for a message, whether the caller may still be here, and notes that the session is in use. It waits while credentials change.
func (s *socket) verify(ctx context.Context) error {
	s.auth.Lock()
	defer s.auth.Unlock()
	ctx, cancel := context.WithTimeout(ctx, s.hub.cfg.HandleTime)
	defer cancel()
	if err := s.stands(ctx); err != nil {
		return err
	}
	id := s.who.session.ID()
	if id == "" || id == s.who.principal.SessionID {
		return nil
	}
	now, err := s.hub.Sessions.Resolve(ctx, s.who.principal, id)
	if err != nil {
		return err
	}
	return s.unchanged(now)
}

// refuse ends the socket if err says that the caller may not stay, and reports whether it did.
func (s *socket) refuse(err error) bool {
	e, final := refusal(err)
	if final {
		s.conn.end(e)
	} else if fault.KindOf(err) == fault.Internal && s.conn.ctx.Err() == nil {
		s.log().ErrorContext(s.conn.ctx, "a credential could not be checked", "error", err)
	}
	return final
}
