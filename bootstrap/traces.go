package bootstrap

import (
	"context"
	"errors"
	"log/slog"

	"go.uber.org/fx"

	"github.com/symphainy/symphainy/adapters/telemetry"
)

// tracesModule gives what makes spans: nothing, unless a collector is set. It stops after everything that makes spans.
func tracesModule(cfg Config) fx.Option {
	return fx.Module("traces", fx.Provide(func(ctx context.Context, lc fx.Lifecycle, o Options, log *slog.Logger) (*telemetry.Traces, error) {
		if cfg.Traces.Endpoint == "" {
			return nil, nil // nobody collects
		}
		settings := cfg.traces()
		settings.Version = o.Version
		settings.Failed = func(err error) { log.Warn("traces are lost", slog.Any("error", err)) }
		t, err := telemetry.NewTraces(ctx, settings)
		if err != nil {
			return nil, err
		}
		lc.Append(fx.StopHook(t.Stop))
		return t, nil
	}))
}

// traces gives the settings of the exporter.
func (c Config) traces() telemetry.TraceConfig {
	return telemetry.TraceConfig{Endpoint: c.Traces.Endpoint, Authorization: c.Traces.Authorization.Reveal(), Ratio: c.Traces.Ratio}
}

// validateTraces asks the exporter about its settings, if there is to be one.
func (c Config) validateTraces() error {
	if c.Traces.Endpoint != "" {
		return c.traces().Validate()
	}
	if c.Traces.Authorization != "" {
		return errors.New("traces.authorization is set, but traces.endpoint is not")
	}
	return nil
}
