package execution

import (
	"time"

	"github.com/symphainy/symphainy/domain/event"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/domain/intent"
)

// Snapshot is the stored form of an execution.
type Snapshot struct {
	ID string
	// TenantID is the isolation scope: the tenant, or the session's id while anonymous (re-keyed by the upgrade).
	TenantID string
	// OwnerID is the user; empty while anonymous (set by the upgrade).
	OwnerID   string
	SessionID string
	Intent    intent.Intent
	Realm     string
	// Principal is frozen at submit; rights are re-checked against today's grants and never rise.
	Principal identity.Principal

	State   State
	Attempt int
	// Fence numbers the claims; every write of an owner carries it.
	Fence      int64
	LeaseOwner string
	LeaseUntil time.Time
	// DueAt is when the execution may be claimed.
	DueAt time.Time
	// LastSeq is the number of the newest event.
	LastSeq int64
	// TrimmedSeq is the number of the newest event that retention removed; 0 while the log is whole. Only the store's retention changes it.
	TrimmedSeq int64
	Epoch      int

	// CancelRequested and PauseRequested ask the owner to stop.
	CancelRequested bool
	PauseRequested  bool
	// Progress is a JSON object {done, total, note}; nil before the first report.
	Progress []byte
	// Artifacts is a JSON object: result key → artifact or scalar id, as realms return it. Nil before completion.
	Artifacts []byte
	// ErrorCode and ErrorMessage are safe for the caller.
	ErrorCode    string
	ErrorMessage string
	// Waiting is a JSON object that says what is waited for; nil otherwise. WaitingFor is the kind of it.
	Waiting    []byte
	WaitingFor WaitKind

	// Ending is the terminal state that the execution goes to when the undos of its steps have run; "" before.
	Ending State

	// ParentID is the execution that submitted this one, ChildKey the parent's name for it.
	ParentID string
	ChildKey string
	// RetryOf is the execution that this one repeats.
	RetryOf string
	TraceID string

	// StartBy is when the execution fails if it has not started; zero means never.
	StartBy time.Time
	// Deadline is when the execution fails with time-out; zero means none. DeadlineLeft is what is left of it while it stands still.
	Deadline     time.Time
	DeadlineLeft time.Duration
	Version      int
	CreatedAt    time.Time
	StartedAt    time.Time
	CompletedAt  time.Time
	UpdatedAt    time.Time
}

// Execution is the aggregate. All changes of state go through its methods.
type Execution struct{ s Snapshot }

// Restore makes an execution of its stored form.
func Restore(s Snapshot) Execution { return Execution{s} }

// Accept makes the execution of an admitted intent.
func Accept(id, realm string, in intent.Intent, p identity.Principal, sessionID, traceID string, deadline, now time.Time) Execution {
	return Execution{Snapshot{
		ID: id, TenantID: p.TenantID, OwnerID: p.UserID, SessionID: sessionID, Intent: in, Realm: realm, Principal: p,
		State: Accepted, Epoch: 1, DueAt: now, TraceID: traceID, Deadline: deadline, CreatedAt: now, UpdatedAt: now,
	}}
}

// Snapshot gives the form to store.
func (e Execution) Snapshot() Snapshot { return e.s }

// ID gives the execution's id.
func (e Execution) ID() string { return e.s.ID }

// State gives the present state.
func (e Execution) State() State { return e.s.State }

// Lease names an owner's claim: writes that carry it are refused once somebody else has claimed.
type Lease struct {
	ExecutionID string
	Owner       string
	Fence       int64
}

// Lease gives the lease of the owner at the time of the snapshot.
func (s Snapshot) Lease() Lease { return Lease{s.ID, s.LeaseOwner, s.Fence} }

// Claimable reports whether a worker may claim at now: due, and without a live owner. Lanes are the store's to check.
func (e Execution) Claimable(now time.Time) bool {
	switch e.s.State {
	case Accepted, Retrying:
		return !e.s.DueAt.After(now)
	case Running:
		return !e.s.LeaseUntil.After(now)
	case Waiting:
		return !e.s.DueAt.IsZero() && !e.s.DueAt.After(now)
	case Paused, Completed, Failed, Cancelled:
		return false
	}
	return false
}

// Owned reports whether somebody works on the execution.
func (e Execution) Owned(now time.Time) bool {
	return e.s.State == Running && e.s.LeaseUntil.After(now)
}

// Claim gives the execution to owner until the lease ends, with the next fence.
func (e *Execution) Claim(owner string, until, now time.Time) error {
	if !e.Claimable(now) {
		return ErrNotClaimable
	}
	e.s.Fence++
	if e.s.State != Waiting { // a run that went as far as its next wait was no failed attempt
		e.s.Attempt++
	}
	e.s.LeaseOwner, e.s.LeaseUntil = owner, until
	if e.s.StartedAt.IsZero() {
		e.s.StartedAt = now
	}
	e.s.State, e.s.UpdatedAt = Running, now
	return nil
}

