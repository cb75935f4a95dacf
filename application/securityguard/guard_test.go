package securityguard_test

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
)

func failure[T any](_ T, err error) error { return err }

func TestTheBearerWinsAndIsNotMadeGoodByTheCookie(t *testing.T) {
	k := authkit.New(t)
	ada, bob := k.Register("ada"), k.Register("bob")
	authenticate := func(bearer, cookie string) (identity.Principal, error) {
		return k.Guard.Authenticate(t.Context(), securityguard.Credentials{Bearer: bearer, LoginCookie: cookie})
	}
	p, err := authenticate(ada.AccessToken, bob.LoginCookie)
	require.NoError(t, err)
	require.Equal(t, ada.User.ID, p.UserID)
	require.ErrorIs(t, failure(authenticate("rubbish", bob.LoginCookie)), ports.ErrToken)
	require.ErrorIs(t, failure(authenticate("", "")), fault.ErrUnauthenticated)
	require.ErrorIs(t, failure(authenticate(ada.LoginCookie, "")), ports.ErrToken, "a cookie is no Bearer")
	for _, cookie := range []string{
		ada.AccessToken, ada.RefreshToken, "lgn_", ada.LoginCookie + "A", ada.LoginCookie[:len(ada.LoginCookie)-1], "LGN_" + ada.LoginCookie[4:],
		"sas_" + ada.LoginCookie[4:], k.Anonymous().Secret,
	} {
		require.ErrorIs(t, failure(authenticate("", cookie)), fault.ErrUnauthenticated, cookie)
	}
}

// The identity cases of the token sheet that need the store: every one is genuinely signed.
func TestGenuineTokensOfTheWrongPeopleAreRefused(t *testing.T) {
	k := authkit.New(t)
	ada, bob := k.Register("ada"), k.Register("bob")
	good := ada.Claims
	for name, spoil := range map[string]func(*ports.Claims){
		"a user who does not exist":  func(c *ports.Claims) { c.UserID = typeid.Format(typeid.User, [16]byte{9}) },
		"not a member of the tenant": func(c *ports.Claims) { c.TenantID = bob.Tenant.ID },
		"a tenant that is none":      func(c *ports.Claims) { c.TenantID = typeid.Format(typeid.Tenant, [16]byte{9}) },
		"another user's session":     func(c *ports.Claims) { c.SessionID = bob.Session.ID() },
		"a visitor's session":        func(c *ports.Claims) { c.SessionID = k.Anonymous().Session.ID() },
		"a session that is none":     func(c *ports.Claims) { c.SessionID = typeid.Format(typeid.Session, [16]byte{9}) },
		"an epoch of the future":     func(c *ports.Claims) { c.SessionEpoch++ },
		"another user altogether":    func(c *ports.Claims) { c.UserID, c.TenantID = bob.User.ID, bob.Tenant.ID },
	} {
		claims := good
		spoil(&claims)
		token, _, err := k.Issuer.Issue(claims)
		require.NoError(t, err)
		require.Equal(t, fault.ErrUnauthenticated, fault.As(failure(k.Guard.ValidateToken(t.Context(), token))), name)
	}
	require.NoError(t, failure(k.Guard.ValidateToken(t.Context(), ada.AccessToken)))
}

func TestAnonymousCallersAreTheirOwnScope(t *testing.T) {
	k := authkit.New(t)
	a, b := k.Anonymous(), k.Anonymous()
	for _, id := range []string{a.Session.ID(), ""} {
		p, err := k.Guard.AnonymousBySecret(t.Context(), id, a.Secret)
		require.NoError(t, err)
		require.Equal(t, identity.Principal{
			Kind: identity.KindAnonymous, TenantID: a.Session.ID(), SessionID: a.Session.ID(), SessionEpoch: 1,
			Roles: []identity.Role{identity.RoleAnonymous},
		}, p)
		require.True(t, p.Scope().Valid())
		require.NoError(t, k.Guard.Check(t.Context(), p))
	}
	for name, c := range map[string][2]string{
		"another's secret": {a.Session.ID(), b.Secret}, "no secret": {a.Session.ID(), ""}, "nothing": {"", ""},
		"unknown session": {typeid.Format(typeid.Session, [16]byte{1}), a.Secret}, "unknown secret": {"", "sas_" + b.Secret[5:] + "A"},
		"the hash": {a.Session.ID(), string(securityguard.HashSecret(a.Secret))}, "id for secret": {a.Session.ID(), a.Session.ID()},
	} {
		require.Equal(t, fault.ErrNotFound, fault.As(failure(k.Guard.AnonymousBySecret(t.Context(), c[0], c[1]))), name)
	}
}

