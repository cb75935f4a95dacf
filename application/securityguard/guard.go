package securityguard

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/domain/session"
	"github.com/symphainy/symphainy/ports"
)

// ErrSessionChanged is a credential that was good and whose session has moved on: logout, upgrade, password change, a lost membership,
// a disabled user. New credentials are needed.
var ErrSessionChanged = fault.New(fault.Unauthenticated, "session_changed", "The session has changed; authenticate again.")

// Credentials are the raw values that came with a request. If both are given, Bearer wins and a bad one is not made good by the cookie.
type Credentials struct {
	Bearer      string
	LoginCookie string
}

// Guard is the Security Guard. It is safe for concurrent use.
type Guard struct {
	uow      ports.UnitOfWork
	verifier ports.TokenVerifier
	clock    ports.Clock
	cache    *cache
}

var _ ports.Grants = (*Guard)(nil)

// New makes a guard over the store.
func New(uow ports.UnitOfWork, verifier ports.TokenVerifier, clock ports.Clock) *Guard {
	return &Guard{uow: uow, verifier: verifier, clock: clock, cache: newCache()}
}

// Authenticate gives the signed-in user behind the credentials. Nothing given, or a credential whose session, user or tenant is no
// longer good, is fault.ErrUnauthenticated; a bad token ports.ErrToken or ports.ErrTokenExpired.
func (g *Guard) Authenticate(ctx context.Context, c Credentials) (identity.Principal, error) {
	switch {
	case c.Bearer != "":
		return g.ValidateToken(ctx, c.Bearer)
	case c.LoginCookie != "":
		return g.byCookie(ctx, c.LoginCookie)
	}
	return identity.Principal{}, fault.ErrUnauthenticated
}

// ValidateToken gives the user behind an access token; errors are as for Authenticate.
func (g *Guard) ValidateToken(ctx context.Context, token string) (identity.Principal, error) {
	claims, err := g.verifier.Verify(token)
	if err != nil {
		return identity.Principal{}, err
	}
	p := identity.Principal{
		Kind: identity.KindUser, UserID: claims.UserID, TenantID: claims.TenantID,
		SessionID: claims.SessionID, SessionEpoch: claims.SessionEpoch, AuthTime: claims.AuthTime, ExpiresAt: claims.ExpiresAt,
	}
	st, err := g.standing(ctx, p.SessionID)
	if err != nil {
		return identity.Principal{}, orUnauthenticated(err)
	}
	if !st.goodFor(p, g.clock.Now()) {
		return identity.Principal{}, fault.ErrUnauthenticated
	}
	p.Roles = slices.Clone(st.roles)
	return p, nil
}

// AnonymousBySecret gives the anonymous session that the secret opens, as a caller. An empty sessionID finds it by the secret alone. An
// ended session still opens, for reading; a wrong secret, an expired, upgraded or unknown session are all fault.ErrNotFound.
func (g *Guard) AnonymousBySecret(ctx context.Context, sessionID, secret string) (identity.Principal, error) {
	if !isSecret(AnonymousSecret, secret) {
		return identity.Principal{}, fault.ErrNotFound
	}
	hash := HashSecret(secret)
	s, err := g.bySecret(ctx, sessionID, hash)
	if err != nil {
		return identity.Principal{}, err
	}
	if !s.ProvedBy(hash) || !anonymous(s, g.clock.Now()) {
		return identity.Principal{}, fault.ErrNotFound
	}
	return AnonymousPrincipal(s), nil
}

// bySecret gives a session that a secret names, or one of the given id as the guard last saw it.
func (g *Guard) bySecret(ctx context.Context, sessionID string, hash []byte) (s session.Session, err error) {
	if sessionID != "" {
		return g.Session(ctx, sessionID)
	}
	err = g.uow.Look(ctx, func(ctx context.Context, tx ports.Tx) (err error) {
		s, err = tx.Sessions.BySecretHash(ctx, hash)
		return err
	})
	return s, err
}

// AnonymousPrincipal gives the caller that an anonymous session is. The session's secret, or a ticket bought with it, was proved before.
func AnonymousPrincipal(s session.Session) identity.Principal {
	return identity.Principal{
		Kind: identity.KindAnonymous, TenantID: s.ID(), SessionID: s.ID(), SessionEpoch: s.Epoch(),
		Roles: []identity.Role{identity.RoleAnonymous},
	}
}

// anonymous reports whether the session can still be used, or after its end read, by whoever holds its secret.
func anonymous(s session.Session, now time.Time) bool {
	if s.Snapshot().OwnerUserID != "" {
		return false
	}
	status := s.Status(now)
	return status == session.Anonymous || status == session.Ended
}

