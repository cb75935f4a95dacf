package jwtauth_test

import (
	"encoding/base64"
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/symphainy/symphainy/adapters/jwtauth"
	"github.com/symphainy/symphainy/domain/typeid"
	"github.com/symphainy/symphainy/ports"
	"github.com/symphainy/symphainy/test/sheet"
)

func TestIssuedTokenVerifiesToTheSameClaims(t *testing.T) {
	c := &clock{now: noon.Add(123456 * time.Microsecond)}
	text, issued, err := newIssuer(t, c, "live").Issue(person())
	require.NoError(t, err)
	require.Equal(t, noon, issued.IssuedAt)
	require.Equal(t, noon.Add(10*time.Minute), issued.ExpiresAt)
	require.True(t, typeid.Valid(typeid.Token, issued.TokenID))

	got, err := verifier(t, c, "live").Verify(text)
	require.NoError(t, err)
	require.Equal(t, issued, got)
	want := person()
	want.TokenID, want.IssuedAt, want.ExpiresAt = issued.TokenID, issued.IssuedAt, issued.ExpiresAt
	require.Equal(t, want, got)
}

// A change of the form of tokens would sign out everybody: this one is kept as it was made.
func TestGoldenTokenPasses(t *testing.T) {
	golden, err := os.ReadFile("testdata/golden.jwt")
	require.NoError(t, err)
	claims, err := verifier(t, &clock{now: noon}, "live").Verify(strings.TrimSpace(string(golden)))
	require.NoError(t, err)
	want := person()
	want.TokenID, want.IssuedAt, want.ExpiresAt = typeid.Format(typeid.Token, [16]byte{9}), noon, noon.Add(10*time.Minute)
	require.Equal(t, want, claims)
}

func TestTokenHasExactlyTheMembersOfTheProfile(t *testing.T) {
	text, _, err := newIssuer(t, &clock{now: noon}, "live").Issue(person())
	require.NoError(t, err)
	parts := strings.Split(text, ".")
	require.Len(t, parts, 3)
	require.Equal(t, []string{"alg", "kid", "typ"}, members(t, parts[0]))
	require.Equal(t, []string{"aud", "auth_time", "exp", "iat", "iss", "jti", "nbf", "sep", "sid", "sub", "tid"}, members(t, parts[1]))
}

func members(t *testing.T, segment string) []string {
	t.Helper()
	b, err := base64.RawURLEncoding.DecodeString(segment)
	require.NoError(t, err)
	var m map[string]any
	require.NoError(t, json.Unmarshal(b, &m))
	var names []string
	for n := range m {
		names = append(names, n)
	}
	slices.Sort(names)
	return names
}

func TestLeewayIsThirtySecondsToEitherSide(t *testing.T) {
	c := &clock{now: noon}
	text, issued, err := newIssuer(t, c, "live").Issue(person())
	require.NoError(t, err)
	v := verifier(t, c, "live")
	for _, now := range []time.Time{noon.Add(-30 * time.Second), noon, issued.ExpiresAt.Add(30*time.Second - time.Microsecond)} {
		c.now = now
		_, err := v.Verify(text)
		require.NoError(t, err, now)
	}
	c.now = issued.ExpiresAt.Add(30 * time.Second)
	_, err = v.Verify(text)
	require.ErrorIs(t, err, ports.ErrTokenExpired)
	c.now = noon.Add(-31 * time.Second)
	_, err = v.Verify(text)
	require.ErrorIs(t, err, ports.ErrToken)
}

// Only a token that was ours may be told that it is too old; anything else would be an oracle.
func TestExpiredAndOtherwiseWrongIsJustInvalid(t *testing.T) {
	c := &clock{now: noon.Add(time.Hour)}
	v := verifier(t, c, "live")
	for name, text := range map[string]string{
		"audience": token(t, goodHeader(), goodPayload().with(object{"aud": "other"})),
		"subject":  token(t, goodHeader(), goodPayload().with(object{"sub": ""})),
		"key":      sign(t, key("attacker"), goodHeader().json(t), goodPayload().json(t)),
	} {
		_, err := v.Verify(text)
		require.ErrorIs(t, err, ports.ErrToken, name)
	}
	_, err := v.Verify(token(t, goodHeader(), goodPayload()))
	require.ErrorIs(t, err, ports.ErrTokenExpired)
}