func TestCheckTellsWhatIsOver(t *testing.T) {
	k := authkit.New(t)
	in := k.Register("ada")
	byToken := k.Caller(in.AccessToken)
	byCookie, err := k.Guard.Authenticate(t.Context(), securityguard.Credentials{LoginCookie: in.LoginCookie})
	require.NoError(t, err)
	k.Clock.Set(in.Claims.ExpiresAt)
	require.ErrorIs(t, k.Guard.Check(t.Context(), byToken), ports.ErrTokenExpired)
	require.NoError(t, k.Guard.Check(t.Context(), byCookie), "a cookie lasts as long as its login")
	require.NoError(t, k.Accounts.Logout(t.Context(), byCookie))
	require.ErrorIs(t, k.Guard.Check(t.Context(), byCookie), securityguard.ErrSessionChanged)

	for _, p := range []identity.Principal{
		{}, {Kind: identity.KindUser}, {Kind: identity.KindAnonymous}, {Kind: "robot", SessionID: in.Session.ID(), SessionEpoch: 1},
		{Kind: identity.KindUser, SessionID: typeid.Format(typeid.Session, [16]byte{1})},
	} {
		require.ErrorIs(t, k.Guard.Check(t.Context(), p), securityguard.ErrSessionChanged)
		require.ErrorIs(t, k.Guard.Authorize(t.Context(), p, identity.PermRead), fault.ErrPermission)
	}
}

func TestCheckNamesNobodyElsesSession(t *testing.T) {
	k := authkit.New(t)
	ada, bob := k.Caller(k.Register("ada").AccessToken), k.Caller(k.Register("bob").AccessToken)
	mixed := ada
	mixed.SessionID = bob.SessionID
	require.ErrorIs(t, k.Guard.Check(t.Context(), mixed), securityguard.ErrSessionChanged)
	roles, err := k.Guard.Current(t.Context(), mixed)
	require.NoError(t, err)
	require.Empty(t, roles)
}

func TestAuthorizeKnowsTodaysRoles(t *testing.T) {
	k := authkit.New(t, func(c *accounts.Config) { c.FirstUserIsOperator = true })
	first, second := k.Caller(k.Register("ada").AccessToken), k.Caller(k.Register("bob").AccessToken)
	may := func(p identity.Principal, perm identity.Permission) bool {
		err := k.Guard.Authorize(t.Context(), p, perm)
		if err != nil {
			require.ErrorIs(t, err, fault.ErrPermission)
		}
		return err == nil
	}
	for _, perm := range []identity.Permission{identity.PermRead, identity.PermWrite, identity.PermDelete, identity.PermAdmin} {
		require.True(t, may(second, perm), perm)
	}
	require.True(t, may(first, identity.PermOperate))
	require.False(t, may(second, identity.PermOperate))
	second.Roles = append(second.Roles, identity.RoleOperator)
	require.False(t, may(second, identity.PermOperate), "roles come from the store, not from the principal")
	visit := k.Anonymous()
	v, err := k.Guard.AnonymousBySecret(t.Context(), "", visit.Secret)
	require.NoError(t, err)
	require.True(t, may(v, identity.PermWrite))
	require.False(t, may(v, identity.PermDelete))
	require.False(t, may(second, "sing"))
}

