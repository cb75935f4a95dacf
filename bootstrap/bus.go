package bootstrap

import (
	"go.uber.org/fx"

	"github.com/symphainy/symphainy/adapters/membus"
	"github.com/symphainy/symphainy/ports"
)

// busModule gives the bus of hints within this process. Replicas find each other's changes by their polls of the store.
func busModule() fx.Option {
	return fx.Module("bus", fx.Provide(func() ports.EventBus { return membus.New() }))
}
