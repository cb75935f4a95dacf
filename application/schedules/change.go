package schedules

import (
	"context"
	"errors"
	"time"

	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/domain/intent"
	"github.com/symphainy/symphainy/domain/schedule"
	"github.com/symphainy/symphainy/ports"
)

// staleTries bounds how often a change starts again because a tick was decided about meanwhile.
const staleTries = 10

// change loads a schedule of the caller, changes it and records that, in one transaction. change reports whether anything is different.
func (s *Service) change(ctx context.Context, p identity.Principal, id, action string,
	change func(ctx context.Context, tx ports.Tx, v *schedule.Schedule, now time.Time) (bool, error),
) (schedule.Snapshot, error) {
	if err := writer(p); err != nil {
		return schedule.Snapshot{}, err
	}
	var after schedule.Snapshot
	var err error
	for range staleTries {
		err = s.uow.Do(ctx, func(ctx context.Context, tx ports.Tx) error {
			v, err := tx.Schedules.ByID(ctx, p.Scope(), id)
			if err != nil {
				return err
			}
			now := s.clock.Now()
			changed, err := change(ctx, tx, &v, now)
			after = v.Snapshot()
			if err != nil || !changed {
				return err
			}
			if err := tx.Schedules.Save(ctx, v); err != nil {
				return err
			}
			after.Version++
			return tx.Audit.Append(ctx, s.record(p, after, action, now))
		})
		if !errors.Is(err, fault.ErrStale) {
			return after, err
		}
	}
	return schedule.Snapshot{}, fault.ErrUnavailable.Because(err)
}

// Change replaces the order of a schedule by what edit makes of it. It acts for the caller's session from now on, with the caller's rights.
func (s *Service) Change(ctx context.Context, p identity.Principal, id string, edit func(*schedule.Order)) (schedule.Snapshot, error) {
	return s.change(ctx, p, id, "schedule.changed", func(ctx context.Context, tx ports.Tx, v *schedule.Schedule, now time.Time) (bool, error) {
		if v.Snapshot().Status == schedule.Ended { // it takes a place again
			if err := s.room(ctx, tx, p); err != nil {
				return false, err
			}
		}
		o := v.Snapshot().Order
		edit(&o)
		o, next, err := s.order(p, o, now)
		if err != nil {
			return false, err
		}
		return true, v.Change(o, p, next, now)
	})
}

// Pause stops the ticks of a schedule.
func (s *Service) Pause(ctx context.Context, p identity.Principal, id string) (schedule.Snapshot, error) {
	return s.change(ctx, p, id, "schedule.paused", func(_ context.Context, _ ports.Tx, v *schedule.Schedule, now time.Time) (bool, error) {
		return v.Pause(now)
	})
}

// Resume lets a schedule go on, for the caller's session and with the caller's rights.
func (s *Service) Resume(ctx context.Context, p identity.Principal, id string) (schedule.Snapshot, error) {
	return s.change(ctx, p, id, "schedule.resumed", func(_ context.Context, _ ports.Tx, v *schedule.Schedule, now time.Time) (bool, error) {
		if v.Snapshot().Status != schedule.Paused {
			return v.Resume(p, time.Time{}, now)
		}
		_, next, err := s.order(p, v.Snapshot().Order, now)
		if err != nil {
			return false, err
		}
		return v.Resume(p, next, now)
	})
}

// Trigger asks for one run beside the ticks; a Runtime starts it within about a second, under the schedule's rights and overlap policy. A known
// idempotency key changes nothing.
func (s *Service) Trigger(ctx context.Context, p identity.Principal, id, key string) (schedule.Snapshot, error) {
	if err := intent.CheckKey(key); err != nil {
		return schedule.Snapshot{}, err
	}
	return s.change(ctx, p, id, "schedule.triggered", func(ctx context.Context, tx ports.Tx, v *schedule.Schedule, now time.Time) (bool, error) {
		if known, err := s.reserve(ctx, tx, p, key, fingerprint("trigger", id), id, now); err != nil || known != "" {
			return false, err
		}
		return v.Trigger(now)
	})
}

// Delete removes a schedule; what it started goes on.
func (s *Service) Delete(ctx context.Context, p identity.Principal, id string) error {
	if err := writer(p); err != nil {
		return err
	}
	return s.uow.Do(ctx, func(ctx context.Context, tx ports.Tx) error {
		found, err := s.find(ctx, tx, p, id)
		if err != nil {
			return err
		}
		if err := tx.Schedules.Delete(ctx, p.Scope(), id); err != nil {
			return err
		}
		return tx.Audit.Append(ctx, s.record(p, found, "schedule.deleted", s.clock.Now()))
	})
}
