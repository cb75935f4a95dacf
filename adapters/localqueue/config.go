// Package localqueue hands executions to workers within one process, from memory. It is never the truth: what it loses, by an
// overflow or with the process, is found again by the sweep of due executions.
package localqueue

import "log/slog"

// Config says how much a queue does at once. Zero fields take their defaults.
type Config struct {
	// Workers is how many executions run at the same time; default 16.
	Workers int
	// Capacity bounds the executions that are ready, and, separately, those that wait for their time; default 10,000 each. What comes
	// over it is dropped and left to the sweep.
	Capacity int
	// Logger gets the errors of the handler; default slog.Default.
	Logger *slog.Logger
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
	return c
}
