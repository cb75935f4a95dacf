package wsapi

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"github.com/symphainy/symphainy/adapters/internal/wire"
	"github.com/symphainy/symphainy/application/auditing"
	"github.com/symphainy/symphainy/domain/event"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/identity"
)

// deprecatedSince is the RFC 9745 date of access tokens in URLs, 1 January 2026.
const deprecatedSince = "@1767225600"

// hostNow is the host's clock, for what only this process measures: deadlines of the network and idleness.
func hostNow() time.Time {
	return time.Now() //nolint:forbidigo // the network's deadlines are the host's, whatever clock the platform runs on
}

// handler is what a route does with a handshake: who may enter, and what runs on the open socket.
type handler struct {
	// enter authenticates and authorises before 101.
	enter func(ctx context.Context, r *http.Request, o offer) (caller, error)
	// prepare reads what the open socket begins with, before 101; nil for nothing.
	prepare func(ctx context.Context, who caller) error
	// run serves the open socket until it ends.
	run func(ctx context.Context, s *socket)
}

func (route handler) prepared(ctx context.Context, who caller) error {
	if route.prepare == nil {
		return nil
	}
	return route.prepare(ctx, who)
}

// serve takes one socket through its handshake. The open socket has a goroutine of its own, so that the request, its buffers and the deep
// stack of the router are not kept for its life; the seat tells the hub when it has ended.
func (h *Hub) serve(w http.ResponseWriter, r *http.Request, route handler) {
	if _, known := wire.ParseTrace(r.Header.Get("Traceparent")); known || wire.TraceID(r.Context()) == "" {
		r = r.WithContext(wire.WithTrace(r.Context(), wire.TraceOf(r.Header.Get("Traceparent"))))
	}
	header := w.Header()
	header.Set("Referrer-Policy", "no-referrer")
	header.Set("Cache-Control", "no-store")
	ctx, cancel := context.WithTimeout(r.Context(), h.cfg.Handshake)
	defer cancel()
	who, at, deprecated, err := h.enter(ctx, r, route)
	if deprecated {
		header.Set("Deprecation", deprecatedSince)
		h.Log.InfoContext(ctx, "an access token came in a URL", "trace_id", wire.TraceID(r.Context()))
	}
	if err != nil {
		h.note(r.Context(), who.principal, r.URL.Path, h.addresses.Client(r), wire.TraceID(r.Context()), err)
		h.refused(w, r, err)
		return
	}
	if err = route.prepared(ctx, who); err != nil {
		at.leave()
		h.refused(w, r, err)
		return
	}
	c, err := upgrade(w, r, header.Clone(), h.cfg, &h.buffers, &h.batches)
	if err != nil {
		at.leave()
		h.refused(w, r, fault.New(fault.Malformed, "handshake_failed", "The WebSocket handshake failed.").Because(err))
		return
	}
	s := &socket{hub: h, conn: c, seat: at, who: who, opened: who.principal.SessionID, trace: wire.TraceID(r.Context()), address: h.addresses.Client(r)}
	s.frame = s.inDialect
	c.guarded = s.guarded
	at.reached(s.goAway, func() { c.end(ending{closeRestart, "server restarts"}) }, c.kill)
	go func() {
		defer at.leave()
		s.guarded("socket", func() { s.live(c.ctx, route.run) })
	}()
}

// enter does all that is decided before 101.
func (h *Hub) enter(ctx context.Context, r *http.Request, route handler) (who caller, at *seat, deprecated bool, err error) {
	if why := handshakeProblem(r); why != "" {
		return who, nil, false, errNotSocket.WithMsg("%s", why)
	}
	o, err := h.read(r)
	if err != nil {
		return who, nil, o.queryJWT, err
	}
	if who, err = route.enter(ctx, r, o); err != nil {
		return who, nil, o.queryJWT, err
	}
	if !o.agree(who.principal) {
		return who, nil, o.queryJWT, fault.ErrTenantMismatch
	}
	at, err = h.admit(ctx, places(who.principal, who.sessionID(), h.addresses.Client(r)))
	return who, at, o.queryJWT, err
}

// refused answers the handshake with a problem.
func (h *Hub) refused(w http.ResponseWriter, r *http.Request, err error) {
	if fault.KindOf(err) == fault.Internal {
		h.Log.ErrorContext(r.Context(), "handshake failed", "error", err, "trace_id", wire.TraceID(r.Context()))
	}
	wire.WriteError(w, r, err)
}

