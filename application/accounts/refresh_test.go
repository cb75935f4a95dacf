package accounts_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/application/accounts"
	"github.com/symphainy/symphainy/application/securityguard"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/domain/session"
	"github.com/symphainy/symphainy/ports"
	"github.com/symphainy/symphainy/test/authkit"
	"github.com/symphainy/symphainy/test/sheet"
)

func refresh(t *testing.T, k *authkit.Kit, token string) accounts.SignIn {
	t.Helper()
	in, err := k.Accounts.Refresh(t.Context(), token, k.Client())
	require.NoError(t, err)
	return in
}

// dead checks in the store and through every credential that a sign-in is over.
func dead(t *testing.T, k *authkit.Kit, in accounts.SignIn, refreshes ...string) {
	t.Helper()
	require.Equal(t, session.Ended, k.Session(in.Session.ID()).Snapshot().State)
	require.NoError(t, k.Store.View(t.Context(), func(ctx context.Context, tx ports.Tx) error {
		_, err := tx.Logins.BySession(ctx, in.Session.ID())
		require.ErrorIs(t, err, fault.ErrNotFound)
		return nil
	}))
	for _, token := range append(refreshes, in.RefreshToken) {
		_, err := k.Accounts.Refresh(t.Context(), token, k.Client())
		require.ErrorIs(t, err, session.ErrRefreshInvalid)
	}
	_, err := k.Guard.ValidateToken(t.Context(), in.AccessToken)
	require.ErrorIs(t, err, fault.ErrUnauthenticated)
	_, err = k.Guard.Authenticate(t.Context(), securityguard.Credentials{LoginCookie: in.LoginCookie})
	require.ErrorIs(t, err, fault.ErrUnauthenticated)
}

func TestRefreshRotatesAndKeepsWhoAndWhen(t *testing.T) {
	k := authkit.New(t)
	first := k.Register("ada")
	k.Clock.Advance(7 * time.Minute)
	next := refresh(t, k, first.RefreshToken)
	require.NotEqual(t, first.RefreshToken, next.RefreshToken)
	require.NotEqual(t, first.AccessToken, next.AccessToken)
	require.Empty(t, next.LoginCookie)
	require.Equal(t, first.Session.ID(), next.Session.ID())
	require.Equal(t, first.Claims.SessionEpoch, next.Claims.SessionEpoch)
	require.Equal(t, first.Claims.AuthTime, next.Claims.AuthTime, "a refresh proves nothing new")
	require.True(t, next.Claims.ExpiresAt.After(first.Claims.ExpiresAt))
	require.Equal(t, first.User.ID, next.User.ID)
	p := k.Caller(next.AccessToken)
	require.Equal(t, first.Roles, p.Roles)
	p, err := k.Guard.Authenticate(t.Context(), securityguard.Credentials{LoginCookie: first.LoginCookie})
	require.NoError(t, err, "the cookie is not rotated")
	require.Equal(t, first.Claims.AuthTime, p.AuthTime)
}

// A chain of 100: each old token, replayed after its grace, ends the family for good.
func TestReplayOfAnyOldTokenRevokesTheFamily(t *testing.T) {
	for replayed := range 100 {
		k := authkit.New(t)
		first := k.Register("ada")
		chain := []string{first.RefreshToken}
		last := first
		for range 100 {
			k.Clock.Advance(time.Minute)
			last = refresh(t, k, last.RefreshToken)
			chain = append(chain, last.RefreshToken)
		}
		k.Clock.Advance(session.RefreshGrace + time.Second)
		before := k.Caller(last.AccessToken)
		k.Bus.Sessions()
		_, err := k.Accounts.Refresh(t.Context(), chain[replayed], k.Client())
		require.ErrorIs(t, err, session.ErrRefreshReused)
		require.Equal(t, []string{first.Session.ID()}, k.Bus.Sessions())
		last.LoginCookie = first.LoginCookie
		dead(t, k, last)
		require.ErrorIs(t, k.Guard.Check(t.Context(), before), securityguard.ErrSessionChanged)
		require.Contains(t, k.Audit(first.Tenant.ID), "auth.refresh_reused denied")
	}
	sheet.Record(t, "A3", 100, "every old token of a chain of 100 revokes the family, which is dead in the store at once", "100/100")
}

