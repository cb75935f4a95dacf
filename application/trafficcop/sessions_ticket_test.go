package trafficcop_test

import (
	"context"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/application/accounts"
	"github.com/symphainy/symphainy/application/trafficcop"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/domain/session"
	"github.com/symphainy/symphainy/ports"
	"github.com/symphainy/symphainy/test/authkit"
)

const origin = "https://app.example"

func ticket(t *testing.T, k *authkit.Kit, p identity.Principal, sessionID string) string {
	t.Helper()
	text, until, err := k.Sessions.IssueTicket(t.Context(), p, sessionID, origin)
	require.NoError(t, err)
	require.Equal(t, k.Clock.Now().Add(session.TicketLife), until)
	require.True(t, strings.HasPrefix(text, "wst_"))
	return text
}

func redeem(t *testing.T, k *authkit.Kit, text, origin string) error {
	t.Helper()
	_, _, err := k.Sessions.RedeemTicket(t.Context(), text, origin)
	return err
}

func TestATicketIsGoodOnceForWhoBoughtIt(t *testing.T) {
	k := authkit.New(t)
	in := k.Register("ada")
	p := k.Caller(in.AccessToken)
	made, err := k.Sessions.Create(t.Context(), p, nil)
	require.NoError(t, err)
	text := ticket(t, k, p, made.Session.ID())
	k.Clock.Advance(29 * time.Second)
	got, of, err := k.Sessions.RedeemTicket(t.Context(), text, origin)
	require.NoError(t, err)
	require.Equal(t, made.Session.ID(), of.ID(), "the session it was bought for")
	require.Equal(t, p, got, "the credential it was bought with, and its end")
	require.NoError(t, k.Guard.Check(t.Context(), got))
	require.ErrorIs(t, redeem(t, k, text, origin), fault.ErrUnauthenticated)

	visit := k.Anonymous()
	v := visitor(t, k, visit)
	got, of, err = k.Sessions.RedeemTicket(t.Context(), ticket(t, k, v, visit.Session.ID()), origin)
	require.NoError(t, err)
	require.Equal(t, v, got)
	require.Equal(t, visit.Session.ID(), of.ID())
}

func TestARefusedTicketIsUsedUp(t *testing.T) {
	k := authkit.New(t)
	in := k.Register("ada")
	p := k.Caller(in.AccessToken)
	for _, foreign := range []string{"", "https://evil.example", origin + "/", "null", strings.ToUpper(origin)} {
		text := ticket(t, k, p, in.Session.ID())
		require.ErrorIs(t, redeem(t, k, text, foreign), fault.ErrUnauthenticated, foreign)
		require.ErrorIs(t, redeem(t, k, text, origin), fault.ErrUnauthenticated, "the second try comes too late")
	}
	for _, text := range []string{"", "wst_", in.AccessToken, in.LoginCookie, in.RefreshToken, in.Session.ID()} {
		require.ErrorIs(t, redeem(t, k, text, origin), fault.ErrUnauthenticated, text)
	}
}

