package ports

import (
	"context"
	"time"

	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/domain/session"
)

// Standing is a session with what decides whether its owner may act, as one look at the store found them. The fields after Session are zero
// for a session without an owner; Role is empty also for an owner who does not belong to the tenant, or who does not exist.
type Standing struct {
	Session session.Session
	// Role is the owner's in the session's tenant.
	Role identity.Role
	// Operator and Disabled are the owner's, Suspended is the tenant's.
	Operator, Disabled, Suspended bool
}

// StandingStore judges many sessions at the cost of one statement: every request and every open socket asks. It is platform-wide, as
// sessions are found before a tenant is known.
type StandingStore interface {
	// Of finds sessions by id, in any order, each once; ids that are unknown are left out. The caller keeps the list below 1,000.
	Of(ctx context.Context, sessionIDs []string) ([]Standing, error)
}

// SessionKey names a session in its isolation scope.
type SessionKey struct{ TenantID, SessionID string }

// ActivityStore tells, across tenants, which of many followed sessions are worth a look, so that those where nothing happens cost no
// statement of their own. It gives no content: a follower reads that in its own scope.
type ActivityStore interface {
	// Active keeps of the sessions those with an execution that is live, or that ended at or after since, in any order. The caller keeps
	// the list below 1,000.
	Active(ctx context.Context, sessions []SessionKey, since time.Time) ([]SessionKey, error)
}
