package bootstrap

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/fx"

	"github.com/symphainy/symphainy/adapters/wsapi"
)

// server listens, and says goodbye in order.
type server struct {
	http *http.Server
	// hub holds the sockets, nil without.
	hub      *wsapi.Hub
	ready    *readiness
	listener net.Listener
	// cut ends the contexts of all requests.
	cut     context.CancelFunc
	serving sync.WaitGroup
	fail    func(error)
	arrived arrivals
	// stopping tells that the end of the listener is wanted.
	stopping atomic.Bool
}

// newServer makes a server of an HTTP server; it does nothing before start.
func newServer(h *http.Server, hub *wsapi.Hub, ready *readiness, fail func(error)) *server {
	base, cut := context.WithCancel(context.Background())
	s := &server{hub: hub, ready: ready, fail: fail, cut: cut, http: h, arrived: arrivals{open: map[net.Conn]struct{}{}}}
	s.http.ConnState = s.arrived.note
	s.http.BaseContext = func(net.Listener) context.Context { return base }
	return s
}

// start listens before it returns, so that an address in use is an error of the start.
func (s *server) start(ctx context.Context, addr string) (err error) {
	if s.listener, err = (&net.ListenConfig{}).Listen(ctx, "tcp", addr); err != nil {
		return fmt.Errorf("listen on %s: %w", addr, err)
	}
	s.serving.Go(func() {
		if err := s.http.Serve(s.listener); !errors.Is(err, http.ErrServerClosed) && !s.stopping.Load() {
			s.fail(fmt.Errorf("serve: %w", err))
		}
	})
	s.ready.open.Store(true)
	return nil
}

// url gives the address with the real port.
func (s *server) url() string { return "http://" + s.listener.Addr().String() }

// drainTime is how long requests have to end by themselves. After it streams and waits are cut; their clients go on elsewhere.
const drainTime = 3 * time.Second

// stop turns away new work, then lets go of what is open: sockets first, because the HTTP server does not know them, then requests.
func (s *server) stop(ctx context.Context) error {
	s.ready.open.Store(false)
	var err error
	if s.hub != nil {
		err = s.hub.Shutdown(ctx)
	}
	s.stopping.Store(true)
	err = errors.Join(err, s.listener.Close())
	s.arrived.settle(ctx)
	late := time.AfterFunc(drainTime, s.cut)
	if closed := s.http.Shutdown(ctx); !errors.Is(closed, net.ErrClosed) { // the listener is closed already
		err = errors.Join(err, closed)
	}
	late.Stop()
	s.cut()
	if err != nil {
		err = errors.Join(err, s.http.Close())
	}
	s.serving.Wait()
	return err
}

// onLife ties the server to the life of the app.
func (s *server) onLife(lc fx.Lifecycle, addr string, started func(url string)) {
	lc.Append(fx.Hook{
		OnStart: func(ctx context.Context) error {
			if err := s.start(ctx, addr); err != nil {
				return err
			}
			started(s.url())
			return nil
		},
		OnStop: s.stop,
	})
}
