package trafficcop_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/application/accounts"
	"github.com/symphainy/symphainy/application/securityguard"
	"github.com/symphainy/symphainy/application/trafficcop"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/domain/session"
	"github.com/symphainy/symphainy/domain/typeid"
	"github.com/symphainy/symphainy/ports"
	"github.com/symphainy/symphainy/test/authkit"
	"github.com/symphainy/symphainy/test/sheet"
)

func upgrade(t *testing.T, k *authkit.Kit, token, sessionID, secret string) error {
	t.Helper()
	return failure(k.Sessions.Upgrade(t.Context(), trafficcop.UpgradeCommand{SessionID: sessionID, Secret: secret, AccessToken: token}))
}

func TestUpgradeKeepsTheIDAndRaisesTheEpoch(t *testing.T) {
	k := authkit.New(t)
	in, visit := k.Register("ada"), k.Anonymous()
	id := visit.Session.ID()
	k.Clock.Advance(time.Minute)
	up, err := k.Sessions.Upgrade(t.Context(), trafficcop.UpgradeCommand{
		SessionID: id, Secret: visit.Secret, AccessToken: in.AccessToken, UserID: in.User.ID, TenantID: in.Tenant.ID,
		Metadata: []byte(`{"tab":1}`),
	})
	require.NoError(t, err)
	require.False(t, up.Repeated)
	require.Equal(t, k.Session(id), up.Session)
	stored := up.Session.Snapshot()
	require.Equal(t, id, stored.ID)
	require.Equal(t, session.Active, stored.State)
	require.Equal(t, 2, stored.Epoch)
	require.Nil(t, stored.SecretHash)
	require.JSONEq(t, `{"tab":1}`, string(stored.Metadata))
	require.True(t, up.Session.OwnedBy(in.Tenant.ID, in.User.ID))
	require.Equal(t, id, up.Claims.SessionID)
	require.Equal(t, 2, up.Claims.SessionEpoch)
	require.Equal(t, in.Claims.AuthTime, up.Claims.AuthTime)
	require.Equal(t, k.Caller(up.AccessToken), up.Principal)
	require.NoError(t, k.Guard.Check(t.Context(), up.Principal))
	require.Equal(t, []string{id}, k.Bus.Sessions())
	require.Contains(t, k.Audit(in.Tenant.ID), "session.upgraded completed")
	require.NoError(t, k.Guard.Check(t.Context(), k.Caller(in.AccessToken)), "the first token goes on")
}

// S4: whoever planted the session and knows its secret has nothing in hand after the victim's upgrade.
func TestFullFixationLeavesTheAttackerNothing(t *testing.T) {
	sheet.Record(t, "S4", 1, "the attacker has nothing in hand", "as the row says")
	k := authkit.New(t)
	replica, _, sessions := k.Replica()
	for range 50 {
		planted := k.Anonymous()
		id := planted.Session.ID()
		attacker := visitor(t, k, planted)
		ticket, _, err := k.Sessions.IssueTicket(t.Context(), attacker, id, "")
		require.NoError(t, err)
		require.NoError(t, replica.Check(t.Context(), attacker), "the attacker's socket on another replica")

		victim := k.RegisterFresh()
		require.NoError(t, upgrade(t, k, victim.AccessToken, id, planted.Secret))

		require.ErrorIs(t, failure(k.Guard.AnonymousBySecret(t.Context(), id, planted.Secret)), fault.ErrNotFound)
		require.ErrorIs(t, failure(replica.AnonymousBySecret(t.Context(), "", planted.Secret)), fault.ErrNotFound)
		_, _, err = sessions.RedeemTicket(t.Context(), ticket, "")
		require.ErrorIs(t, err, fault.ErrUnauthenticated)
		require.ErrorIs(t, failure(k.Sessions.Resolve(t.Context(), attacker, id)), fault.ErrNotFound)
		require.ErrorIs(t, ticketError(t, k, attacker, id), fault.ErrNotFound)
		require.ErrorIs(t, k.Sessions.End(t.Context(), attacker, id), fault.ErrNotFound)
		require.ErrorIs(t, k.Guard.Check(t.Context(), attacker), securityguard.ErrSessionChanged)
		other := k.RegisterFresh()
		require.ErrorIs(t, upgrade(t, k, other.AccessToken, id, planted.Secret), fault.ErrNotFound)
		k.Clock.Advance(time.Second)
		require.ErrorIs(t, replica.Check(t.Context(), attacker), securityguard.ErrSessionChanged)
		require.True(t, k.Session(id).OwnedBy(victim.Tenant.ID, victim.User.ID))
	}
}

