//go:build !chaos

package bootstrap

import (
	"go.uber.org/fx"

	"github.com/symphainy/symphainy/application/runtime"
	"github.com/symphainy/symphainy/ports"
)

// testRealms are realms that only a build for test/chaos has.
type testRealms []ports.Realm

// chaosOptions is what a build for test/chaos adds: here, nothing.
func chaosOptions() fx.Option { return fx.Provide(func() testRealms { return nil }) }

// seededTimes is where a build for test/chaos makes mistakes in the engine's times.
func seededTimes(c runtime.Config) runtime.Config { return c }
