// Package schedule holds standing orders: an intent that is submitted at each tick of a calendar expression, or once.
package schedule

import (
	"time"

	"github.com/symphainy/symphainy/domain/identity"
)

// Overlap says what becomes of a tick while an execution of an earlier one lives.
type Overlap string

// The overlap policies.
const (
	// Skip passes the tick over.
	Skip Overlap = "skip"
	// Buffer lets one wait behind the one that lives; further ticks are passed over.
	Buffer Overlap = "buffer"
	// Allow starts it beside the others.
	Allow Overlap = "allow"
	// CancelOther asks those that live to end, and starts when they have.
	CancelOther Overlap = "cancel_other"
)

// CatchUp says what becomes of ticks that came while nobody could fire them.
type CatchUp string

// The catch-up policies. Ticks older than the window are missed under all of them.
const (
	// CatchUpNone misses them.
	CatchUpNone CatchUp = "none"
	// CatchUpLast fires the newest.
	CatchUpLast CatchUp = "last"
	// CatchUpAll fires the newest, up to the limit, the oldest of them first.
	CatchUpAll CatchUp = "all"
)

// Status is where a schedule stands.
type Status string

// The statuses. A one-shot schedule has ended when its tick is over.
const (
	Active Status = "active"
	Paused Status = "paused"
	Ended  Status = "ended"
)

// Bounds of a schedule.
const (
	MaxName       = 200
	MaxExpression = 100
	MaxParameters = 64 << 10
	MaxWindow     = 7 * 24 * time.Hour
	MaxCatchUp    = 100
)

// OnTime is how late a tick may be fired and still counts as on time: as long as it takes to take over the work of a dead process. Later ones
// are the catch-up policy's.
const OnTime = 10 * time.Second

// Order is what a schedule does and when: what its owner says.
type Order struct {
	Name       string
	IntentType string
	// Parameters is a JSON object.
	Parameters []byte
	SolutionID string
	// Expression is a calendar expression in Zone, an IANA name; or it is "" and At is the one tick.
	Expression string
	Zone       string
	At         time.Time
	Overlap    Overlap
	CatchUp    CatchUp
	// Window is how old a tick may be that is caught up; Limit is how many CatchUpAll fires.
	Window time.Duration
	Limit  int
}

// Snapshot is the stored form of a schedule.
type Snapshot struct {
	ID       string
	TenantID string
	OwnerID  string
	Order    Order
	// Principal is who made, changed or resumed it last, with the roles of then. It acts with those of them that its principal still has.
	Principal identity.Principal
	Status    Status
	// Code and Reason say why the platform paused it; empty where its owner did.
	Code   string
	Reason string
	// Next is the next tick, zero when there is none. TriggerAt is when somebody asked for a run beside the ticks, zero when nobody did.
	Next      time.Time
	TriggerAt time.Time
	// LastTick is the newest tick that was decided about.
	LastTick  time.Time
	Version   int
	CreatedAt time.Time
	UpdatedAt time.Time
}

// Schedule is the aggregate.
type Schedule struct{ s Snapshot }

// Restore makes a schedule of its stored form.
func Restore(s Snapshot) Schedule { return Schedule{s} }

// New makes an active schedule whose first tick is next. A wrong order is ErrOrder with the places that are wrong; one without a tick is
// ErrNever.
func New(id string, o Order, p identity.Principal, next, now time.Time) (Schedule, error) {
	if p.Anonymous() || p.UserID == "" {
		return Schedule{}, ErrVisitor
	}
	o, err := o.checked()
	if err != nil {
		return Schedule{}, err
	}
	if next.IsZero() {
		return Schedule{}, ErrNever
	}
	return Schedule{Snapshot{
		ID: id, TenantID: p.TenantID, OwnerID: p.UserID, Order: o, Principal: p, Status: Active, Next: next, CreatedAt: now, UpdatedAt: now,
	}}, nil
}

// Snapshot gives the form to store.
func (s Schedule) Snapshot() Snapshot { return s.s }

// Due is when somebody has to look at the schedule; zero for never.
func (s Snapshot) Due() time.Time {
	due := s.TriggerAt
	if s.Status == Active && !s.Next.IsZero() && (due.IsZero() || s.Next.Before(due)) {
		due = s.Next
	}
	return due
}

// Change replaces the order, which counts from now on; the schedule acts for p from now on. One that had ended is active again.
func (s *Schedule) Change(o Order, p identity.Principal, next, now time.Time) error {
	o, err := o.checked()
	if err != nil {
		return err
	}
	if next.IsZero() {
		return ErrNever
	}
	s.s.Order, s.s.Principal, s.s.Next, s.s.UpdatedAt = o, p, next, now
	if s.s.Status == Ended {
		s.s.Status = Active
	}
	return nil
}

// Pause stops the ticks until Resume, and reports whether that changed anything.
func (s *Schedule) Pause(now time.Time) (bool, error) {
	switch s.s.Status {
	case Paused:
		return false, nil
	case Ended:
		return false, ErrEnded
	case Active:
	}
	s.s.Status, s.s.UpdatedAt = Paused, now
	return true, nil
}

// Refuse pauses a schedule that may not act or cannot, with a reason for people. A run that was asked for is taken back.
func (s *Schedule) Refuse(code, reason string, now time.Time) {
	s.s.Status, s.s.Code, s.s.Reason, s.s.TriggerAt, s.s.UpdatedAt = Paused, code, reason, time.Time{}, now
}

// Resume lets a paused schedule go on at next, the first tick from now, for p. Ticks that came while it was paused are not caught up: a pause
// is a decision and no outage. It reports whether that changed anything. A one-shot schedule whose tick went by has ended.
func (s *Schedule) Resume(p identity.Principal, next, now time.Time) (bool, error) {
	switch s.s.Status {
	case Active:
		return false, nil
	case Ended:
		return false, ErrEnded
	case Paused:
	}
	s.s.Status, s.s.Code, s.s.Reason, s.s.Principal, s.s.Next, s.s.UpdatedAt = Active, "", "", p, next, now
	if next.IsZero() {
		s.s.Status = Ended
	}
	return true, nil
}

// Trigger asks for one run beside the ticks, also of a paused schedule. Until that is done, asking again changes nothing.
func (s *Schedule) Trigger(now time.Time) (bool, error) {
	switch {
	case s.s.Status == Ended:
		return false, ErrEnded
	case !s.s.TriggerAt.IsZero():
		return false, nil
	}
	s.s.TriggerAt, s.s.UpdatedAt = now, now
	return true, nil
}

// Triggered notes that the run beside the ticks is decided about.
func (s *Schedule) Triggered(now time.Time) { s.s.TriggerAt, s.s.UpdatedAt = time.Time{}, now }

// Advance notes that all ticks before next are decided about, last the newest of them. Without a next one the schedule has ended.
func (s *Schedule) Advance(last, next, now time.Time) {
	s.s.LastTick, s.s.Next, s.s.UpdatedAt = last, next, now
	if next.IsZero() && s.s.Status == Active {
		s.s.Status = Ended
	}
}
