package accounts_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/application/accounts"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/domain/session"
	"github.com/symphainy/symphainy/ports"
	"github.com/symphainy/symphainy/test/authkit"
	"github.com/symphainy/symphainy/test/sheet"
)

// unlimited lifts the limits that are not the point of a test.
func unlimited(c *accounts.Config) {
	c.LoginRate = ports.Rate{Window: time.Minute}
	c.RegisterRate = ports.Rate{Window: time.Minute}
}

func login(t *testing.T, k *authkit.Kit, email, password string, c accounts.Client) error {
	t.Helper()
	_, err := k.Accounts.Login(t.Context(), accounts.LoginCommand{Email: email, Password: password, Client: c})
	return err
}

// Every reason to refuse is the same answer after the same work: one comparison, one failed record.
func TestReasonsToRefuseLookAlike(t *testing.T) {
	k := authkit.New(t)
	for _, name := range []string{"wrong", "disabled", "suspended", "removed", "locked"} {
		k.Register(name)
	}
	user := func(name string) accounts.SignIn { return k.Login(name, accounts.SessionProof{}) }
	disabled, suspended, removed, locked := user("disabled"), user("suspended"), user("removed"), user("locked")
	k.User(disabled.User.ID, func(u *identity.User) { u.Disabled = true })
	k.User(locked.User.ID, func(u *identity.User) { u.FailedLogins = 100 })
	k.Store.Suspend(suspended.Tenant.ID, true)
	k.Store.Remove(removed.Tenant.ID, removed.User.ID)
	k.Hasher.Count()

	for name, password := range map[string]string{
		"unknown": authkit.Password, "wrong": "not the password", "disabled": authkit.Password, "suspended": authkit.Password,
		"removed": authkit.Password, "locked": authkit.Password,
	} {
		err := login(t, k, authkit.Email(name), password, k.Client())
		require.Equal(t, accounts.ErrAuthentication, fault.As(err), name)
		require.Equal(t, accounts.ErrAuthentication.Error(), err.Error(), name)
		hashed, matched, dummies := k.Hasher.Count()
		require.Zero(t, hashed, name)
		require.Equal(t, 1, matched, name)
		require.Equal(t, name == "unknown", dummies == 1, name)
	}
	sheet.Record(t, "A6", 6, "six reasons, one answer and one comparison each: differences 0; times are not measured", "0")
}

func TestWhatCannotBeAPasswordIsComparedToo(t *testing.T) {
	k := authkit.New(t, unlimited)
	k.Register("ada")
	k.Hasher.Count()
	for _, password := range []string{"\x00", "a\nb", "\xff", string(make([]byte, 1<<20))} {
		require.ErrorIs(t, login(t, k, "ada@example.org", password, k.Client()), accounts.ErrAuthentication)
		_, matched, _ := k.Hasher.Count()
		require.Equal(t, 1, matched)
	}
	require.Equal(t, []string{"/password missing"}, codes(login(t, k, "ada@example.org", "", k.Client())))
	require.Equal(t, []string{"/email invalid"}, codes(login(t, k, "ada@@example.org", "x", k.Client())))
}

func TestLoginIsAudited(t *testing.T) {
	k := authkit.New(t)
	in := k.Register("ada")
	require.Error(t, login(t, k, "ada@example.org", "wrong", k.Client()))
	require.NoError(t, login(t, k, "Ada@Example.org", authkit.Password, k.Client()))
	require.Error(t, login(t, k, "nobody@example.org", "wrong", k.Client()))
	require.Equal(t, []string{"auth.registered completed", "auth.login denied", "auth.login completed"}, k.Audit(in.Tenant.ID))
	require.Equal(t, []string{"auth.login denied"}, k.Audit(accounts.PlatformScope))
}

func TestLoginsAreLimitedByAddressAndByAccount(t *testing.T) {
	k := authkit.New(t)
	k.Register("ada")
	c := k.Client()
	for i := range 5 {
		require.ErrorIs(t, login(t, k, fmt.Sprintf("u%d@example.org", i), "x", c), accounts.ErrAuthentication)
	}
	k.Hasher.Count()
	err := login(t, k, "ada@example.org", authkit.Password, c)
	require.ErrorIs(t, err, accounts.ErrRateLimited, "the address is used up, whatever the account")
	require.Positive(t, fault.As(err).RetryAfter)
	_, matched, _ := k.Hasher.Count()
	require.Zero(t, matched)

	for _, email := range []string{"ada@example.org", "ADA@example.org", " ada@example.org", "ａda@example.org", "ada@EXAMPLE.org"} {
		require.NoError(t, login(t, k, email, authkit.Password, k.Client()))
	}
	require.ErrorIs(t, login(t, k, "aDa@example.org", authkit.Password, k.Client()), accounts.ErrRateLimited,
		"the account is used up, whatever the address and the spelling")
	k.Clock.Advance(time.Minute)
	require.NoError(t, login(t, k, "ada@example.org", authkit.Password, c))
}