// The answer was lost after the commit: the retry gets the same child, byte for byte, for ten seconds; then it is a replay.
func TestALostAnswerCanBeHadAgain(t *testing.T) {
	for _, c := range []struct {
		after time.Duration
		same  bool
	}{{0, true}, {time.Second, true}, {session.RefreshGrace, true}, {session.RefreshGrace + time.Microsecond, false}, {time.Minute, false}} {
		k := authkit.New(t)
		first := k.Register("ada")
		child := refresh(t, k, first.RefreshToken)
		k.Clock.Advance(c.after)
		again, err := k.Accounts.Refresh(t.Context(), first.RefreshToken, k.Client())
		if !c.same {
			require.ErrorIs(t, err, session.ErrRefreshReused, c.after)
			continue
		}
		require.NoError(t, err, c.after)
		require.Equal(t, child.RefreshToken, again.RefreshToken)
		require.Equal(t, child.Claims.SessionID, again.Claims.SessionID)
		refresh(t, k, child.RefreshToken)
	}
	sheet.Record(t, "A5", 5, "same child within the grace 3/3, revoked after it 2/2; cut after COMMIT: R4", "same child; revoked")
}

func TestTwoBehindIsAReplayAlsoWithinTheGrace(t *testing.T) {
	k := authkit.New(t)
	first := k.Register("ada")
	refresh(t, k, refresh(t, k, first.RefreshToken).RefreshToken)
	_, err := k.Accounts.Refresh(t.Context(), first.RefreshToken, k.Client())
	require.ErrorIs(t, err, session.ErrRefreshReused)
}

// Fifty at once over three replicas, with lost races: one lineage.
func TestParallelRefreshesGiveOneChild(t *testing.T) {
	k := authkit.New(t)
	first := k.Register("ada")
	replicas := []*accounts.Service{k.Accounts}
	for range 2 {
		_, s, _ := k.Replica()
		replicas = append(replicas, s)
	}
	token := first.RefreshToken
	for round := range 20 {
		k.Store.LoseRaces(round % 3)
		children := make([]accounts.SignIn, 50)
		errs := make([]error, 50)
		var wg sync.WaitGroup
		for i := range children {
			wg.Go(func() { children[i], errs[i] = replicas[i%3].Refresh(t.Context(), token, accounts.Client{}) })
		}
		wg.Wait()
		for i := range children {
			require.NoError(t, errs[i])
			require.Equal(t, children[0].RefreshToken, children[i].RefreshToken)
		}
		token = children[0].RefreshToken
		k.Clock.Advance(time.Minute)
	}
	require.NoError(t, k.Store.View(t.Context(), func(ctx context.Context, tx ports.Tx) error {
		l, err := tx.Logins.BySession(ctx, first.Session.ID())
		require.NoError(t, err)
		require.Equal(t, 21, l.Counter, "one step for each round")
		return nil
	}))
	sheet.Record(t, "A4", 20*50, "20 tokens by 50 at once over 3 processes: independent children 0", "0")
}

// The family is revoked although the answer is an error, and a store that fails then is a 503 and no revocation that did not happen.
func TestRevocationCommitsOrIsNotClaimed(t *testing.T) {
	k := authkit.New(t)
	first := k.Register("ada")
	last := refresh(t, k, first.RefreshToken)
	k.Clock.Advance(time.Minute)
	k.Store.Fail(fault.ErrUnavailable)
	_, err := k.Accounts.Refresh(t.Context(), first.RefreshToken, k.Client())
	require.ErrorIs(t, err, fault.ErrUnavailable)
	require.NotErrorIs(t, err, session.ErrRefreshReused)
	k.Store.Fail(nil)
	_, err = k.Accounts.Refresh(t.Context(), first.RefreshToken, k.Client())
	require.ErrorIs(t, err, session.ErrRefreshReused)
	_, err = k.Accounts.Refresh(t.Context(), last.RefreshToken, k.Client())
	require.ErrorIs(t, err, session.ErrRefreshInvalid)
}

