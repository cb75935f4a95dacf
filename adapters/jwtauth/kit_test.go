package jwtauth_test

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/adapters/jwtauth"
	"github.com/symphainy/symphainy/adapters/system"
	"github.com/symphainy/symphainy/domain/typeid"
	"github.com/symphainy/symphainy/ports"
)

const (
	issuer   = "https://symphainy.example"
	audience = "symphainy"
)

// clock stands still where a test puts it.
type clock struct{ now time.Time }

func (c *clock) Now() time.Time { return c.now }

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// key makes a private key that is the same in every run.
func key(name string) ed25519.PrivateKey {
	seed := sha256.Sum256([]byte(name))
	return ed25519.NewKeyFromSeed(seed[:])
}

func config() jwtauth.Config { return jwtauth.Config{Issuer: issuer, Audience: audience} }

func keys(t testing.TB, names ...string) *jwtauth.Keys {
	t.Helper()
	var private []ed25519.PrivateKey
	for _, n := range names {
		private = append(private, key(n))
	}
	k, err := jwtauth.NewKeys(private...)
	require.NoError(t, err)
	return k
}

func verifier(t testing.TB, c *clock, names ...string) *jwtauth.Verifier {
	t.Helper()
	v, err := jwtauth.NewVerifier(keys(t, names...), config(), c)
	require.NoError(t, err)
	return v
}

func newIssuer(t testing.TB, c *clock, names ...string) *jwtauth.Issuer {
	t.Helper()
	i, err := jwtauth.NewIssuer(keys(t, names...), config(), c, system.IDs{})
	require.NoError(t, err)
	return i
}

// person is a set of claims as the application gives them to the issuer.
func person() ports.Claims {
	id := func(p typeid.Prefix, n byte) string { return typeid.Format(p, [16]byte{1, n}) }
	return ports.Claims{
		UserID: id(typeid.User, 1), TenantID: id(typeid.Tenant, 2), SessionID: id(typeid.Session, 3), SessionEpoch: 4,
		AuthTime: noon.Add(-time.Minute),
	}
}

// raw is JSON that goes into a token as it is.
type raw string

func (r raw) MarshalJSON() ([]byte, error) { return []byte(r), nil }

type object map[string]any

// goodHeader and goodPayload are those of a token that passes at noon.
func goodHeader() object {
	return object{"alg": "EdDSA", "typ": "at+jwt", "kid": jwtauth.Thumbprint(key("live").Public().(ed25519.PublicKey))}
}

func goodPayload() object {
	p := person()
	return object{
		"iss": issuer, "aud": audience, "sub": p.UserID, "tid": p.TenantID, "sid": p.SessionID, "sep": p.SessionEpoch,
		"jti": typeid.Format(typeid.Token, [16]byte{9}), "iat": noon.Unix(), "nbf": noon.Unix(), "exp": noon.Add(10 * time.Minute).Unix(),
		"auth_time": p.AuthTime.Unix(),
	}
}

// with gives a copy with some members set; a nil value removes one.
func (o object) with(members object) object {
	out := object{}
	for k, v := range o {
		out[k] = v
	}
	for k, v := range members {
		if out[k] = v; v == nil {
			delete(out, k)
		}
	}
	return out
}

func (o object) json(t testing.TB) []byte {
	t.Helper()
	b, err := json.Marshal(map[string]any(o))
	require.NoError(t, err)
	return b
}

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// sign joins header and payload and signs them truly: what is wrong with such a token is never its signature.
func sign(t testing.TB, private ed25519.PrivateKey, header, payload []byte) string {
	t.Helper()
	text := b64(header) + "." + b64(payload)
	return text + "." + b64(ed25519.Sign(private, []byte(text)))
}

// token signs a header and a payload with the live key.
func token(t testing.TB, header, payload object) string {
	t.Helper()
	return sign(t, key("live"), header.json(t), payload.json(t))
}