// note tells of what was turned away for the caller's rights, credential or bounds.
func (h *Hub) note(ctx context.Context, p identity.Principal, path, address, trace string, err error) {
	f := fault.As(err)
	switch {
	case h.Refused == nil:
	case f.Kind == fault.Denied, f.Kind == fault.Limited, f.Kind == fault.Unauthenticated, errors.Is(err, errServerFull):
		if strings.HasPrefix(path, "/api/execution/") {
			path = "/api/execution/{id}/stream"
		}
		h.Refused(ctx, auditing.Refusal{TenantID: p.TenantID, Actor: p.Actor(), Place: "WS " + path, Code: f.Code, Address: address, TraceID: trace})
	}
}

// sessionID gives the session that a socket of the caller counts for.
func (c caller) sessionID() string {
	if id := c.session.ID(); id != "" {
		return id
	}
	return c.principal.SessionID
}

// socket is one open socket with its caller.
type socket struct {
	hub  *Hub
	conn *conn
	seat *seat
	// opened is the session of the handshake.
	opened  string
	trace   string
	address string
	group   sync.WaitGroup
	older   older
	// frame writes an event of the log for this socket; nil for one that is not shown on it.
	frame func(ctx context.Context, e event.Event, conversationID string) ([]byte, error)

	// auth guards who. It is held while credentials change, so that nobody judges the old ones meanwhile.
	auth sync.Mutex
	who  caller
	// blind counts the polls in a row that could not reach the store; it is the watch's alone.
	blind int
}

// log tells of the socket. It is made when there is something to tell, for a silent socket would only keep it.
func (s *socket) log() *slog.Logger {
	return s.hub.Log.With("session_id", s.opened, "trace_id", s.trace)
}

// live runs run under the hub's watch, ends the socket when run returns, and waits for all of it.
func (s *socket) live(ctx context.Context, run func(context.Context, *socket)) {
	c := s.conn
	s.hub.watch.join(s, s.caller()) //nolint:contextcheck // the watch has the life of the hub, not of a socket
	defer s.hub.watch.leave(s)
	s.guarded("reader", func() { run(ctx, s) })
	c.end(ending{closeNormal, "done"})
	s.group.Wait()
	c.silent()
	c.release()
	if e := c.ending(); e.code != closeNormal {
		s.log().DebugContext(ctx, "socket closed", "code", e.code, "reason", e.reason)
	}
}

// start runs a part of the socket in a goroutine that live waits for.
func (s *socket) start(part string, fn func()) {
	s.group.Go(func() { s.guarded(part, fn) })
}

// guarded runs fn; a panic ends this socket and nothing else.
func (s *socket) guarded(part string, fn func()) {
	defer func() {
		if v := recover(); v != nil {
			s.log().ErrorContext(s.conn.ctx, "panic in a socket", "part", part, "panic", v, "stack", string(debug.Stack()))
			s.conn.end(ending{closeBug, "internal error"})
		}
	}()
	fn()
}

// caller gives who speaks now.
func (s *socket) caller() caller {
	s.auth.Lock()
	defer s.auth.Unlock()
	return s.who
}

// inDialect writes an event of the log in the dialect that the client speaks.
func (s *socket) inDialect(_ context.Context, e event.Event, conversationID string) ([]byte, error) {
	if s.older.speaks() {
		return s.translated(e, conversationID)
	}
	return s.hub.frames.logged(e, conversationID)
}

// tell queues an event of the socket itself.
func (s *socket) tell(kind string, data any, frame runtimeEvent) {
	raw, err := own(kind, data, frame, s.hub.Clock.Now())
	if err != nil {
		s.bug(err)
		return
	}
	s.conn.say(raw)
}

// fail queues the error frame of err; what a client must not see goes to the log.
func (s *socket) fail(err error) {
	if fault.KindOf(err) == fault.Internal {
		s.log().ErrorContext(s.conn.ctx, "a message failed", "error", err)
	}
	s.hub.note(s.conn.ctx, s.caller().principal, "frame", s.address, s.trace, err)
	raw, err := failure(err, s.hub.Clock.Now())
	if err != nil {
		s.bug(err)
		return
	}
	s.conn.say(raw)
}

// bug ends the socket after an error that should not exist.
func (s *socket) bug(err error) {
	s.log().ErrorContext(s.conn.ctx, "socket failed", "error", err)
	s.conn.end(ending{closeBug, "internal error"})
}

// goAway announces the end.
func (s *socket) goAway(deadline time.Time) {
	s.tell(eventGoAway, goAway{Deadline: deadline.UTC()}, runtimeEvent{})
}
