package memstore

import (
	"context"
	"time"

	"github.com/symphainy/symphainy/ports"
)

type limits struct{ *txn }

// Take is the generic cell rate algorithm: an event is allowed if the time at which a steady stream would bring the next one is at
// most one window ahead.
func (s limits) Take(ctx context.Context, key []string, rate ports.Rate) (ports.Verdict, error) {
	if err := s.writes(ctx); err != nil {
		return ports.Verdict{}, err
	}
	if rate.Limit <= 0 {
		return ports.Verdict{Allowed: true}, nil
	}
	now, k := s.now(), tuple(key...)
	interval := rate.Window / time.Duration(rate.Limit)
	arrival := now
	if stored, err := s.st.limits.get(k); err == nil && stored.Arrival.After(now) {
		arrival = stored.Arrival
	}
	next := arrival.Add(interval)
	if wait := next.Sub(now) - interval*time.Duration(rate.Limit); wait > 0 {
		// Rounded up to what the clock can show, so that an event after the wait is allowed.
		return ports.Verdict{RetryAfter: (wait + time.Microsecond - 1).Truncate(time.Microsecond)}, nil
	}
	s.st.limits.put(k, limit{next})
	return ports.Verdict{Allowed: true}, nil
}

// TakeAny goes through the keys.
func (s limits) TakeAny(ctx context.Context, keys [][]string, rate ports.Rate) (ports.Verdict, error) {
	var soonest ports.Verdict
	for i, key := range keys {
		v, err := s.Take(ctx, key, rate)
		if err != nil || v.Allowed {
			return v, err
		}
		if i == 0 || v.RetryAfter < soonest.RetryAfter {
			soonest = v
		}
	}
	return soonest, nil
}

func (s limits) Reset(ctx context.Context, key []string) error {
	if err := s.writes(ctx); err != nil {
		return err
	}
	s.st.limits.remove(tuple(key...))
	return nil
}

func (s limits) DeleteIdle(ctx context.Context, now time.Time) (int64, error) {
	if err := s.writes(ctx); err != nil {
		return 0, err
	}
	return s.st.limits.prune(func(l limit) bool { return !l.Arrival.After(now) }), nil
}
