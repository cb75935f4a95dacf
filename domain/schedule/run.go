package schedule

import "time"

// Outcome is what became of a tick.
type Outcome string

// The outcomes.
const (
	// Started submitted an execution.
	Started Outcome = "started"
	// Skipped was passed over: by the overlap policy, or because the tenant's queue was full.
	Skipped Outcome = "skipped"
	// Missed came while nobody could fire it, and was not caught up.
	Missed Outcome = "missed"
	// Refused was not permitted or not possible; the schedule was paused.
	Refused Outcome = "refused"
)

// Run is what was decided about a tick, once.
type Run struct {
	ScheduleID string
	// Tick is the time it was for. Of ticks that were missed together it is the first, and Until the last.
	Tick  time.Time
	Until time.Time
	// Manual tells that somebody asked for it.
	Manual  bool
	Outcome Outcome
	// ExecutionID is what was submitted; Code says why nothing was.
	ExecutionID string
	Code        string
	// At is when it was decided.
	At time.Time
}

// Codes of runs that started nothing.
const (
	CodeOverlap    = "overlap"
	CodeQueueFull  = "queue_full"
	CodeLate       = "late"
	CodeNoRights   = "creator_not_permitted"
	CodeNoIntent   = "intent_unknown"
	CodeParameters = "parameters_invalid"
)

// Verdict is what the overlap policy says to a tick.
type Verdict struct {
	// Start tells to submit; otherwise the tick is skipped.
	Start bool
	// Cancel tells to ask those that live to end first.
	Cancel bool
	// InTurn tells to start only when those before have ended.
	InTurn bool
}

// Judge applies the policy where so many executions of earlier ticks live.
func (o Overlap) Judge(live int) Verdict {
	switch o {
	case Allow:
		return Verdict{Start: true}
	case Buffer:
		return Verdict{Start: live < 2, InTurn: true}
	case CancelOther:
		return Verdict{Start: true, Cancel: live > 0, InTurn: true}
	case Skip:
	}
	return Verdict{Start: live == 0}
}
