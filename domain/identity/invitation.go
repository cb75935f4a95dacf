package identity

import "time"

// InvitationLife is how long an invitation can be taken.
const InvitationLife = 7 * 24 * time.Hour

// Invitation lets the person with one mail address register into a tenant, once.
type Invitation struct {
	ID       string
	TenantID string
	// Email is as the inviter typed it; EmailKey is the form in which addresses are compared.
	Email    string
	EmailKey string
	Role     Role
	// TokenHash is the SHA-256 of the token, which is told once.
	TokenHash []byte
	InvitedBy string
	CreatedAt time.Time
	ExpiresAt time.Time
	// UsedAt and UsedBy are zero until somebody has taken it.
	UsedAt time.Time
	UsedBy string
}

// Open reports whether the invitation can be taken at now.
func (i Invitation) Open(now time.Time) bool { return i.UsedAt.IsZero() && now.Before(i.ExpiresAt) }

// Member is a person of a tenant as its administrators see them.
type Member struct {
	UserID   string
	Email    string
	Name     string
	Disabled bool
	Operator bool
	Role     Role
	JoinedAt time.Time
}

// MayGrant reports whether somebody with the roles may change the role of a member from one to another. Only owners make owners and unmake
// them; operators may do either, so that a tenant that has lost its owner can be helped. A role that gives nothing is nobody's.
func MayGrant(roles []Role, from, to Role) bool {
	if !to.ofTenant() {
		return false
	}
	for _, r := range roles {
		if r == RoleOwner || r == RoleOperator || r == RoleAdmin && from != RoleOwner && to != RoleOwner {
			return true
		}
	}
	return false
}

// ofTenant reports whether a role is one that a member of a tenant can have.
func (r Role) ofTenant() bool {
	switch r {
	case RoleOwner, RoleAdmin, RoleMember, RoleViewer:
		return true
	case RoleAnonymous, RoleOperator:
	}
	return false
}
