package runtimehttp

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/symphainy/symphainy/adapters/internal/wire"
	"github.com/symphainy/symphainy/domain/event"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/ports"
)

// writeTime is how long one write to a reader may take before its connection is given up.
const writeTime = 20 * time.Second

// complete is how long before a stream's start an execution must have ended for its log to be complete after the stream: its commit
// may become visible later than its time says.
const complete = 10 * time.Second

// errUsedUp ends a stream whose credential is over; its reader comes back with a new one.
var errUsedUp = errors.New("the credential of the stream is over")

// lines writes the lines of a stream; several goroutines may.
type lines struct {
	mu  sync.Mutex
	out http.ResponseWriter
	ctl *http.ResponseController
}

func (l *lines) write(v line) error {
	raw, err := json.Marshal(v)
	if err != nil {
		return fault.As(err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.ctl.SetWriteDeadline(time.Now().Add(writeTime)); err != nil { //nolint:forbidigo // deadlines of sockets are the host's time
		return err
	}
	if _, err := l.out.Write(append(raw, '\n')); err != nil {
		return err
	}
	return l.ctl.Flush()
}

// stream registers a route whose answer is lines. It ends with the log, with the credential, or with the server.
func stream[Request any](s *Server, route string, do func(context.Context, caller, Request, *lines) error) {
	s.mux.HandleFunc("POST "+route, func(w http.ResponseWriter, r *http.Request) {
		var in Request
		c, err := s.open(w, r, &in)
		if err != nil {
			s.fail(w, r, err)
			return
		}
		began := s.d.Clock.Now()
		w.Header().Set("Content-Type", "application/x-ndjson")
		out := &lines{out: w, ctl: http.NewResponseController(w)}
		if err := out.ctl.SetReadDeadline(time.Time{}); err != nil {
			s.fail(w, r, err)
			return
		}
		ctx, cancel := context.WithTimeoutCause(r.Context(), max(c.ends.Sub(began), time.Second), errUsedUp)
		defer cancel()
		stop := out.beat(ctx)
		err = do(ctx, c, in, out)
		stop()
		last := line{Ended: true}
		switch {
		case ctx.Err() != nil:
			last = line{Again: true, Since: began.Add(-complete)}
		case err != nil:
			if fault.KindOf(err) == fault.Internal {
				s.d.Log.WarnContext(ctx, "a stream failed", "path", route, "error", err)
			}
			p := wire.NewProblem(err, "")
			last = line{Problem: &p}
		}
		// A reader that is gone needs no last line.
		_ = out.write(last)
	})
}

// beat says now and every few seconds that the stream is alive, until the returned function has returned.
func (l *lines) beat(ctx context.Context) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	var done sync.WaitGroup
	done.Go(func() {
		ticks := time.NewTicker(pulse)
		defer ticks.Stop()
		for fault.Guard(func() error { return l.write(line{}) }) == nil {
			select {
			case <-ctx.Done():
				return
			case <-ticks.C:
			}
		}
	})
	return func() {
		cancel()
		done.Wait()
	}
}

func (s *Server) follow(ctx context.Context, c caller, in following, out *lines) error {
	return s.d.Feed.Follow(ctx, c.scope, in.ExecutionID, in.From, func(events []event.Event) error {
		return out.write(line{Events: events})
	})
}

func (s *Server) followSession(ctx context.Context, c caller, in followingSession, out *lines) error {
	return s.d.Feed.FollowSession(ctx, c.scope, in.SessionID, in.Known, in.Since, func(events []ports.SessionEvent) error {
		return out.write(line{SessionEvents: events})
	})
}
