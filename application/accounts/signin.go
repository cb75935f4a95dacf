package accounts

import (
	"context"
	"time"

	"github.com/symphainy/symphainy/application/securityguard"
	"github.com/symphainy/symphainy/application/sessionupgrade"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/domain/session"
	"github.com/symphainy/symphainy/domain/typeid"
	"github.com/symphainy/symphainy/ports"
)

// SessionProof names an anonymous session to upgrade in the same call, and proves its possession. Without a Secret it is no proof.
type SessionProof struct {
	SessionID string
	Secret    string
}

// SignIn is what a person gets who has signed in.
type SignIn struct {
	AccessToken  string
	Claims       ports.Claims
	RefreshToken string
	// LoginCookie is for the browser; "" after a refresh, which does not change it.
	LoginCookie string
	Session     session.Session
	User        identity.User
	Tenant      identity.Tenant
	Roles       []identity.Role
	// Upgraded tells that Session is the anonymous one that the caller named, now theirs.
	Upgraded bool
}

// opening is a login that a transaction made.
type opening struct {
	session  session.Session
	login    session.Login
	cookie   string
	upgraded bool
}

// open makes a login within a transaction: on the anonymous session that proof opens, otherwise on a new one. A named session that is
// not proved stays as it is.
func (s *Service) open(ctx context.Context, tx ports.Tx, a securityguard.Account, proof SessionProof, metadata []byte, now time.Time) (opening, error) {
	o := opening{cookie: securityguard.NewSecret(securityguard.LoginCookie, s.d.IDs.Secret())}
	var err error
	o.session, o.upgraded, err = sessionupgrade.InTx(ctx, tx, sessionupgrade.Claim{
		SessionID: proof.SessionID, Secret: proof.Secret, UserID: a.User.ID, TenantID: a.Tenant.ID,
		Metadata: metadata, AuditID: s.d.IDs.NewID(typeid.AuditRecord), Now: now,
	})
	if err != nil {
		return opening{}, err
	}
	if !o.upgraded {
		if metadata, err = SessionMetadata(metadata); err != nil {
			return opening{}, err
		}
		o.session = session.NewActive(s.d.IDs.NewID(typeid.Session), a.User.ID, a.Tenant.ID, metadata, now)
		if err := tx.Sessions.Insert(ctx, o.session); err != nil {
			return opening{}, err
		}
	}
	o.login = session.NewLogin(o.session.ID(), a.User.ID, a.Tenant.ID, s.d.IDs.Secret(), securityguard.HashSecret(o.cookie), now)
	return o, tx.Logins.Insert(ctx, o.login)
}

// finish makes the tokens of a login that is committed.
func (s *Service) finish(ctx context.Context, o opening, a securityguard.Account) (SignIn, error) {
	if o.upgraded {
		s.announce(ctx, o.session.ID())
	}
	token, claims, err := s.d.Issuer.Issue(ports.Claims{
		UserID: a.User.ID, TenantID: a.Tenant.ID, SessionID: o.session.ID(), SessionEpoch: o.session.Epoch(), AuthTime: o.login.AuthTime,
	})
	if err != nil {
		return SignIn{}, err
	}
	return SignIn{
		AccessToken: token, Claims: claims, RefreshToken: refreshToken(o.login), LoginCookie: o.cookie, Session: o.session,
		User: a.User, Tenant: a.Tenant, Roles: a.Roles, Upgraded: o.upgraded,
	}, nil
}