// S1, S3, S5: the id alone, and every secret but the right one, is an unknown session.
func TestUpgradeWithoutTheRightSecret(t *testing.T) {
	sheet.Record(t, "S1", 1, "the id alone opens nothing", "as the row says")
	sheet.Record(t, "S3", 1, "a planted id alone upgrades nothing", "as the row says")
	sheet.Record(t, "S5", 1, "every secret but the right one is refused", "as the row says")
	k := authkit.New(t)
	in, visit, other := k.Register("ada"), k.Anonymous(), k.Anonymous()
	id := visit.Session.ID()
	near := []byte(visit.Secret)
	near[10] ^= 1
	for _, secret := range []string{
		"", "sas_", other.Secret, string(near), visit.Secret + "A", visit.Secret[:len(visit.Secret)-1], visit.Secret[4:],
		" " + visit.Secret, string(securityguard.HashSecret(visit.Secret)), in.LoginCookie, in.AccessToken, id,
	} {
		require.Equal(t, fault.ErrNotFound, fault.As(upgrade(t, k, in.AccessToken, id, secret)), secret)
	}
	for _, unknown := range []string{"", "x", typeid.Format(typeid.Session, [16]byte{7}), visit.Secret, in.Tenant.ID} {
		require.Equal(t, fault.ErrNotFound, fault.As(upgrade(t, k, in.AccessToken, unknown, visit.Secret)), unknown)
	}
	require.Equal(t, visit.Session, k.Session(id), "it stays anonymous")
	require.Empty(t, k.Bus.Sessions())
	require.Contains(t, k.Audit(in.Tenant.ID), "session.upgraded denied")
	require.NoError(t, upgrade(t, k, in.AccessToken, id, visit.Secret))
}

// S6: a repeat by the owner, also without the secret and long after, is a no-op; by anyone else it is an unknown session.
func TestSecondUpgrade(t *testing.T) {
	sheet.Record(t, "S6", 1, "404, 404, a no-op", "as the row says")
	k := authkit.New(t)
	ada, bob, visit := k.Register("ada"), k.Register("bob"), k.Anonymous()
	id := visit.Session.ID()
	require.NoError(t, upgrade(t, k, ada.AccessToken, id, visit.Secret))
	before := k.Session(id)
	k.Bus.Sessions()
	for range 50 {
		require.Equal(t, fault.ErrNotFound, fault.As(upgrade(t, k, bob.AccessToken, id, visit.Secret)))
		require.Equal(t, fault.ErrNotFound, fault.As(upgrade(t, k, bob.AccessToken, id, "")))
		again, err := k.Sessions.Upgrade(t.Context(), trafficcop.UpgradeCommand{SessionID: id, Secret: visit.Secret, AccessToken: ada.AccessToken})
		require.NoError(t, err)
		require.True(t, again.Repeated)
		require.Empty(t, again.AccessToken, "no new secret")
		require.Equal(t, before, again.Session)
	}
	require.Equal(t, before, k.Session(id))
	require.Empty(t, k.Bus.Sessions())
	k.Clock.Advance(8 * time.Minute)
	require.NoError(t, upgrade(t, k, ada.AccessToken, id, ""), "an answer that was lost long ago")
}

// The same user in another tenant is somebody else.
func TestSecondUpgradeFromAnotherTenant(t *testing.T) {
	k := authkit.New(t)
	ada, bob, visit := k.Register("ada"), k.Register("bob"), k.Anonymous()
	require.NoError(t, upgrade(t, k, ada.AccessToken, visit.Session.ID(), visit.Secret))
	k.Clock.Advance(time.Minute)
	require.NoError(t, k.Store.Do(t.Context(), func(ctx context.Context, tx ports.Tx) error {
		return tx.Tenants.AddMember(ctx, identity.Membership{
			TenantID: bob.Tenant.ID, UserID: ada.User.ID, Role: identity.RoleOwner, CreatedAt: k.Clock.Now(),
		})
	}))
	k.Store.Suspend(ada.Tenant.ID, true)
	elsewhere := k.Login("ada", accounts.SessionProof{})
	require.Equal(t, bob.Tenant.ID, elsewhere.Tenant.ID)
	require.Equal(t, fault.ErrNotFound, fault.As(upgrade(t, k, elsewhere.AccessToken, visit.Session.ID(), visit.Secret)))
}

