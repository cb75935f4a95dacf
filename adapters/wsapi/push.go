package wsapi

import (
	"context"
	"errors"
	"net/http"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/symphainy/symphainy/adapters/internal/wire"
	"github.com/symphainy/symphainy/domain/event"
	"github.com/symphainy/symphainy/domain/fault"
)

// pushed is a frame of the push socket: an execution has ended.
type pushed struct {
	Data pushedExecution `json:"data"`
}

type pushedExecution struct {
	ExecutionID string         `json:"execution_id"`
	Status      string         `json:"status"`
	IntentID    string         `json:"intent_id"`
	Artifacts   jsontext.Value `json:"artifacts"`
	Error       *string        `json:"error"`
}

// Push serves GET /ws for older pages (contract.md §5): one frame for every execution of the session that ends while the socket is open.
func (h *Hub) Push() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.serve(w, r, handler{
			enter: func(ctx context.Context, _ *http.Request, o offer) (caller, error) {
				return h.authenticate(ctx, o, false)
			},
			run: func(ctx context.Context, s *socket) { (&pushSocket{socket: s}).run(ctx) },
		})
	})
}

type pushSocket struct{ *socket }

func (s *pushSocket) run(ctx context.Context) {
	who := s.caller()
	s.frame = s.ended
	feed := follower{
		socket: s.socket, key: tailKey{who.principal.Scope(), who.session.ID()}, since: s.hub.Clock.Now(), positions: map[string]int64{},
	}
	s.start("follower", func() { feed.follow(ctx, feed.key) })
	s.conn.read(s.message)
}

// ended gives the frame of an event that ends its execution; nil for every other one.
func (s *pushSocket) ended(ctx context.Context, e event.Event, _ string) ([]byte, error) {
	switch e.Type {
	case event.ExecutionCompleted, event.ExecutionFailed, event.ExecutionCancelled:
	default:
		return nil, nil // nothing to push
	}
	ex, err := s.hub.Runtime.Execution(ctx, s.caller().principal.Scope(), e.ExecutionID)
	switch {
	case errors.Is(err, fault.ErrNotFound):
		return nil, nil // it moved away with its session; the watch ends this socket
	case err != nil:
		return nil, err
	}
	status, err := wire.NewExecutionStatus(ex, nil, wire.StatusOptions{Artifacts: true})
	if err != nil {
		return nil, err
	}
	return encode(pushed{pushedExecution{
		ExecutionID: ex.ID, Status: status.Status, IntentID: status.IntentID, Artifacts: jsontext.Value(status.Artifacts), Error: status.Error,
	}})
}

// message handles one text frame of the client: only what all sockets know.
func (s *pushSocket) message(data []byte) {
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
		err = s.common(ctx, kind, data)
	}
	s.settle(err)
}
