// Package localqueue hands executions to workers within one process, from memory. It is never the truth: what it loses, by an
// overflow or with the process, is found again by the sweep of due executions.
package localqueue

import (
	"log/slog"
	"time"

	"github.com/symphainy/symphainy/ports"
)

// Config says how much a queue does at once. Zero fields take their defaults.
type Config struct {
	// Workers is how many executions run at the same time; default 16.
	Workers int
	// Capacity bounds the executions that are ready, and, separately, those that wait for their time; default 10,000 each. What comes
	// over it is dropped and left to the sweep.
	Capacity int
	// Logger gets the errors of the handler; default slog.Default.
	Logger *slog.Logger
	// Clock tells what is due; default the host's. It has to be the clock that due times were made with.
	Clock ports.Clock
}

// hostClock is the clock that the host's timers run on.
type hostClock struct{}

func (hostClock) Now() time.Time {
	return time.Now() //nolint:forbidigo // this is the clock that is used where none is given
}

// Defaults gives the configuration with the zero fields set.
func (c Config) Defaults() Config {
	if c.Workers <= 0 {
		c.Workers = 16
	}
	if c.Capacity <= 0 {
		c.Capacity = 10_000
	}
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	if c.Clock == nil {
		c.Clock = hostClock{}
	}
	return c
}
