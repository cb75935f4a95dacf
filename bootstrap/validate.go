package bootstrap

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/symphainy/symphainy/adapters/jwtauth"
)

// queryTokenLife is the longest life of a token that may stand in a URL.
const queryTokenLife = 10 * time.Minute

// Validate reports everything that cannot work or is unsafe, joined. It looks at folders' modes but changes nothing.
func (c Config) Validate() error {
	return errors.Join(slices.Concat(
		c.validateServer(), c.validatePlanes(), c.validateDatabase(), c.validateBus(), c.validateAuth(), c.validateLimits(), c.validateFolders(), c.validateModel(), c.validateParts(), c.validateBuild(),
	)...)
}

func (c Config) validateServer() (problems []error) {
	if c.Env != Development && c.Env != Production {
		problems = append(problems, fmt.Errorf("env must be %s or %s, not %q", Development, Production, c.Env))
	}
	if err := checkAddr("addr", c.Addr); err != nil {
		problems = append(problems, err)
	}
	base, err := url.Parse(c.BaseURL)
	switch {
	case c.BaseURL != "" && (err != nil || base.Host == "" || base.Scheme != "http" && base.Scheme != "https" || strings.Trim(base.Path, "/") != "" || base.RawQuery != "" || base.User != nil):
		problems = append(problems, errors.New("base_url must be an http(s) URL without path, such as https://agents.example.org"))
	case c.Production() && c.Plane != PlaneRuntime && (c.BaseURL == "" || base.Scheme != "https"):
		problems = append(problems, errors.New("base_url must be an https URL in production"))
	}
	for _, proxy := range c.TrustedProxies {
		if prefix, err := netip.ParsePrefix(proxy); err != nil || prefix.Bits() == 0 {
			problems = append(problems, fmt.Errorf("trusted_proxies: %q is not a network in CIDR form, or covers all addresses", proxy))
		}
	}
	for _, origin := range c.CORS.Origins {
		if u, err := url.Parse(origin); err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Scheme+"://"+u.Host != origin ||
			u.Host == "" || strings.ContainsAny(origin, "*@") || strings.ToLower(origin) != origin {
			problems = append(problems, fmt.Errorf("cors.origins: %q is not an exact origin such as https://app.example.org; wildcards are never allowed with credentials", origin))
		}
	}
	return problems
}

func checkAddr(name, addr string) error {
	if _, port, err := net.SplitHostPort(addr); err != nil || port == "" {
		return fmt.Errorf("%s must be host:port, not %q", name, addr)
	}
	return nil
}

func (c Config) validateDatabase() (problems []error) {
	for name, s := range map[string]Secret{"database.url": c.Database.URL, "migrate.database_url": c.Migrate.DatabaseURL} {
		if u, err := url.Parse(s.Reveal()); s != "" && (err != nil || u.Scheme != "postgres" && u.Scheme != "postgresql") {
			problems = append(problems, fmt.Errorf("%s must be empty or a postgres:// URL", name))
		}
	}
	if c.Embedded() && c.Migrate.DatabaseURL != "" {
		problems = append(problems, errors.New("migrate.database_url is set, but database.url is not"))
	}
	return problems
}

// validateBus refuses a bus between processes where there is only one.
func (c Config) validateBus() (problems []error) {
	if c.NATS.URL == "" {
		if c.NATS.CredentialsFile != "" || c.NATS.CAFile != "" {
			problems = append(problems, errors.New("nats.credentials_file or nats.ca_file is set, but nats.url is not"))
		}
		return problems
	}
	if c.Embedded() {
		problems = append(problems, errors.New("nats.url is set, but the embedded database allows only one process; replicas need database.url"))
	}
	return append(problems, c.bus(nil).Validate())
}

func (c Config) validateAuth() (problems []error) {
	problems = append(problems, c.tokens().Validate())
	if len(c.Auth.KeyFiles) == 0 && !c.Embedded() && c.Plane != PlaneRuntime {
		problems = append(problems, errors.New("auth.key_files: no signing key is configured; only the embedded default makes one "+
			"(openssl genpkey -algorithm ed25519 -out key.pem && chmod 600 key.pem)"))
	}
	if c.WS.AllowQueryJWT && c.Auth.AccessLife > queryTokenLife {
		problems = append(problems, fmt.Errorf("ws.allow_query_jwt needs auth.access_life of at most %s: URLs are logged", short(queryTokenLife)))
	}
	if c.Auth.PasswordMin < 8 || c.Auth.PasswordMin > 1024 {
		problems = append(problems, errors.New("auth.password_min must be from 8 to 1024"))
	}
	return problems
}

