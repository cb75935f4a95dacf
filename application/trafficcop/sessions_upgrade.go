package trafficcop

import (
	"context"
	"errors"
	"time"

	"github.com/symphainy/symphainy/application/accounts"
	"github.com/symphainy/symphainy/application/securityguard"
	"github.com/symphainy/symphainy/application/sessionupgrade"
	"github.com/symphainy/symphainy/domain/audit"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/domain/session"
	"github.com/symphainy/symphainy/domain/typeid"
	"github.com/symphainy/symphainy/ports"
)

// freshAuthentication is how long ago the user may have proved who they are.
const freshAuthentication = 5 * time.Minute

// ErrStaleAuthentication is an upgrade with a token whose user signed in too long ago.
var ErrStaleAuthentication = fault.New(fault.Unauthenticated, "fresh_authentication_required", "Sign in again to take over this session.")

// UpgradeCommand brings both halves: an explicit access token and the session's secret.
type UpgradeCommand struct {
	SessionID   string
	Secret      string
	AccessToken string
	// UserID and TenantID are compatibility fields: empty, or equal to the token's.
	UserID   string
	TenantID string
	// Metadata is a JSON object laid over the session's, key by key; nil to keep it.
	Metadata []byte
}

// Upgraded is a session that is its user's. If Repeated it was so before, and there is no new token.
type Upgraded struct {
	Session     session.Session
	AccessToken string
	Claims      ports.Claims
	Principal   identity.Principal
	Repeated    bool
}

// Upgrade gives an anonymous session to the user of the token: same id, next epoch, dead secret. Exactly one caller wins. A repeat by
// the owner changes nothing; a wrong secret, another user and every other reason are fault.ErrNotFound alike.
func (s *Sessions) Upgrade(ctx context.Context, cmd UpgradeCommand) (Upgraded, error) {
	if cmd.AccessToken == "" {
		return Upgraded{}, fault.ErrUnauthenticated
	}
	p, err := s.d.Guard.ValidateToken(ctx, cmd.AccessToken)
	if err != nil {
		return Upgraded{}, err
	}
	if err := sameIdentity(p, cmd.TenantID, cmd.UserID); err != nil {
		return Upgraded{}, err
	}
	if cmd.Metadata != nil {
		if cmd.Metadata, err = accounts.SessionMetadata(cmd.Metadata); err != nil {
			return Upgraded{}, err
		}
	}
	owned, err := s.ownedBy(ctx, p, cmd.SessionID)
	if err != nil {
		return Upgraded{}, err
	}
	if owned != nil {
		return Upgraded{Session: *owned, Principal: p, Repeated: true}, nil
	}
	now := s.d.Clock.Now()
	if now.Sub(p.AuthTime) > freshAuthentication {
		return Upgraded{}, ErrStaleAuthentication
	}
	return s.upgrade(ctx, cmd, p, now)
}

// ownedBy gives the session if it is the user's already, nil if it is not.
func (s *Sessions) ownedBy(ctx context.Context, p identity.Principal, sessionID string) (*session.Session, error) {
	var owned *session.Session
	err := s.d.UnitOfWork.View(ctx, func(ctx context.Context, tx ports.Tx) error {
		found, err := visible(ctx, tx, p, sessionID, s.d.Clock.Now())
		if err == nil {
			owned = &found
		}
		return err
	})
	if err != nil && !errors.Is(err, fault.ErrNotFound) {
		return nil, err
	}
	return owned, nil
}

// upgradeAttempt is what the transaction of an upgrade decides. Without a session nobody may learn why, and that commits.
type upgradeAttempt struct {
	session session.Session
	login   session.Login
	won     bool
	owned   bool
}

