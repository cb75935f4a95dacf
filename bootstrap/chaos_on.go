//go:build chaos

package bootstrap

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	goruntime "runtime"
	"strconv"
	"syscall"
	"time"

	"go.uber.org/fx"

	"github.com/symphainy/symphainy/adapters/chaos"
	"github.com/symphainy/symphainy/adapters/memstore"
	chaosrealm "github.com/symphainy/symphainy/application/realms/chaos"
	"github.com/symphainy/symphainy/application/runtime"
	"github.com/symphainy/symphainy/ports"
)

// The environment of a process under test/chaos.
const (
	envPoints = "CHAOS_POINTS" // armed failpoints
	envDir    = "CHAOS_DIR"    // folder of the protocol and of effects outside the store
	envWorker = "CHAOS_WORKER" // name of the process's worker
	envClock  = "CHAOS_CLOCK"  // by how much its clock is wrong
)

// testRealms are realms that only a build for test/chaos has.
type testRealms []ports.Realm

// chaosOptions wraps the ports of the platform with failpoints and adds the realm that fails as it is told.
func chaosOptions() fx.Option {
	return fx.Options(
		fx.Provide(func() (*chaos.Points, error) { return chaos.NewPoints(os.Getenv(envPoints), os.Getenv(envDir)) }),
		fx.Provide(func(clock ports.Clock, ids ports.IDs, points *chaos.Points) testRealms {
			return testRealms{chaosrealm.New(chaosrealm.Deps{
				Clock: clock, IDs: ids, Outside: outside(os.Getenv(envDir)), Exit: func() { os.Exit(137) }, Hit: points.Hit,
			})}
		}),
		fx.Decorate(func(u ports.UnitOfWork, c ports.Clock, p *chaos.Points) ports.UnitOfWork {
			return chaos.NewStore(u, memstore.New(c), p)
		}),
		fx.Decorate(func(b ports.EventBus, p *chaos.Points) ports.EventBus { return chaos.Bus{EventBus: b, Points: p} }),
		fx.Decorate(func(b ports.BlobStore, p *chaos.Points) ports.BlobStore { return chaos.Blobs{BlobStore: b, Points: p} }),
		fx.Decorate(func(i ports.IDs) ports.IDs { return chaos.IDs{IDs: i, Worker: os.Getenv(envWorker)} }),
		fx.Decorate(func(c ports.Clock) (ports.Clock, error) {
			if os.Getenv(envClock) == "" {
				return c, nil
			}
			wrong, err := time.ParseDuration(os.Getenv(envClock))
			return chaos.Clock{Clock: c, Offset: wrong}, err
		}),
		fx.Invoke(func(lc fx.Lifecycle, p *chaos.Points) {
			lc.Append(fx.Hook{OnStop: func(ctx context.Context) error { return p.Hit(ctx, "drain") }})
			reportGoroutines(p)
		}),
	)
}

// outside does effects in a file that all processes of a bed append to.
func outside(dir string) func(key string) error {
	return func(key string) error {
		f, err := os.OpenFile(dir+"/outside.log", os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
		if err != nil {
			return err
		}
		if _, err = fmt.Fprintln(f, key); err != nil {
			return err
		}
		return f.Close()
	}
}

// reportGoroutines notes how many there are, on SIGUSR1, for as long as the process lives.
func reportGoroutines(p *chaos.Points) {
	asked := make(chan os.Signal, 1)
	signal.Notify(asked, syscall.SIGUSR1)
	go func() {
		for range asked {
			p.Note("goroutines", strconv.Itoa(goruntime.NumGoroutine()))
		}
	}()
}

// seededTimes adds the mistakes of the engine's times: B4 takes over what runs elsewhere, B8 relies on hints.
func seededTimes(c runtime.Config) runtime.Config {
	if adoptRunning {
		c.Exclusive = true
	}
	if withoutPoll {
		c.Poll = time.Hour
	}
	return c
}
