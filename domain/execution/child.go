package execution

import (
	"time"

	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/domain/intent"
)

// Child is what a parent sees of an execution that it submitted.
type Child struct {
	ID string
	// Key is the parent's own name for it, unique within the parent.
	Key   string
	State State
}

// Orphan is a live child whose parent has ended.
type Orphan struct {
	ID    string
	Scope identity.Scope
}

// AcceptChild makes an execution for another one: of the same tenant, owner, session and principal, ending no later than the parent.
func AcceptChild(id, realm, key string, in intent.Intent, parent Snapshot, deadline, now time.Time) Execution {
	if !parent.Deadline.IsZero() && parent.Deadline.Before(deadline) {
		deadline = parent.Deadline
	}
	e := Accept(id, realm, in, parent.Principal, parent.SessionID, parent.TraceID, deadline, now)
	e.s.TenantID, e.s.OwnerID = parent.TenantID, parent.OwnerID
	e.s.ParentID, e.s.ChildKey = parent.ID, key
	return e
}

// Limits of children.
const (
	// MaxChildren is how many children one wait may have.
	MaxChildren = 10_000
	// MaxDepth is how many ancestors an execution may have.
	MaxDepth = 8
)

// Errors of children.
var (
	ErrTooManyChildren = fault.New(fault.Invalid, "too_many_children", "One execution may have at most 10000 children.")
	ErrTooDeep         = fault.New(fault.Invalid, "too_deep", "Executions may be nested 8 deep.")
)