func TestForgedRefreshTokensAreRefusedAndHarmless(t *testing.T) {
	k := authkit.New(t)
	ada, bob := k.Register("ada"), k.Register("bob")
	good := ada.RefreshToken
	forged := []string{
		"", "rft_", good[4:], "RFT_" + good[4:], good + "A", good + "=", good + "\n", good[:40] + "\n" + good[40:], good[:len(good)-1],
		ada.AccessToken, ada.LoginCookie, strings.Repeat("A", 1<<20), "rft_" + strings.Repeat("A", len(good)-4),
	}
	for i := 4; i < len(good); i++ {
		other := "A"
		if good[i] == 'A' {
			other = "B"
		}
		forged = append(forged, good[:i]+other+good[i+1:])
	}
	for _, token := range forged {
		_, err := k.Accounts.Refresh(t.Context(), token, k.Client())
		require.ErrorIs(t, err, session.ErrRefreshInvalid, token)
	}
	refresh(t, k, good)
	refresh(t, k, bob.RefreshToken)
	_, err := k.Guard.ValidateToken(t.Context(), good)
	require.ErrorIs(t, err, ports.ErrToken, "a refresh token is no access token")
}

func TestRefreshAsksForTodaysRights(t *testing.T) {
	for name, spoil := range map[string]func(*authkit.Kit, accounts.SignIn){
		"disabled": func(k *authkit.Kit, in accounts.SignIn) {
			k.User(in.User.ID, func(u *identity.User) { u.Disabled = true })
		},
		"suspended": func(k *authkit.Kit, in accounts.SignIn) { k.Store.Suspend(in.Tenant.ID, true) },
		"removed":   func(k *authkit.Kit, in accounts.SignIn) { k.Store.Remove(in.Tenant.ID, in.User.ID) },
		"ended": func(k *authkit.Kit, in accounts.SignIn) {
			require.NoError(t, k.Sessions.End(t.Context(), k.Caller(in.AccessToken), in.Session.ID()))
		},
		"idle for 30 days": func(k *authkit.Kit, _ accounts.SignIn) { k.Clock.Advance(session.ActiveIdle) },
	} {
		k := authkit.New(t)
		in := k.Register("ada")
		spoil(k, in)
		_, err := k.Accounts.Refresh(t.Context(), in.RefreshToken, k.Client())
		require.ErrorIs(t, err, session.ErrRefreshInvalid, name)
	}
}

func TestALoginLivesNinetyDaysAtMost(t *testing.T) {
	k := authkit.New(t)
	first := k.Register("ada")
	in := first
	for range 4 {
		k.Clock.Advance(20 * 24 * time.Hour)
		in = refresh(t, k, in.RefreshToken)
	}
	_, err := k.Guard.Authenticate(t.Context(), securityguard.Credentials{LoginCookie: first.LoginCookie})
	require.NoError(t, err)
	k.Clock.Advance(10 * 24 * time.Hour)
	_, err = k.Accounts.Refresh(t.Context(), in.RefreshToken, k.Client())
	require.ErrorIs(t, err, session.ErrRefreshInvalid)
	_, err = k.Guard.Authenticate(t.Context(), securityguard.Credentials{LoginCookie: first.LoginCookie})
	require.ErrorIs(t, err, fault.ErrUnauthenticated)
}

func TestRefusedRefreshTokensAreAuditedOnceAMinute(t *testing.T) {
	k := authkit.New(t)
	in := k.Register("ada")
	before := len(k.Audit(in.Tenant.ID))
	forged := in.RefreshToken[:len(in.RefreshToken)-6] + "AAAAAA"
	for range 20 {
		_, err := k.Accounts.Refresh(t.Context(), forged, k.Client())
		require.ErrorIs(t, err, session.ErrRefreshInvalid)
	}
	records := k.Audit(in.Tenant.ID)
	require.Len(t, records, before+1)
	require.Equal(t, "auth.refresh denied", records[before])
	refresh(t, k, in.RefreshToken)
	require.Len(t, k.Audit(in.Tenant.ID), before+1, "a good one is no refusal")
	for range 20 {
		_, err := k.Accounts.Refresh(t.Context(), "no token at all", k.Client())
		require.ErrorIs(t, err, session.ErrRefreshInvalid)
	}
	require.Empty(t, k.Audit(accounts.PlatformScope))
}
