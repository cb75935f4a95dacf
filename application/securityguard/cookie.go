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

// byCookie gives the user whose browser holds the login cookie. The cookie is not rotated: its use keeps the login alive.
func (g *Guard) byCookie(ctx context.Context, cookie string) (identity.Principal, error) {
	if !isSecret(LoginCookie, cookie) {
		return identity.Principal{}, fault.ErrUnauthenticated
	}
	var login session.Login
	err := g.uow.Look(ctx, func(ctx context.Context, tx ports.Tx) (err error) {
		login, err = tx.Logins.ByCookieHash(ctx, HashSecret(cookie))
		return err
	})
	if err != nil {
		return identity.Principal{}, orUnauthenticated(err)
	}
	now := g.clock.Now()
	if login.Over(now) {
		return identity.Principal{}, fault.ErrUnauthenticated
	}
	st, err := g.standing(ctx, login.SessionID)
	if err != nil {
		return identity.Principal{}, orUnauthenticated(err)
	}
	p := identity.Principal{
		Kind: identity.KindUser, UserID: login.UserID, TenantID: login.TenantID, SessionID: login.SessionID,
		SessionEpoch: st.session.Epoch(), Roles: slices.Clone(st.roles), AuthTime: login.AuthTime,
	}
	if !st.goodFor(p, now) {
		return identity.Principal{}, fault.ErrUnauthenticated
	}
	if next, due := login.Used(now); due {
		if err := g.keepAlive(ctx, next, now); err != nil {
			return identity.Principal{}, err
		}
	}
	return p, nil
}

// keepAlive stores a use of the login and of its session. Whoever changes one of them at the same time has used it too.
func (g *Guard) keepAlive(ctx context.Context, next session.Login, now time.Time) error {
	err := g.uow.Do(ctx, func(ctx context.Context, tx ports.Tx) error {
		if err := tx.Logins.Rotate(ctx, next, next.Counter); err != nil {
			return err
		}
		s, err := tx.Sessions.ByID(ctx, next.SessionID)
		if err != nil || !s.Touch(now) {
			return err
		}
		return tx.Sessions.Save(ctx, s)
	})
	if errors.Is(err, fault.ErrStale) || errors.Is(err, fault.ErrNotFound) {
		return nil
	}
	return err
}
