package accounts_test

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/application/accounts"
	"github.com/symphainy/symphainy/application/securityguard"
	"github.com/symphainy/symphainy/application/trafficcop"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/test/authkit"
	"github.com/symphainy/symphainy/test/sheet"
)

func TestLogoutEndsEverythingOfTheSignIn(t *testing.T) {
	k := authkit.New(t)
	in, other := k.Register("ada"), k.Login("ada", accounts.SessionProof{})
	p := k.Caller(in.AccessToken)
	ticket, _, err := k.Sessions.IssueTicket(t.Context(), p, in.Session.ID(), "https://a.example")
	require.NoError(t, err)
	replica, _, _ := k.Replica()
	_, err = replica.ValidateToken(t.Context(), in.AccessToken)
	require.NoError(t, err, "another process remembers the session")

	k.Bus.Fails = errors.New("bus is gone")
	require.NoError(t, k.Accounts.Logout(t.Context(), p), "hints may be lost")
	require.Equal(t, []string{in.Session.ID()}, k.Bus.Sessions())
	dead(t, k, in)
	require.ErrorIs(t, k.Guard.Check(t.Context(), p), securityguard.ErrSessionChanged)
	_, _, err = k.Sessions.RedeemTicket(t.Context(), ticket, "https://a.example")
	require.ErrorIs(t, err, fault.ErrUnauthenticated)
	require.Contains(t, k.Audit(in.Tenant.ID), "auth.logout completed")

	k.Clock.Advance(time.Second)
	require.ErrorIs(t, replica.Check(t.Context(), p), securityguard.ErrSessionChanged, "within a second, without any hint")
	require.NoError(t, k.Guard.Check(t.Context(), k.Caller(other.AccessToken)), "the other sign-in goes on")
	require.NoError(t, k.Accounts.Logout(t.Context(), p), "twice is no error")
	sheet.Record(t, "A12", 5, "access, refresh, cookie, ticket here and the session in another process: still good 0", "0 within 1 s")
}

// A session that was upgraded with a sign-in's token belongs to that sign-in: logging out by either ends both.
func TestLogoutReachesUpgradedSessions(t *testing.T) {
	for _, byUpgraded := range []bool{true, false} {
		k := authkit.New(t)
		in, visit := k.Register("ada"), k.Anonymous()
		up, err := k.Sessions.Upgrade(t.Context(), trafficcop.UpgradeCommand{
			SessionID: visit.Session.ID(), Secret: visit.Secret, AccessToken: in.AccessToken,
		})
		require.NoError(t, err)
		first, second := k.Caller(in.AccessToken), k.Caller(up.AccessToken)
		p := first
		if byUpgraded {
			p = second
		}
		require.NoError(t, k.Accounts.Logout(t.Context(), p))
		require.ElementsMatch(t, []string{visit.Session.ID(), visit.Session.ID(), in.Session.ID()}, k.Bus.Sessions())
		dead(t, k, in)
		for _, p := range []identity.Principal{first, second} {
			require.ErrorIs(t, k.Guard.Check(t.Context(), p), securityguard.ErrSessionChanged)
		}
	}
}

func TestOnlyTheSignedInLogOut(t *testing.T) {
	k := authkit.New(t)
	visit := k.Anonymous()
	p, err := k.Guard.AnonymousBySecret(t.Context(), "", visit.Secret)
	require.NoError(t, err)
	for _, p := range []identity.Principal{{}, p} {
		require.ErrorIs(t, k.Accounts.Logout(t.Context(), p), fault.ErrUnauthenticated)
		_, err := k.Accounts.Me(t.Context(), p)
		require.ErrorIs(t, err, fault.ErrUnauthenticated)
		require.ErrorIs(t, k.Accounts.ChangePassword(t.Context(), p, "x", "y", k.Client()), fault.ErrUnauthenticated)
	}
}

func TestPasswordChangeEndsTheOtherSignIns(t *testing.T) {
	k := authkit.New(t)
	own, other, third := k.Register("ada"), k.Login("ada", accounts.SessionProof{}), k.Login("ada", accounts.SessionProof{})
	p := k.Caller(own.AccessToken)
	visit := k.Anonymous()
	up, err := k.Sessions.Upgrade(t.Context(), trafficcop.UpgradeCommand{
		SessionID: visit.Session.ID(), Secret: visit.Secret, AccessToken: own.AccessToken,
	})
	require.NoError(t, err)
	k.Bus.Sessions()

	k.Clock.Advance(time.Minute)
	require.NoError(t, k.Accounts.ChangePassword(t.Context(), p, authkit.Password, "violet armchair 18", k.Client()))
	require.ElementsMatch(t, []string{other.Session.ID(), third.Session.ID()}, k.Bus.Sessions())
	dead(t, k, other)
	dead(t, k, third)
	require.NoError(t, k.Guard.Check(t.Context(), p))
	require.NoError(t, k.Guard.Check(t.Context(), k.Caller(up.AccessToken)), "what the own sign-in upgraded is kept")
	refresh(t, k, own.RefreshToken)
	require.ErrorIs(t, login(t, k, "ada@example.org", authkit.Password, k.Client()), accounts.ErrAuthentication)
	require.NoError(t, login(t, k, "ada@example.org", "violet armchair 18", k.Client()))
	require.Contains(t, k.Audit(own.Tenant.ID), "auth.password_changed completed")
	sheet.Record(t, "A13", 4, "other sign-ins still good 0 of 2, own ones kept 2 of 2", "0, kept")
}

