package execution

import (
	"slices"
	"time"

	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/identity"
)

// Verdict is what somebody decided.
type Verdict string

// The verdicts. Edit approves with changes, which the response holds.
const (
	Approve Verdict = "approve"
	Reject  Verdict = "reject"
	Edit    Verdict = "edit"
)

// Valid reports whether the verdict is one of the three.
func (v Verdict) Valid() bool { return v == Approve || v == Reject || v == Edit }

// Deciders says who may decide: whoever one of Owner, Permission, Roles and Users names. The zero value names nobody.
type Deciders struct {
	// Owner lets the person decide for whom the execution runs.
	Owner bool
	// Permission lets everybody of the tenant decide whose role has it; "" names nobody.
	Permission identity.Permission
	Roles      []identity.Role
	// Users are ids of users.
	Users []string
	// FourEyes keeps out the person for whom the execution runs, whatever else is said.
	FourEyes bool
}

// Allow reports whether the caller may decide about an execution. Callers of other tenants never may.
func (d Deciders) Allow(p identity.Principal, s Snapshot) bool {
	if p.TenantID != s.TenantID || p.TenantID == "" {
		return false
	}
	owner := s.RunsFor(p)
	if d.FourEyes && (owner || p.Actor() == s.Principal.Actor()) {
		return false
	}
	return d.Owner && owner || d.Permission != "" && p.May(d.Permission) || slices.Contains(d.Users, p.UserID) && p.UserID != "" ||
		slices.ContainsFunc(d.Roles, func(r identity.Role) bool { return slices.Contains(p.Roles, r) })
}

// RunsFor reports whether the execution belongs to the caller: the owner, or the session while anonymous.
func (s Snapshot) RunsFor(p identity.Principal) bool { return s.Scope() == p.Scope() }

// DecisionRequest asks people for a decision.
type DecisionRequest struct {
	// Prompt says to a person what is asked.
	Prompt string
	// Arguments is a JSON value: exactly what is decided about. The decision holds for these and no others.
	Arguments []byte
	// ResponseSchema is a JSON Schema of the response that an approval or edit carries, null for none; nil means that none is asked for,
	// and that there is nothing to edit.
	ResponseSchema []byte
	Deciders       Deciders
	// Within is how long the decision may take; zero means DecisionTime. It is counted from the first time that it was asked for.
	Within time.Duration
	// Escalate, if set, names who may decide, for another Within, when nobody did in time. Without it the wait ends as ErrDecisionExpired.
	Escalate *Deciders
}

// DecisionTime is how long a decision may take that says nothing else.
const DecisionTime = 7 * 24 * time.Hour

// Decision is what was decided, once.
type Decision struct {
	Verdict Verdict
	// Response is a JSON value that fits the request's schema; nil without.
	Response []byte
	// By is the user, or the session while anonymous.
	By string
	At time.Time
	// ArgumentsHash is the hex SHA-256 of the canonical arguments that were decided about.
	ArgumentsHash string
}

// Errors of decisions.
var (
	// ErrDecisionExpired is a decision that nobody took in time.
	ErrDecisionExpired = fault.New(fault.Conflict, "decision_expired", "Nobody decided in time.")
	// ErrNothingToDecide is a decision for an execution that waits for none, or for one that is taken.
	ErrNothingToDecide = fault.New(fault.Conflict, "nothing_to_decide", "The execution does not wait for a decision.")
	// ErrArgumentsChanged is a decision about other arguments than those that are to be carried out.
	ErrArgumentsChanged = fault.New(fault.Conflict, "arguments_changed", "The decision is about other arguments than these; look again.")
	// ErrDecision is a decision that cannot be understood.
	ErrDecision = fault.New(fault.Invalid, "invalid_decision", "The decision must be approve, reject or edit, with the response that is asked for.")
)
