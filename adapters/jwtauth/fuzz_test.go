package jwtauth_test

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/typeid"
)

// Whatever header and payload are truly signed, and whatever text is in their place: a token that passes has our signature over exactly its
// bytes, exactly our header, and claims that are whole, ours and of this time.
func FuzzToken(f *testing.F) {
	header, payload := goodHeader().json(f), goodPayload().json(f)
	good := sign(f, key("live"), header, payload)
	f.Add(header, payload, "")
	f.Add(header, payload, good)
	f.Add([]byte(`{"alg":"none"}`), payload, good[:len(good)-3])
	f.Add(header, bytes.Replace(payload, []byte(`{`), []byte(`{"SUB":"x",`), 1), strings.ToLower(good))
	f.Add(header, []byte(`{"exp":1e400}`), good+"\n")
	f.Add(header, goodPayload().with(object{"sep": 0, "exp": noon.Add(time.Hour).Unix()}).json(f), "a.b.c")
	c := &clock{now: noon}
	v := verifier(f, c, "live")
	f.Fuzz(func(t *testing.T, header, payload []byte, text string) {
		for _, token := range []string{sign(t, key("live"), header, payload), text} {
			claims, err := v.Verify(token)
			if err != nil {
				require.Equal(t, fault.Unauthenticated, fault.KindOf(err))
				require.Zero(t, claims)
				continue
			}
			parts := strings.Split(token, ".")
			require.Len(t, parts, 3)
			signature, err := base64.RawURLEncoding.Strict().DecodeString(parts[2])
			require.NoError(t, err)
			require.Equal(t, b64(signature), parts[2], "one spelling")
			require.True(t, ed25519.Verify(key("live").Public().(ed25519.PublicKey), []byte(parts[0]+"."+parts[1]), signature))
			require.Equal(t, map[string]any(goodHeader()), decoded(t, parts[0]))
			said := decoded(t, parts[1])
			names := []string{"aud", "auth_time", "exp", "iat", "iss", "jti", "nbf", "sep", "sid", "sub", "tid"}
			for name := range said {
				require.True(t, slices.Contains(names, name), name)
			}
			require.Len(t, said, len(names))
			require.Equal(t, []any{issuer, audience}, []any{said["iss"], said["aud"]})
			require.True(t, typeid.Valid(typeid.User, claims.UserID) && typeid.Valid(typeid.Tenant, claims.TenantID) && typeid.Valid(typeid.Session, claims.SessionID))
			require.Equal(t, []any{claims.UserID, claims.TenantID, claims.SessionID}, []any{said["sub"], said["tid"], said["sid"]})
			require.Positive(t, claims.SessionEpoch)
			require.True(t, noon.Before(claims.ExpiresAt.Add(31*time.Second)))
			require.False(t, claims.AuthTime.After(noon.Add(31*time.Second)))
		}
	})
}

// decoded reads a part of a token as somebody else would.
func decoded(t *testing.T, part string) map[string]any {
	t.Helper()
	raw, err := base64.RawURLEncoding.DecodeString(part)
	require.NoError(t, err)
	var out map[string]any
	require.NoError(t, json.Unmarshal(raw, &out))
	return out
}
