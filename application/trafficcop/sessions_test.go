package trafficcop_test

import (
	"context"
	"strings"
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

// visitor gives the caller that an anonymous session is.
func visitor(t *testing.T, k *authkit.Kit, c trafficcop.Created) identity.Principal {
	t.Helper()
	p, err := k.Guard.AnonymousBySecret(t.Context(), c.Session.ID(), c.Secret)
	require.NoError(t, err)
	return p
}

func failure[T any](_ T, err error) error { return err }

func TestAnonymousSessionsAreTheServersToName(t *testing.T) {
	k := authkit.New(t)
	a, b := k.Anonymous(), k.Anonymous()
	require.True(t, typeid.Valid(typeid.Session, a.Session.ID()))
	require.True(t, strings.HasPrefix(a.Secret, "sas_"))
	require.Len(t, a.Secret, 4+43)
	require.NotEqual(t, a.Secret, b.Secret)
	stored := k.Session(a.Session.ID()).Snapshot()
	require.Equal(t, securityguard.HashSecret(a.Secret), stored.SecretHash)
	require.Equal(t, session.Anonymous, stored.State)
	require.JSONEq(t, `{}`, string(stored.Metadata))
	require.Len(t, stored.CreatedIPHash, 32)
	require.Empty(t, stored.OwnerUserID+stored.TenantID)
}

func TestAnonymousSessionsAreLimited(t *testing.T) {
	k := authkit.New(t)
	c := k.Client()
	create := func(s *trafficcop.Sessions, c accounts.Client) error {
		return failure(s.CreateAnonymous(t.Context(), nil, c))
	}
	_, _, other := k.Replica()
	made := 0
	for range 10_000 {
		if err := create(k.Sessions, c); err == nil {
			made++
		} else {
			require.ErrorIs(t, err, accounts.ErrRateLimited)
			require.Positive(t, fault.As(err).RetryAfter)
		}
	}
	require.Equal(t, 30, made)
	require.ErrorIs(t, create(other, c), accounts.ErrRateLimited, "on every replica")
	require.NoError(t, create(other, k.Client()))
	k.Clock.Advance(time.Hour)
	require.NoError(t, create(k.Sessions, c))
	sheet.Record(t, "S14", 10_000, "made from one address 30, on every process", "30 an hour")
}

// A cap that is large enough is counted in shares, which together are the cap, whichever of them chance chooses.
func TestSharesOfTheCapAreTheCap(t *testing.T) {
	for _, limit := range []int{100, 200, 450, 509} { // one share, two, three, and a prime number
		k := authkit.New(t)
		s := trafficcop.NewSessions(trafficcop.Deps{
			UnitOfWork: k.Store, Guard: k.Guard, Issuer: k.Issuer, Clock: k.Clock, IDs: k.IDs(), Bus: k.Bus,
			Config: trafficcop.Config{AnonymousTotal: ports.Rate{Limit: limit, Window: time.Hour}},
		})
		for range limit {
			require.NoError(t, failure(s.CreateAnonymous(t.Context(), nil, k.Client())), limit)
		}
		for range 5 {
			require.ErrorIs(t, failure(s.CreateAnonymous(t.Context(), nil, k.Client())), accounts.ErrRateLimited, limit)
		}
	}
}

func TestAnonymousSessionsAreLimitedInAll(t *testing.T) {
	k := authkit.New(t)
	d := trafficcop.Deps{
		UnitOfWork: k.Store, Guard: k.Guard, Issuer: k.Issuer, Clock: k.Clock, IDs: k.IDs(), Bus: k.Bus,
		Config: trafficcop.Config{AnonymousTotal: ports.Rate{Limit: 3, Window: time.Hour}},
	}
	s := trafficcop.NewSessions(d)
	c := k.Client()
	for range 3 {
		require.NoError(t, failure(s.CreateAnonymous(t.Context(), nil, k.Client())))
	}
	require.ErrorIs(t, failure(s.CreateAnonymous(t.Context(), nil, c)), accounts.ErrRateLimited)
	require.NoError(t, k.Store.Do(t.Context(), func(ctx context.Context, tx ports.Tx) error {
		v, err := tx.Limits.Take(ctx, []string{"session.anonymous", c.LimitKey()}, ports.Rate{Limit: 1, Window: time.Hour})
		require.True(t, v.Allowed, "a creation that was refused as a whole does not count for the address")
		return err
	}))
}

func TestSessionMetadataIsABoundedObject(t *testing.T) {
	k := authkit.New(t)
	p := k.Caller(k.Register("ada").AccessToken)
	for text, want := range map[string]string{"": "{}", "null": "{}", ` {"a":[1]} `: `{"a":[1]}`} {
		made, err := k.Sessions.CreateAnonymous(t.Context(), []byte(text), k.Client())
		require.NoError(t, err)
		require.JSONEq(t, want, string(made.Session.Snapshot().Metadata))
	}
	for _, text := range []string{"[]", "1", `"x"`, "{", `{"a":1}{}`, `{"a":"` + strings.Repeat("x", 16<<10) + `"}`} {
		require.ErrorIs(t, failure(k.Sessions.CreateAnonymous(t.Context(), []byte(text), k.Client())), accounts.ErrInvalid)
		require.ErrorIs(t, failure(k.Sessions.Create(t.Context(), p, []byte(text))), accounts.ErrInvalid)
	}
}

// Anonymous sessions end 24 hours after they were made, or 2 hours after their last use, and then look like none.
func TestAnonymousSessionsExpire(t *testing.T) {
	k := authkit.New(t)
	idle, used := k.Anonymous(), k.Anonymous()
	p := visitor(t, k, used)
	for range 23 {
		k.Clock.Advance(time.Hour)
		require.NoError(t, failure(k.Sessions.Resolve(t.Context(), p, used.Session.ID())))
	}
	require.ErrorIs(t, failure(k.Guard.AnonymousBySecret(t.Context(), idle.Session.ID(), idle.Secret)), fault.ErrNotFound)
	k.Clock.Advance(time.Hour)
	require.ErrorIs(t, failure(k.Sessions.Resolve(t.Context(), p, used.Session.ID())), fault.ErrNotFound)
	require.ErrorIs(t, failure(k.Guard.AnonymousBySecret(t.Context(), "", used.Secret)), fault.ErrNotFound)
	require.ErrorIs(t, k.Guard.Check(t.Context(), p), securityguard.ErrSessionChanged)
	in := k.Register("ada")
	for _, c := range []trafficcop.Created{idle, used} {
		require.ErrorIs(t, upgrade(t, k, in.AccessToken, c.Session.ID(), c.Secret), fault.ErrNotFound)
	}
	sheet.Record(t, "S14", 2, "gone after 2 h idle and 24 h in all", "gone")
}

func TestSessionsAreForTheirOwners(t *testing.T) {
	k := authkit.New(t)
	ada, bob := k.Register("ada"), k.Register("bob")
	a, b := k.Anonymous(), k.Anonymous()
	pa, pb, va := k.Caller(ada.AccessToken), k.Caller(bob.AccessToken), visitor(t, k, a)
	for name, c := range map[string]struct {
		p    identity.Principal
		id   string
		good bool
	}{
		"own":                          {pa, ada.Session.ID(), true},
		"visitor's own":                {va, a.Session.ID(), true},
		"another user's":               {pb, ada.Session.ID(), false},
		"user and visitor's":           {pa, a.Session.ID(), false},
		"visitor and user's":           {va, ada.Session.ID(), false},
		"visitor and other visitor's":  {va, b.Session.ID(), false},
		"unknown":                      {pa, typeid.Format(typeid.Session, [16]byte{1}), false},
		"no id":                        {pa, "", false},
		"a token":                      {pa, ada.AccessToken, false},
		"a secret":                     {va, a.Secret, false},
		"nobody":                       {identity.Principal{}, ada.Session.ID(), false},
		"nobody with a session's name": {identity.Principal{SessionID: a.Session.ID(), TenantID: a.Session.ID()}, a.Session.ID(), false},
	} {
		for what, err := range map[string]error{
			"resolve": failure(k.Sessions.Resolve(t.Context(), c.p, c.id)),
			"ticket":  ticketError(t, k, c.p, c.id),
		} {
			if c.good {
				require.NoError(t, err, name+" "+what)
			} else {
				require.Equal(t, fault.ErrNotFound, fault.As(err), "%s %s: foreign is unknown", name, what)
			}
		}
		if !c.good {
			require.Equal(t, fault.ErrNotFound, fault.As(k.Sessions.End(t.Context(), c.p, c.id)), name)
		}
	}
}

func ticketError(t *testing.T, k *authkit.Kit, p identity.Principal, id string) error {
	t.Helper()
	_, _, err := k.Sessions.IssueTicket(t.Context(), p, id, "")
	return err
}

func TestUseIsRecordedOnceAMinute(t *testing.T) {
	k := authkit.New(t)
	in := k.Register("ada")
	p := k.Caller(in.AccessToken)
	k.Clock.Advance(59 * time.Second)
	got, err := k.Sessions.Resolve(t.Context(), p, in.Session.ID())
	require.NoError(t, err)
	require.Equal(t, in.Session, got)
	now := k.Clock.Advance(time.Second)
	_, err = k.Sessions.Resolve(t.Context(), p, in.Session.ID())
	require.NoError(t, err)
	require.Equal(t, now, k.Session(in.Session.ID()).Snapshot().LastSeenAt)
	k.Clock.Advance(time.Minute)
	k.Store.LoseRaces(1)
	require.NoError(t, failure(k.Sessions.Resolve(t.Context(), p, in.Session.ID())), "a lost race is no failure")
}

func TestEndedSessionsAreReadOnlyAndStayEnded(t *testing.T) {
	k := authkit.New(t)
	in := k.Register("ada")
	p := k.Caller(in.AccessToken)
	made, err := k.Sessions.Create(t.Context(), p, nil)
	require.NoError(t, err)
	id := made.Session.ID()
	require.NoError(t, k.Sessions.End(t.Context(), p, id))
	require.NoError(t, k.Sessions.End(t.Context(), p, id))
	got, err := k.Sessions.Resolve(t.Context(), p, id)
	require.NoError(t, err)
	require.Equal(t, session.Ended, got.Status(k.Clock.Now()))
	require.Equal(t, 2, got.Epoch(), "one end, one epoch")
	require.ErrorIs(t, ticketError(t, k, p, id), session.ErrEnded)
	require.NoError(t, k.Guard.Check(t.Context(), p), "the login was another session")

	visit := k.Anonymous()
	v := visitor(t, k, visit)
	require.NoError(t, k.Sessions.End(t.Context(), v, visit.Session.ID()))
	require.ErrorIs(t, k.Guard.Check(t.Context(), v), securityguard.ErrSessionChanged)
	again := visitor(t, k, visit)
	require.NoError(t, failure(k.Sessions.Resolve(t.Context(), again, visit.Session.ID())), "still to be read with the secret")
	require.ErrorIs(t, failure(k.Sessions.NewestActive(t.Context(), again)), session.ErrEnded)
	require.ErrorIs(t, ticketError(t, k, again, visit.Session.ID()), session.ErrEnded)
	require.ErrorIs(t, upgrade(t, k, in.AccessToken, visit.Session.ID(), visit.Secret), fault.ErrNotFound, "no way back")
}

func TestEndOfTheOwnLoginIsALogout(t *testing.T) {
	k := authkit.New(t)
	in := k.Register("ada")
	require.NoError(t, k.Sessions.End(t.Context(), k.Caller(in.AccessToken), in.Session.ID()))
	require.ErrorIs(t, failure(k.Guard.ValidateToken(t.Context(), in.AccessToken)), fault.ErrUnauthenticated)
	require.ErrorIs(t, failure(k.Accounts.Refresh(t.Context(), in.RefreshToken, k.Client())), session.ErrRefreshInvalid)
	require.Contains(t, k.Audit(in.Tenant.ID), "session.ended completed")
}

func TestListAndNewestActive(t *testing.T) {
	k := authkit.New(t)
	in := k.Register("ada")
	k.Register("bob")
	p := k.Caller(in.AccessToken)
	ids := []string{in.Session.ID()}
	for range 60 {
		k.Clock.Advance(time.Millisecond)
		made, err := k.Sessions.Create(t.Context(), p, nil)
		require.NoError(t, err)
		ids = append([]string{made.Session.ID()}, ids...)
	}
	list, err := k.Sessions.List(t.Context(), p, ports.Page{Limit: 200})
	require.NoError(t, err)
	require.Len(t, list, len(ids))
	for i, s := range list {
		require.Equal(t, ids[i], s.ID(), "newest first")
	}
	for _, id := range ids[:60] {
		newest, err := k.Sessions.NewestActive(t.Context(), p)
		require.NoError(t, err)
		require.Equal(t, id, newest.ID())
		require.NoError(t, k.Sessions.End(t.Context(), p, id))
	}
	newest, err := k.Sessions.NewestActive(t.Context(), p)
	require.NoError(t, err)
	require.Equal(t, in.Session.ID(), newest.ID(), "on the second page")
	require.NoError(t, k.Sessions.End(t.Context(), p, in.Session.ID()))
	newest, err = k.Sessions.NewestActive(t.Context(), p)
	require.NoError(t, err)
	require.NotContains(t, ids, newest.ID(), "a new one")

	visit := k.Anonymous()
	v := visitor(t, k, visit)
	list, err = k.Sessions.List(t.Context(), v, ports.Page{Limit: 50})
	require.NoError(t, err)
	require.Len(t, list, 1)
	require.Equal(t, visit.Session.ID(), list[0].ID())
	newest, err = k.Sessions.NewestActive(t.Context(), v)
	require.NoError(t, err)
	require.Equal(t, visit.Session.ID(), newest.ID())
	require.ErrorIs(t, failure(k.Sessions.List(t.Context(), identity.Principal{}, ports.Page{})), fault.ErrUnauthenticated)
	require.ErrorIs(t, failure(k.Sessions.Create(t.Context(), v, nil)), fault.ErrUnauthenticated)
}
