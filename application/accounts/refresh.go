package accounts

import (
	"context"
	"errors"
	"time"

	"github.com/symphainy/symphainy/application/auditing"
	"github.com/symphainy/symphainy/application/securityguard"
	"github.com/symphainy/symphainy/domain/audit"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/session"
	"github.com/symphainy/symphainy/ports"
)

// refreshed is what the transaction of a refresh decides. refused is an answer that commits.
type refreshed struct {
	opening
	account securityguard.Account
	refused error
	revoked []string
}

// Refresh trades a refresh token for the next one and a new access token. Of concurrent callers with one token all get the same child,
// as does a retry within session.RefreshGrace. An older token is session.ErrRefreshReused and ends the whole family; any other refusal
// is session.ErrRefreshInvalid, and a store that fails is never either of them.
func (s *Service) Refresh(ctx context.Context, token string, _ Client) (SignIn, error) {
	p, ok := parseRefresh(token)
	if !ok {
		return SignIn{}, session.ErrRefreshInvalid
	}
	var r refreshed
	// A lost race for the counter is fault.ErrStale: the next round finds the winner's child.
	err := s.do(ctx, func(ctx context.Context, tx ports.Tx) (err error) {
		r, err = s.refresh(ctx, tx, p, s.d.Clock.Now())
		if err != nil || !errors.Is(r.refused, session.ErrRefreshInvalid) {
			return err
		}
		return s.auditRefused(ctx, tx, r.login)
	})
	if err != nil {
		return SignIn{}, err
	}
	s.announce(ctx, r.revoked...)
	if r.refused != nil {
		return SignIn{}, r.refused
	}
	return s.finish(ctx, r.opening, r.account)
}

func (s *Service) refresh(ctx context.Context, tx ports.Tx, p presented, now time.Time) (refreshed, error) {
	invalid := refreshed{refused: session.ErrRefreshInvalid}
	login, err := tx.Logins.BySession(ctx, p.sessionID)
	if errors.Is(err, fault.ErrNotFound) {
		return invalid, nil
	}
	if err != nil {
		return refreshed{}, err
	}
	invalid.login = login
	if !p.genuine(login.Key) {
		return invalid, nil
	}
	rotation, err := login.Present(p.counter, now)
	if err != nil {
		return refreshed{opening: opening{login: login}, refused: err}, nil //nolint:nilerr // a refusal is an answer of a transaction that commits
	}
	if rotation == session.Reuse {
		return s.revoke(ctx, tx, login, now)
	}
	owned, account, err := s.standing(ctx, tx, login, now)
	if errors.Is(err, fault.ErrUnauthenticated) {
		return invalid, nil
	}
	if err != nil {
		return refreshed{}, err
	}
	if rotation == session.Advance {
		next := login.Advanced(now)
		if err := tx.Logins.Rotate(ctx, next, login.Counter); err != nil {
			return refreshed{}, err
		}
		login = next
		if owned.Touch(now) {
			if err := tx.Sessions.Save(ctx, owned); err != nil {
				return refreshed{}, err
			}
		}
	}
	return refreshed{opening: opening{session: owned, login: login}, account: account}, nil
}

// auditRefused records a refresh token that is none, at most once a minute for a session. l is the login of the session that it named, zero
// for one that there is not. Text that has not even the form of a token leaves no record.
func (s *Service) auditRefused(ctx context.Context, tx ports.Tx, l session.Login) error {
	return auditing.Sparingly(ctx, tx, s.record(actionRefresh, audit.Denied, l.TenantID, "", l.SessionID, codeDetail(session.ErrRefreshInvalid.Code)), l.SessionID)
}

// standing reads the session and the account of a login; fault.ErrUnauthenticated if one of them is no longer good.
func (s *Service) standing(ctx context.Context, tx ports.Tx, l session.Login, now time.Time) (session.Session, securityguard.Account, error) {
	owned, err := tx.Sessions.ByID(ctx, l.SessionID)
	if err != nil && !errors.Is(err, fault.ErrNotFound) {
		return session.Session{}, securityguard.Account{}, err
	}
	if err != nil || owned.Status(now) != session.Active || !owned.OwnedBy(l.TenantID, l.UserID) {
		return session.Session{}, securityguard.Account{}, fault.ErrUnauthenticated
	}
	account, err := securityguard.LoadAccount(ctx, tx, l.TenantID, l.UserID)
	return owned, account, err
}

// revoke ends the family of a login whose old token came back: somebody else has a copy. The caller commits.
func (s *Service) revoke(ctx context.Context, tx ports.Tx, l session.Login, now time.Time) (refreshed, error) {
	ended, err := endFamily(ctx, tx, l, now)
	if err != nil {
		return refreshed{}, err
	}
	err = tx.Audit.Append(ctx, s.record(actionRefreshReused, audit.Denied, l.TenantID, l.UserID, l.SessionID, codeDetail(session.ErrRefreshReused.Code)))
	return refreshed{refused: session.ErrRefreshReused, revoked: ended}, err
}
