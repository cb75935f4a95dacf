package runtime_test

import (
	"testing"

	"github.com/symphainy/symphainy/test/runtimetest"
)

func TestTheEngineHoldsTheContract(t *testing.T) { runtimetest.Run(t, runtimetest.Engine) }
