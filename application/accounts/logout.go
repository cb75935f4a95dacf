package accounts

import (
	"context"
	"errors"

	"github.com/symphainy/symphainy/domain/audit"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/ports"
)

// Logout ends what the caller's sign-in opened, everywhere: access tokens by the epoch, refresh tokens, login cookie, tickets and, by
// the hint, open sockets. A caller who is not signed in is fault.ErrUnauthenticated.
func (s *Service) Logout(ctx context.Context, p identity.Principal) error {
	if p.Kind != identity.KindUser {
		return fault.ErrUnauthenticated
	}
	var ended []string
	err := s.do(ctx, func(ctx context.Context, tx ports.Tx) error {
		now := s.d.Clock.Now()
		ended = nil
		login, err := tx.Logins.BySession(ctx, p.SessionID)
		switch {
		case err == nil:
			ended, err = endFamily(ctx, tx, login, now)
		case errors.Is(err, fault.ErrNotFound):
			// A second logout at the same time: the first has ended everything.
			return nil
		}
		if err != nil {
			return err
		}
		return tx.Audit.Append(ctx, s.record(actionLogout, audit.Completed, p.TenantID, p.UserID, p.SessionID, nil))
	})
	if err != nil {
		return err
	}
	s.announce(ctx, ended...)
	return nil
}
