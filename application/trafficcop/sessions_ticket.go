package trafficcop

import (
	"context"
	"errors"
	"time"

	"github.com/symphainy/symphainy/application/securityguard"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/domain/session"
	"github.com/symphainy/symphainy/ports"
)

// IssueTicket gives a one-time credential for a socket of the session, good for session.TicketLife from the same Origin ("" = a client
// that sends none). A session that is not the caller's is fault.ErrNotFound, an ended one session.ErrEnded.
func (s *Sessions) IssueTicket(ctx context.Context, p identity.Principal, sessionID, origin string) (string, time.Time, error) {
	found, err := s.Resolve(ctx, p, sessionID)
	if err != nil {
		return "", time.Time{}, err
	}
	now := s.d.Clock.Now()
	if status := found.Status(now); status == session.Ended || status == session.Expired {
		return "", time.Time{}, session.ErrEnded
	}
	ticket := securityguard.NewSecret(securityguard.SocketTicket, s.d.IDs.Secret())
	stored := session.Ticket{
		Hash: securityguard.HashSecret(ticket), SessionID: sessionID, Epoch: found.Epoch(), Origin: origin,
		AuthTime: p.AuthTime, CredentialEndsAt: p.ExpiresAt, ExpiresAt: now.Add(session.TicketLife),
	}
	if !p.Anonymous() {
		stored.TenantID, stored.UserID = p.TenantID, p.UserID
		stored.LoginSessionID, stored.LoginEpoch = p.SessionID, p.SessionEpoch
	}
	err = s.d.UnitOfWork.Do(ctx, func(ctx context.Context, tx ports.Tx) error { return tx.Tickets.Insert(ctx, stored) })
	if err != nil {
		return "", time.Time{}, err
	}
	return ticket, stored.ExpiresAt, nil
}

// RedeemTicket trades a ticket for the caller who bought it and the session it was bought for. The ticket is used up even if it is then
// refused: an unknown, used, expired or foreign one, another Origin, a session or login that has changed since are all
// fault.ErrUnauthenticated.
func (s *Sessions) RedeemTicket(ctx context.Context, ticket, origin string) (identity.Principal, session.Session, error) {
	var p identity.Principal
	var found session.Session
	refused := false
	err := s.d.UnitOfWork.Do(ctx, func(ctx context.Context, tx ports.Tx) error {
		t, err := tx.Tickets.Take(ctx, securityguard.HashSecret(ticket))
		if err == nil {
			p, found, err = s.bearer(ctx, tx, t, origin)
		}
		refused = errors.Is(err, fault.ErrNotFound) || errors.Is(err, fault.ErrUnauthenticated)
		if refused {
			return nil
		}
		return err
	})
	if err != nil {
		return identity.Principal{}, session.Session{}, err
	}
	if refused {
		return identity.Principal{}, session.Session{}, fault.ErrUnauthenticated
	}
	return p, found, nil
}

// bearer gives who bought the ticket, as the store knows them in this transaction and not by what the guard remembers.
func (s *Sessions) bearer(ctx context.Context, tx ports.Tx, t session.Ticket, origin string) (identity.Principal, session.Session, error) {
	now := s.d.Clock.Now()
	p := identity.Principal{
		Kind: identity.KindUser, UserID: t.UserID, TenantID: t.TenantID, SessionID: t.LoginSessionID, SessionEpoch: t.LoginEpoch,
		AuthTime: t.AuthTime, ExpiresAt: t.CredentialEndsAt,
	}
	if t.UserID == "" {
		p = identity.Principal{Kind: identity.KindAnonymous, SessionID: t.SessionID}
	}
	found, err := visible(ctx, tx, p, t.SessionID, now)
	if err != nil {
		return identity.Principal{}, session.Session{}, err
	}
	status := found.Status(now)
	if t.Origin != origin || !now.Before(t.ExpiresAt) || found.Epoch() != t.Epoch || status == session.Ended || status == session.Expired {
		return identity.Principal{}, session.Session{}, fault.ErrUnauthenticated
	}
	if p.Anonymous() {
		return securityguard.AnonymousPrincipal(found), found, nil
	}
	login, err := visible(ctx, tx, p, t.LoginSessionID, now)
	if err != nil {
		return identity.Principal{}, session.Session{}, err
	}
	if login.Epoch() != t.LoginEpoch || login.Status(now) != session.Active {
		return identity.Principal{}, session.Session{}, fault.ErrUnauthenticated
	}
	account, err := securityguard.LoadAccount(ctx, tx, t.TenantID, t.UserID)
	p.Roles = account.Roles
	return p, found, err
}
