// Package identity holds who people are: users, tenants, roles, permissions, and the verified caller (Principal).
package identity

import (
	"slices"
	"time"
)

// Role is what a member is in a tenant.
type Role string

// The roles of contract.md §2. Operator is platform-wide; all others end at their tenant.
const (
	RoleOwner     Role = "owner"
	RoleAdmin     Role = "admin"
	RoleMember    Role = "member"
	RoleViewer    Role = "viewer"
	RoleAnonymous Role = "anonymous"
	RoleOperator  Role = "operator"
)

// Permission is what a caller may do.
type Permission string

// The permissions.
const (
	PermRead    Permission = "read"
	PermWrite   Permission = "write"
	PermDelete  Permission = "delete"
	PermAdmin   Permission = "admin"
	PermOperate Permission = "operate"
)

// Permissions gives what a role may do; an unknown role may do nothing. Anonymous callers may read and write, and each intent
// still says whether it is open to them.
func (r Role) Permissions() []Permission {
	switch r {
	case RoleOwner:
		return []Permission{PermRead, PermWrite, PermDelete, PermAdmin}
	case RoleAdmin:
		return []Permission{PermRead, PermWrite, PermAdmin}
	case RoleMember, RoleAnonymous:
		return []Permission{PermRead, PermWrite}
	case RoleViewer:
		return []Permission{PermRead}
	case RoleOperator:
		return []Permission{PermOperate}
	}
	return nil
}

// Grants gives the union of what roles may do, in a stable order and without repeats.
func Grants(roles []Role) []Permission {
	all := []Permission{PermRead, PermWrite, PermDelete, PermAdmin, PermOperate}
	return slices.DeleteFunc(all, func(p Permission) bool {
		return !slices.ContainsFunc(roles, func(r Role) bool { return slices.Contains(r.Permissions(), p) })
	})
}

// User is a person with an account. Values are checked by NewUser; stores restore them field by field.
type User struct {
	ID string
	// Email is as the user typed it (trimmed); EmailKey is its trimmed, NFKC-normalised, case-folded form and unique.
	Email    string
	EmailKey string
	Name     string
	// PasswordHash is the encoded argon2id hash.
	PasswordHash string
	Disabled     bool
	// Operator marks a platform operator, beside any tenant role.
	Operator bool
	// FailedLogins counts consecutive failures; the first success sets it to 0.
	FailedLogins int
	Version      int
	CreatedAt    time.Time
	UpdatedAt    time.Time
}

// Tenant is an isolation boundary owned by its members.
type Tenant struct {
	ID        string
	Name      string
	Suspended bool
	Version   int
	CreatedAt time.Time
}

// Membership gives a user a role in a tenant.
type Membership struct {
	TenantID  string
	UserID    string
	Role      Role
	CreatedAt time.Time
}

// Kind is the kind of a caller.
type Kind string

// The kinds of callers.
const (
	KindUser      Kind = "user"
	KindAnonymous Kind = "anonymous"
)

// Principal is a verified caller. It is built once per request by the Security Guard from a verified credential and is the only
// source of user and tenant. The zero value has no rights.
type Principal struct {
	Kind Kind
	// UserID is empty while anonymous.
	UserID string
	// TenantID is, while anonymous, the session's id: each anonymous session is its own isolation scope.
	TenantID string
	// SessionID and SessionEpoch are the session that the credential belongs to.
	SessionID    string
	SessionEpoch int
	Roles        []Role
	// AuthTime is when the person last proved who they are; zero while anonymous.
	AuthTime time.Time
	// ExpiresAt is when the credential ends; zero means with the session.
	ExpiresAt time.Time
}

// Anonymous reports whether the caller has not signed in.
func (p Principal) Anonymous() bool { return p.Kind == KindAnonymous }

// Permissions gives what the caller's roles allow.
func (p Principal) Permissions() []Permission { return Grants(p.Roles) }

// May reports whether the caller's roles allow perm.
func (p Principal) May(perm Permission) bool { return slices.Contains(p.Permissions(), perm) }

// Actor is the name of the caller in audit records and keys: the user's id, or the session's while anonymous.
func (p Principal) Actor() string {
	if p.UserID != "" {
		return p.UserID
	}
	return p.SessionID
}

// Scope is what the caller can see: objects of one tenant that they own or that are shared with the tenant. Every store look-up of
// a user's objects takes one.
func (p Principal) Scope() Scope {
	s := Scope{TenantID: p.TenantID, OwnerID: p.UserID}
	if p.Anonymous() {
		s.SessionID = p.SessionID
	}
	return s
}

// Expired reports whether the credential's own time is over at now; one without a time ends with its session only.
func (p Principal) Expired(now time.Time) bool {
	return !p.ExpiresAt.IsZero() && !now.Before(p.ExpiresAt)
}

// Scope is an isolation scope. TenantID is never empty in a valid scope. OwnerID is empty for an anonymous session, which sees only
// what SessionID made.
type Scope struct {
	TenantID  string
	OwnerID   string
	SessionID string
}

// Valid reports whether the scope names a tenant and one of owner and session. Stores refuse an invalid one.
func (s Scope) Valid() bool { return s.TenantID != "" && (s.OwnerID != "") != (s.SessionID != "") }
