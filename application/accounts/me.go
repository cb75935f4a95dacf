package accounts

import (
	"context"

	"github.com/symphainy/symphainy/application/securityguard"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/ports"
)

// Profile is a signed-in person as the store has them now.
type Profile struct {
	User   identity.User
	Tenant identity.Tenant
	Roles  []identity.Role
}

// Me gives the caller's profile; a caller who is not signed in, or no longer good, is fault.ErrUnauthenticated.
func (s *Service) Me(ctx context.Context, p identity.Principal) (Profile, error) {
	if p.Kind != identity.KindUser {
		return Profile{}, fault.ErrUnauthenticated
	}
	var a securityguard.Account
	err := s.d.UnitOfWork.View(ctx, func(ctx context.Context, tx ports.Tx) (err error) {
		a, err = securityguard.LoadAccount(ctx, tx, p.TenantID, p.UserID)
		return err
	})
	return Profile(a), err
}
