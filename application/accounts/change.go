package accounts

import (
	"context"
	"errors"
	"strings"

	"github.com/symphainy/symphainy/application/securityguard"
	"github.com/symphainy/symphainy/domain/audit"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/domain/session"
	"github.com/symphainy/symphainy/ports"
)

// ChangePassword replaces the caller's password and ends all their other sign-ins. A next password against the rules is ErrInvalid, a
// wrong current one ErrAuthentication, behind the limits that all password checks share.
func (s *Service) ChangePassword(ctx context.Context, p identity.Principal, current, next string, c Client) error {
	profile, err := s.Me(ctx, p)
	if err != nil {
		return err
	}
	local, _, _ := strings.Cut(profile.User.EmailKey, "@")
	normal, wrong := s.checkPassword("/new_password", next, profile.User.EmailKey, local, profile.User.Name, profile.Tenant.Name)
	if wrong != nil {
		return ErrInvalid.WithFields(*wrong)
	}
	user, try, err := s.check(ctx, profile.User.EmailKey, current, c)
	if err != nil {
		return err
	}
	hash, err := s.d.Hasher.Hash(ctx, normal)
	if err != nil {
		return s.notJudged(ctx, try, err)
	}
	var ended []string
	_, err = s.succeeded(ctx, user, try, func(ctx context.Context, tx ports.Tx, a securityguard.Account) (err error) {
		if ended, err = s.replace(ctx, tx, p, a.User, hash); err != nil {
			return err
		}
		return tx.Audit.Append(ctx, s.record(actionPasswordChange, audit.Completed, p.TenantID, a.User.ID, a.User.ID, nil))
	})
	if err != nil {
		return err
	}
	s.announce(ctx, ended...)
	return nil
}

// replace stores the hash and ends every sign-in of the user, in all their tenants, but the caller's.
func (s *Service) replace(ctx context.Context, tx ports.Tx, p identity.Principal, user identity.User, hash string) ([]string, error) {
	if user.ID != p.UserID {
		return nil, ErrAuthentication
	}
	own, err := tx.Logins.BySession(ctx, p.SessionID)
	if errors.Is(err, fault.ErrNotFound) {
		return nil, fault.ErrUnauthenticated
	}
	if err != nil {
		return nil, err
	}
	now := s.d.Clock.Now()
	user.PasswordHash, user.UpdatedAt = hash, now
	if err := tx.Users.Save(ctx, user); err != nil {
		return nil, err
	}
	members, err := tx.Tenants.Memberships(ctx, user.ID)
	if err != nil {
		return nil, err
	}
	var all []string
	for _, m := range members {
		ended, err := endLogins(ctx, tx, m.TenantID, user.ID, now, func(l session.Login) bool { return !sameFamily(own, l) })
		if err != nil {
			return nil, err
		}
		all = append(all, ended...)
	}
	return all, nil
}
