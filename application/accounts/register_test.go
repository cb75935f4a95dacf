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

func TestRegisterMakesAnOwnerOfATenantAndSignsThemIn(t *testing.T) {
	k := authkit.New(t)
	in, err := k.Accounts.Register(t.Context(), accounts.RegisterCommand{
		Name: "  Ada Lovelace ", Email: " Ada@Example.ORG ", Password: authkit.Password, Client: k.Client(),
	})
	require.NoError(t, err)
	require.Equal(t, "Ada Lovelace", in.User.Name)
	require.Equal(t, "Ada@Example.ORG", in.User.Email)
	require.Equal(t, "ada@example.org", in.User.EmailKey)
	require.Equal(t, []identity.Role{identity.RoleOwner}, in.Roles)
	require.False(t, in.Upgraded)
	require.True(t, in.Session.OwnedBy(in.Tenant.ID, in.User.ID))
	require.Equal(t, in.Session.ID(), in.Claims.SessionID)

	byToken := k.Caller(in.AccessToken)
	byCookie, err := k.Guard.Authenticate(t.Context(), securityguard.Credentials{LoginCookie: in.LoginCookie})
	require.NoError(t, err)
	for _, p := range []identity.Principal{byToken, byCookie} {
		require.Equal(t, in.User.ID, p.UserID)
		require.Equal(t, in.Tenant.ID, p.TenantID)
		require.Equal(t, in.Session.ID(), p.SessionID)
		require.Equal(t, in.Roles, p.Roles)
	}
	_, err = k.Accounts.Refresh(t.Context(), in.RefreshToken, k.Client())
	require.NoError(t, err)
	require.Equal(t, []string{"auth.registered completed"}, k.Audit(in.Tenant.ID))

	me, err := k.Accounts.Me(t.Context(), byToken)
	require.NoError(t, err)
	require.Equal(t, in.User.ID, me.User.ID)
	require.Equal(t, in.Tenant, me.Tenant)
}

func TestOnlyHashesOfSecretsAreStored(t *testing.T) {
	k := authkit.New(t)
	in := k.Register("ada")
	require.NoError(t, k.Store.View(t.Context(), func(ctx context.Context, tx ports.Tx) error {
		l, err := tx.Logins.BySession(ctx, in.Session.ID())
		require.NoError(t, err)
		require.Equal(t, securityguard.HashSecret(in.LoginCookie), l.CookieHash)
		require.Len(t, l.Key, 32)
		return nil
	}))
	require.True(t, strings.HasPrefix(in.LoginCookie, "lgn_"))
}

func TestPasswordRules(t *testing.T) {
	k := authkit.New(t, func(c *accounts.Config) { c.RegisterRate = ports.Rate{Window: time.Minute} })
	e := "\u00e9"           // one code point
	decomposed := "e\u0301" // the same character in two
	for name, c := range map[string]struct {
		password string
		code     string
	}{
		"missing":                  {"", "missing"},
		"7":                        {"xk7-vio", "too_short"},
		"8":                        {"xk7-viol", ""},
		"14":                       {"xk7-violet-arm", ""},
		"15":                       {"xk7-violet-armc", ""},
		"64":                       {strings.Repeat("xk7-viol", 8), ""},
		"72":                       {strings.Repeat("xk7-viol", 9), ""},
		"73":                       {strings.Repeat("xk7-viol", 9) + "x", ""},
		"128":                      {strings.Repeat("xk7-viol", 16), ""},
		"1,024":                    {strings.Repeat("xk7-viol", 128), ""},
		"1,024 of four bytes":      {strings.Repeat("\U0001f40e", 1024), ""},
		"1,025":                    {strings.Repeat("xk7-viol", 128) + "x", "too_long"},
		"1 MB":                     {strings.Repeat("x", 1<<20), "too_long"},
		"7 characters in 14 bytes": {strings.Repeat(e, 7), "too_short"},
		"7 characters in NFD":      {strings.Repeat(decomposed, 7), "too_short"},
		"8 characters in NFD":      {strings.Repeat(decomposed, 8), ""},
		"1,024 in NFD":             {strings.Repeat(decomposed, 1024), ""},
		"NUL":                      {"xk7-violet\x00arm", "invalid"},
		"a line break":             {"xk7-violet\narm", "invalid"},
		"a C1 control":             {"xk7-violet\u0085arm", "invalid"},
		"not UTF-8":                {"xk7-violet\xff", "invalid"},
		"only spaces":              {"          ", ""},
		"spaces around":            {"  xk7-violet  ", ""},
		"emoji":                    {"🐎🐎🐎🐎🐎🐎🐎🐎", ""},
		"block-listed":             {"qwertyuiop", "blocked"},
		"block-listed in capitals": {"QwertyUIOP", "blocked"},
		"mail":                     {"grace.hopper@example.org", "blocked"},
		"mail's local part":        {"grace.hopper", "blocked"},
		"name":                     {"Grace Hopper", "blocked"},
		"name with digits":         {"hopper1906!", "blocked"},
		"name in full width":       {"Ｇｒａｃｅ Ｈｏｐｐｅｒ", "blocked"},
		"product":                  {"Symphainy", "blocked"},
		"product with digits":      {"symphainy2026", "blocked"},
		"name among other words":   {"grace is patient", ""},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := k.Accounts.Register(t.Context(), accounts.RegisterCommand{
				Name: "Grace Hopper", Email: "Grace.Hopper@example.org", Password: c.password, Client: accounts.Client{Address: name},
			})
			if c.code == "" {
				// The first one makes the account, the others are taken: both have passed the rules.
				require.True(t, err == nil || fault.As(err).Code == accounts.ErrEmailTaken.Code, err)
				return
			}
			require.ErrorIs(t, err, accounts.ErrInvalid)
			require.Equal(t, []string{"/password " + c.code}, codes(err))
			require.NotContains(t, err.Error(), "xk7", "a password is never quoted")
		})
	}
	sheet.Record(t, "A10", 34, "lengths, forms, controls and the block-list as documented", "34/34")
}

