package bootstrap

import (
	"context"
	"log/slog"

	"go.uber.org/fx"

	"github.com/symphainy/symphainy/adapters/telemetry"
	"github.com/symphainy/symphainy/application/artifacts"
	"github.com/symphainy/symphainy/application/conversation"
	"github.com/symphainy/symphainy/application/intents"
	"github.com/symphainy/symphainy/application/runtime"
	"github.com/symphainy/symphainy/application/trafficcop"
	"github.com/symphainy/symphainy/ports"
)

// runtimeModule gives the execution engine and the admission of intents before it.
func runtimeModule(cfg Config) fx.Option {
	return fx.Module("runtime", fx.Provide(
		func(lc fx.Lifecycle, in engineParts) (*runtime.Engine, error) { return newEngine(lc, cfg, in) },
		trafficcop.NewAdmission,
		func(in conversationParts) *conversation.Service { return conversation.New(in.deps()) },
	))
}

type engineParts struct {
	fx.In

	UnitOfWork ports.UnitOfWork
	Queue      ports.WorkQueue
	Bus        ports.EventBus
	Clock      ports.Clock
	IDs        ports.IDs
	Grants     ports.Grants
	Catalogue  *intents.Catalogue
	Metrics    *telemetry.Metrics
	Log        *slog.Logger
}

// newEngine makes the engine and ties its work to the life of the process.
func newEngine(lc fx.Lifecycle, cfg Config, in engineParts) (*runtime.Engine, error) {
	times := cfg.Runtime
	times.Exclusive, times.Workers = cfg.Embedded(), cfg.Workers
	if bounds, err := cfg.concurrency(); err == nil {
		times.Bounded = bounds.Bounded()
	}
	times = seededTimes(times)
	kept, err := cfg.results()
	if err != nil {
		return nil, err
	}
	e, err := runtime.New(runtime.Deps{
		UnitOfWork: in.UnitOfWork, Queue: in.Queue, Bus: in.Bus, Clock: in.Clock, IDs: in.IDs, Grants: in.Grants, Catalogue: in.Catalogue,
		Document: artifacts.Document, Results: kept,
		Report: func(ctx context.Context, what string, err error) {
			in.Log.WarnContext(ctx, "runtime", slog.String("what", what), slog.Any("error", err))
		},
	}, times)
	if err != nil {
		return nil, err
	}
	engineGauge(in.Metrics, e)
	// The work outlives the start.
	lc.Append(fx.Hook{OnStart: func(ctx context.Context) error { return e.Start(context.WithoutCancel(ctx)) }, OnStop: e.Stop})
	return e, nil
}

type conversationParts struct {
	fx.In

	UnitOfWork ports.UnitOfWork
	Runtime    ports.Runtime
	Catalogue  *intents.Catalogue
	Agents     conversation.Agents
	Clock      ports.Clock
	IDs        ports.IDs
}

func (p conversationParts) deps() conversation.Deps {
	return conversation.Deps{
		UnitOfWork: p.UnitOfWork, Runtime: p.Runtime, Catalogue: p.Catalogue, Agents: p.Agents, Clock: p.Clock, IDs: p.IDs,
	}
}