// S8: one owner, and exactly one winner who gets a token, whoever asks at the same time on whichever replica.
func TestParallelUpgradesHaveOneOwner(t *testing.T) {
	sheet.Record(t, "S8", 1, "one owner", "as the row says")
	k := authkit.New(t)
	replicas := []*trafficcop.Sessions{k.Sessions}
	for range 2 {
		_, _, s := k.Replica()
		replicas = append(replicas, s)
	}
	for round := range 200 {
		users := make([]accounts.SignIn, 2+round%7)
		for i := range users {
			users[i] = k.RegisterFresh()
		}
		visit := k.Anonymous()
		k.Store.LoseRaces(round % 3)
		answers := make([]trafficcop.Upgraded, 64)
		errs := make([]error, 64)
		var wg sync.WaitGroup
		for i := range answers {
			wg.Go(func() {
				answers[i], errs[i] = replicas[i%3].Upgrade(t.Context(), trafficcop.UpgradeCommand{
					SessionID: visit.Session.ID(), Secret: visit.Secret, AccessToken: users[i%len(users)].AccessToken,
				})
			})
		}
		wg.Wait()
		owner := k.Session(visit.Session.ID()).Snapshot()
		require.Equal(t, 2, owner.Epoch)
		tokens := 0
		for i, err := range errs {
			if users[i%len(users)].User.ID != owner.OwnerUserID {
				require.ErrorIs(t, err, fault.ErrNotFound)
				continue
			}
			require.NoError(t, err)
			if !answers[i].Repeated {
				tokens++
				require.NoError(t, k.Guard.Check(t.Context(), answers[i].Principal))
			}
		}
		require.Equal(t, 1, tokens)
	}
}

// S12, first half: what is not a fresh, good, explicit access token of the user named.
func TestUpgradeNeedsAFreshTokenOfTheNamedUser(t *testing.T) {
	sheet.Record(t, "S12", 1, "wrong halves are refused", "as the row says")
	k := authkit.New(t)
	ada, bob, visit := k.Register("ada"), k.Register("bob"), k.Anonymous()
	id := visit.Session.ID()
	try := func(cmd trafficcop.UpgradeCommand) error {
		cmd.SessionID, cmd.Secret = id, visit.Secret
		return failure(k.Sessions.Upgrade(t.Context(), cmd))
	}
	for name, cmd := range map[string]trafficcop.UpgradeCommand{
		"another user":           {AccessToken: ada.AccessToken, UserID: bob.User.ID},
		"another tenant":         {AccessToken: ada.AccessToken, TenantID: bob.Tenant.ID},
		"own user, other tenant": {AccessToken: ada.AccessToken, UserID: ada.User.ID, TenantID: bob.Tenant.ID},
		"the session as tenant":  {AccessToken: ada.AccessToken, TenantID: id},
	} {
		require.ErrorIs(t, try(cmd), fault.ErrTenantMismatch, name)
	}
	for name, token := range map[string]string{
		"none": "", "login cookie": ada.LoginCookie, "refresh token": ada.RefreshToken, "secret": visit.Secret, "rubbish": "a.b.c",
	} {
		require.Equal(t, fault.Unauthenticated, fault.KindOf(try(trafficcop.UpgradeCommand{AccessToken: token})), name)
	}
	k.Clock.Advance(5*time.Minute + time.Second)
	in, err := k.Accounts.Refresh(t.Context(), ada.RefreshToken, k.Client())
	require.NoError(t, err)
	for _, token := range []string{ada.AccessToken, in.AccessToken} {
		require.ErrorIs(t, try(trafficcop.UpgradeCommand{AccessToken: token}), trafficcop.ErrStaleAuthentication, "a refresh is no fresh authentication")
	}
	k.Clock.Advance(6 * time.Minute)
	require.ErrorIs(t, try(trafficcop.UpgradeCommand{AccessToken: ada.AccessToken}), ports.ErrTokenExpired)
	require.Equal(t, visit.Session.Snapshot(), k.Session(id).Snapshot())
}

