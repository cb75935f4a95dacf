package wsapi

import (
	"context"
	"time"

	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/domain/session"
	"github.com/symphainy/symphainy/ports"
)

// blindPolls is how many polls may fail to reach the store before the socket gives up.
const blindPolls = 10

// errSessionChanged is a session that is another one than at the handshake: upgraded elsewhere, or ended.
var errSessionChanged = fault.New(fault.Unauthenticated, "session_changed", "The session has changed; open a new socket.")

// watch ends the socket when its credential, its session or its right to read is gone: every Poll, and at once when the bus says that
// the session changed. It also ends an idle socket.
func (s *socket) watch() {
	hints, cancel := s.hints()
	defer func() { cancel() }()
	poll := time.NewTicker(s.hub.cfg.Poll)
	defer poll.Stop()
	blind := 0
	for {
		select {
		case <-s.conn.ctx.Done():
			return
		case <-s.rebound:
			cancel()
			hints, cancel = s.hints()
		case h := <-hints:
			s.hub.Guard.Forget(h.SessionID)
		case <-poll.C:
		}
		switch err := s.verify(s.conn.ctx); {
		case err == nil:
			blind = 0
		case s.refuse(err):
			return
		default:
			if blind++; blind >= blindPolls {
				s.conn.end(ending{closeTryLater, "store unavailable"})
				return
			}
		}
		if s.conn.idle() > s.hub.cfg.Idle {
			s.conn.end(ending{closeIdle, "idle"})
			return
		}
	}
}

// hints subscribes to what happens to the socket's session and to the login behind it. Without a bus the poll is enough.
func (s *socket) hints() (<-chan ports.Hint, func()) {
	who := s.caller()
	ids := []string{who.sessionID()}
	if login := who.principal.SessionID; login != ids[0] {
		ids = append(ids, login)
	}
	ctx, stop := context.WithCancel(s.conn.ctx)
	all := make(chan ports.Hint, 1)
	for _, id := range ids {
		hints, cancel, err := s.hub.Bus.Subscribe(ports.TopicSession(id))
		if err != nil {
			s.log.WarnContext(ctx, "no hints for a socket", "error", err)
			continue
		}
		s.start("hints", func() {
			defer cancel()
			relay(ctx, hints, all)
		})
	}
	return all, stop
}

// relay passes the hints of sessions on. One that waits makes its reader look, so another is dropped.
func relay(ctx context.Context, from <-chan ports.Hint, to chan<- ports.Hint) {
	for {
		select {
		case <-ctx.Done():
			return
		case h := <-from:
			if h.ExecutionID != "" {
				continue
			}
			select {
			case to <- h:
			default:
			}
		}
	}
}

// verify asks whether the caller may still be here. It waits while credentials change.
func (s *socket) verify(ctx context.Context) error {
	s.auth.Lock()
	defer s.auth.Unlock()
	ctx, cancel := context.WithTimeout(ctx, s.hub.cfg.HandleTime)
	defer cancel()
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
	now, err := s.hub.Sessions.Resolve(ctx, p, id)
	if err != nil {
		return err
	}
	if now.Epoch() != s.who.session.Epoch() || now.Status(s.hub.Clock.Now()) == session.Ended {
		return errSessionChanged
	}
	return nil
}

// refuse ends the socket if err says that the caller may not stay, and reports whether it did.
func (s *socket) refuse(err error) bool {
	e, final := refusal(err)
	if final {
		s.conn.end(e)
	} else if fault.KindOf(err) == fault.Internal && s.conn.ctx.Err() == nil {
		s.log.ErrorContext(s.conn.ctx, "a credential could not be checked", "error", err)
	}
	return final
}
