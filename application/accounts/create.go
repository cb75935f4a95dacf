package accounts

import (
	"context"
	"strings"

	"github.com/symphainy/symphainy/application/securityguard"
	"github.com/symphainy/symphainy/domain/audit"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/domain/typeid"
	"github.com/symphainy/symphainy/ports"
)

// CreateCommand asks for an account for somebody, by whoever runs the platform's command line.
type CreateCommand struct {
	Name     string
	Email    string
	Password string
	// Operator makes the person a platform operator, beside being the owner of a tenant of their own.
	Operator bool
}

// Create makes an account as Register does, without limits and without signing in. If the mail is taken and Operator is set, the account that
// has it becomes an operator, and its password and tenants stay as they are.
func (s *Service) Create(ctx context.Context, cmd CreateCommand) (identity.User, error) {
	name, badName := parseName(cmd.Name)
	email, key, badEmail := parseEmail(cmd.Email)
	if badEmail != nil {
		return identity.User{}, ErrInvalid.WithFields(*badEmail)
	}
	if cmd.Operator {
		user, err := s.promote(ctx, key)
		if fault.KindOf(err) != fault.NotFound {
			return user, err
		}
	}
	local, _, _ := strings.Cut(key, "@")
	password, badPassword := s.checkPassword("/password", cmd.Password, key, local, name)
	if wrong := fields(badName, badPassword); len(wrong) > 0 {
		return identity.User{}, ErrInvalid.WithFields(wrong...)
	}
	hash, err := s.d.Hasher.Hash(ctx, password)
	if err != nil {
		return identity.User{}, err
	}
	now := s.d.Clock.Now()
	var account securityguard.Account
	err = s.do(ctx, func(ctx context.Context, tx ports.Tx) (err error) {
		account, err = s.makeAccount(ctx, tx, identity.User{
			ID: s.d.IDs.NewID(typeid.User), Email: email, EmailKey: key, Name: name, PasswordHash: hash, Operator: cmd.Operator, CreatedAt: now, UpdatedAt: now,
		}, "", now)
		if err != nil {
			return err
		}
		return tx.Audit.Append(ctx, s.record(actionCreate, audit.Completed, account.Tenant.ID, commandLine, account.User.ID, nil))
	})
	return account.User, err
}

// commandLine is the actor of what is done by the command line.
const commandLine = "command_line"

// promote makes the user of a mail an operator.
func (s *Service) promote(ctx context.Context, key string) (user identity.User, err error) {
	err = s.do(ctx, func(ctx context.Context, tx ports.Tx) error {
		if user, err = tx.Users.ByEmailKey(ctx, key); err != nil || user.Operator {
			return err
		}
		user.Operator, user.UpdatedAt = true, s.d.Clock.Now()
		if err := tx.Users.Save(ctx, user); err != nil {
			return err
		}
		tenantID, err := firstTenant(ctx, tx, user.ID)
		if err != nil {
			return err
		}
		return tx.Audit.Append(ctx, s.record(actionPromote, audit.Completed, tenantID, commandLine, user.ID, nil))
	})
	return user, err
}