func TestPasswordChangeNeedsTheOldOneAndAGoodNewOne(t *testing.T) {
	k := authkit.New(t)
	in, other := k.Register("lovelace"), k.Login("lovelace", accounts.SessionProof{})
	p := k.Caller(in.AccessToken)
	require.ErrorIs(t, k.Accounts.ChangePassword(t.Context(), p, "wrong", "violet armchair 18", k.Client()), accounts.ErrAuthentication)
	for next, code := range map[string]string{
		"": "missing", "short": "too_short", "qwertyuiop": "blocked", "lovelace1815": "blocked", "lovelace@example.org": "blocked",
		"Symphainy!": "blocked",
	} {
		err := k.Accounts.ChangePassword(t.Context(), p, authkit.Password, next, k.Client())
		require.Equal(t, []string{"/new_password " + code}, codes(err), next)
	}
	k.Clock.Advance(time.Second)
	require.NoError(t, k.Guard.Check(t.Context(), k.Caller(other.AccessToken)), "a refused change ends nothing")
	require.NoError(t, login(t, k, authkit.Email("lovelace"), authkit.Password, k.Client()))
}

// Ways to lose one's rights, each through each credential: gone within a second.
func TestLostRightsAreLostWithinASecond(t *testing.T) {
	for name, spoil := range map[string]func(*authkit.Kit, accounts.SignIn){
		"disabled": func(k *authkit.Kit, in accounts.SignIn) {
			k.User(in.User.ID, func(u *identity.User) { u.Disabled = true })
		},
		"suspended": func(k *authkit.Kit, in accounts.SignIn) { k.Store.Suspend(in.Tenant.ID, true) },
		"removed":   func(k *authkit.Kit, in accounts.SignIn) { k.Store.Remove(in.Tenant.ID, in.User.ID) },
	} {
		t.Run(name, func(t *testing.T) {
			k := authkit.New(t)
			in := k.Register("ada")
			p := k.Caller(in.AccessToken)
			ticket, _, err := k.Sessions.IssueTicket(t.Context(), p, in.Session.ID(), "")
			require.NoError(t, err)
			spoil(k, in)
			k.Clock.Advance(time.Second)

			require.ErrorIs(t, second(k.Guard.ValidateToken(t.Context(), in.AccessToken)), fault.ErrUnauthenticated)
			require.ErrorIs(t, second(k.Guard.Authenticate(t.Context(), securityguard.Credentials{LoginCookie: in.LoginCookie})), fault.ErrUnauthenticated)
			require.ErrorIs(t, k.Guard.Check(t.Context(), p), securityguard.ErrSessionChanged)
			require.ErrorIs(t, k.Guard.Authorize(t.Context(), p, identity.PermRead), fault.ErrPermission)
			roles, err := k.Guard.Current(t.Context(), p)
			require.NoError(t, err)
			require.Empty(t, roles, "running executions have no rights left")
			_, _, err = k.Sessions.RedeemTicket(t.Context(), ticket, "")
			require.ErrorIs(t, err, fault.ErrUnauthenticated)
			require.ErrorIs(t, second(k.Accounts.Me(t.Context(), p)), fault.ErrUnauthenticated)
			require.ErrorIs(t, login(t, k, "ada@example.org", authkit.Password, k.Client()), accounts.ErrAuthentication)
		})
	}
	sheet.Record(t, "A14", 3*8, "disabled, suspended, removed: ways in that are left after 1 s 0", "0")
}

func TestLogoutReadsAllPagesOfSessions(t *testing.T) {
	k := authkit.New(t)
	in := k.Register("ada")
	p := k.Caller(in.AccessToken)
	for range 450 {
		k.Clock.Advance(time.Millisecond)
		_, err := k.Sessions.Create(t.Context(), p, nil)
		require.NoError(t, err)
	}
	require.NoError(t, k.Accounts.Logout(t.Context(), p))
	dead(t, k, in)
}
