package clock_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/test/clock"
)

func TestClockMovesOnlyWhenTold(t *testing.T) {
	start := time.Date(2026, 5, 1, 10, 0, 0, 1234, time.FixedZone("east", 7200))
	c := clock.At(start)
	require.Equal(t, time.Date(2026, 5, 1, 8, 0, 0, 1000, time.UTC), c.Now())
	require.Equal(t, time.Date(2026, 5, 1, 8, 1, 0, 1000, time.UTC), c.Advance(time.Minute))
	require.Equal(t, time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC), clock.Fixed().Now())
}
