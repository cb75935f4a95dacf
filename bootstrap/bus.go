package bootstrap

import (
	"log/slog"

	"go.uber.org/fx"

	"github.com/symphainy/symphainy/adapters/membus"
	"github.com/symphainy/symphainy/adapters/natsbus"
	"github.com/symphainy/symphainy/ports"
)

// spareChecks are dependencies whose failure readiness shows and survives.
type spareChecks []ports.HealthCheck

// busModule gives the bus of hints: within this process, or between replicas over NATS. Without NATS replicas find each other's changes
// by their polls of the store, and so they do while NATS is gone.
func busModule(cfg Config) fx.Option {
	if cfg.NATS.URL == "" {
		return fx.Module("bus", fx.Provide(func() (ports.EventBus, spareChecks) { return membus.New(), nil }))
	}
	return fx.Module("bus", fx.Provide(func(log *slog.Logger, opened *openings) (ports.EventBus, spareChecks, error) {
		b, err := natsbus.New(cfg.bus(log))
		if err != nil {
			return nil, nil, err
		}
		opened.add(func() error {
			b.Close()
			return nil
		})
		return b, spareChecks{b}, nil
	}))
}

// bus gives the settings of the bus between replicas.
func (c Config) bus(log *slog.Logger) natsbus.Config {
	return natsbus.Config{
		URL: c.NATS.URL.Reveal(), CredentialsFile: c.NATS.CredentialsFile, CAFile: c.NATS.CAFile, Subject: c.NATS.Subject, Logger: log,
	}
}
