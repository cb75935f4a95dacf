package memstore_test

import (
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/symphainy/symphainy/adapters/memstore"
	"github.com/symphainy/symphainy/adapters/system"
	"github.com/symphainy/symphainy/ports"
	"github.com/symphainy/symphainy/test/clock"
	"github.com/symphainy/symphainy/test/storetest"
)

func TestConformance(t *testing.T) {
	storetest.Run(t, func(*testing.T) storetest.Subject {
		c := clock.Fixed()
		advance := c.Advance
		return storetest.Subject{UnitOfWork: memstore.New(c), Now: c.Now, Advance: func(d time.Duration) { advance(d) }}
	})
}

func TestConformanceInRealTime(t *testing.T) {
	storetest.Run(t, func(*testing.T) storetest.Subject {
		return storetest.Subject{UnitOfWork: memstore.New(system.Clock{}), Now: system.Clock{}.Now}
	})
}

func TestBounds(t *testing.T) {
	storetest.RunBounds(t, func(_ *testing.T, b ports.Concurrency) storetest.Subject {
		c := clock.Fixed()
		advance := c.Advance
		return storetest.Subject{UnitOfWork: memstore.New(c, memstore.Bounds(b)), Now: c.Now, Advance: func(d time.Duration) { advance(d) }}
	})
}

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }
