package e2e_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/test/pgtest"
)

func outputOf(t *testing.T, cmd *exec.Cmd) (string, error) {
	t.Helper()
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func TestVersion(t *testing.T) {
	t.Parallel()
	out, err := outputOf(t, command(t, environment{}, "version"))
	require.NoError(t, err)
	require.Regexp(t, `^symphainy e2e go1\.`, out)
}

func TestConfigCheck(t *testing.T) {
	t.Parallel()
	out, err := outputOf(t, command(t, onSQLite(t), "config", "check"))
	require.NoError(t, err, out)

	bad := environment{vars: []string{
		"SYMPHAINY_ENV=production", "SYMPHAINY_DATABASE_URL=postgres://u:hunter2@127.0.0.1:1/d", "SYMPHAINY_CORS_ORIGINS=*",
		"SYMPHAINY_TRUSTED_PROXIES=0.0.0.0/0", "SYMPHAINY_AUTH_ISSUER=", "SYMPHAINY_LIMIT_LOGIN=0",
	}}
	for _, args := range [][]string{{"config", "check"}, {"serve"}} {
		out, err = outputOf(t, command(t, bad, args...))
		require.Error(t, err)
		for _, reason := range []string{"auth.key_files", "cors.origins", "trusted_proxies", "issuer", "limit.login", "https"} {
			require.Contains(t, out, reason, args)
		}
		require.NotContains(t, out, "hunter2")
	}

	out, err = outputOf(t, command(t, environment{vars: []string{"SYMPHAINY_LIMT_LOGIN=5/1m"}}, "config", "check"))
	require.Error(t, err)
	require.Contains(t, out, "did you mean SYMPHAINY_LIMIT_LOGIN?")

	file := filepath.Join(t.TempDir(), "c.yaml")
	require.NoError(t, os.WriteFile(file, []byte("workers: 0\n"), 0o600))
	out, err = outputOf(t, command(t, onSQLite(t), "config", "check", "--config", file))
	require.Error(t, err)
	require.Contains(t, out, "workers")
}

func TestMigrate(t *testing.T) {
	t.Parallel()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		e := onSQLite(t)
		for range 2 { // the second time there is nothing to do
			out, err := outputOf(t, command(t, e, "migrate"))
			require.NoError(t, err, out)
		}
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		e := common(t).with("SYMPHAINY_DATABASE_URL="+pgtest.New(t), "SYMPHAINY_AUTH_KEY_FILES="+signingKey(t))
		out, err := outputOf(t, command(t, e, "serve"))
		require.Error(t, err, "an empty database is refused")
		require.Contains(t, out, "migrate")
		for range 2 {
			out, err = outputOf(t, command(t, e, "migrate"))
			require.NoError(t, err, out)
		}
		out, err = outputOf(t, command(t, e, "config", "check"))
		require.NoError(t, err, out)
		start(t, e)
	})
}

func TestAddressInUse(t *testing.T) {
	t.Parallel()
	first := start(t, onSQLite(t))
	out, err := outputOf(t, command(t, onSQLite(t).with("SYMPHAINY_ADDR="+first.url[len("http://"):]), "serve"))
	require.Error(t, err)
	require.Contains(t, out, "address already in use")
}

// The tour is a promise to newcomers: it ends well on a server that works.
func TestTour(t *testing.T) {
	t.Parallel()
	server := start(t, onSQLite(t))
	out, err := outputOf(t, command(t, environment{}, "tour", "--url", server.url))
	require.NoError(t, err, out)
	require.Contains(t, out, "All as promised.")
	require.Contains(t, out, "line 138")
	require.NotContains(t, out, "\x1b", "no colours where nobody looks")

	own := filepath.Join(t.TempDir(), "company.json")
	require.NoError(t, os.WriteFile(own, fixture(t, "company.json"), 0o600))
	out, err = outputOf(t, command(t, environment{}, "tour", "--url", server.url, "--file", own))
	require.NoError(t, err, out)
	require.Contains(t, out, "company.json")

	server.kill()
	out, err = outputOf(t, command(t, environment{}, "tour", "--url", server.url))
	require.Error(t, err)
	require.Contains(t, out, "is the server running?")
}