func (s *Sessions) upgrade(ctx context.Context, cmd UpgradeCommand, p identity.Principal, now time.Time) (Upgraded, error) {
	var try upgradeAttempt
	err := s.do(ctx, func(ctx context.Context, tx ports.Tx) (err error) {
		try, err = s.tryUpgrade(ctx, tx, cmd, p, now)
		return err
	})
	switch {
	case err != nil:
		return Upgraded{}, err
	case try.owned:
		return Upgraded{Session: try.session, Principal: p, Repeated: true}, nil
	case !try.won:
		return Upgraded{}, fault.ErrNotFound
	}
	s.announce(ctx, cmd.SessionID)
	token, claims, err := s.d.Issuer.Issue(ports.Claims{
		UserID: p.UserID, TenantID: p.TenantID, SessionID: try.session.ID(), SessionEpoch: try.session.Epoch(), AuthTime: try.login.AuthTime,
	})
	if err != nil {
		return Upgraded{}, err
	}
	p.SessionID, p.SessionEpoch, p.ExpiresAt = claims.SessionID, claims.SessionEpoch, claims.ExpiresAt
	return Upgraded{Session: try.session, AccessToken: token, Claims: claims, Principal: p}, nil
}

func (s *Sessions) tryUpgrade(ctx context.Context, tx ports.Tx, cmd UpgradeCommand, p identity.Principal, now time.Time) (upgradeAttempt, error) {
	// What the guard knows may be half a second old; an owner for good deserves a look at the present.
	if _, err := securityguard.LoadAccount(ctx, tx, p.TenantID, p.UserID); err != nil {
		return upgradeAttempt{}, err
	}
	login, err := tx.Logins.BySession(ctx, p.SessionID)
	if errors.Is(err, fault.ErrNotFound) {
		return upgradeAttempt{}, fault.ErrUnauthenticated
	}
	if err != nil {
		return upgradeAttempt{}, err
	}
	// The write that changes nothing waits for a logout that is ending this sign-in, which writes the same row, and lets a later one
	// wait: it then sees the session that is added to the family here.
	if err := tx.Logins.Rotate(ctx, login, login.Counter); err != nil {
		return upgradeAttempt{}, err
	}
	claim := sessionupgrade.Claim{
		SessionID: cmd.SessionID, Secret: cmd.Secret, UserID: p.UserID, TenantID: p.TenantID, Metadata: cmd.Metadata,
		AuditID: s.d.IDs.NewID(typeid.AuditRecord), Now: now,
	}
	upgraded, won, err := sessionupgrade.InTx(ctx, tx, claim)
	if err != nil {
		return upgradeAttempt{}, err
	}
	if !won {
		return s.notUpgraded(ctx, tx, claim, p)
	}
	related := relatedLogin(login, upgraded.ID(), now)
	return upgradeAttempt{session: upgraded, login: related, won: true}, tx.Logins.Insert(ctx, related)
}

// relatedLogin ties an upgraded session to the sign-in whose token upgraded it: one key, so that logout and revocation end both. No
// refresh token and no cookie of it are ever handed out; the user refreshes the first one.
func relatedLogin(first session.Login, sessionID string, now time.Time) session.Login {
	l := session.NewLogin(sessionID, first.UserID, first.TenantID, first.Key, nil, now)
	l.AuthTime, l.IdleUntil, l.EndsAt = first.AuthTime, first.IdleUntil, first.EndsAt
	return l
}

// notUpgraded tells the owner's own second call from everybody else's, and keeps a record of the latter.
func (s *Sessions) notUpgraded(ctx context.Context, tx ports.Tx, c sessionupgrade.Claim, p identity.Principal) (upgradeAttempt, error) {
	found, err := visible(ctx, tx, p, c.SessionID, c.Now)
	if err == nil {
		return upgradeAttempt{session: found, owned: true}, nil
	}
	if !errors.Is(err, fault.ErrNotFound) {
		return upgradeAttempt{}, err
	}
	target := ""
	if typeid.Valid(typeid.Session, c.SessionID) {
		target = c.SessionID
	}
	return upgradeAttempt{}, tx.Audit.Append(ctx, audit.Record{
		ID: c.AuditID, TenantID: p.TenantID, Actor: p.UserID, Action: sessionupgrade.Action, Target: target,
		Result: audit.Denied, At: c.Now,
	})
}
