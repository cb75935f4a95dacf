package bootstrap_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/bootstrap"
	"github.com/symphainy/symphainy/test/sheet"
)

func good(t *testing.T, environment string) bootstrap.Config {
	t.Helper()
	cfg := bootstrap.Defaults(environment)
	cfg.DataDir = filepath.Join(t.TempDir(), "data")
	if environment == bootstrap.Production {
		cfg.BaseURL = "https://agents.example.org"
	}
	return cfg
}

func TestDefaultsAreValid(t *testing.T) {
	t.Parallel()
	require.NoError(t, good(t, bootstrap.Development).Validate())
}

// apart gives a configuration of an Experience plane that misses nothing.
func apart(c bootstrap.Config) bootstrap.Config {
	c.Plane, c.Database.URL, c.Auth.KeyFiles = bootstrap.PlaneExperience, "postgres://h/d", []string{"users.pem"}
	c.Planes.RuntimeURL, c.Planes.KeyFiles = "http://127.0.0.1:8002", []string{"planes.pem"}
	return c
}

func TestPlanesApartAreValid(t *testing.T) {
	t.Parallel()
	c := apart(good(t, bootstrap.Development))
	require.NoError(t, c.Validate())
	c.Plane, c.Auth.KeyFiles = bootstrap.PlaneRuntime, nil
	require.NoError(t, c.Validate(), "a Runtime needs no key of users' tokens")
}