// Complete ends the execution with its artifacts, a JSON object.
func (e *Execution) Complete(artifacts []byte, now time.Time) error {
	if err := e.end(Completed, now); err != nil {
		return err
	}
	e.s.Artifacts, e.s.ErrorCode, e.s.ErrorMessage = artifacts, "", ""
	return nil
}

// Fail ends the execution with an error that is safe for the caller.
func (e *Execution) Fail(code, message string, now time.Time) error {
	if err := e.end(Failed, now); err != nil {
		return err
	}
	e.s.ErrorCode, e.s.ErrorMessage = code, message
	return nil
}

// Retry puts the execution back until due, keeping the reason visible.
func (e *Execution) Retry(code, message string, due, now time.Time) error {
	if err := e.move(Retrying, now); err != nil {
		return err
	}
	e.release()
	e.s.DueAt = due
	if e.s.Ending == "" { // otherwise the reason of the end stays
		e.s.ErrorCode, e.s.ErrorMessage = code, message
	}
	return nil
}

// PutBack is Retry for an owner that stops before its work is done, through no fault of it: the attempt does not count.
func (e *Execution) PutBack(code, message string, now time.Time) error {
	if err := e.Retry(code, message, now, now); err != nil {
		return err
	}
	e.s.Attempt = max(e.s.Attempt-1, 0)
	return nil
}

// RequestCancel cancels at once where nobody works on the execution, and otherwise asks the owner to stop. It reports whether the
// execution is cancelled now. A second request changes nothing, nor does one while the steps are undone; of a completed or failed
// execution it is ErrEnded.
func (e *Execution) RequestCancel(now time.Time) (done bool, err error) {
	switch {
	case e.s.State == Cancelled:
		return true, nil
	case e.s.State.Terminal():
		return false, ErrEnded
	case e.s.Ending != "":
		return false, nil
	case e.s.State == Running && e.s.LeaseUntil.After(now):
		e.s.CancelRequested, e.s.UpdatedAt = true, now
		return false, nil
	}
	return true, e.Cancel(now)
}

// Cancel ends the execution as cancelled.
func (e *Execution) Cancel(now time.Time) error {
	if err := e.end(Cancelled, now); err != nil {
		return err
	}
	e.s.CancelRequested = true
	return nil
}

// Saved notes that the store has this form of the execution: the next one to save follows it.
func (e *Execution) Saved() { e.s.Version++ }

// SetProgress records a progress report, a JSON object.
func (e *Execution) SetProgress(progress []byte) { e.s.Progress = progress }

func (e *Execution) end(to State, now time.Time) error {
	if err := e.move(to, now); err != nil {
		return err
	}
	e.release()
	e.s.Waiting, e.s.WaitingFor, e.s.PauseRequested, e.s.Ending, e.s.CompletedAt = nil, "", false, "", now
	return nil
}

func (e *Execution) move(to State, now time.Time) error {
	if !e.s.State.CanBecome(to) {
		return ErrIllegal
	}
	e.s.State, e.s.UpdatedAt = to, now
	return nil
}

func (e *Execution) release() { e.s.LeaseOwner, e.s.LeaseUntil = "", time.Time{} }

// Step is a finished, named part of an execution: its stored result is returned when the work is done again.
type Step struct {
	ExecutionID string
	Name        string
	// Position counts the steps of an execution from 1.
	Position int
	// Result is what the step returned, as JSON.
	Result []byte
	// Undo names what undoes the step if the execution does not complete; "" means nothing does.
	Undo        string
	Attempt     int
	StartedAt   time.Time
	CompletedAt time.Time
}

// EffectKey is the stable idempotency key of a step's effect outside our store.
func EffectKey(executionID, step string) string { return executionID + "/" + step }

// Record numbers drafts as the next events of the execution's log. The caller appends them in the transaction that saves the execution,
// so that numbers have no holes and are never given twice.
func (e *Execution) Record(now time.Time, drafts ...event.Draft) []event.Event {
	events := make([]event.Event, len(drafts))
	for i, d := range drafts {
		e.s.LastSeq++
		data := d.Data
		if len(data) == 0 {
			data = []byte("{}")
		}
		events[i] = event.Event{
			ExecutionID: e.s.ID, Seq: e.s.LastSeq, Epoch: e.s.Epoch, Type: d.Type, Data: data, Time: now, TraceID: e.s.TraceID,
		}
	}
	return events
}

// Scope is what the execution's work may see now: its owner's, or its session's while anonymous.
func (s Snapshot) Scope() identity.Scope {
	if s.OwnerID == "" {
		return identity.Scope{TenantID: s.TenantID, SessionID: s.SessionID}
	}
	return identity.Scope{TenantID: s.TenantID, OwnerID: s.OwnerID}
}