func TestAddressesOfOneLineCountTogether(t *testing.T) {
	key := func(address string) string { return accounts.Client{Address: address}.LimitKey() }
	require.Equal(t, key("2001:db8:1:2::1"), key("2001:db8:1:2:ffff::9"))
	require.NotEqual(t, key("2001:db8:1:2::1"), key("2001:db8:1:3::1"))
	require.Equal(t, key("192.0.2.1"), key("::ffff:192.0.2.1"))
	require.NotEqual(t, key("192.0.2.1"), key("192.0.2.2"))
	require.Equal(t, key("fe80::1%eth0"), key("fe80::2%eth1"))
	require.Equal(t, "@", key("@"))
}

// All routes that check a password, on all replicas, draw from one limit.
func TestPasswordChecksShareOneLimit(t *testing.T) {
	k := authkit.New(t)
	in := k.Register("ada")
	p := k.Caller(in.AccessToken)
	_, second, _ := k.Replica()
	_, third, _ := k.Replica()
	for _, check := range []func() error{
		func() error { return login(t, k, "ada@example.org", "wrong", k.Client()) },
		func() error {
			_, err := second.CheckPassword(t.Context(), "ada@example.org", "wrong", k.Client())
			return err
		},
		func() error {
			_, err := third.Identify(t.Context(), "ada@example.org", "wrong", k.Client())
			return err
		},
		func() error { return second.ChangePassword(t.Context(), p, "wrong", "another good one", k.Client()) },
		func() error { return third.ChangePassword(t.Context(), p, "wrong", "another good one", k.Client()) },
	} {
		require.ErrorIs(t, check(), accounts.ErrAuthentication)
	}
	for _, s := range []*accounts.Service{k.Accounts, second, third} {
		_, err := s.CheckPassword(t.Context(), "ada@example.org", authkit.Password, k.Client())
		require.ErrorIs(t, err, accounts.ErrRateLimited)
		require.ErrorIs(t, s.ChangePassword(t.Context(), p, authkit.Password, "another good one", k.Client()), accounts.ErrRateLimited)
	}
}

// A thousand guesses from a thousand addresses: at most ten in any quarter of an hour are looked at, and the owner gets in after the
// back-off.
func TestGuessesAreBoundedAndTheOwnerGetsIn(t *testing.T) {
	k := authkit.New(t)
	k.Register("ada")
	start := k.Clock.Now()
	var judged []time.Time
	for range 1000 {
		if err := login(t, k, "ada@example.org", "guess", k.Client()); errors.Is(err, accounts.ErrAuthentication) {
			judged = append(judged, k.Clock.Now())
		} else {
			require.ErrorIs(t, err, accounts.ErrRateLimited)
		}
		k.Clock.Advance(2 * time.Second)
	}
	require.Greater(t, len(judged), 10, "33 minutes hold more than one window")
	for i, from := range judged {
		n := 0
		for _, at := range judged[i:] {
			if at.Sub(from) < 15*time.Minute {
				n++
			}
		}
		require.LessOrEqual(t, n, 10, "from %v", from.Sub(start))
	}
	var err error
	for range 20 {
		if err = login(t, k, "ada@example.org", authkit.Password, k.Client()); err == nil {
			break
		}
		require.ErrorIs(t, err, accounts.ErrRateLimited)
		k.Clock.Advance(fault.As(err).RetryAfter)
	}
	require.NoError(t, err, "after the back-off the right password works")
}

func TestParallelGuessesPassTheLimitOneByOne(t *testing.T) {
	k := authkit.New(t, unlimited)
	k.Register("ada")
	k.Hasher.Count()
	var wg sync.WaitGroup
	for range 200 {
		c := k.Client()
		wg.Go(func() { _ = login(t, k, "ada@example.org", "guess", c) })
	}
	wg.Wait()
	_, matched, _ := k.Hasher.Count()
	require.Equal(t, 10, matched)
}