func TestTheMinimumCanOnlyBeRaised(t *testing.T) {
	for minimum, want := range map[int]int{0: 8, 3: 8, 8: 8, 15: 15} {
		k := authkit.New(t, func(c *accounts.Config) { c.PasswordMin = minimum })
		long := "xk7-violet-armchair"
		_, err := k.Accounts.Register(t.Context(), accounts.RegisterCommand{
			Name: "Ada", Email: "a@example.org", Password: long[:want-1], Client: k.Client(),
		})
		require.Equal(t, []string{"/password too_short"}, codes(err))
		_, err = k.Accounts.Register(t.Context(), accounts.RegisterCommand{
			Name: "Ada", Email: "a@example.org", Password: long[:want], Client: k.Client(),
		})
		require.NoError(t, err)
	}
}

// Nothing is cut and nothing but the normal form changed: both spellings of one password sign in, and nothing else does.
func TestPasswordsCountWhole(t *testing.T) {
	k := authkit.New(t)
	password := strings.Repeat("a", 72) + " caf\u00e9"
	_, err := k.Accounts.Register(t.Context(), accounts.RegisterCommand{
		Name: "Ada", Email: "ada@example.org", Password: password, Client: k.Client(),
	})
	require.NoError(t, err)
	for candidate, good := range map[string]bool{
		password:                                true,
		strings.Repeat("a", 72) + " cafe\u0301": true,
		password[:72]:                           false,
		password + " ":                          false,
		strings.ToUpper(password):               false,
	} {
		_, err := k.Accounts.CheckPassword(t.Context(), "ada@example.org", candidate, k.Client())
		require.Equal(t, good, err == nil, "%q: %v", candidate, err)
	}
}

func TestAllWrongValuesAreNamedAtOnce(t *testing.T) {
	k := authkit.New(t)
	_, err := k.Accounts.Register(t.Context(), accounts.RegisterCommand{Name: " ", Email: "x", Password: "short", Client: k.Client()})
	require.Equal(t, []string{"/name missing", "/email invalid", "/password too_short"}, codes(err))
	_, err = k.Accounts.Register(t.Context(), accounts.RegisterCommand{
		Name: strings.Repeat("n", 101), Email: strings.Repeat("m", 250) + "@example.org", Password: authkit.Password, Client: k.Client(),
	})
	require.Equal(t, []string{"/name too_long", "/email too_long"}, codes(err))
	hashed, matched, _ := k.Hasher.Count()
	require.Zero(t, hashed+matched, "what is refused for its form costs nothing")
}

func TestATakenMailIsNeverLoggedInTo(t *testing.T) {
	k := authkit.New(t, func(c *accounts.Config) { c.RegisterRate = ports.Rate{Window: time.Minute} })
	first := k.Register("ada")
	k.Hasher.Count()
	for _, email := range []string{
		"ada@example.org", "ADA@EXAMPLE.ORG", " ada@example.org\t", "ａｄａ@example.org", "ada＠example.org", "ada@ｅｘａｍｐｌｅ.org", "Ａda@Example.Org",
	} {
		in, err := k.Accounts.Register(t.Context(), accounts.RegisterCommand{
			Name: "Ada", Email: email, Password: authkit.Password, Client: k.Client(),
		})
		require.ErrorIs(t, err, accounts.ErrEmailTaken, email)
		require.Zero(t, in)
		hashed, matched, _ := k.Hasher.Count()
		require.Equal(t, 1, hashed, "the same work as for a new mail")
		require.Zero(t, matched, "the password of the account is not looked at")
	}
	require.Equal(t, 1, k.Users())
	require.Contains(t, k.Audit(accounts.PlatformScope), "auth.registered denied")
	require.Equal(t, first.Session.Epoch(), k.Session(first.Session.ID()).Epoch())
	sheet.Record(t, "A11", 7, "taken mails with their right password signed in 0", "0")
}