func TestKeyRotationOverlaps(t *testing.T) {
	c := &clock{now: noon}
	old, _, err := newIssuer(t, c, "old").Issue(person())
	require.NoError(t, err)
	next, _, err := newIssuer(t, c, "new", "old").Issue(person())
	require.NoError(t, err)
	foreign, _, err := newIssuer(t, c, "foreign").Issue(person())
	require.NoError(t, err)

	for _, step := range []struct {
		live            []string
		old, next, fore bool
	}{
		{live: []string{"old"}, old: true},
		{live: []string{"old", "new"}, old: true, next: true},
		{live: []string{"new", "old"}, old: true, next: true},
		{live: []string{"new"}, next: true},
	} {
		v := verifier(t, c, step.live...)
		for text, want := range map[string]bool{old: step.old, next: step.next, foreign: step.fore} {
			_, err := v.Verify(text)
			require.Equal(t, want, err == nil, "%v: %v", step.live, err)
		}
	}
	sheet.Record(t, "A2", 12, "tokens of live keys pass, of retired and foreign ones do not", "12/12")
}

func TestAnotherIssuersKeyUnderOurIDIsRefused(t *testing.T) {
	_, err := verifier(t, &clock{now: noon}, "live").Verify(sign(t, key("foreign"), goodHeader().json(t), goodPayload().json(t)))
	require.ErrorIs(t, err, ports.ErrToken)
	sheet.Record(t, "A2", 1, "a foreign key under our id is refused", "refused")
}

func TestConfigurationThatSwitchesAChecksOffIsRefused(t *testing.T) {
	for name, cfg := range map[string]jwtauth.Config{
		"empty issuer":   {Audience: audience},
		"blank issuer":   {Issuer: "  ", Audience: audience},
		"empty audience": {Issuer: issuer},
		"both":           {},
		"negative life":  {Issuer: issuer, Audience: audience, Life: -time.Minute},
		"part of second": {Issuer: issuer, Audience: audience, Life: 1500 * time.Millisecond},
		"a day":          {Issuer: issuer, Audience: audience, Life: 24 * time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			require.Error(t, cfg.Validate())
			_, err := jwtauth.NewVerifier(keys(t, "live"), cfg, &clock{})
			require.Error(t, err)
			_, err = jwtauth.NewIssuer(keys(t, "live"), cfg, &clock{}, nil)
			require.Error(t, err)
		})
	}
	err := jwtauth.Config{}.Validate()
	require.ErrorContains(t, err, "issuer")
	require.ErrorContains(t, err, "audience")
}

func TestIssuerRefusesClaimsThatWouldNotVerify(t *testing.T) {
	i := newIssuer(t, &clock{now: noon}, "live")
	for name, spoil := range map[string]func(*ports.Claims){
		"no user":    func(c *ports.Claims) { c.UserID = "" },
		"no tenant":  func(c *ports.Claims) { c.TenantID = "" },
		"no session": func(c *ports.Claims) { c.SessionID = "" },
		"no epoch":   func(c *ports.Claims) { c.SessionEpoch = 0 },
		"no auth":    func(c *ports.Claims) { c.AuthTime = time.Time{} },
		"future":     func(c *ports.Claims) { c.AuthTime = noon.Add(time.Minute) },
	} {
		c := person()
		spoil(&c)
		text, _, err := i.Issue(c)
		require.Error(t, err, name)
		require.Empty(t, text)
	}
}

// Whatever one bit of a good token is turned, it is good no more.
func TestEveryFlippedBitIsRefused(t *testing.T) {
	good := token(t, goodHeader(), goodPayload())
	v := verifier(t, &clock{now: noon}, "live")
	for i := range len(good) {
		for bit := range 8 {
			bad := []byte(good)
			bad[i] ^= 1 << bit
			_, err := v.Verify(string(bad))
			require.Error(t, err, "byte %d bit %d", i, bit)
		}
	}
}

func TestVerifierNeverPanics(t *testing.T) {
	v := verifier(t, &clock{now: noon}, "live")
	rapid.Check(t, func(r *rapid.T) {
		header := rapid.SliceOf(rapid.Byte()).Draw(r, "header")
		payload := rapid.SliceOf(rapid.Byte()).Draw(r, "payload")
		_, err := v.Verify(sign(t, key("live"), header, payload))
		require.Error(t, err)
		_, err = v.Verify(rapid.String().Draw(r, "text"))
		require.Error(t, err)
	})
}
