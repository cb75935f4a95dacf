package ports

import (
	"context"
	"time"
)

// Rate allows Limit events per Window, with bursts of Limit. A Limit of 0 means no limit.
type Rate struct {
	Limit  int
	Window time.Duration
}

// Verdict is the limiter's answer.
type Verdict struct {
	Allowed bool
	// RetryAfter is how long to wait for the next allowed event; 0 when allowed.
	RetryAfter time.Duration
}

// LimitStore counts events across all replicas (generic cell rate algorithm, one timestamp per key).
type LimitStore interface {
	// Take counts one event under the key, a tuple whose parts never run together. A refused event does not count.
	Take(ctx context.Context, key []string, rate Rate) (Verdict, error)
	// TakeAny counts one event under the first of the keys if that allows it, else under another that does: the keys are shares of one limit,
	// each with the same rate, so that those who count do not wait for each other. Refused means that no key allows it.
	TakeAny(ctx context.Context, keys [][]string, rate Rate) (Verdict, error)
	// Reset forgets the key.
	Reset(ctx context.Context, key []string) error
	// DeleteIdle removes keys that no longer limit anything at now.
	DeleteIdle(ctx context.Context, now time.Time) (int64, error)
}