// Every rule alone refuses, with a reason that names the setting.
func TestValidateRefusals(t *testing.T) {
	t.Parallel()
	writable := filepath.Join(t.TempDir(), "writable")
	require.NoError(t, os.Mkdir(writable, 0o700))
	require.NoError(t, os.Chmod(writable, 0o777))
	refusals := map[string]struct {
		change func(*bootstrap.Config)
		reason string
	}{
		"no signing key on PostgreSQL": {func(c *bootstrap.Config) { c.Database.URL = "postgres://h/d" }, "auth.key_files"},
		"empty issuer":                 {func(c *bootstrap.Config) { c.Auth.Issuer = "" }, "issuer"},
		"empty audience":               {func(c *bootstrap.Config) { c.Auth.Audience = " " }, "audience"},
		"access life":                  {func(c *bootstrap.Config) { c.Auth.AccessLife = 2 * time.Hour }, "life"},
		"CORS wildcard":                {func(c *bootstrap.Config) { c.CORS.Origins = []string{"*"} }, "cors.origins"},
		"CORS wildcard host":           {func(c *bootstrap.Config) { c.CORS.Origins = []string{"https://*.example"} }, "cors.origins"},
		"CORS null":                    {func(c *bootstrap.Config) { c.CORS.Origins = []string{"null"} }, "cors.origins"},
		"proxy unreadable":             {func(c *bootstrap.Config) { c.TrustedProxies = []string{"10.0.0.1"} }, "trusted_proxies"},
		"proxy everything":             {func(c *bootstrap.Config) { c.TrustedProxies = []string{"0.0.0.0/0"} }, "trusted_proxies"},
		"proxy everything, version 6":  {func(c *bootstrap.Config) { c.TrustedProxies = []string{"::/0"} }, "trusted_proxies"},
		"long life of query tokens":    {func(c *bootstrap.Config) { c.Auth.AccessLife = 11 * time.Minute }, "ws.allow_query_jwt"},
		"folder writable by others":    {func(c *bootstrap.Config) { c.DataDir = writable }, "others must not write"},
		"key folder writable":          {func(c *bootstrap.Config) { c.Auth.KeyFiles = []string{writable + "/k.pem"} }, "others must not write"},
		"production without https":     {func(c *bootstrap.Config) { c.Env = bootstrap.Production; c.BaseURL = "http://x.example" }, "https"},
		"production without URL":       {func(c *bootstrap.Config) { c.Env = bootstrap.Production; c.BaseURL = "" }, "https"},
		"unknown environment":          {func(c *bootstrap.Config) { c.Env = "staging" }, "env must be"},
		"address":                      {func(c *bootstrap.Config) { c.Addr = "localhost" }, "addr"},
		"base URL":                     {func(c *bootstrap.Config) { c.BaseURL = "https://x.example/path" }, "base_url"},
		"database URL":                 {func(c *bootstrap.Config) { c.Database.URL = "mysql://u:hunter2@h/d" }, "database.url"},
		"migrate URL alone":            {func(c *bootstrap.Config) { c.Migrate.DatabaseURL = "postgres://h/d" }, "migrate.database_url"},
		"planes apart on SQLite":       {func(c *bootstrap.Config) { *c = apart(*c); c.Database.URL = "" }, "planes of their own need database.url"},
		"no service key":               {func(c *bootstrap.Config) { *c = apart(*c); c.Planes.KeyFiles = nil }, "planes.key_files: no key"},
		"users' key for services":      {func(c *bootstrap.Config) { *c = apart(*c); c.Planes.KeyFiles = c.Auth.KeyFiles }, "needs a key of its own"},
		"no Runtime":                   {func(c *bootstrap.Config) { *c = apart(*c); c.Planes.RuntimeURL = "" }, "planes.runtime_url"},
		"internal address":             {func(c *bootstrap.Config) { *c = apart(*c); c.Plane = "runtime"; c.Planes.RuntimeAddr = "x" }, "planes.runtime_addr"},
		"unknown plane":                {func(c *bootstrap.Config) { c.Plane = "realms" }, "plane must be"},
		"half of a split":              {func(c *bootstrap.Config) { c.Planes.RuntimeURL = "http://h" }, "but plane is all"},
		"NATS on SQLite":               {func(c *bootstrap.Config) { c.NATS.URL = "nats://u:hunter2@h" }, "nats.url is set, but the embedded database"},
		"NATS URL":                     {func(c *bootstrap.Config) { c.NATS.URL = "http://u:hunter2@h" }, "nats: the URL"},
		"NATS subject":                 {func(c *bootstrap.Config) { c.NATS.URL, c.NATS.Subject = "nats://h", "a.>" }, "nats: the subject"},
		"NATS credentials alone":       {func(c *bootstrap.Config) { c.NATS.CredentialsFile = "/x.creds" }, "nats.credentials_file"},
		"short passwords":              {func(c *bootstrap.Config) { c.Auth.PasswordMin = 7 }, "auth.password_min"},
		"limit off in production":      {func(c *bootstrap.Config) { c.Env = bootstrap.Production; c.Limit.Login = bootstrap.Rate{} }, "limit.login"},
		"upload":                       {func(c *bootstrap.Config) { c.Upload.Limit = 0 }, "upload.limit"},
		"tenant's space":               {func(c *bootstrap.Config) { c.Upload.TenantSpace = 0 }, "upload.tenant_space"},
		"visitor's space":              {func(c *bootstrap.Config) { c.Upload.VisitorSpace = 0 }, "upload.visitor_space"},
		"workers":                      {func(c *bootstrap.Config) { c.Workers = 0 }, "workers"},
		"sweep":                        {func(c *bootstrap.Config) { c.SweepEvery = 0 }, "sweep_every"},
		"log level":                    {func(c *bootstrap.Config) { c.Log.Level = "loud" }, "log.level"},
		"log format":                   {func(c *bootstrap.Config) { c.Log.Format = "xml" }, "log.format"},
		"engine":                       {func(c *bootstrap.Config) { c.Runtime.Lease = 0 }, "runtime: lease"},
		"sockets":                      {func(c *bootstrap.Config) { c.WS.Ping = 0 }, "Ping"},
		"hashing":                      {func(c *bootstrap.Config) { c.Hashing.Slots = 0 }, "slot"},
		"no data dir":                  {func(c *bootstrap.Config) { c.DataDir = "" }, "data_dir"},
	}
	sheet.Record(t, "A15", len(refusals), "settings refused by themselves, each with a reason that names it: all; of security.md §1.10 these are 1, 3–6, 9 and 14–16", "all")
	for name, row := range refusals {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := good(t, bootstrap.Development)
			row.change(&cfg)
			err := cfg.Validate()
			require.ErrorContains(t, err, row.reason)
			require.NotContains(t, err.Error(), "hunter2")
		})
	}
}

func TestValidateGivesAllReasonsAtOnce(t *testing.T) {
	t.Parallel()
	cfg := good(t, bootstrap.Production)
	cfg.BaseURL, cfg.Auth.Issuer, cfg.CORS.Origins, cfg.TrustedProxies = "", "", []string{"*"}, []string{"::/0"}
	cfg.Limit.Anonymous, cfg.Database.URL = bootstrap.Rate{}, "postgres://h/d"
	err := cfg.Validate()
	for _, reason := range []string{"https", "issuer", "cors.origins", "trusted_proxies", "limit.anonymous", "auth.key_files"} {
		require.ErrorContains(t, err, reason)
	}
}

func TestLimitsMayBeOffInDevelopment(t *testing.T) {
	t.Parallel()
	cfg := good(t, bootstrap.Development)
	cfg.Limit = bootstrap.LimitConfig{}
	require.NoError(t, cfg.Validate())
}
