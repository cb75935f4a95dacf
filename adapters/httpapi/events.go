package httpapi

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gin-gonic/gin"

	"github.com/symphainy/symphainy/adapters/internal/wire"
	"github.com/symphainy/symphainy/domain/event"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/ports"
)

const eventStream = "text/event-stream"

func (s *Server) eventRoutes() {
	integer := func(low, high float64) *huma.Schema {
		return &huma.Schema{Type: huma.TypeInteger, Minimum: &low, Maximum: &high}
	}
	page := jsonOf[wire.EventPage](s, "A part of the log, or with Accept: text/event-stream the log as it grows")
	page.Content[eventStream] = &huma.MediaType{Schema: &huma.Schema{Type: huma.TypeString, Description: "Each event's data is an Event, its id <epoch>-<seq>, its event the event_type"}}
	s.plain(huma.Operation{Method: http.MethodGet, Path: "/api/execution/{id}/events", Summary: "What an execution tells", Tags: []string{"executions"},
		Parameters: append(pathParams("{id}"),
			&huma.Param{Name: "after_seq", In: "query", Schema: integer(0, 1<<53), Description: "Only events after this one"},
			&huma.Param{Name: "epoch", In: "query", Schema: integer(0, 1<<31-1), Description: "The epoch in which after_seq was read"},
			&huma.Param{Name: "limit", In: "query", Schema: integer(1, 200), Description: "Default 50"},
			&huma.Param{Name: "Last-Event-ID", In: "header", Schema: &huma.Schema{Type: huma.TypeString}, Description: "Where a stream goes on"}),
		Responses: map[string]*huma.Response{"200": page, "204": {Description: "A stream that has ended and was read to its end"}}}, s.events)
}

// position reads where the reader stands: Last-Event-ID of a stream, else the query.
func position(c *gin.Context, stream bool) (from ports.Position, limit int, err error) {
	last := c.GetHeader("Last-Event-ID")
	if stream && last != "" {
		epoch, seq, ok := strings.Cut(last, "-")
		if !ok {
			epoch, seq = "0", last
		}
		from.Epoch, err = number[int](epoch, 0, 1<<31-1)
		if err == nil {
			from.Seq, err = number[int64](seq, 0, 1<<53)
		}
		if err != nil {
			return from, 0, errInvalidQuery
		}
		return from, 0, nil
	}
	query := c.Request.URL.Query()
	limit = 50
	if v := query.Get("after_seq"); v != "" {
		if from.Seq, err = number[int64](v, 0, 1<<53); err != nil {
			return from, 0, err
		}
	}
	if v := query.Get("epoch"); v != "" {
		if from.Epoch, err = number[int](v, 0, 1<<31-1); err != nil {
			return from, 0, err
		}
	}
	if v := query.Get("limit"); v != "" {
		limit, err = number[int](v, 1, 200)
	}
	return from, limit, err
}

func number[T int | int64](s string, low, high int64) (T, error) {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < low || n > high {
		return 0, errInvalidQuery
	}
	return T(n), nil
}

// events answers a page, or streams, as the reader accepts.
func (s *Server) events(c *gin.Context) {
	stream := strings.Contains(c.GetHeader("Accept"), eventStream)
	from, limit, err := position(c, stream)
	if err != nil {
		s.fail(c, err)
		return
	}
	c.Header("Vary", "Accept, Origin")
	ctx, id := c.Request.Context(), c.Param("id")
	if stream {
		limit = 1
	}
	page, p, err := lookUp(ctx, func(p identity.Principal) (ports.EventPage, error) {
		return s.d.Feed.Page(ctx, p.Scope(), id, from, limit)
	})
	switch {
	case err != nil:
		s.fail(c, err)
	case !stream:
		s.eventPage(c, page, from)
	case page.Recovered && page.Ended && len(page.Events) == 0 && from.Seq > 0:
		// Tells a browser's EventSource not to come again.
		c.Status(http.StatusNoContent)
	default:
		s.stream(c, p, page, from)
	}
}

func (s *Server) eventPage(c *gin.Context, page ports.EventPage, from ports.Position) {
	out := wire.EventPage{Events: wire.NewEvents(page.Events), Epoch: page.Epoch, NextAfterSeq: from.Seq, Recovered: page.Recovered, Reason: page.Reason}
	if !page.Recovered {
		out.NextAfterSeq = page.Start
	}
	if n := len(page.Events); n > 0 {
		out.NextAfterSeq = page.Events[n-1].Seq
	}
	s.json(c, http.StatusOK, out)
}

