package ports

import (
	"context"
	"time"

	"github.com/symphainy/symphainy/domain/agent"
	"github.com/symphainy/symphainy/domain/artifact"
	"github.com/symphainy/symphainy/domain/execution"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/domain/session"
)

// DirectoryStore is how administrators look at people, tenants and sessions that are not their own, and change them. Whether they may is the
// caller's to check.
type DirectoryStore interface {
	// Members gives the members of a tenant in order of user id.
	Members(ctx context.Context, tenantID string, page Page) ([]identity.Member, error)
	// SetRole changes a member's role; ErrNotFound if there is no such member.
	SetRole(ctx context.Context, tenantID, userID string, role identity.Role) error
	// Users gives the users of all tenants in order of id.
	Users(ctx context.Context, page Page) ([]identity.User, error)
	// Tenants gives all tenants in order of id.
	Tenants(ctx context.Context, page Page) ([]identity.Tenant, error)
	// SaveTenant stores a changed tenant, guarded by Version.
	SaveTenant(ctx context.Context, t identity.Tenant) error
	// Sessions gives the sessions of a tenant, or with "" of everybody, the last made first.
	Sessions(ctx context.Context, tenantID string, page Page) ([]session.Session, error)
}

// InvitationStore keeps invitations. One is found by its token before any tenant is known.
type InvitationStore interface {
	Insert(ctx context.Context, i identity.Invitation) error
	// ByTokenHash finds the invitation of a token, used or not.
	ByTokenHash(ctx context.Context, hash []byte) (identity.Invitation, error)
	// Use marks an unused invitation as taken; of many callers one wins, the others get ErrNotFound.
	Use(ctx context.Context, id, userID string, now time.Time) error
	// List gives the invitations of a tenant, the last made first.
	List(ctx context.Context, tenantID string, page Page) ([]identity.Invitation, error)
	// Delete removes an invitation of a tenant that nobody has used; otherwise it is ErrNotFound.
	Delete(ctx context.Context, tenantID, id string) error
}

// Totals are how many there are of each thing in a tenant, or of all.
type Totals struct {
	Users, Tenants, Sessions, Artifacts, Conversations int64
}

// ExecutionCount is what became of the executions of one type that were accepted in some time.
type ExecutionCount struct {
	IntentType string
	State      execution.State
	Count      int64
	// Mean and Longest are the times from acceptance to the end, 0 for states that are no end.
	Mean, Longest time.Duration
}

// StatisticsStore counts. With the tenant "" it counts all tenants.
type StatisticsStore interface {
	// Totals counts members, tenants, live sessions at database time, artifacts that are not deleted, and conversations.
	Totals(ctx context.Context, tenantID string) (Totals, error)
	// Executions counts executions accepted at or after since, by type and state, at most limit rows in that order.
	Executions(ctx context.Context, tenantID string, since time.Time, limit int) ([]ExecutionCount, error)
}

// TenantDataStore reads all that is in a tenant, whoever's it is, and removes it.
type TenantDataStore interface {
	// Executions, Artifacts (also deleted ones) and Conversations give what is there in order of id.
	Executions(ctx context.Context, tenantID string, page Page) ([]execution.Execution, error)
	Artifacts(ctx context.Context, tenantID string, page Page) ([]artifact.Artifact, error)
	Conversations(ctx context.Context, tenantID string, page Page) ([]agent.Conversation, error)
	// Erase removes at most about limit rows of what a tenant has: its work, its results, its talk, its sessions, its members and those users
	// who belong to no other tenant. It gives how many; 0 means that nothing is left but the tenant itself and its audit records.
	Erase(ctx context.Context, tenantID string, limit int) (int64, error)
}
