package membus_test

import (
	"testing"

	"go.uber.org/goleak"

	"github.com/symphainy/symphainy/adapters/membus"
	"github.com/symphainy/symphainy/ports"
	"github.com/symphainy/symphainy/test/bustest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestBus(t *testing.T) {
	bustest.Run(t, func(*testing.T) ports.EventBus { return membus.New() })
}