func (c Config) validateLimits() (problems []error) {
	for name, r := range map[string]Rate{"limit.login": c.Limit.Login, "limit.register": c.Limit.Register, "limit.anonymous": c.Limit.Anonymous, "limit.anonymous_total": c.Limit.AnonymousTotal} {
		if r.Off() && c.Env != Development {
			problems = append(problems, fmt.Errorf("%s must not be off outside development", name))
		}
	}
	if c.Upload.Limit < 1 {
		problems = append(problems, errors.New("upload.limit must be at least 1 byte"))
	}
	if c.Upload.TenantSpace < 1 || c.Upload.VisitorSpace < 1 {
		problems = append(problems, errors.New("upload.tenant_space and upload.visitor_space must be at least 1 byte"))
	}
	if c.Workers < 1 || c.Workers > 1000 {
		problems = append(problems, errors.New("workers must be from 1 to 1000"))
	}
	for name, d := range map[string]time.Duration{
		"stop_timeout": c.StopTimeout, "sweep_every": c.SweepEvery, "purge_every": c.PurgeEvery,
	} {
		if d < time.Second {
			problems = append(problems, fmt.Errorf("%s must be at least 1s", name))
		}
	}
	return problems
}

// validateModel asks the model's adapter about its settings, if there is to be one.
func (c Config) validateModel() []error {
	if err := c.posture().Check(); err != nil {
		return []error{fmt.Errorf("agents: %w", err)}
	}
	if c.LLM.BaseURL == "" {
		if c.LLM.Key != "" {
			return []error{errors.New("llm.key is set, but llm.base_url is not")}
		}
		if c.LLM.Narratives {
			return []error{errors.New("llm.narratives is set, but llm.base_url is not")}
		}
		return nil
	}
	return []error{c.model().Validate()}
}

// validateFolders refuses folders in which others could put files of theirs.
func (c Config) validateFolders() (problems []error) {
	if c.DataDir == "" {
		return []error{errors.New("data_dir must be set")}
	}
	dirs := []string{c.DataDir, c.filesDir(), c.keysDir()}
	for _, key := range slices.Concat(c.Auth.KeyFiles, c.Planes.KeyFiles) {
		dirs = append(dirs, filepath.Dir(key))
	}
	slices.Sort(dirs)
	for _, dir := range slices.Compact(dirs) {
		info, err := os.Stat(dir)
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			problems = append(problems, fmt.Errorf("folder %s: %w", dir, err))
		case !info.IsDir():
			problems = append(problems, fmt.Errorf("%s is not a folder", dir))
		case info.Mode().Perm()&0o022 != 0:
			problems = append(problems, fmt.Errorf("folder %s has mode %#o: others must not write to it", dir, info.Mode().Perm()))
		}
	}
	return problems
}

// validateParts asks the parts about the settings that are theirs.
func (c Config) validateParts() []error {
	_, bounds := c.concurrency()
	_, results := c.results()
	problems := []error{c.validateTraces(), bounds, results, c.store().Validate(), c.Runtime.Validate(), c.Schedules.Validate(), c.WS.Validate(), c.Hashing.Validate()}
	if c.Retention.Events < 0 || c.Retention.Visitors < 0 {
		problems = append(problems, errors.New("retention.events and retention.visitors must not be negative"))
	}
	var level slog.Level
	if level.UnmarshalText([]byte(c.Log.Level)) != nil {
		problems = append(problems, fmt.Errorf("log.level must be debug, info, warn or error, not %q", c.Log.Level))
	}
	if !slices.Contains([]string{"json", "text", "auto"}, c.Log.Format) {
		problems = append(problems, fmt.Errorf("log.format must be json, text or auto, not %q", c.Log.Format))
	}
	return problems
}

// validateBuild refuses a binary that was made for tests.
func (c Config) validateBuild() (problems []error) {
	info, ok := debug.ReadBuildInfo()
	if !ok || !c.Production() {
		return nil
	}
	for _, s := range info.Settings {
		if s.Key == "-race" && s.Value == "true" || s.Key == "-tags" && strings.Contains(s.Value, "chaos") {
			problems = append(problems, fmt.Errorf("this binary was built for tests (%s=%s) and must not run in production", s.Key, s.Value))
		}
	}
	return problems
}

// tokens gives the settings of access tokens.
func (c Config) tokens() jwtauth.Config {
	return jwtauth.Config{Issuer: c.Auth.Issuer, Audience: c.Auth.Audience, Life: c.Auth.AccessLife}
}

// keysDir is where the embedded default keeps the keys that it makes.
func (c Config) keysDir() string { return filepath.Join(c.DataDir, "keys") }

// filesDir is where uploads are kept.
func (c Config) filesDir() string { return filepath.Join(c.DataDir, "files") }
