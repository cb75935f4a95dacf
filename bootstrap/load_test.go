package bootstrap_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/bootstrap"
)

func configFile(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "symphainy.yaml")
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

func TestLoadLayers(t *testing.T) {
	t.Parallel()
	file := configFile(t, `
addr: 127.0.0.1:1
workers: 2
auth: {issuer: file, access_life: 2m, key_files: [a.pem, b.pem]}
limit: {login: 7/30s}
upload: {limit: 1MiB}
ws: {per_session: 9}
trusted_proxies: [10.0.0.0/8]
`)
	cfg, err := bootstrap.Load(bootstrap.Sources{
		File: file,
		Environ: []string{
			"HOME=/root", "SYMPHAINY_ADDR=127.0.0.1:2", "SYMPHAINY_WORKERS=3", "SYMPHAINY_LIMIT_REGISTER=0",
			"SYMPHAINY_CORS_ORIGINS=https://a.example, https://b.example", "SYMPHAINY_RUNTIME_LEASE=7s", "SYMPHAINY_TEST_DSN=postgres://x",
			"SYMPHAINY_DATABASE_URL=postgres://u:hunter2@h/d",
		},
		Flags: map[string]string{"addr": "127.0.0.1:3"},
	})
	require.NoError(t, err)
	require.Equal(t, "127.0.0.1:3", cfg.Addr, "flags win")
	require.Equal(t, 3, cfg.Workers, "the environment wins over the file")
	require.Equal(t, "file", cfg.Auth.Issuer, "the file wins over the default")
	require.Equal(t, "symphainy", cfg.Auth.Audience, "the default stays")
	require.Equal(t, 2*time.Minute, cfg.Auth.AccessLife)
	require.Equal(t, []string{"a.pem", "b.pem"}, cfg.Auth.KeyFiles)
	require.Equal(t, bootstrap.Rate{Limit: 7, Window: 30 * time.Second}, cfg.Limit.Login)
	require.True(t, cfg.Limit.Register.Off())
	require.Equal(t, bootstrap.Size(1<<20), cfg.Upload.Limit)
	require.Equal(t, 9, cfg.WS.PerSession, "an adapter's own settings are reached too")
	require.Equal(t, 20, cfg.WS.PerUser)
	require.Equal(t, 7*time.Second, cfg.Runtime.Lease)
	require.Equal(t, []string{"https://a.example", "https://b.example"}, cfg.CORS.Origins)
	require.Equal(t, []string{"10.0.0.0/8"}, cfg.TrustedProxies)
	require.Equal(t, "postgres://u:hunter2@h/d", cfg.Database.URL.Reveal())
}

func TestLoadWithoutAnythingIsTheDefault(t *testing.T) {
	t.Parallel()
	cfg, err := bootstrap.Load(bootstrap.Sources{})
	require.NoError(t, err)
	require.Equal(t, bootstrap.Defaults(bootstrap.Development), cfg)
	require.True(t, cfg.WS.AllowQueryJWT, "convenient in development")
	cfg, err = bootstrap.Load(bootstrap.Sources{Environ: []string{"SYMPHAINY_ENV=production"}})
	require.NoError(t, err)
	require.False(t, cfg.WS.AllowQueryJWT, "not in production")
	cfg, err = bootstrap.Load(bootstrap.Sources{Environ: []string{"SYMPHAINY_ENV=production", "SYMPHAINY_WS_ALLOW_QUERY_JWT=true"}})
	require.NoError(t, err)
	require.True(t, cfg.WS.AllowQueryJWT, "unless somebody says so")
}

func TestLoadRefusesWhatItDoesNotKnow(t *testing.T) {
	t.Parallel()
	_, err := bootstrap.Load(bootstrap.Sources{
		File:    configFile(t, "adr: x\nauth: {isuer: y}\nws: {base_url: z}\n"),
		Environ: []string{"SYMPHAINY_DATABASEURL=postgres://u:hunter2@h/d", "SYMPHAINY_QUX=1", "OTHER=1"},
	})
	require.Error(t, err)
	for _, want := range []string{
		`"adr", did you mean addr?`, `"auth.isuer", did you mean auth.issuer?`, `"ws.base_url"`,
		"SYMPHAINY_DATABASEURL, did you mean SYMPHAINY_DATABASE_URL?", "SYMPHAINY_QUX",
	} {
		require.ErrorContains(t, err, want)
	}
	require.NotContains(t, err.Error(), "hunter2")
}