func TestFiftyAtOnceMakeOneUser(t *testing.T) {
	k := authkit.New(t, func(c *accounts.Config) { c.RegisterRate = ports.Rate{Window: time.Minute} })
	var wg sync.WaitGroup
	errs := make([]error, 50)
	for i := range errs {
		email := "ada@example.org"
		if i%2 == 1 {
			email = "ＡDA@example.org"
		}
		wg.Go(func() {
			_, errs[i] = k.Accounts.Register(t.Context(), accounts.RegisterCommand{
				Name: "Ada", Email: email, Password: authkit.Password, Client: k.Client(),
			})
		})
	}
	wg.Wait()
	made := 0
	for _, err := range errs {
		if err == nil {
			made++
		} else {
			require.ErrorIs(t, err, accounts.ErrEmailTaken)
		}
	}
	require.Equal(t, 1, made)
	require.Equal(t, 1, k.Users())
	sheet.Record(t, "A11", 50, "accounts of one mail in two spellings made 1", "1 of 50")
}

func TestRegistrationsAreLimited(t *testing.T) {
	k := authkit.New(t)
	register := func(email string, c accounts.Client) error {
		_, err := k.Accounts.Register(t.Context(), accounts.RegisterCommand{Name: "Ada", Email: email, Password: authkit.Password, Client: c})
		return err
	}
	c := k.Client()
	for _, email := range []string{"a@example.org", "b@example.org", "c@example.org"} {
		require.NoError(t, register(email, c))
	}
	err := register("d@example.org", c)
	require.ErrorIs(t, err, accounts.ErrRateLimited)
	require.Positive(t, fault.As(err).RetryAfter)
	require.NoError(t, register("d@example.org", k.Client()), "another address")
	require.ErrorIs(t, register("d@example.org", k.Client()), accounts.ErrEmailTaken)
	require.ErrorIs(t, register("D@example.org", k.Client()), accounts.ErrEmailTaken)
	require.ErrorIs(t, register("d@EXAMPLE.org", k.Client()), accounts.ErrRateLimited, "the account counts whatever its spelling")
	k.Clock.Advance(5 * time.Minute)
	require.NoError(t, register("e@example.org", c))
}

func TestOnlyTheFirstUserIsOperatorAndOnlyIfConfigured(t *testing.T) {
	k := authkit.New(t)
	require.False(t, k.Register("ada").User.Operator, "off by default")
	k = authkit.New(t, func(c *accounts.Config) { c.FirstUserIsOperator = true })
	first := k.Register("ada")
	require.Equal(t, []identity.Role{identity.RoleOwner, identity.RoleOperator}, first.Roles)
	require.Equal(t, []identity.Role{identity.RoleOwner}, k.Register("bob").Roles)
}

func TestRegisterUpgradesAProvedSession(t *testing.T) {
	k := authkit.New(t)
	visit := k.Anonymous()
	in, err := k.Accounts.Register(t.Context(), accounts.RegisterCommand{
		Name: "Ada", Email: "ada@example.org", Password: authkit.Password, Client: k.Client(),
		Session: accounts.SessionProof{SessionID: visit.Session.ID(), Secret: visit.Secret},
	})
	require.NoError(t, err)
	require.True(t, in.Upgraded)
	require.Equal(t, visit.Session.ID(), in.Session.ID())
	require.Equal(t, 2, in.Claims.SessionEpoch)
	stored := k.Session(visit.Session.ID())
	require.True(t, stored.OwnedBy(in.Tenant.ID, in.User.ID))
	require.Nil(t, stored.Snapshot().SecretHash)
	require.Equal(t, session.Active, stored.Status(k.Clock.Now()))
	require.Equal(t, []string{visit.Session.ID()}, k.Bus.Sessions())
	require.Equal(t, []string{"session.upgraded completed", "auth.registered completed"}, k.Audit(in.Tenant.ID))
	_, err = k.Accounts.Refresh(t.Context(), in.RefreshToken, k.Client())
	require.NoError(t, err, "the login is attached to the upgraded session")
}

// A registration that is refused leaves the named session to its visitor.
func TestARefusedRegistrationUpgradesNothing(t *testing.T) {
	k := authkit.New(t)
	k.Register("ada")
	visit := k.Anonymous()
	_, err := k.Accounts.Register(t.Context(), accounts.RegisterCommand{
		Name: "Ada", Email: "ada@example.org", Password: authkit.Password, Client: k.Client(),
		Session: accounts.SessionProof{SessionID: visit.Session.ID(), Secret: visit.Secret},
	})
	require.ErrorIs(t, err, accounts.ErrEmailTaken)
	require.Equal(t, visit.Session, k.Session(visit.Session.ID()))
}

// codes gives the fields of an error as "pointer code".
func codes(err error) []string {
	if err == nil {
		return nil
	}
	var out []string
	for _, f := range fault.As(err).Fields {
		out = append(out, f.Pointer+" "+f.Code)
	}
	return out
}
