package bootstrap

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/pprof"
	"sync"

	"go.uber.org/fx"

	"github.com/symphainy/symphainy/adapters/httpapi"
	"github.com/symphainy/symphainy/adapters/telemetry"
	"github.com/symphainy/symphainy/adapters/wsapi"
	"github.com/symphainy/symphainy/application/runtime"
	"github.com/symphainy/symphainy/ports"
)

// metricsModule counts what the platform does, and serves the numbers on an address of their own if one is set.
func metricsModule(cfg Config) fx.Option {
	return fx.Module("metrics",
		fx.Provide(func(o Options) *telemetry.Metrics { return telemetry.New(o.Version) }),
		fx.Invoke(func(lc fx.Lifecycle, m *telemetry.Metrics, uow ports.UnitOfWork, clock ports.Clock, log *slog.Logger, opened *openings) {
			if cfg.Metrics.Addr == "" {
				return
			}
			m.Backlog(uow, clock)
			l := &metricsListener{handler: metricsRoutes(m, cfg.Metrics.Profile), log: log, fail: opened.fail}
			lc.Append(fx.Hook{OnStart: func(ctx context.Context) error { return l.start(ctx, cfg.Metrics.Addr) }, OnStop: l.stop})
		}),
	)
}

// socketGauge tells the metrics of the sockets of this process.
func socketGauge(m *telemetry.Metrics, hub *wsapi.Hub) {
	m.Gauge("sockets_open", "WebSockets that are open or in their handshake.", func() float64 { return float64(hub.Open()) })
}

// engineGauge tells the metrics of the handlers of this process that cannot be stopped.
func engineGauge(m *telemetry.Metrics, e *runtime.Engine) {
	m.Gauge("handlers_lingering", "Handlers that go on long after the end of their context; each keeps a worker.", func() float64 { return float64(e.Lingering()) })
}

func metricsRoutes(m *telemetry.Metrics, profile bool) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", m.Handler())
	if profile {
		mux.HandleFunc("GET /debug/pprof/", pprof.Index)
		mux.HandleFunc("GET /debug/pprof/cmdline", pprof.Cmdline)
		mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
		mux.HandleFunc("GET /debug/pprof/symbol", pprof.Symbol)
		mux.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
	}
	return mux
}

// metricsListener is the private listener.
type metricsListener struct {
	handler http.Handler
	log     *slog.Logger
	fail    func(error)
	http    *http.Server
	serving sync.WaitGroup
}

// start listens before it returns, so that an address in use is an error of the start.
func (l *metricsListener) start(ctx context.Context, addr string) error {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", addr)
	if err != nil {
		return fmt.Errorf("listen for metrics on %s: %w", addr, err)
	}
	l.http = httpapi.HTTPServer("", l.handler, l.log)
	l.log.InfoContext(ctx, "metrics", slog.String("url", "http://"+listener.Addr().String()+"/metrics"))
	l.serving.Go(func() {
		if err := l.http.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			l.fail(fmt.Errorf("serve metrics: %w", err))
		}
	})
	return nil
}

func (l *metricsListener) stop(ctx context.Context) error {
	err := l.http.Shutdown(ctx)
	if err != nil {
		err = errors.Join(err, l.http.Close())
	}
	l.serving.Wait()
	return err
}
