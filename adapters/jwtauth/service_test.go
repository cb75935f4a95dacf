package jwtauth_test

import (
	"crypto/ed25519"
	"crypto/x509"
	"encoding/pem"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/adapters/jwtauth"
	"github.com/symphainy/symphainy/adapters/system"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/domain/typeid"
	"github.com/symphainy/symphainy/ports"
)

func serviceIssuer(t *testing.T, c *clock, names ...string) *jwtauth.ServiceIssuer {
	t.Helper()
	i, err := jwtauth.NewServiceIssuer(keys(t, names...), c, system.IDs{})
	require.NoError(t, err)
	return i
}

func serviceVerifier(t *testing.T, c *clock, names ...string) *jwtauth.ServiceVerifier {
	t.Helper()
	v, err := jwtauth.NewServiceVerifier(keys(t, names...), c)
	require.NoError(t, err)
	return v
}

func TestAServiceCredentialCarriesItsCaller(t *testing.T) {
	c := &clock{now: noon}
	user := identity.Principal{
		Kind: identity.KindUser, UserID: "usr_1", TenantID: "ten_1", SessionID: "ses_1", SessionEpoch: 7,
		Roles: []identity.Role{identity.RoleOwner, identity.RoleOperator}, AuthTime: noon.Add(123 * time.Microsecond), ExpiresAt: noon.Add(time.Hour),
	}
	visitor := identity.Principal{Kind: identity.KindAnonymous, TenantID: "ses_2", SessionID: "ses_2", SessionEpoch: 1, Roles: []identity.Role{identity.RoleAnonymous}}
	owner, session := identity.Scope{TenantID: "ten_1", OwnerID: "usr_1"}, identity.Scope{TenantID: "ses_2", SessionID: "ses_2"}
	for name, caller := range map[string]ports.ServiceCaller{
		"user": {Principal: &user}, "visitor": {Principal: &visitor}, "owner's scope": {Scope: &owner}, "session's scope": {Scope: &session},
	} {
		text, err := serviceIssuer(t, c, "svc").Issue(caller, []byte("request"))
		require.NoError(t, err, name)
		got, ends, err := serviceVerifier(t, c, "old", "svc").Verify(text, []byte("request"))
		require.NoError(t, err, name)
		require.Equal(t, caller, got, name)
		require.Equal(t, noon.Add(time.Minute), ends)
	}
	for name, caller := range map[string]ports.ServiceCaller{
		"nobody": {}, "both": {Principal: &user, Scope: &owner}, "no tenant": {Scope: &identity.Scope{OwnerID: "usr_1"}}, "no kind": {Principal: &identity.Principal{}},
		"a visitor in a tenant": {Principal: &identity.Principal{Kind: identity.KindAnonymous, TenantID: "ten_1", SessionID: "ses_2"}},
	} {
		_, err := serviceIssuer(t, c, "svc").Issue(caller, []byte("request"))
		require.Error(t, err, name)
	}
	_, err := serviceIssuer(t, c, "svc").Issue(ports.ServiceCaller{Scope: &owner}, nil)
	require.Error(t, err, "a credential for no request")
}

func TestOtherServiceCredentialsAreRefused(t *testing.T) {
	c := &clock{now: noon}
	v := serviceVerifier(t, c, "live")
	request := []byte("request")
	header := goodHeader().with(object{"typ": "svc+jwt"})
	good := object{
		"iss": "symphainy-experience", "aud": "runtime", "jti": typeid.Format(typeid.Token, [16]byte{9}), "iat": noon.Unix(), "nbf": noon.Unix(),
		"exp": noon.Add(time.Minute).Unix(), "req": b64(request), "scope": object{"tenant": "ten_1", "owner": "usr_1"},
	}
	_, _, err := v.Verify(token(t, header, good), request)
	require.NoError(t, err)
	_, _, err = v.Verify(token(t, header, good), []byte("another"))
	require.ErrorIs(t, err, ports.ErrServiceToken)
	for name, bad := range map[string]string{
		"a user's token":    token(t, goodHeader(), goodPayload()),
		"a user's typ":      token(t, goodHeader(), good),
		"alg none":          token(t, header.with(object{"alg": "none"}), good),
		"another key":       sign(t, key("other"), header.json(t), good.json(t)),
		"jku":               token(t, header.with(object{"jku": "https://evil.example"}), good),
		"another audience":  token(t, header, good.with(object{"aud": "symphainy"})),
		"another issuer":    token(t, header, good.with(object{"iss": "symphainy"})),
		"no end":            token(t, header, good.with(object{"exp": nil})),
		"over":              token(t, header, good.with(object{"iat": noon.Add(-2 * time.Minute).Unix(), "nbf": noon.Add(-2 * time.Minute).Unix(), "exp": noon.Add(-time.Minute).Unix()})),
		"too long a life":   token(t, header, good.with(object{"exp": noon.Add(61 * time.Second).Unix()})),
		"not yet":           token(t, header, good.with(object{"iat": noon.Add(time.Hour).Unix(), "nbf": noon.Add(time.Hour).Unix(), "exp": noon.Add(time.Hour + time.Minute).Unix()})),
		"no request":        token(t, header, good.with(object{"req": nil})),
		"an unknown member": token(t, header, good.with(object{"sub": "usr_1"})),
		"no caller":         token(t, header, good.with(object{"scope": nil})),
		"two owners":        token(t, header, good.with(object{"scope": object{"tenant": "ten_1", "owner": "usr_1", "session": "ses_1"}})),
		"nothing":           "", "two parts": "a.b",
	} {
		_, _, err := v.Verify(bad, request)
		require.ErrorIs(t, err, ports.ErrServiceToken, name)
	}
	_, err = verifier(t, c, "live").Verify(token(t, header, good))
	require.ErrorIs(t, err, ports.ErrToken, "a service credential is no user's token")
}

func TestPublicKeysVerifyAndDoNotSign(t *testing.T) {
	dir := t.TempDir()
	write := func(name, typ string, der []byte, mode os.FileMode) string {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: typ, Bytes: der}), mode))
		require.NoError(t, os.Chmod(path, mode))
		return path
	}
	pub, err := x509.MarshalPKIXPublicKey(key("svc").Public().(ed25519.PublicKey))
	require.NoError(t, err)
	private, err := x509.MarshalPKCS8PrivateKey(key("svc"))
	require.NoError(t, err)
	good := write("good.pem", "PUBLIC KEY", pub, 0o644)
	k, err := jwtauth.LoadPublicKeys(good)
	require.NoError(t, err)
	c := &clock{now: noon}
	_, err = jwtauth.NewServiceIssuer(k, c, system.IDs{})
	require.Error(t, err)
	v, err := jwtauth.NewServiceVerifier(k, c)
	require.NoError(t, err)
	text, err := serviceIssuer(t, c, "svc").Issue(ports.ServiceCaller{Scope: &identity.Scope{TenantID: "ten_1", OwnerID: "usr_1"}}, []byte("r"))
	require.NoError(t, err)
	_, _, err = v.Verify(text, []byte("r"))
	require.NoError(t, err)
	for name, files := range map[string][]string{
		"none": {}, "three": {good, good, good}, "twice": {good, good}, "missing": {filepath.Join(dir, "no.pem")},
		"a private key": {write("private.pem", "PRIVATE KEY", private, 0o600)}, "nonsense": {write("bad.pem", "PUBLIC KEY", []byte("x"), 0o644)},
		"writable by others": {write("open.pem", "PUBLIC KEY", pub, 0o666)},
	} {
		_, err := jwtauth.LoadPublicKeys(files...)
		require.Error(t, err, name)
	}
}
