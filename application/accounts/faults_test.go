package accounts_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/adapters/system"
	"github.com/symphainy/symphainy/application/accounts"
	"github.com/symphainy/symphainy/ports"
	"github.com/symphainy/symphainy/test/authkit"
	"github.com/symphainy/symphainy/test/faulty"
)

// over makes a service of the kit on another store.
func over(k *authkit.Kit, store ports.UnitOfWork) *accounts.Service {
	return accounts.New(accounts.Deps{
		UnitOfWork: store, Issuer: k.Issuer, Hasher: k.Hasher, Blocklist: authkit.Blocklist{}, Clock: k.Clock, IDs: system.IDs{}, Bus: k.Bus, Guard: k.Guard, Config: k.Config,
	})
}

// Whichever statement fails, somebody who registers is either in with everything, or nobody has their mail.
func TestRegisteringSurvivesEveryFault(t *testing.T) {
	faulty.Sweep(t, func(t *testing.T, wrap func(ports.UnitOfWork) *faulty.Store) {
		t.Helper()
		k := authkit.New(t)
		broken := wrap(k.Store)
		_, err := over(k, broken).Register(t.Context(), accounts.RegisterCommand{
			Name: "Ada", Email: authkit.Email("ada"), Password: authkit.Password, Client: k.Client(),
		})
		_, in := k.Accounts.Login(t.Context(), accounts.LoginCommand{Email: authkit.Email("ada"), Password: authkit.Password, Client: k.Client()})
		if broken.Struck() == "" {
			require.NoError(t, err)
			require.NoError(t, in)
			return
		}
		if err == nil {
			require.NoError(t, in)
			return
		}
		if broken.Struck() != faulty.Answer { // of whose transaction the caller cannot know
			require.Error(t, in)
		}
	})
}

// Whichever statement fails, somebody who signs out of a login is told so only if it is over, and can try again.
func TestSigningOutSurvivesEveryFault(t *testing.T) {
	faulty.Sweep(t, func(t *testing.T, wrap func(ports.UnitOfWork) *faulty.Store) {
		t.Helper()
		k := authkit.New(t)
		in := k.Register("ada")
		p := k.Caller(in.AccessToken)
		broken := wrap(k.Store)
		err := over(k, broken).Logout(t.Context(), p)
		if err != nil && broken.Struck() != faulty.Answer {
			require.NoError(t, k.Accounts.Logout(t.Context(), p))
		}
		_, err = k.Accounts.Refresh(t.Context(), in.RefreshToken, accounts.Client{})
		require.Error(t, err)
	})
}
