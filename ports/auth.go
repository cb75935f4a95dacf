package ports

import (
	"context"
	"time"

	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/identity"
)

// Claims are what an access token says. Roles are not among them: they come from the store.
type Claims struct {
	UserID       string
	TenantID     string
	SessionID    string
	SessionEpoch int
	TokenID      string
	AuthTime     time.Time
	IssuedAt     time.Time
	ExpiresAt    time.Time
}

// ErrToken is any failure of verification; the reason goes to its cause only.
var ErrToken = fault.New(fault.Unauthenticated, "invalid_token", "The access token is not valid.")

// ErrTokenExpired is a genuine token past its life.
var ErrTokenExpired = fault.New(fault.Unauthenticated, "token_expired", "The access token has expired; refresh it.")

// TokenIssuer makes access tokens.
type TokenIssuer interface {
	// Issue signs claims; it sets TokenID, IssuedAt and ExpiresAt and returns them with the token.
	Issue(c Claims) (token string, issued Claims, err error)
}

// TokenVerifier checks access tokens by the profile of security.md §1.1. It never looks at the store.
type TokenVerifier interface {
	// Verify gives the claims of a good token; everything else is ErrToken or ErrTokenExpired.
	Verify(token string) (Claims, error)
}

// ErrHashBusy is a password check that found the hashing slots and their queue full.
var ErrHashBusy = fault.New(fault.Unavailable, "busy", "Too many sign-ins at once; try again.").After(2 * time.Second)

// PasswordHasher hashes and checks passwords, a bounded number at a time; over that it is ErrHashBusy.
type PasswordHasher interface {
	Hash(ctx context.Context, password string) (encoded string, err error)
	// Matches reports whether the password is the hash's. An empty hash is compared against a dummy of the same cost and never matches.
	Matches(ctx context.Context, password, encoded string) (bool, error)
}

// PasswordBlocklist knows passwords that are too common to be safe.
type PasswordBlocklist interface {
	// Blocked reports whether the password, case-folded, is on the list.
	Blocked(password string) bool
}

// Grants gives what a caller may do today. Rights frozen in an execution never rise above it.
type Grants interface {
	// Current gives the roles that the principal holds now; none if the user is disabled, the tenant suspended, the membership gone or
	// the session ended.
	Current(ctx context.Context, p identity.Principal) ([]identity.Role, error)
}
