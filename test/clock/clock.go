// Package clock is a clock for tests: it stands still until it is told to move.
package clock

import (
	"sync"
	"time"

	"github.com/symphainy/symphainy/ports"
)

var _ ports.Clock = (*Clock)(nil)

// Clock is a ports.Clock under the test's control, safe for concurrent use.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

// At makes a clock that shows t, in UTC and whole microseconds.
func At(t time.Time) *Clock {
	c := &Clock{}
	c.Set(t)
	return c
}

// Fixed makes a clock at an arbitrary, always equal moment: noon of 2 January 2026.
func Fixed() *Clock { return At(time.Date(2026, time.January, 2, 12, 0, 0, 0, time.UTC)) }

// Now gives what the clock shows.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Set makes the clock show t.
func (c *Clock) Set(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = t.UTC().Truncate(time.Microsecond)
}

// Advance moves the clock by d and gives what it shows then. A negative d sets it back.
func (c *Clock) Advance(d time.Duration) time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d).Truncate(time.Microsecond)
	return c.now
}