// Work that was accepted before an upgrade goes on, as anonymous as it was, and not for an owner without rights.
func TestFrozenVisitorsNeverRise(t *testing.T) {
	k := authkit.New(t)
	in, visit := k.Register("ada"), k.Anonymous()
	frozen, err := k.Guard.AnonymousBySecret(t.Context(), "", visit.Secret)
	require.NoError(t, err)
	_, err = k.Sessions.Upgrade(t.Context(), trafficcop.UpgradeCommand{
		SessionID: visit.Session.ID(), Secret: visit.Secret, AccessToken: in.AccessToken,
	})
	require.NoError(t, err)
	roles, err := k.Guard.Current(t.Context(), frozen)
	require.NoError(t, err)
	require.Equal(t, []identity.Role{identity.RoleAnonymous}, roles)
	require.ErrorIs(t, k.Guard.Check(t.Context(), frozen), securityguard.ErrSessionChanged, "but it is no credential any more")
	k.User(in.User.ID, func(u *identity.User) { u.Disabled = true })
	k.Clock.Advance(time.Second)
	roles, err = k.Guard.Current(t.Context(), frozen)
	require.NoError(t, err)
	require.Empty(t, roles)
}

func TestWhatIsRememberedIsAtMostASecondOldAndForgotten(t *testing.T) {
	k := authkit.New(t)
	in := k.Register("ada")
	p := k.Caller(in.AccessToken)
	replica, _, _ := k.Replica()
	require.NoError(t, replica.Check(t.Context(), p))
	disable := func(disabled bool) { k.User(in.User.ID, func(u *identity.User) { u.Disabled = disabled }) }

	disable(true)
	k.Clock.Advance(999 * time.Millisecond)
	require.ErrorIs(t, replica.Check(t.Context(), p), securityguard.ErrSessionChanged)
	disable(false)
	replica.Forget(p.SessionID)
	require.NoError(t, replica.Check(t.Context(), p), "a hint makes it look at once")
	disable(true)
	k.Clock.Advance(-time.Hour)
	require.ErrorIs(t, replica.Check(t.Context(), p), securityguard.ErrSessionChanged, "a clock that was set back keeps nothing alive")
}

// An answer that was read before a hint came is not remembered after it.
func TestAForgottenSessionStaysForgotten(t *testing.T) {
	k := authkit.New(t)
	in := k.Register("ada")
	slow := &slowStore{UnitOfWork: k.Store, reading: make(chan struct{}), goOn: make(chan struct{})}
	guard := securityguard.New(slow, k.Verifier, k.Clock)
	p := k.Caller(in.AccessToken)
	done := make(chan error)
	go func() { done <- guard.Check(t.Context(), p) }()
	<-slow.reading
	require.NoError(t, k.Accounts.Logout(t.Context(), p))
	guard.Forget(p.SessionID)
	close(slow.goOn)
	require.NoError(t, <-done, "it was read before the logout")
	require.ErrorIs(t, guard.Check(t.Context(), p), securityguard.ErrSessionChanged)
}

// slowStore stops after the first view has read.
type slowStore struct {
	ports.UnitOfWork
	once    sync.Once
	reading chan struct{}
	goOn    chan struct{}
}

func (s *slowStore) View(ctx context.Context, fn func(ctx context.Context, tx ports.Tx) error) error {
	err := s.UnitOfWork.View(ctx, fn)
	s.once.Do(func() {
		close(s.reading)
		<-s.goOn
	})
	return err
}

func (s *slowStore) Look(ctx context.Context, fn func(ctx context.Context, tx ports.Tx) error) error {
	err := s.UnitOfWork.Look(ctx, fn)
	s.once.Do(func() {
		close(s.reading)
		<-s.goOn
	})
	return err
}

