package execution

import "time"

// RequestPause pauses at once where nobody works on the execution, and otherwise asks the owner to stop. It reports whether the execution
// is paused now. A second request changes nothing, nor does one while the steps are undone, which has to come to its end; of one that has
// ended it is ErrEnded. still tells that the deadline stands still while it is paused.
func (e *Execution) RequestPause(still bool, now time.Time) (done bool, err error) {
	switch {
	case e.s.State == Paused:
		return true, nil
	case e.s.State.Terminal():
		return false, ErrEnded
	case e.s.Ending != "":
		return false, nil
	case e.s.State == Running && e.s.LeaseUntil.After(now):
		e.s.PauseRequested, e.s.UpdatedAt = true, now
		return false, nil
	}
	return true, e.Pause(still, now)
}

// Pause stops the execution until somebody resumes it. What it waited for it will wait for again.
func (e *Execution) Pause(still bool, now time.Time) error {
	if err := e.move(Paused, now); err != nil {
		return err
	}
	e.release()
	e.s.PauseRequested, e.s.WaitingFor, e.s.Waiting = false, "", nil
	if still {
		e.stopClock(now)
	}
	return nil
}

// Exhaust pauses an execution whose attempts are used up, with the reason.
func (e *Execution) Exhaust(code, message string, still bool, now time.Time) error {
	if err := e.Pause(still, now); err != nil {
		return err
	}
	e.s.ErrorCode, e.s.ErrorMessage = code, message
	return nil
}

// Resume lets a paused execution be claimed at once, with all its attempts before it. It takes back a pause that was only asked for, and
// reports whether it changed anything.
func (e *Execution) Resume(now time.Time) (changed bool, err error) {
	switch {
	case e.s.State.Terminal():
		return false, ErrEnded
	case e.s.State != Paused:
		changed = e.s.PauseRequested
		e.s.PauseRequested = false
		return changed, nil
	}
	return true, e.restart(now)
}

// restart lets an execution that nobody owns be claimed at once, as if it were at its first attempt.
func (e *Execution) restart(now time.Time) error {
	if err := e.move(Running, now); err != nil {
		return err
	}
	e.release()
	e.s.Attempt, e.s.DueAt = 0, now
	if e.s.Ending == "" {
		e.s.ErrorCode, e.s.ErrorMessage = "", ""
	}
	e.Awake(now)
	return nil
}

// Hurry makes an execution that waits for its next attempt due at once, and reports whether it did.
func (e *Execution) Hurry(now time.Time) bool {
	if e.s.State != Retrying || !e.s.DueAt.After(now) {
		return false
	}
	e.s.DueAt, e.s.UpdatedAt = now, now
	return true
}

// Unwind begins the way to a terminal state: the undos of finished steps run first, under a claim of their own. Deadlines and requests
// to stop do not hold for them.
func (e *Execution) Unwind(ending State, code, message string, now time.Time) error {
	if !ending.Terminal() || ending == Completed || e.s.Ending != "" {
		return ErrIllegal
	}
	if err := e.restart(now); err != nil {
		return err
	}
	e.s.Ending, e.s.ErrorCode, e.s.ErrorMessage = ending, code, message
	e.s.CancelRequested, e.s.PauseRequested, e.s.Deadline = false, false, time.Time{}
	return nil
}

// Unwound ends the execution in the state that it was on its way to.
func (e *Execution) Unwound(now time.Time) error {
	switch e.s.Ending { //nolint:exhaustive // the two that Unwind lets in
	case Failed:
		return e.Fail(e.s.ErrorCode, e.s.ErrorMessage, now)
	case Cancelled:
		return e.Cancel(now)
	}
	return ErrIllegal
}

// StartBy sets when an execution fails that has not started; not a time-out of its own, the zero time sets none.
func (e *Execution) StartBy(at time.Time) { e.s.StartBy = at }

// Overdue reports which time is over for an execution that nobody works on: its deadline, or the one to start by.
func (e Execution) Overdue(now time.Time) bool {
	if e.s.Ending != "" || e.s.State.Terminal() || e.s.State == Running {
		return false
	}
	past := func(t time.Time) bool { return !t.IsZero() && !t.After(now) }
	return past(e.s.Deadline) || e.NeverStarted(now)
}

// NeverStarted reports whether the execution should have started by now and has not.
func (e Execution) NeverStarted(now time.Time) bool {
	return e.s.State == Accepted && !e.s.StartBy.IsZero() && !e.s.StartBy.After(now)
}

// Repeats makes this the execution that repeats another one, which has ended.
func (e *Execution) Repeats(id string) { e.s.RetryOf = id }
