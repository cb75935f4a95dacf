package bootstrap

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"

	"go.uber.org/dig"
	"go.uber.org/fx"
	"go.uber.org/fx/fxevent"
)

// startTimeout bounds the start: opening the store, taking over work, listening.
const startTimeout = time.Minute

// Options are what a run needs beside the configuration.
type Options struct {
	Version string
	Log     *slog.Logger
	// Program is this program's own file: PDF files are read by a second process of it. Empty, as in tests, reads them in this one.
	Program string
	// Ready is called once, when connections are accepted.
	Ready func(Info)
}

// Info tells where a running server is.
type Info struct {
	Version string
	// URL is the address that it listens on, with the real port.
	URL string
	// Store says in words where the data is, without any secret.
	Store string
	// Internal tells that the address is for other planes and not for clients.
	Internal bool
}

// Serve starts the platform and runs it until ctx ends, then stops it gracefully: readiness turns false, sockets are told to go away,
// requests drain, workers finish or put their work back, and the store closes last. The error says why it could not start, why it ended
// by itself, or what the stop could not finish in time.
func Serve(ctx context.Context, cfg Config, o Options) error {
	if err := cfg.Validate(); err != nil {
		return fmt.Errorf("the configuration is refused:\n%w", err)
	}
	opened := newOpenings()
	app := fx.New(options(context.WithoutCancel(ctx), cfg, o, opened))
	if err := app.Err(); err != nil {
		return errors.Join(dig.RootCause(err), opened.close())
	}
	// The start is short and not interrupted, so that what was started is also stopped: told to stop meanwhile, it stops right after.
	starting, cancel := context.WithTimeout(context.WithoutCancel(ctx), startTimeout)
	defer cancel()
	if err := app.Start(starting); err != nil {
		return errors.Join(err, opened.close())
	}
	debug.FreeOSMemory() // a start takes twice what a server that waits for work needs
	var reason error
	select {
	case <-ctx.Done():
	case reason = <-opened.failed:
	}
	stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), cfg.StopTimeout)
	defer cancel()
	o.Log.InfoContext(stopping, "stopping", slog.Duration("at_most", cfg.StopTimeout))
	err := errors.Join(reason, app.Stop(stopping), opened.close())
	if err == nil {
		o.Log.InfoContext(stopping, "stopped")
	}
	return err
}

// options is the whole platform as a function of its configuration.
func options(ctx context.Context, cfg Config, o Options, opened *openings) fx.Option {
	return fx.Options(
		fx.WithLogger(func() fxevent.Logger {
			l := &fxevent.SlogLogger{Logger: o.Log}
			l.UseLogLevel(slog.LevelDebug)
			return l
		}),
		fx.StartTimeout(startTimeout), fx.StopTimeout(cfg.StopTimeout),
		fx.Supply(o.Log, opened, o),
		fx.Provide(func() context.Context { return ctx }),
		queueModule(cfg), //nolint:contextcheck // the queue connects when it is started
		systemModule(), metricsModule(cfg), tracesModule(cfg), storeModule(cfg), busModule(cfg), blobsModule(cfg), authModule(cfg), modelModule(cfg), realmsModule(cfg), runtimeModule(cfg),
		planesModule(cfg), //nolint:contextcheck // the routes take the context of each request
		upkeepModule(cfg), socketsModule(cfg), chaosOptions(),
		httpModule(cfg), //nolint:contextcheck // the routes take the context of each request
		cfg.roots(),
	)
}

// openings remembers what constructors opened, so that it is closed also when a later constructor fails and nothing was started. Closing
// again does nothing.
type openings struct {
	mu      sync.Mutex
	closers []func() error
	// failed gets the reason if a part ends by itself.
	failed chan error
}

func newOpenings() *openings { return &openings{failed: make(chan error, 1)} }

// fail ends the run for a reason; of several the first counts.
func (o *openings) fail(reason error) {
	select {
	case o.failed <- reason:
	default:
	}
}

func (o *openings) add(closer func() error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.closers = append(o.closers, closer)
}

// close closes everything, the last opened first.
func (o *openings) close() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	var err error
	for i := len(o.closers) - 1; i >= 0; i-- {
		err = errors.Join(err, o.closers[i]())
	}
	o.closers = nil
	return err
}
