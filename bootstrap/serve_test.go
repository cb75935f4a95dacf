package bootstrap_test

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/symphainy/symphainy/bootstrap"
	"github.com/symphainy/symphainy/test/pgtest"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m,
		// The pool of the database of pgtest belongs to the test process.
		goleak.IgnoreAnyFunction("github.com/jackc/pgx/v5/pgxpool.(*Pool).backgroundHealthCheck"),
		goleak.IgnoreAnyFunction("os/exec.(*Cmd).Start.func2"),
	)
}

// run starts the platform, calls use with its address, and stops it.
func run(t *testing.T, cfg bootstrap.Config, use func(url string)) error {
	t.Helper()
	return logged(t, cfg, slog.New(slog.DiscardHandler), use)
}

// logged is run with a log.
func logged(t *testing.T, cfg bootstrap.Config, log *slog.Logger, use func(url string)) error {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	ready := make(chan bootstrap.Info, 1)
	ended := make(chan error, 1)
	go func() {
		ended <- bootstrap.Serve(ctx, cfg, bootstrap.Options{
			Version: "test", Log: log, Ready: func(i bootstrap.Info) { ready <- i },
		})
	}()
	select {
	case err := <-ended:
		return err
	case i := <-ready:
		use(i.URL)
		stop()
		return <-ended
	}
}

// variant is a configuration on free ports, with a small password hash.
func variant(t *testing.T) bootstrap.Config {
	t.Helper()
	cfg := good(t, bootstrap.Development)
	cfg.Addr = "127.0.0.1:0"
	cfg.WS.GoAway = 10 * time.Millisecond
	cfg.Hashing.MemoryKiB, cfg.Hashing.Iterations = 64, 1
	return cfg
}

// onPostgres gives a variant on a migrated database.
func onPostgres(t *testing.T) bootstrap.Config {
	t.Helper()
	cfg := variant(t)
	cfg.Database.URL = bootstrap.Secret(pgtest.New(t))
	embedded := variant(t)
	require.NoError(t, run(t, embedded, func(string) {}))
	cfg.Auth.KeyFiles = []string{filepath.Join(embedded.DataDir, "keys", "signing-key.pem")}
	_, err := bootstrap.Migrate(t.Context(), cfg)
	require.NoError(t, err)
	return cfg
}

func get(t *testing.T, url string) (status int, body string) {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	res, err := client.Get(url)
	require.NoError(t, err)
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	return res.StatusCode, string(text)
}

// Each variant starts, answers, stops, and starts again on what it left.
func TestVariants(t *testing.T) {
	for name, prepare := range map[string]func(*testing.T) bootstrap.Config{"sqlite": variant, "postgres": onPostgres} {
		t.Run(name, func(t *testing.T) {
			cfg := prepare(t)
			for range 2 {
				require.NoError(t, run(t, cfg, func(url string) {
					status, body := get(t, url+"/health/ready")
					require.Equal(t, http.StatusOK, status, body)
					status, body = get(t, url+"/.well-known/jwks.json")
					require.Equal(t, http.StatusOK, status, body)
				}))
			}
			require.NoError(t, bootstrap.Check(t.Context(), cfg))
		})
	}
}

func TestKeysAreForTheirOwnerAlone(t *testing.T) {
	cfg := variant(t)
	require.NoError(t, run(t, cfg, func(string) {}))
	for path, mode := range map[string]os.FileMode{
		"": 0o700, "keys": 0o700, "keys/signing-key.pem": 0o600, "symphainy.db": 0o600, "files": 0o700,
	} {
		info, err := os.Stat(filepath.Join(cfg.DataDir, path))
		require.NoError(t, err)
		require.Equal(t, mode, info.Mode().Perm(), path)
	}
}

// A start that fails leaves nothing behind: the next one finds the database free.
func TestStartFailuresAreClearAndClean(t *testing.T) {
	taken, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer taken.Close()
	cfg := variant(t)
	cfg.Addr = taken.Addr().String()
	require.ErrorContains(t, run(t, cfg, nil), "address already in use")

	cfg.Addr = "127.0.0.1:0"
	broken := cfg
	broken.Auth.KeyFiles = []string{filepath.Join(t.TempDir(), "missing.pem")}
	require.ErrorContains(t, run(t, broken, nil), "missing.pem")
	require.ErrorContains(t, bootstrap.Check(t.Context(), broken), "missing.pem")
	require.NoError(t, run(t, cfg, func(string) {
		require.ErrorContains(t, run(t, cfg, nil), "in use by another process")
	}))
}

func TestServeRefusesABadConfiguration(t *testing.T) {
	cfg := variant(t)
	cfg.Auth.Issuer, cfg.Workers = "", 0
	err := run(t, cfg, nil)
	require.ErrorContains(t, err, "issuer")
	require.ErrorContains(t, err, "workers")
	require.NoDirExists(t, cfg.DataDir, "nothing was touched")
}

func TestPostgresWithoutSchemaIsRefused(t *testing.T) {
	cfg := onPostgres(t)
	cfg.Database.URL = bootstrap.Secret(pgtest.New(t))
	err := run(t, cfg, nil)
	require.ErrorContains(t, err, "symphainy migrate")
	require.Error(t, bootstrap.Check(t.Context(), cfg))
}

// A context that ends during the start ends the start.
func TestStopDuringStart(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err := bootstrap.Serve(ctx, variant(t), bootstrap.Options{Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		require.ErrorIs(t, err, context.Canceled)
	}
}