// json answers outside huma.
func (s *Server) json(c *gin.Context, status int, v any) {
	raw, err := wire.Marshal(v)
	if err != nil {
		s.fail(c, err)
		return
	}
	c.Data(status, "application/json", raw)
}

// blindChecks is how many checks of a reader may fail to reach the store before the stream gives up.
const blindChecks = 10

// revoked reports whether err says that a stream's reader may not read any more. Anything else is trouble of ours.
func revoked(err error) bool { return fault.KindOf(err) == fault.Unauthenticated }

// sse writes a stream of events. Its writes come from the follower and from the heartbeat, so they take turns.
type sse struct {
	mu   sync.Mutex
	w    http.ResponseWriter
	rc   *http.ResponseController
	slow time.Duration
}

// send writes and flushes, within the time that a slow reader has.
func (e *sse) send(text string) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	deadline := time.Now().Add(e.slow) //nolint:forbidigo // the deadline of a socket is wall time, whatever the clock of the domain says
	if err := e.rc.SetWriteDeadline(deadline); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	if _, err := e.w.Write([]byte(text)); err != nil {
		return err
	}
	return e.rc.Flush()
}

func (e *sse) events(batch []event.Event) error {
	var out strings.Builder
	for _, ev := range batch {
		raw, err := wire.Marshal(wire.NewEvent(ev))
		if err != nil {
			return err
		}
		fmt.Fprintf(&out, "id: %d-%d\nevent: %s\ndata: %s\n\n", ev.Epoch, ev.Seq, ev.Type, raw)
	}
	return e.send(out.String())
}

// stream follows the log until it ends, the reader is gone, or may not read any more.
func (s *Server) stream(c *gin.Context, p identity.Principal, page ports.EventPage, from ports.Position) {
	if err := untimed(c.Writer); err != nil {
		s.fail(c, err)
		return
	}
	c.Header("Content-Type", eventStream)
	c.Header("X-Accel-Buffering", "no")
	c.Status(http.StatusOK)
	out := &sse{w: c.Writer, rc: http.NewResponseController(c.Writer), slow: s.cfg.SlowWrite}
	opening := ": symphainy\n\n"
	if !page.Recovered {
		if page.Start > 0 { // where the reader stands now, so that it does not come again from where it stood
			opening += fmt.Sprintf("id: %d-%d\n", page.Epoch, page.Start)
		}
		opening += fmt.Sprintf("event: stream.resumed\ndata: {\"recovered\":false,\"reason\":%q,\"from_seq\":%d}\n\n", page.Reason, page.Start+1)
		from = ports.Position{Seq: page.Start}
	}
	from.Epoch = page.Epoch
	if out.send(opening) != nil {
		return
	}
	ctx, stop := context.WithCancelCause(c.Request.Context())
	var beat sync.WaitGroup
	beat.Go(func() { stop(s.guarded(ctx, func() error { return s.watch(ctx, p, out) })) })
	err := s.d.Feed.Follow(ctx, p.Scope(), c.Param("id"), from, out.events)
	if err != nil && fault.KindOf(err) == fault.NotFound && ctx.Err() == nil {
		// Most likely the log moved with its session to another owner, and the credential is what ended.
		stop(s.d.Guard.Check(ctx, p))
	}
	stop(context.Canceled)
	beat.Wait()
	if why := context.Cause(ctx); revoked(why) {
		// The reader is told why before the stream ends; if they are gone there is nobody to tell.
		_ = out.send(fmt.Sprintf("event: error\ndata: {\"code\":%q}\n\n", fault.As(why).Code))
	}
}

// guarded runs what has a goroutine of its own beside a stream; a panic of it is told, and ends the stream and nothing else.
func (s *Server) guarded(ctx context.Context, fn func() error) error {
	err := fault.Guard(fn)
	if err != nil && fault.KindOf(err) == fault.Internal && ctx.Err() == nil {
		s.d.Log.ErrorContext(ctx, "the watch of a stream failed", "error", err)
	}
	return err
}

// watch sends heartbeats, and ends the stream once its reader may not read any more.
func (s *Server) watch(ctx context.Context, p identity.Principal, out *sse) error {
	recheck, beat := time.NewTicker(s.cfg.Recheck), time.NewTicker(s.cfg.Heartbeat)
	defer recheck.Stop()
	defer beat.Stop()
	blind := 0
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-recheck.C:
			err := s.d.Guard.Check(ctx, p)
			if err == nil {
				blind = 0
			} else if blind++; revoked(err) || blind >= blindChecks {
				return err
			}
		case <-beat.C:
			if err := out.send(": beat\n\n"); err != nil {
				return err
			}
		}
	}
}