func TestTheStoreIsAskedRarely(t *testing.T) {
	k := authkit.New(t)
	p := k.Caller(k.Register("ada").AccessToken)
	k.Store.Fail(fault.ErrUnavailable)
	for range 1000 {
		require.NoError(t, k.Guard.Check(t.Context(), p), "within half a second of the last look")
	}
	k.Clock.Advance(500 * time.Millisecond)
	require.ErrorIs(t, k.Guard.Check(t.Context(), p), fault.ErrUnavailable, "not a refusal: the store is gone")
	require.ErrorIs(t, failure(k.Guard.Current(t.Context(), p)), fault.ErrUnavailable)
	require.ErrorIs(t, k.Guard.Authorize(t.Context(), p, identity.PermRead), fault.ErrUnavailable)
}

// One look serves the checks of many; what was forgotten while it went on is looked at again, and only that.
func TestManySessionsAreLookedAtAtOnce(t *testing.T) {
	k := authkit.New(t)
	var callers []identity.Principal
	var ids []string
	for _, name := range []string{"ada", "bob", "eve"} {
		p := k.Caller(k.Register(name).AccessToken)
		callers, ids = append(callers, p), append(ids, p.SessionID)
	}
	visit := k.Anonymous().Session
	ids = append(ids, visit.ID(), typeid.Format(typeid.Session, [16]byte{9}))
	slow := &slowStore{UnitOfWork: k.Store, reading: make(chan struct{}), goOn: make(chan struct{})}
	guard := securityguard.New(slow, k.Verifier, k.Clock)
	done := make(chan error)
	go func() { done <- guard.Refresh(t.Context(), ids) }()
	<-slow.reading
	require.NoError(t, k.Accounts.Logout(t.Context(), callers[0]))
	guard.Forget(callers[0].SessionID)
	close(slow.goOn)
	require.NoError(t, <-done)

	k.Store.Fail(fault.ErrUnavailable)
	require.ErrorIs(t, guard.Check(t.Context(), callers[0]), fault.ErrUnavailable, "it was forgotten, so it is looked at again")
	require.NoError(t, guard.Check(t.Context(), callers[1]))
	require.NoError(t, guard.Authorize(t.Context(), callers[2], identity.PermRead))
	seen, err := guard.Session(t.Context(), visit.ID())
	require.NoError(t, err)
	require.Equal(t, visit.ID(), seen.ID())
	require.ErrorIs(t, guard.Refresh(t.Context(), ids), fault.ErrUnavailable)
	k.Store.Fail(nil)
	require.ErrorIs(t, guard.Check(t.Context(), callers[0]), securityguard.ErrSessionChanged)
	require.ErrorIs(t, failure(guard.Session(t.Context(), ids[4])), fault.ErrNotFound)
}

// A page that never refreshes stays in as long as it is used.
func TestTheLoginCookieIsKeptAliveByItsUse(t *testing.T) {
	k := authkit.New(t)
	in := k.Register("ada")
	authenticate := func() error {
		return failure(k.Guard.Authenticate(t.Context(), securityguard.Credentials{LoginCookie: in.LoginCookie}))
	}
	for range 89 {
		k.Clock.Advance(24 * time.Hour)
		require.NoError(t, authenticate())
	}
	k.Clock.Advance(24 * time.Hour)
	require.ErrorIs(t, authenticate(), fault.ErrUnauthenticated, "90 days at most")

	k = authkit.New(t)
	in = k.Register("ada")
	k.Clock.Advance(session.ActiveIdle - time.Second)
	k.Store.LoseRaces(1)
	require.NoError(t, authenticate(), "somebody else recorded the use")
	k.Clock.Advance(time.Second)
	require.ErrorIs(t, authenticate(), fault.ErrUnauthenticated, "30 days without use")
}

func TestTheCacheIsBounded(t *testing.T) {
	k := authkit.New(t)
	p := k.Caller(k.Register("ada").AccessToken)
	for range 20_500 {
		made, err := k.Sessions.Create(t.Context(), p, nil)
		require.NoError(t, err)
		other := p
		other.SessionID = made.Session.ID()
		require.NoError(t, k.Guard.Check(t.Context(), other))
	}
	require.LessOrEqual(t, k.Guard.Remembered(), 20_000)
}