// S12, second half: a page that kept two tabs' sessions takes over both, each with its own secret.
func TestOneUserUpgradesTwoTabs(t *testing.T) {
	k := authkit.New(t)
	in := k.Register("ada")
	for range 2 {
		tab := k.Anonymous()
		require.NoError(t, upgrade(t, k, in.AccessToken, tab.Session.ID(), tab.Secret))
		require.True(t, k.Session(tab.Session.ID()).OwnedBy(in.Tenant.ID, in.User.ID))
	}
}

func TestUpgradeAfterLogoutOrWithLostRights(t *testing.T) {
	for name, spoil := range map[string]func(*authkit.Kit, accounts.SignIn){
		"logout": func(k *authkit.Kit, in accounts.SignIn) {
			require.NoError(t, k.Accounts.Logout(t.Context(), k.Caller(in.AccessToken)))
		},
		"disabled": func(k *authkit.Kit, in accounts.SignIn) {
			k.User(in.User.ID, func(u *identity.User) { u.Disabled = true })
		},
		"suspended": func(k *authkit.Kit, in accounts.SignIn) { k.Store.Suspend(in.Tenant.ID, true) },
		"removed":   func(k *authkit.Kit, in accounts.SignIn) { k.Store.Remove(in.Tenant.ID, in.User.ID) },
	} {
		k := authkit.New(t)
		in, visit := k.Register("ada"), k.Anonymous()
		k.Caller(in.AccessToken) // the guard remembers, and still
		spoil(k, in)
		require.ErrorIs(t, upgrade(t, k, in.AccessToken, visit.Session.ID(), visit.Secret), fault.ErrUnauthenticated, name)
		require.Equal(t, visit.Session, k.Session(visit.Session.ID()), name)
	}
}

// S7: all that the session made is the owner's, and nothing answers to the anonymous scope any more.
func TestUpgradeMovesWhatTheSessionMade(t *testing.T) {
	sheet.Record(t, "S7", 1, "no anonymous copy answers", "as the row says")
	k := authkit.New(t)
	in, visit := k.Register("ada"), k.Anonymous()
	id := visit.Session.ID()
	con := k.Conversation(id)
	require.NoError(t, upgrade(t, k, in.AccessToken, id, visit.Secret))
	require.NoError(t, k.Store.View(t.Context(), func(ctx context.Context, tx ports.Tx) error {
		_, err := tx.Conversations.ByID(ctx, identity.Scope{TenantID: id, SessionID: id}, con)
		require.ErrorIs(t, err, fault.ErrNotFound)
		got, err := tx.Conversations.ByID(ctx, identity.Scope{TenantID: in.Tenant.ID, OwnerID: in.User.ID}, con)
		require.NoError(t, err)
		require.Equal(t, in.Tenant.ID, got.TenantID)
		return nil
	}))
}

// A store that fails at the upgrade leaves everything as it was.
func TestAFailedUpgradeChangesNothing(t *testing.T) {
	k := authkit.New(t)
	in, visit := k.Register("ada"), k.Anonymous()
	k.Store.LoseRaces(100)
	require.ErrorIs(t, upgrade(t, k, in.AccessToken, visit.Session.ID(), visit.Secret), fault.ErrUnavailable)
	k.Store.LoseRaces(0)
	require.Equal(t, visit.Session, k.Session(visit.Session.ID()))
	require.Empty(t, k.Bus.Sessions(), "nothing is announced before COMMIT")
	require.NoError(t, upgrade(t, k, in.AccessToken, visit.Session.ID(), visit.Secret))
}

// The sign-in ends between the look at the token and the transaction.
func TestALogoutThatIsFasterWins(t *testing.T) {
	k := authkit.New(t)
	in, visit := k.Register("ada"), k.Anonymous()
	k.Store.Before(func(ctx context.Context, tx ports.Tx) error { return tx.Logins.Delete(ctx, in.Session.ID()) }, 1)
	require.ErrorIs(t, upgrade(t, k, in.AccessToken, visit.Session.ID(), visit.Secret), fault.ErrUnauthenticated)
	require.Equal(t, visit.Session, k.Session(visit.Session.ID()))
}
