package securityguard

import (
	"context"
	"errors"

	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/ports"
)

// Account is a user in a tenant, as the store has them now and with the right to act.
type Account struct {
	User   identity.User
	Tenant identity.Tenant
	// Roles are the role in the tenant and, for a platform's operator, that one too.
	Roles []identity.Role
}

// LoadAccount reads a user in a tenant. A user who is unknown or disabled, a tenant that is unknown or suspended and a membership that
// does not exist are all fault.ErrUnauthenticated.
func LoadAccount(ctx context.Context, tx ports.Tx, tenantID, userID string) (Account, error) {
	var a Account
	if tenantID == "" || userID == "" {
		return a, fault.ErrUnauthenticated
	}
	user, err := tx.Users.ByID(ctx, userID)
	if err != nil {
		return a, orUnauthenticated(err)
	}
	tenant, err := tx.Tenants.ByID(ctx, tenantID)
	if err != nil {
		return a, orUnauthenticated(err)
	}
	member, err := tx.Tenants.Member(ctx, tenantID, userID)
	if err != nil {
		return a, orUnauthenticated(err)
	}
	if user.Disabled || tenant.Suspended || len(member.Role.Permissions()) == 0 {
		return a, fault.ErrUnauthenticated
	}
	return Account{User: user, Tenant: tenant, Roles: rolesOf(user.Operator, member.Role)}, nil
}

func rolesOf(operator bool, role identity.Role) []identity.Role {
	if operator {
		return []identity.Role{role, identity.RoleOperator}
	}
	return []identity.Role{role}
}

func orUnauthenticated(err error) error {
	if errors.Is(err, fault.ErrNotFound) {
		return fault.ErrUnauthenticated
	}
	return err
}