func TestLoadRefusesUnreadableValues(t *testing.T) {
	t.Parallel()
	_, err := bootstrap.Load(bootstrap.Sources{Environ: []string{
		"SYMPHAINY_WORKERS=many", "SYMPHAINY_LIMIT_LOGIN=5 per minute", "SYMPHAINY_UPLOAD_LIMIT=huge", "SYMPHAINY_AUTH_ACCESS_LIFE=soon",
	}})
	require.Error(t, err)
	for _, want := range []string{"workers", "limit.login", "upload.limit", "auth.access_life"} {
		require.ErrorContains(t, err, want)
	}
	_, err = bootstrap.Load(bootstrap.Sources{File: filepath.Join(t.TempDir(), "missing.yaml")})
	require.ErrorContains(t, err, "missing.yaml")
}

func TestSettingsAreNamedOnceAndDocumented(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, s := range bootstrap.Settings(bootstrap.Development) {
		require.False(t, seen[s.Env], s.Env)
		seen[s.Env] = true
		require.Equal(t, "SYMPHAINY_"+strings.ToUpper(strings.ReplaceAll(s.Key, ".", "_")), s.Env)
		require.NotEmpty(t, s.Help, s.Key)
	}
	for _, env := range []string{
		"ENV", "ADDR", "BASE_URL", "DATA_DIR", "DATABASE_URL", "MIGRATE_DATABASE_URL", "LIMIT_LOGIN", "LIMIT_REGISTER", "LIMIT_ANONYMOUS",
		"CORS_ORIGINS", "TRUSTED_PROXIES", "WS_ALLOW_QUERY_JWT", "AUTH_PASSWORD_MIN", "AUTH_ACCESS_LIFE", "UPLOAD_LIMIT", "WORKERS",
	} {
		require.True(t, seen["SYMPHAINY_"+env], env)
	}
}

func TestSecretsAreNeverShown(t *testing.T) {
	t.Parallel()
	cfg := bootstrap.Defaults(bootstrap.Development)
	cfg.Database.URL = "postgres://u:hunter2@h/d"
	var log strings.Builder
	slog.New(slog.NewJSONHandler(&log, nil)).Info("start", "config", cfg, "url", cfg.Database.URL)
	encoded, err := json.Marshal(cfg.Database)
	require.NoError(t, err)
	for _, shown := range []string{
		fmt.Sprint(cfg), fmt.Sprintf("%+v", cfg), fmt.Sprintf("%#v", cfg), fmt.Sprintf("%s %q %x %d", cfg.Database.URL, cfg.Database.URL, cfg.Database.URL, cfg.Database.URL),
		log.String(), string(encoded),
	} {
		require.NotContains(t, shown, "hunter2")
		require.NotContains(t, shown, fmt.Sprintf("%x", "hunter2"))
	}
	require.Contains(t, log.String(), "REDACTED")
}

func TestRatesAndSizesReadBackWhatTheyShow(t *testing.T) {
	t.Parallel()
	for _, s := range bootstrap.Settings(bootstrap.Development) {
		if s.Default == "" {
			continue
		}
		cfg, err := bootstrap.Load(bootstrap.Sources{Environ: []string{s.Env + "=" + s.Default}})
		require.NoError(t, err, s.Key)
		require.Equal(t, bootstrap.Defaults(bootstrap.Development), cfg, s.Key)
	}
}

var update = flag.Bool("update", false, "write the generated part of docs/configuration.md")

// The table of settings in the documentation is made of the structs.
func TestSettingsAreInTheDocumentation(t *testing.T) {
	t.Parallel()
	const file, begin = "../docs/configuration.md", "| variable | in a file | default | meaning |\n|---|---|---|---|\n"
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	before, _, found := strings.Cut(string(text), begin)
	require.True(t, found, "the table is the end of docs/configuration.md")
	var table strings.Builder
	for _, s := range bootstrap.Settings(bootstrap.Development) {
		value := ""
		if s.Default != "" {
			value = "`" + s.Default + "`"
		}
		fmt.Fprintf(&table, "| `%s` | `%s` | %s | %s |\n", s.Env, s.Key, value, s.Help)
	}
	want := before + begin + table.String()
	if *update {
		require.NoError(t, os.WriteFile(file, []byte(want), 0o600))
		return
	}
	require.Equal(t, want, string(text), "go generate ./bootstrap writes docs/configuration.md")
}
