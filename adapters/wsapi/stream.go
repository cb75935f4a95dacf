package wsapi

import (
	"context"
	"errors"
	"net/http"
	"strconv"

	"github.com/symphainy/symphainy/domain/event"
	"github.com/symphainy/symphainy/domain/execution"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/domain/typeid"
	"github.com/symphainy/symphainy/ports"
)

// ExecutionStream serves GET /api/execution/{id}/stream: the log of one execution from ?after_seq= (and ?epoch=) on, until it has
// ended, which closes the socket with 1000. The id is the path value "id".
func (h *Hub) ExecutionStream() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s := &streamSocket{}
		h.serve(w, r, handler{
			enter: func(ctx context.Context, r *http.Request, o offer) (caller, error) {
				who, err := h.authenticate(ctx, o, true)
				if err != nil {
					return who, err
				}
				if s.from, err = startOf(r); err != nil {
					return who, err
				}
				id := r.PathValue("id")
				if err := found(typeid.Valid(typeid.Execution, id)); err != nil {
					return who, err
				}
				s.execution, err = h.Runtime.Execution(ctx, who.principal.Scope(), id)
				if err == nil && o.sessionID != "" && s.execution.SessionID != who.session.ID() {
					err = fault.ErrNotFound
				}
				return who, err
			},
			run: func(ctx context.Context, open *socket) {
				s.socket = open
				s.run(ctx)
			},
		})
	})
}

// startOf reads where the reader stands.
func startOf(r *http.Request) (ports.Position, error) {
	var at ports.Position
	query := r.URL.Query()
	if text := query.Get("after_seq"); text != "" {
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return at, errValue.WithMsg("after_seq is a whole number.")
		}
		at.Seq = n
	}
	if text := query.Get("epoch"); text != "" {
		n, err := strconv.ParseInt(text, 10, 32)
		if err != nil {
			return at, errValue.WithMsg("epoch is a whole number.")
		}
		at.Epoch = int(n)
	}
	return at, nil
}

// streamSocket is a socket of one execution.
type streamSocket struct {
	*socket
	execution execution.Snapshot
	from      ports.Position
	// stop and done belong to the goroutine that follows; they are the reader's alone.
	stop context.CancelFunc
	done chan struct{}
}

func (s *streamSocket) run(ctx context.Context) {
	who := s.caller()
	e := s.execution
	hello := established{
		SessionID: e.SessionID, IsAnonymous: who.principal.Anonymous(),
		Position: []position{{ExecutionID: e.ID, ConversationID: e.Intent.Lane, Epoch: e.Epoch, Seq: e.LastSeq}},
	}
	if id := who.principal.UserID; id != "" {
		hello.UserID = &id
	}
	s.tell(eventEstablished, hello, runtimeEvent{})
	s.begin(ctx, s.from, s.from != ports.Position{})
	s.conn.read(s.message)
}

// begin follows from a position; answer says stream.resumed before the events.
func (s *streamSocket) begin(ctx context.Context, from ports.Position, answer bool) {
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	s.stop, s.done = cancel, done
	scope := s.caller().principal.Scope()
	s.start("follower", func() {
		defer close(done)
		defer cancel()
		err := s.follow(ctx, scope, from, answer)
		if ctx.Err() != nil {
			return
		}
		var f *fault.Error
		e, ended := endingOf(err)
		switch {
		case err == nil:
			e = ending{closeNormal, "execution ended"}
		case ended:
		case errors.As(err, &f) && f.Kind == fault.NotFound:
			// Most likely the log moved with its session to another owner, and the credential is what ended: ask the store, not what is remembered.
			s.hub.Guard.Forget(s.caller().principal.SessionID)
			if changed := s.verify(ctx); changed != nil && s.refuse(changed) {
				return
			}
			e = ending{closeNotFound, f.Code}
		default:
			s.log().WarnContext(ctx, "following an execution failed", "error", err)
			e = ending{closeTryLater, "store unavailable"}
		}
		s.conn.end(e)
	})
}

// follow judges the position, and then puts out the log to its end.
func (s *streamSocket) follow(ctx context.Context, scope identity.Scope, from ports.Position, answer bool) error {
	lane := s.execution.Intent.Lane
	page, err := s.hub.Feed.Page(ctx, scope, s.execution.ID, from, 1)
	if err != nil {
		return err
	}
	if answer {
		if err := s.resumed(ctx, s.execution.ID, lane, from, page); err != nil {
			return err
		}
	}
	if !page.Recovered {
		from = ports.Position{Seq: page.Start}
	}
	return s.hub.Feed.Follow(ctx, scope, s.execution.ID, from, func(batch []event.Event) error {
		for _, e := range batch {
			if err := s.put(ctx, e, lane); err != nil {
				return err
			}
		}
		return nil
	})
}

// message handles one text frame of the client.
func (s *streamSocket) message(data []byte) {
	ctx, cancel := context.WithTimeout(s.conn.ctx, s.hub.cfg.HandleTime)
	defer cancel()
	if err := s.verify(ctx); err != nil {
		if !s.refuse(err) {
			s.settle(err)
		}
		return
	}
	kind, err := frameType(data)
	if err == nil {
		if kind == frameResume {
			err = s.resume(data)
		} else {
			err = s.common(ctx, kind, data)
		}
	}
	s.settle(err)
}

// resume starts again from another position of the same execution.
func (s *streamSocket) resume(data []byte) error {
	var f resumeFrame
	if err := decode(data, &f); err != nil {
		return err
	}
	if f.ExecutionID != s.execution.ID {
		return fault.ErrNotFound
	}
	s.stop()
	<-s.done
	s.begin(s.conn.ctx, ports.Position{Epoch: f.Epoch, Seq: f.AfterSeq}, true)
	return nil
}