func TestSuccessGivesItsPlaceBackAndNoOther(t *testing.T) {
	k := authkit.New(t, unlimited)
	k.Register("ada")
	for range 9 {
		require.ErrorIs(t, login(t, k, "ada@example.org", "guess", k.Client()), accounts.ErrAuthentication)
	}
	for range 20 {
		require.NoError(t, login(t, k, "ada@example.org", authkit.Password, k.Client()))
	}
	require.ErrorIs(t, login(t, k, "ada@example.org", "guess", k.Client()), accounts.ErrAuthentication)
	require.ErrorIs(t, login(t, k, "ada@example.org", "guess", k.Client()), accounts.ErrRateLimited,
		"the owner's sign-ins do not open a new round for a guesser")
}

func TestAHundredFailuresInARowLock(t *testing.T) {
	k := authkit.New(t, unlimited, func(c *accounts.Config) { c.FailureLimit = 1000 })
	in := k.Register("ada")
	for range 99 {
		require.ErrorIs(t, login(t, k, "ada@example.org", "guess", k.Client()), accounts.ErrAuthentication)
	}
	require.NoError(t, login(t, k, "ada@example.org", authkit.Password, k.Client()), "99 do not, and success begins anew")
	for range 100 {
		require.ErrorIs(t, login(t, k, "ada@example.org", "guess", k.Client()), accounts.ErrAuthentication)
	}
	k.Clock.Advance(24 * time.Hour)
	require.ErrorIs(t, login(t, k, "ada@example.org", authkit.Password, k.Client()), accounts.ErrAuthentication)
	k.User(in.User.ID, func(u *identity.User) { u.FailedLogins = 0 })
	require.NoError(t, login(t, k, "ada@example.org", authkit.Password, k.Client()), "an administrator helps")
}

func TestABusyHasherIsNotAFailure(t *testing.T) {
	k := authkit.New(t, unlimited)
	in := k.Register("ada")
	k.Hasher.Busy = true
	for range 50 {
		require.ErrorIs(t, login(t, k, "ada@example.org", authkit.Password, k.Client()), ports.ErrHashBusy)
	}
	require.ErrorIs(t, k.Accounts.ChangePassword(t.Context(), k.Caller(in.AccessToken), authkit.Password, "another good one", k.Client()), ports.ErrHashBusy)
	_, err := k.Accounts.Register(t.Context(), accounts.RegisterCommand{Name: "B", Email: "b@example.org", Password: authkit.Password, Client: k.Client()})
	require.ErrorIs(t, err, ports.ErrHashBusy)
	k.Hasher.Busy = false
	require.NoError(t, login(t, k, "ada@example.org", authkit.Password, k.Client()))
}

func TestALimiterHitIsAuditedOnceAMinute(t *testing.T) {
	k := authkit.New(t)
	c := k.Client()
	for range 50 {
		require.Error(t, login(t, k, "nobody@example.org", "x", c))
	}
	require.Len(t, k.Audit(accounts.PlatformScope), 5+1, "five judged, and one record of forty-five refused")
}

func TestLoginUpgradesOnlyAProvedSession(t *testing.T) {
	k := authkit.New(t)
	k.Register("ada")
	visit, other := k.Anonymous(), k.Anonymous()
	for name, proof := range map[string]accounts.SessionProof{
		"no secret":                {SessionID: visit.Session.ID()},
		"wrong secret":             {SessionID: visit.Session.ID(), Secret: "sas_wrong"},
		"another session's secret": {SessionID: visit.Session.ID(), Secret: other.Secret},
		"unknown session":          {SessionID: "ses_00000000000000000000000000", Secret: visit.Secret},
		"no session":               {Secret: visit.Secret},
	} {
		k.Clock.Advance(time.Minute)
		in := k.Login("ada", proof)
		require.False(t, in.Upgraded, name)
		require.NotEqual(t, visit.Session.ID(), in.Session.ID(), name)
		require.Equal(t, visit.Session, k.Session(visit.Session.ID()), "the named one stays as it is")
	}
	in := k.Login("ada", accounts.SessionProof{SessionID: visit.Session.ID(), Secret: visit.Secret})
	require.True(t, in.Upgraded)
	require.Equal(t, visit.Session.ID(), in.Session.ID())
	k.Clock.Advance(time.Minute)
	again := k.Login("ada", accounts.SessionProof{SessionID: visit.Session.ID(), Secret: visit.Secret})
	require.False(t, again.Upgraded, "the secret is dead")
}

