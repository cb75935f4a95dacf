package schedule

import "time"

// Following gives the first tick of an order after a time; zero if there is none.
type Following func(after time.Time) time.Time

// Plan says what is to be decided about ticks that are due.
type Plan struct {
	// MissedFrom and MissedUntil are the first and last of the ticks that are passed over; zero if none is.
	MissedFrom, MissedUntil time.Time
	// Tick is the one to fire; zero if none is.
	Tick time.Time
	// Next is the first tick that the plan says nothing about; zero if there is none.
	Next time.Time
}

// Last is the newest tick that the plan says something about.
func (p Plan) Last() time.Time {
	if !p.Tick.IsZero() {
		return p.Tick
	}
	return p.MissedUntil
}

// Plan judges the ticks up to now, one decision at a time: some are missed, or one is fired. It gives the same whoever asks, so that what a
// process that died had begun is gone on with. ok is false if nothing is due.
func (s Snapshot) Plan(following Following, now time.Time) (p Plan, ok bool) {
	first := s.Next
	if s.Status != Active || first.IsZero() || first.After(now) {
		return Plan{}, false
	}
	onTime := now.Add(-OnTime)
	if !first.Before(onTime) {
		return Plan{Tick: first, Next: following(first)}, true
	}
	kept, dropped, next := s.late(following, onTime, now.Add(-s.Order.Window))
	switch {
	case dropped.IsZero():
		return Plan{Tick: kept[0], Next: following(kept[0])}, true
	case len(kept) > 0:
		next = kept[0]
	}
	return Plan{MissedFrom: first, MissedUntil: dropped, Next: next}, true
}

// late goes through the ticks before onTime. kept are those to catch up, dropped is the last before them that is missed, next the first tick
// that is no longer late. Ticks before oldest are missed unseen: after a long time there may be very many.
func (s Snapshot) late(following Following, onTime, oldest time.Time) (kept []time.Time, dropped, next time.Time) {
	keep := map[CatchUp]int{CatchUpNone: 0, CatchUpLast: 1, CatchUpAll: s.Order.Limit}[s.Order.CatchUp]
	next = s.Next
	if next.Before(oldest) {
		dropped, next = next, following(oldest.Add(-time.Nanosecond))
	}
	for !next.IsZero() && next.Before(onTime) {
		kept = append(kept, next)
		if len(kept) > keep {
			dropped, kept = kept[0], kept[1:]
		}
		next = following(next)
	}
	return kept, dropped, next
}