// Authorize asks the store what the caller may do today; fault.ErrPermission if perm is not among it.
func (g *Guard) Authorize(ctx context.Context, p identity.Principal, perm identity.Permission) error {
	roles, err := g.Current(ctx, p)
	if err != nil {
		return err
	}
	if !slices.Contains(identity.Grants(roles), perm) {
		return fault.ErrPermission
	}
	return nil
}

// Current gives the roles that the principal holds now. It does not compare epochs: work that was accepted before an upgrade goes on
// with the rights that were frozen then.
func (g *Guard) Current(ctx context.Context, p identity.Principal) ([]identity.Role, error) {
	st, err := g.standing(ctx, p.SessionID)
	if errors.Is(err, fault.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	snap := st.session.Snapshot()
	if snap.State == session.Ended {
		return nil, nil
	}
	switch p.Kind {
	case identity.KindAnonymous:
		// Upgraded meanwhile: never more than anonymous, and nothing once the new owner has no rights.
		if p.TenantID == snap.ID && (snap.OwnerUserID == "" || len(st.roles) > 0) {
			return []identity.Role{identity.RoleAnonymous}, nil
		}
	case identity.KindUser:
		if st.session.OwnedBy(p.TenantID, p.UserID) {
			return slices.Clone(st.roles), nil
		}
	}
	return nil, nil
}

// Check tells whether a principal that was good is so still: nil, ports.ErrTokenExpired, ErrSessionChanged, or the store's error.
func (g *Guard) Check(ctx context.Context, p identity.Principal) error {
	now := g.clock.Now()
	if p.Expired(now) {
		return ports.ErrTokenExpired
	}
	st, err := g.standing(ctx, p.SessionID)
	if errors.Is(err, fault.ErrNotFound) {
		return ErrSessionChanged
	}
	if err != nil {
		return err
	}
	if !st.goodFor(p, now) {
		return ErrSessionChanged
	}
	return nil
}

// Forget drops what is remembered of a session. Call it when a hint says that the session itself has changed.
func (g *Guard) Forget(sessionID string) { g.cache.forget(sessionID, g.clock.Now()) }

// standing gives a session and what its owner may do, from the cache or the store.
func (g *Guard) standing(ctx context.Context, sessionID string) (standing, error) {
	if sessionID == "" {
		return standing{}, fault.ErrNotFound
	}
	now := g.clock.Now()
	st, generation, ok := g.cache.get(sessionID, now)
	if ok {
		return st, nil
	}
	found, err := g.look(ctx, []string{sessionID})
	if err != nil {
		return standing{}, err
	}
	st, ok = found[sessionID]
	if !ok {
		return standing{}, fault.ErrNotFound
	}
	// What was read is as old as the beginning of the read.
	g.cache.put(sessionID, st, now, generation)
	return st, nil
}

// Refresh looks at many sessions at once, fewer than a thousand, so that the checks which follow within half a second cost nothing. A session
// that is not there is forgotten.
func (g *Guard) Refresh(ctx context.Context, sessionIDs []string) error {
	now, generation := g.clock.Now(), g.cache.asking()
	found, err := g.look(ctx, sessionIDs)
	if err != nil {
		return err
	}
	for _, id := range sessionIDs {
		if st, ok := found[id]; ok {
			g.cache.put(id, st, now, generation)
		} else {
			g.cache.forget(id, now)
		}
	}
	return nil
}

// Session gives a session as the guard last saw it, at most half a second ago; fault.ErrNotFound if there is none. The caller has shown before
// that it may know of it.
func (g *Guard) Session(ctx context.Context, sessionID string) (session.Session, error) {
	st, err := g.standing(ctx, sessionID)
	return st.session, err
}

// look reads standings by session; what is unknown is left out.
func (g *Guard) look(ctx context.Context, sessionIDs []string) (map[string]standing, error) {
	found := make(map[string]standing, len(sessionIDs))
	err := g.uow.Look(ctx, func(ctx context.Context, tx ports.Tx) error {
		clear(found)
		rows, err := tx.Standings.Of(ctx, sessionIDs)
		for _, row := range rows {
			found[row.Session.ID()] = standing{session: row.Session, roles: roles(row)}
		}
		return err
	})
	return found, err
}

// roles gives what the owner may act as; none for an owner without rights, and for a session without one.
func roles(st ports.Standing) []identity.Role {
	if st.Disabled || st.Suspended || len(st.Role.Permissions()) == 0 {
		return nil
	}
	return rolesOf(st.Operator, st.Role)
}
