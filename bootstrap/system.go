package bootstrap

import (
	_ "time/tzdata" // schedules know their zones on machines that have no database of them

	"go.uber.org/fx"

	"github.com/symphainy/symphainy/adapters/system"
	"github.com/symphainy/symphainy/ports"
)

// systemModule gives the clock and ids.
func systemModule() fx.Option {
	return fx.Module("system", fx.Provide(
		func() ports.Clock { return system.Clock{} },
		func() ports.IDs { return system.IDs{} },
	))
}
