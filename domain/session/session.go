// Package session holds the session aggregate: anonymous at first, upgraded in place when its visitor signs in, and the login that
// keeps a signed-in session alive.
package session

import (
	"crypto/subtle"
	"time"

	"github.com/symphainy/symphainy/domain/fault"
)

// State is where a session stands. "expired" is not stored: it follows from the clock.
type State string

// The states.
const (
	Anonymous State = "anonymous"
	Active    State = "active"
	Ended     State = "ended"
	// Expired is derived by Status, never stored.
	Expired State = "expired"
)

// Lives of an anonymous session: absolute, and since its last use.
const (
	AnonymousLife = 24 * time.Hour
	AnonymousIdle = 2 * time.Hour
	// ActiveIdle and ActiveLife bound a signed-in session as they bound its refresh tokens.
	ActiveIdle = 30 * 24 * time.Hour
	ActiveLife = 90 * 24 * time.Hour
)

// Errors of sessions.
var (
	ErrEnded = fault.New(fault.Conflict, "session_ended", "The session has ended; start a new one.")
)

// Snapshot is the stored form of a session. Hashes are SHA-256.
type Snapshot struct {
	// ID is made by the server; it is a handle, not a credential.
	ID    string
	State State
	// OwnerUserID and TenantID are empty while anonymous and never change once set.
	OwnerUserID string
	TenantID    string
	// Epoch rises with every change that must cut older credentials and sockets.
	Epoch int
	// SecretHash proves possession while anonymous; nil after the upgrade.
	SecretHash    []byte
	CreatedIPHash []byte
	// Metadata is a JSON object of the client's.
	Metadata   []byte
	Version    int
	CreatedAt  time.Time
	UpdatedAt  time.Time
	LastSeenAt time.Time
	ExpiresAt  time.Time
	UpgradedAt time.Time
}

// Session is the aggregate.
type Session struct{ s Snapshot }

// Restore makes a session of its stored form.
func Restore(s Snapshot) Session { return Session{s} }

// NewAnonymous makes a session for a visitor whose secret has the given hash.
func NewAnonymous(id string, secretHash, ipHash, metadata []byte, now time.Time) Session {
	return Session{Snapshot{
		ID: id, State: Anonymous, Epoch: 1, SecretHash: secretHash, CreatedIPHash: ipHash, Metadata: metadata,
		CreatedAt: now, UpdatedAt: now, LastSeenAt: now, ExpiresAt: now.Add(AnonymousLife),
	}}
}

// NewActive makes a session of a signed-in user.
func NewActive(id, userID, tenantID string, metadata []byte, now time.Time) Session {
	return Session{Snapshot{
		ID: id, State: Active, OwnerUserID: userID, TenantID: tenantID, Epoch: 1, Metadata: metadata,
		CreatedAt: now, UpdatedAt: now, LastSeenAt: now, ExpiresAt: now.Add(ActiveIdle),
	}}
}

// Snapshot gives the form to store.
func (s Session) Snapshot() Snapshot { return s.s }

// ID gives the session's id.
func (s Session) ID() string { return s.s.ID }

// Epoch gives the present epoch.
func (s Session) Epoch() int { return s.s.Epoch }

// IsolationID is the tenant scope of what the session makes: its tenant, or its own id while anonymous.
func (s Session) IsolationID() string {
	if s.s.TenantID != "" {
		return s.s.TenantID
	}
	return s.s.ID
}

// Status gives the state at now, with expiry and idling taken into account.
func (s Session) Status(now time.Time) State {
	switch {
	case s.s.State == Ended:
		return Ended
	case !now.Before(s.s.ExpiresAt), s.s.State == Anonymous && now.Sub(s.s.LastSeenAt) >= AnonymousIdle:
		return Expired
	}
	return s.s.State
}

// ProvedBy reports, in constant time, whether hash is that of the anonymous session's secret. An upgraded session has none.
func (s Session) ProvedBy(hash []byte) bool {
	return len(s.s.SecretHash) > 0 && subtle.ConstantTimeCompare(s.s.SecretHash, hash) == 1
}

// OwnedBy reports whether the session belongs to the user in the tenant.
func (s Session) OwnedBy(tenantID, userID string) bool {
	return userID != "" && s.s.OwnerUserID == userID && s.s.TenantID == tenantID
}

// Upgrade gives the session to a user: same id, next epoch, no secret. It is legal once, from anonymous; the store's compare-and-set
// decides between concurrent upgrades.
func (s *Session) Upgrade(userID, tenantID string, now time.Time) error {
	if s.s.State != Anonymous || s.s.OwnerUserID != "" || userID == "" || tenantID == "" {
		return fault.ErrNotFound
	}
	s.s.State, s.s.OwnerUserID, s.s.TenantID = Active, userID, tenantID
	s.s.SecretHash = nil
	s.s.Epoch++
	s.s.UpdatedAt, s.s.UpgradedAt, s.s.LastSeenAt, s.s.ExpiresAt = now, now, now, now.Add(ActiveIdle)
	return nil
}

// End ends the session and raises its epoch, so that every credential and socket of it dies; an anonymous one stays readable with its
// secret. Ending twice changes nothing.
func (s *Session) End(now time.Time) {
	if s.s.State == Ended {
		return
	}
	s.s.State = Ended
	s.s.Epoch++
	s.s.UpdatedAt = now
}

// Touch records a use. It reports whether it is worth storing: at most once a minute.
func (s *Session) Touch(now time.Time) bool {
	if now.Sub(s.s.LastSeenAt) < time.Minute {
		return false
	}
	s.s.LastSeenAt = now
	if s.s.State == Active {
		s.s.ExpiresAt = earlier(now.Add(ActiveIdle), s.s.CreatedAt.Add(ActiveLife))
	}
	return true
}

// SetMetadata replaces the client's metadata, a JSON object.
func (s *Session) SetMetadata(metadata []byte, now time.Time) {
	s.s.Metadata, s.s.UpdatedAt = metadata, now
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
