package e2e_test

import (
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func hexOf(b []byte) string { return hex.EncodeToString(b) }

// token is an access token in its parts, to be changed and signed again.
type token struct{ header, claims map[string]any }

func dissect(t *testing.T, signed string) token {
	t.Helper()
	parts := strings.Split(signed, ".")
	require.Len(t, parts, 3)
	var k token
	for i, into := range []*map[string]any{&k.header, &k.claims} {
		raw, err := base64.RawURLEncoding.DecodeString(parts[i])
		require.NoError(t, err)
		require.NoError(t, json.Unmarshal(raw, into))
	}
	return k
}

// with gives the token with changed entries; nil removes one.
func (k token) with(header, claims map[string]any) token {
	return token{merged(k.header, header), merged(k.claims, claims)}
}

func merged(base, changes map[string]any) map[string]any {
	out := map[string]any{}
	for _, m := range []map[string]any{base, changes} {
		for name, value := range m {
			out[name] = value
			if value == nil {
				delete(out, name)
			}
		}
	}
	return out
}

func (k token) unsigned(t *testing.T) string {
	t.Helper()
	var parts []string
	for _, m := range []map[string]any{k.header, k.claims} {
		raw, err := json.Marshal(m)
		require.NoError(t, err)
		parts = append(parts, base64.RawURLEncoding.EncodeToString(raw))
	}
	return strings.Join(parts, ".")
}

// signed gives the token under a key.
func (k token) signed(t *testing.T, key ed25519.PrivateKey) string {
	t.Helper()
	text := k.unsigned(t)
	return text + "." + base64.RawURLEncoding.EncodeToString(ed25519.Sign(key, []byte(text)))
}

// serverKey reads the deployment's signing key, as only a test may.
func serverKey(t *testing.T, e environment) ed25519.PrivateKey {
	t.Helper()
	path := filepath.Join(e.dataDir, "keys", "signing-key.pem")
	for _, v := range e.vars {
		if file, ok := strings.CutPrefix(v, "SYMPHAINY_AUTH_KEY_FILES="); ok {
			path = file
		}
	}
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.EqualValues(t, 0o600, info.Mode().Perm())
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	block, _ := pem.Decode(text)
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	require.NoError(t, err)
	return key.(ed25519.PrivateKey)
}

// tricks are tokens that look like the good one and must not be it.
func tricks(t *testing.T, good string, key ed25519.PrivateKey) map[string]string {
	t.Helper()
	k := dissect(t, good)
	_, foreign, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	mac := func(k token) string {
		text := k.unsigned(t)
		h := hmac.New(sha256.New, key.Public().(ed25519.PublicKey))
		h.Write([]byte(text))
		return text + "." + base64.RawURLEncoding.EncodeToString(h.Sum(nil))
	}
	zeros := base64.RawURLEncoding.EncodeToString(make([]byte, ed25519.SignatureSize))
	all := map[string]string{
		"HS256 with the public key": mac(k.with(map[string]any{"alg": "HS256"}, nil)),
		"HS384":                     mac(k.with(map[string]any{"alg": "HS384"}, nil)),
		"RS256":                     k.with(map[string]any{"alg": "RS256"}, nil).signed(t, key),
		"no alg":                    k.with(map[string]any{"alg": nil}, nil).signed(t, key),
		"empty alg":                 k.with(map[string]any{"alg": ""}, nil).signed(t, key),
		"zero signature":            k.unsigned(t) + "." + zeros,
		"foreign key":               k.signed(t, foreign),
		"unknown kid":               k.with(map[string]any{"kid": "x"}, nil).signed(t, key),
		"no kid":                    k.with(map[string]any{"kid": nil}, nil).signed(t, key),
		"embedded key":              k.with(map[string]any{"jwk": map[string]any{"kty": "OKP"}}, nil).signed(t, key),
		"critical header":           k.with(map[string]any{"crit": []string{"exp"}}, nil).signed(t, key),
		"wrong type":                k.with(map[string]any{"typ": "JWT"}, nil).signed(t, key),
		"no expiry":                 k.with(nil, map[string]any{"exp": nil}).signed(t, key),
		"long life":                 k.with(nil, map[string]any{"exp": time.Now().Add(24 * time.Hour).Unix()}).signed(t, key),
		"wrong issuer":              k.with(nil, map[string]any{"iss": "other"}).signed(t, key),
		"wrong audience":            k.with(nil, map[string]any{"aud": "runtime"}).signed(t, key),
		"two parts":                 k.unsigned(t),
	}
	for _, none := range []string{"none", "None", "nOnE", "NONE"} {
		all["alg "+none] = k.with(map[string]any{"alg": none}, nil).unsigned(t) + "."
	}
	return all
}

// expired gives the good token as it would have been an hour ago.
func expired(t *testing.T, good string, key ed25519.PrivateKey) string {
	t.Helper()
	ago := func(d time.Duration) int64 { return time.Now().Add(-d).Unix() }
	return dissect(t, good).with(nil, map[string]any{
		"iat": ago(70 * time.Minute), "nbf": ago(70 * time.Minute), "auth_time": ago(70 * time.Minute), "exp": ago(60 * time.Minute),
	}).signed(t, key)
}
