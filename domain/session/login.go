package session

import (
	"time"

	"github.com/symphainy/symphainy/domain/fault"
)

// RefreshGrace is how long the token before the current one still gives the same child, for an answer that got lost.
const RefreshGrace = 10 * time.Second

// Errors of logins.
var (
	// ErrRefreshReused is an old refresh token outside its grace: the family is to be revoked, in a transaction that commits.
	ErrRefreshReused = fault.New(fault.Unauthenticated, "refresh_reused", "The refresh token was used before; sign in again.")
	// ErrRefreshInvalid is a refresh token that is not one of ours, or whose login is over.
	ErrRefreshInvalid = fault.New(fault.Unauthenticated, "refresh_invalid", "The refresh token is not valid; sign in again.")
)

// Login is the family of refresh tokens of one signed-in session (RFC 9700 §4.14). Tokens are not stored: each is the MAC of its
// counter under Key, so a lost child can be made again.
type Login struct {
	SessionID string
	UserID    string
	TenantID  string
	// Key is the family's MAC key, 32 random bytes.
	Key []byte
	// Counter is the number of the current refresh token, from 1.
	Counter int
	// RotatedAt is when Counter last rose.
	RotatedAt time.Time
	// CookieHash is the SHA-256 of the browser's login cookie; nil without one.
	CookieHash []byte
	AuthTime   time.Time
	IdleUntil  time.Time
	EndsAt     time.Time
	CreatedAt  time.Time
}

// NewLogin starts a family at its first token.
func NewLogin(sessionID, userID, tenantID string, key, cookieHash []byte, now time.Time) Login {
	return Login{
		SessionID: sessionID, UserID: userID, TenantID: tenantID, Key: key, Counter: 1, RotatedAt: now, CookieHash: cookieHash,
		AuthTime: now, IdleUntil: now.Add(ActiveIdle), EndsAt: now.Add(ActiveLife), CreatedAt: now,
	}
}

// Rotation is what presenting a refresh token leads to.
type Rotation int

// The rotations.
const (
	// Advance: the current token was presented; the counter rises.
	Advance Rotation = iota
	// Repeat: the token just before was presented within RefreshGrace; the current child is handed out again.
	Repeat
	// Reuse: any other old token; the family is revoked.
	Reuse
)

// Present judges a genuine token's counter at now. A login that is over, or a counter of the future, is ErrRefreshInvalid.
func (l Login) Present(counter int, now time.Time) (Rotation, error) {
	switch {
	case l.Over(now) || counter > l.Counter || counter < 1:
		return 0, ErrRefreshInvalid
	case counter == l.Counter:
		return Advance, nil
	case counter == l.Counter-1 && now.Sub(l.RotatedAt) <= RefreshGrace:
		return Repeat, nil
	}
	return Reuse, nil
}

// Advanced gives the login after a rotation at now.
func (l Login) Advanced(now time.Time) Login {
	l.Counter++
	l.RotatedAt = now
	l.IdleUntil = earlier(now.Add(ActiveIdle), l.EndsAt)
	return l
}

// Over reports whether the login has ended at now, by its age or for want of use.
func (l Login) Over(now time.Time) bool { return !now.Before(l.IdleUntil) || !now.Before(l.EndsAt) }

// Used gives the login after a use without rotation, such as by its cookie, and whether that is worth storing: at most once a day.
func (l Login) Used(now time.Time) (Login, bool) {
	next := earlier(now.Add(ActiveIdle), l.EndsAt)
	due := next.Sub(l.IdleUntil) >= 24*time.Hour
	l.IdleUntil = next
	return l, due
}

// Ticket is a one-time credential for opening a socket: 30 s, bound to principal, session, epoch and origin.
type Ticket struct {
	// Hash is the SHA-256 of the ticket.
	Hash      []byte
	SessionID string
	Epoch     int
	// TenantID and UserID are empty for an anonymous session.
	TenantID string
	UserID   string
	// LoginSessionID and LoginEpoch are the login the ticket was bought with; empty and 0 for an anonymous one.
	LoginSessionID string
	LoginEpoch     int
	Origin         string
	AuthTime       time.Time
	// CredentialEndsAt is when the credential that bought the ticket ends: a socket does not outlive it. Zero means with the session.
	CredentialEndsAt time.Time
	// ExpiresAt is when the ticket itself ends.
	ExpiresAt time.Time
}

// TicketLife is how long a ticket can be used.
const TicketLife = 30 * time.Second
