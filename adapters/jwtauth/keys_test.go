package jwtauth_test

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/adapters/jwtauth"
	"github.com/symphainy/symphainy/test/sheet"
)

func TestGenerateInMakesOneGuardedKey(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "keys")
	file, err := jwtauth.GenerateIn(dir)
	require.NoError(t, err)
	for path, mode := range map[string]os.FileMode{dir: 0o700, file: 0o600} {
		info, err := os.Stat(path)
		require.NoError(t, err)
		require.Equal(t, mode, info.Mode().Perm(), path)
	}
	first, err := jwtauth.LoadKeys(file)
	require.NoError(t, err)
	again, err := jwtauth.GenerateIn(dir)
	require.NoError(t, err)
	require.Equal(t, file, again)
	second, err := jwtauth.LoadKeys(again)
	require.NoError(t, err)
	require.Equal(t, first.SigningID(), second.SigningID(), "a second start keeps the key")
	require.Len(t, entries(t, dir), 1, "no temporary file is left")
}

func TestGenerateInAtTheSameTimeGivesOneKey(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.Chmod(dir, 0o700))
	const starts = 16
	ids := make([]string, starts)
	var wg sync.WaitGroup
	for i := range starts {
		wg.Go(func() {
			file, err := jwtauth.GenerateIn(dir)
			if err != nil {
				ids[i] = err.Error()
				return
			}
			k, err := jwtauth.LoadKeys(file)
			if err != nil {
				ids[i] = err.Error()
				return
			}
			ids[i] = k.SigningID()
		})
	}
	wg.Wait()
	for _, id := range ids {
		require.Equal(t, ids[0], id)
	}
	require.Len(t, ids[0], 43)
	require.Len(t, entries(t, dir), 1)
}

func TestKeyFilesThatOthersCanTouchAreRefused(t *testing.T) {
	for _, mode := range []os.FileMode{0o640, 0o604, 0o620, 0o602, 0o610, 0o644, 0o666, 0o777} {
		file := write(t, "key.pem", pkcs8(t, key("live")))
		require.NoError(t, os.Chmod(file, mode))
		_, err := jwtauth.LoadKeys(file)
		require.ErrorContains(t, err, "0600", mode)
	}
	for _, mode := range []os.FileMode{0o770, 0o707, 0o777 | os.ModeSticky} {
		file := write(t, "key.pem", pkcs8(t, key("live")))
		require.NoError(t, os.Chmod(filepath.Dir(file), mode))
		_, err := jwtauth.LoadKeys(file)
		require.ErrorContains(t, err, "must not write", mode)
		_, err = jwtauth.GenerateIn(filepath.Dir(file))
		require.ErrorContains(t, err, "must not write", mode)
	}
	for _, mode := range []os.FileMode{0o600, 0o400} {
		file := write(t, "key.pem", pkcs8(t, key("live")))
		require.NoError(t, os.Chmod(file, mode))
		_, err := jwtauth.LoadKeys(file)
		require.NoError(t, err, mode)
	}
}

func TestFilesThatAreNotOneEd25519KeyAreRefused(t *testing.T) {
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	good := pkcs8(t, key("live"))
	public, err := x509.MarshalPKIXPublicKey(key("live").Public())
	require.NoError(t, err)
	for name, content := range map[string][]byte{
		"empty":       nil,
		"text":        []byte("secret"),
		"ECDSA":       pkcs8(t, ec),
		"public":      pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public}),
		"two keys":    append(append([]byte(nil), good...), good...),
		"trailing":    append(append([]byte(nil), good...), "more"...),
		"broken DER":  pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: []byte("hush-hush")}),
		"wrong label": pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: []byte("x")}),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := jwtauth.LoadKeys(write(t, "key.pem", content))
			require.Error(t, err)
			require.NotContains(t, err.Error(), "hush-hush")
		})
	}
	_, err = jwtauth.LoadKeys(t.TempDir())
	require.Error(t, err, "a directory is no key")
	_, err = jwtauth.LoadKeys(filepath.Join(t.TempDir(), "none.pem"))
	require.ErrorIs(t, err, os.ErrNotExist)
	sheet.Record(t, "A15", 10, "key files of other kinds are refused (§1.10, 2)", "all")
}

func TestOneOrTwoDifferentKeysLive(t *testing.T) {
	a, b, c := write(t, "a", pkcs8(t, key("a"))), write(t, "b", pkcs8(t, key("b"))), write(t, "c", pkcs8(t, key("c")))
	_, err := jwtauth.LoadKeys()
	require.Error(t, err)
	_, err = jwtauth.LoadKeys(a, b, c)
	require.Error(t, err)
	_, err = jwtauth.LoadKeys(a, a)
	require.Error(t, err)
	_, err = jwtauth.NewKeys(nil)
	require.Error(t, err)
	k, err := jwtauth.LoadKeys(a, b)
	require.NoError(t, err)
	require.Equal(t, []string{thumb("a"), thumb("b")}, k.IDs())
	require.Equal(t, thumb("a"), k.SigningID())
}

// The example of RFC 8037 appendix A.
func TestThumbprintIsThatOfTheRFC(t *testing.T) {
	pub, err := base64.RawURLEncoding.DecodeString("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo")
	require.NoError(t, err)
	require.Equal(t, "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k", jwtauth.Thumbprint(pub))
}

func TestKeySetShowsPublicHalvesOnly(t *testing.T) {
	text, err := keys(t, "a", "b").JWKS()
	require.NoError(t, err)
	var set struct {
		Keys []map[string]string `json:"keys"`
	}
	require.NoError(t, json.Unmarshal(text, &set))
	require.Len(t, set.Keys, 2)
	for i, name := range []string{"a", "b"} {
		require.Equal(t, map[string]string{
			"kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA", "kid": thumb(name),
			"x": b64(key(name).Public().(ed25519.PublicKey)),
		}, set.Keys[i])
	}
}

func thumb(name string) string { return jwtauth.Thumbprint(key(name).Public().(ed25519.PublicKey)) }

func pkcs8(t *testing.T, private any) []byte {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(private)
	require.NoError(t, err)
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
}

// write puts a file of mode 0600 into a directory of its own.
func write(t *testing.T, name string, content []byte) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "d")
	require.NoError(t, os.Mkdir(dir, 0o700))
	file := filepath.Join(dir, name)
	require.NoError(t, os.WriteFile(file, content, 0o600))
	return file
}

func entries(t *testing.T, dir string) []os.DirEntry {
	t.Helper()
	list, err := os.ReadDir(dir)
	require.NoError(t, err)
	return list
}
