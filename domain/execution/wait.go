package execution

import "time"

// WaitKind is what an execution waits for.
type WaitKind string

// The kinds of waits.
const (
	ForDecision WaitKind = "decision"
	ForSignal   WaitKind = "signal"
	ForTimer    WaitKind = "timer"
	ForChildren WaitKind = "children"
)

// Suspend frees the execution of its owner: it waits for what waiting says, a JSON object. It is due again at until, or, with a zero
// until, when Wake says so. still tells that its deadline stands still meanwhile.
func (e *Execution) Suspend(kind WaitKind, waiting []byte, until time.Time, still bool, now time.Time) error {
	if err := e.move(Waiting, now); err != nil {
		return err
	}
	e.release()
	e.s.WaitingFor, e.s.Waiting, e.s.DueAt = kind, waiting, until
	if still {
		e.stopClock(now)
	}
	return nil
}

// Wake makes a waiting execution due at once: what it waited for is there.
func (e *Execution) Wake(now time.Time) error {
	if e.s.State != Waiting {
		return ErrIllegal
	}
	e.s.DueAt, e.s.UpdatedAt = now, now
	e.Awake(now)
	return nil
}

// Awake ends a wait: nothing is waited for any more, and a deadline that stood still goes on. Without a wait it changes nothing.
func (e *Execution) Awake(now time.Time) {
	e.s.WaitingFor, e.s.Waiting = "", nil
	if e.s.DeadlineLeft > 0 {
		e.s.Deadline, e.s.DeadlineLeft = now.Add(e.s.DeadlineLeft), 0
	}
}

// stopClock keeps what is left of the deadline, at least a moment, for when the execution goes on.
func (e *Execution) stopClock(now time.Time) {
	if !e.s.Deadline.IsZero() {
		e.s.DeadlineLeft, e.s.Deadline = max(e.s.Deadline.Sub(now), time.Millisecond), time.Time{}
	}
}