func TestTicketsDieWithWhatTheyAreBoundTo(t *testing.T) {
	type world struct {
		k     *authkit.Kit
		in    accounts.SignIn
		p     identity.Principal
		work  string
		visit trafficcop.Created
	}
	for name, c := range map[string]struct {
		anonymous bool
		spoil     func(w world) error
	}{
		"time":               {spoil: func(w world) error { w.k.Clock.Advance(session.TicketLife); return nil }},
		"logout":             {spoil: func(w world) error { return w.k.Accounts.Logout(t.Context(), w.p) }},
		"end of the session": {spoil: func(w world) error { return w.k.Sessions.End(t.Context(), w.p, w.work) }},
		"end of the login":   {spoil: func(w world) error { return w.k.Sessions.End(t.Context(), w.p, w.in.Session.ID()) }},
		"a disabled user":    {spoil: func(w world) error { w.k.User(w.in.User.ID, func(u *identity.User) { u.Disabled = true }); return nil }},
		"a suspended tenant": {spoil: func(w world) error { w.k.Store.Suspend(w.in.Tenant.ID, true); return nil }},
		"a lost membership":  {spoil: func(w world) error { w.k.Store.Remove(w.in.Tenant.ID, w.in.User.ID); return nil }},
		"anonymous: time":    {anonymous: true, spoil: func(w world) error { w.k.Clock.Advance(session.TicketLife); return nil }},
		"anonymous: end": {anonymous: true, spoil: func(w world) error {
			return w.k.Sessions.End(t.Context(), visitor(t, w.k, w.visit), w.visit.Session.ID())
		}},
		"anonymous: upgrade": {anonymous: true, spoil: func(w world) error { return upgrade(t, w.k, w.in.AccessToken, w.visit.Session.ID(), w.visit.Secret) }},
		"anonymous: register": {anonymous: true, spoil: func(w world) error {
			return failure(w.k.Accounts.Register(t.Context(), accounts.RegisterCommand{
				Name: "Bob", Email: "bob@example.org", Password: authkit.Password, Client: w.k.Client(),
				Session: accounts.SessionProof{SessionID: w.visit.Session.ID(), Secret: w.visit.Secret},
			}))
		}},
	} {
		t.Run(name, func(t *testing.T) {
			k := authkit.New(t)
			in := k.Register("ada")
			p := k.Caller(in.AccessToken)
			made, err := k.Sessions.Create(t.Context(), p, nil)
			require.NoError(t, err)
			w := world{k, in, p, made.Session.ID(), k.Anonymous()}
			var text string
			if c.anonymous {
				text = ticket(t, k, visitor(t, k, w.visit), w.visit.Session.ID())
			} else {
				text = ticket(t, k, p, w.work)
			}
			require.NoError(t, c.spoil(w))
			require.ErrorIs(t, redeem(t, k, text, origin), fault.ErrUnauthenticated)
		})
	}
}

// Whatever raises an epoch cuts the tickets of that session and of that login, also where nobody deletes them.
func TestTicketsAreBoundToTheEpochs(t *testing.T) {
	for _, which := range []string{"session", "login"} {
		k := authkit.New(t)
		in := k.Register("ada")
		p := k.Caller(in.AccessToken)
		made, err := k.Sessions.Create(t.Context(), p, nil)
		require.NoError(t, err)
		text := ticket(t, k, p, made.Session.ID())
		id := map[string]string{"session": made.Session.ID(), "login": in.Session.ID()}[which]
		require.NoError(t, k.Store.Do(t.Context(), func(ctx context.Context, tx ports.Tx) error {
			s, err := tx.Sessions.ByID(ctx, id)
			require.NoError(t, err)
			raised := s.Snapshot()
			raised.Epoch++
			return tx.Sessions.Save(ctx, session.Restore(raised))
		}))
		require.ErrorIs(t, redeem(t, k, text, origin), fault.ErrUnauthenticated, which)
	}
}

func TestAnUpgradeLeavesNoTicketBehind(t *testing.T) {
	k := authkit.New(t)
	in, visit := k.Register("ada"), k.Anonymous()
	ticket(t, k, visitor(t, k, visit), visit.Session.ID())
	require.NoError(t, upgrade(t, k, in.AccessToken, visit.Session.ID(), visit.Secret))
	require.NoError(t, k.Store.Do(t.Context(), func(ctx context.Context, tx ports.Tx) error {
		left, err := tx.Tickets.DeleteExpired(ctx, k.Clock.Now().Add(time.Hour))
		require.Zero(t, left)
		return err
	}))
}

func TestOfManyAtOnceOneRedeems(t *testing.T) {
	k := authkit.New(t)
	visit := k.Anonymous()
	text := ticket(t, k, visitor(t, k, visit), visit.Session.ID())
	var won atomic.Int32
	var wg sync.WaitGroup
	for range 64 {
		wg.Go(func() {
			if redeem(t, k, text, origin) == nil {
				won.Add(1)
			}
		})
	}
	wg.Wait()
	require.EqualValues(t, 1, won.Load())
}

func TestAStoreThatIsGoneRefusesNothing(t *testing.T) {
	k := authkit.New(t)
	visit := k.Anonymous()
	text := ticket(t, k, visitor(t, k, visit), visit.Session.ID())
	k.Store.Fail(fault.ErrUnavailable)
	require.ErrorIs(t, redeem(t, k, text, origin), fault.ErrUnavailable)
	k.Store.Fail(nil)
	require.NoError(t, redeem(t, k, text, origin))
}
