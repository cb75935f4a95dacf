package bootstrap

import (
	"context"
	"errors"

	"github.com/symphainy/symphainy/adapters/gormstore"
	"github.com/symphainy/symphainy/adapters/passwords"
	"github.com/symphainy/symphainy/adapters/system"
	"github.com/symphainy/symphainy/application/accounts"
	"github.com/symphainy/symphainy/domain/identity"
)

// CreateUser makes an account, or makes the account that has the mail an operator. It writes to the database, so the embedded one must not be
// in use.
func CreateUser(ctx context.Context, cfg Config, cmd accounts.CreateCommand) (identity.User, error) {
	if err := errors.Join(cfg.validateDatabase()...); err != nil {
		return identity.User{}, err
	}
	hasher, err := passwords.New(cfg.Hashing)
	if err != nil {
		return identity.User{}, err
	}
	settings := cfg.store()
	settings.Clock = system.Clock{}
	store, err := gormstore.Open(ctx, settings)
	if err != nil {
		return identity.User{}, err
	}
	policy := accounts.Defaults()
	policy.PasswordMin = cfg.Auth.PasswordMin
	service := accounts.New(accounts.Deps{
		UnitOfWork: store, Hasher: hasher, Blocklist: passwords.NewBlocklist(), Clock: system.Clock{}, IDs: system.IDs{}, Config: policy,
	})
	made, err := service.Create(ctx, cmd)
	return made, errors.Join(err, store.Close())
}