func TestLoginMetadata(t *testing.T) {
	k := authkit.New(t)
	k.Register("ada")
	do := func(metadata string, proof accounts.SessionProof) (accounts.SignIn, error) {
		k.Clock.Advance(time.Minute)
		return k.Accounts.Login(t.Context(), accounts.LoginCommand{
			Email: "ada@example.org", Password: authkit.Password, Metadata: []byte(metadata), Session: proof, Client: k.Client(),
		})
	}
	in, err := do(`{"a":1}`, accounts.SessionProof{})
	require.NoError(t, err)
	require.JSONEq(t, `{"a":1}`, string(k.Session(in.Session.ID()).Snapshot().Metadata))
	visit := k.Anonymous()
	in, err = do(`{"b":2}`, accounts.SessionProof{SessionID: visit.Session.ID(), Secret: visit.Secret})
	require.NoError(t, err)
	require.True(t, in.Upgraded)
	require.JSONEq(t, `{"b":2}`, string(k.Session(in.Session.ID()).Snapshot().Metadata))
	require.Equal(t, k.Session(in.Session.ID()), in.Session)
	_, err = do(`[1]`, accounts.SessionProof{})
	require.Equal(t, []string{"/metadata invalid"}, codes(err))
}

// The password is changed while a login with the old one is between comparing and storing.
func TestAPasswordThatChangedMeanwhileDoesNotCount(t *testing.T) {
	k := authkit.New(t)
	in := k.Register("ada")
	k.Store.Before(func(ctx context.Context, tx ports.Tx) error {
		u, err := tx.Users.ByID(ctx, in.User.ID)
		if err != nil {
			return err
		}
		u.PasswordHash = "hash:new"
		return tx.Users.Save(ctx, u)
	}, 2) // admit is the first transaction, the one that records the success the second
	require.ErrorIs(t, login(t, k, "ada@example.org", authkit.Password, k.Client()), accounts.ErrAuthentication)
}

func TestAStoreThatIsGoneIsNotAWrongPassword(t *testing.T) {
	k := authkit.New(t)
	in := k.Register("ada")
	k.Store.Fail(fault.ErrUnavailable)
	for _, err := range []error{
		login(t, k, "ada@example.org", authkit.Password, k.Client()),
		second(k.Accounts.Refresh(t.Context(), in.RefreshToken, k.Client())),
		second(k.Guard.ValidateToken(t.Context(), in.AccessToken)),
		second(k.Accounts.Register(t.Context(), accounts.RegisterCommand{Name: "B", Email: "b@example.org", Password: authkit.Password})),
	} {
		require.ErrorIs(t, err, fault.ErrUnavailable)
	}
	k.Store.Fail(nil)
	_, err := k.Accounts.Refresh(t.Context(), in.RefreshToken, k.Client())
	require.NoError(t, err, "the family stands")
}

func second[T any](_ T, err error) error { return err }

// A user in two tenants is signed in to the older one, and to the other when that is suspended.
func TestTheOldestTenantThatCanBeUsedCounts(t *testing.T) {
	k := authkit.New(t)
	ada, bob := k.Register("ada"), k.Register("bob")
	k.Clock.Advance(time.Minute)
	require.NoError(t, k.Store.Do(t.Context(), func(ctx context.Context, tx ports.Tx) error {
		return tx.Tenants.AddMember(ctx, identity.Membership{
			TenantID: bob.Tenant.ID, UserID: ada.User.ID, Role: identity.RoleViewer, CreatedAt: k.Clock.Now(),
		})
	}))
	require.Equal(t, ada.Tenant.ID, k.Login("ada", accounts.SessionProof{}).Tenant.ID)
	k.Store.Suspend(ada.Tenant.ID, true)
	in := k.Login("ada", accounts.SessionProof{})
	require.Equal(t, bob.Tenant.ID, in.Tenant.ID)
	require.Equal(t, []identity.Role{identity.RoleViewer}, in.Roles)
	require.Equal(t, session.Active, in.Session.Status(k.Clock.Now()))
}

func TestIdentifyGivesACallerWithoutASession(t *testing.T) {
	k := authkit.New(t)
	in := k.Register("ada")
	p, err := k.Accounts.Identify(t.Context(), "ada@example.org", authkit.Password, k.Client())
	require.NoError(t, err)
	require.Equal(t, identity.Principal{
		Kind: identity.KindUser, UserID: in.User.ID, TenantID: in.Tenant.ID, Roles: in.Roles, AuthTime: k.Clock.Now(),
	}, p)
	made, err := k.Sessions.Create(t.Context(), p, nil)
	require.NoError(t, err)
	require.True(t, made.Session.OwnedBy(in.Tenant.ID, in.User.ID))
	require.Empty(t, made.Secret)
}
