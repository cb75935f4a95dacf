// Package bed builds what rows of the test sheet break: a database, a bus, replicas of the real binary, and proxies between them. It
// signals only processes that it started, and every wait is bounded.
package bed

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/symphainy/symphainy/test/pgtest"
)

// Suite is what the beds of one run share: the binary and a migrated database on a private server.
type Suite struct {
	// Binary is the program under test, built with -tags chaos.
	Binary string
	// Dir holds keys, logs and data.
	Dir string

	mu       sync.Mutex
	server   *pgtest.Server
	admin    string
	template string
	number   atomic.Int64
	// addresses are those that replicas have.
	addresses sync.Map
}

// NewSuite builds the binary in a new folder; more are further build flags, such as -race, and further tags.
func NewSuite(ctx context.Context, tags string, more ...string) (*Suite, error) {
	dir, err := os.MkdirTemp("", "symphainy-chaos-")
	if err != nil {
		return nil, err
	}
	s := &Suite{Dir: dir, Binary: filepath.Join(dir, "symphainy")}
	args := append([]string{"build", "-buildvcs=false", "-tags", "chaos " + tags, "-o", s.Binary}, more...)
	if out, err := exec.CommandContext(ctx, "go", append(args, "github.com/symphainy/symphainy/cmd/symphainy")...).CombinedOutput(); err != nil {
		return nil, errors.Join(fmt.Errorf("build the binary: %w\n%s", err, out), os.RemoveAll(dir))
	}
	return s, s.signingKey()
}

// Close ends the database server and removes the folder.
func (s *Suite) Close() error {
	var err error
	if s.server != nil {
		err = s.server.Stop()
	}
	return errors.Join(err, os.RemoveAll(s.Dir))
}

func (s *Suite) keyFile() string { return filepath.Join(s.Dir, "keys", "key.pem") }

func (s *Suite) signingKey() error {
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return err
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(s.keyFile()), 0o700); err != nil {
		return err
	}
	return os.WriteFile(s.keyFile(), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), 0o600)
}

// startTime bounds what happens once: starting a server, migrating.
const startTime = 2 * time.Minute

// database makes a migrated database on the suite's server.
func (s *Suite) database(ctx context.Context) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, startTime)
	defer cancel()
	if s.template == "" {
		server, err := pgtest.Start(ctx)
		if err != nil {
			return "", err
		}
		s.server, s.admin = server, server.DSN()
		// The beds are gone before their tables need it, and many databases at once keep it busy.
		for _, statement := range []string{"ALTER SYSTEM SET autovacuum = off", "SELECT pg_reload_conf()"} {
			if err := execSQL(ctx, s.admin, statement); err != nil {
				return "", err
			}
		}
		if err := s.prepare(ctx, s.admin, s.Binary); err != nil {
			return "", err
		}
		s.template = templateName
	}
	name := fmt.Sprintf("bed_%d", s.number.Add(1))
	if err := execSQL(ctx, s.admin, "CREATE DATABASE "+name+" TEMPLATE "+s.template); err != nil {
		return "", err
	}
	return withDatabase(s.admin, name)
}

const templateName = "bed_template"

// prepare fills the template by the migrate command of a version of the program.
func (s *Suite) prepare(ctx context.Context, admin, binary string) error {
	if err := execSQL(ctx, admin, "CREATE DATABASE "+templateName); err != nil {
		return err
	}
	dsn, err := withDatabase(admin, templateName)
	if err != nil {
		return err
	}
	return s.Migrate(ctx, dsn, binary)
}

// Migrate brings a database to the schema of a version of the program.
func (s *Suite) Migrate(ctx context.Context, dsn, binary string) error {
	migrate := exec.CommandContext(ctx, binary, "migrate")
	migrate.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + s.Dir, "SYMPHAINY_DATABASE_URL=" + dsn, "SYMPHAINY_AUTH_KEY_FILES=" + s.keyFile(), "SYMPHAINY_DATA_DIR=" + filepath.Join(s.Dir, "migrate")}
	if out, err := migrate.CombinedOutput(); err != nil {
		return fmt.Errorf("migrate: %w\n%s", err, out)
	}
	return nil
}

// ErrNoRelease is a history without an earlier version.
var ErrNoRelease = errors.New("no earlier release: the repository has no tag")

// Earlier builds an earlier version of the program, the newest tag if no revision is named, and gives its path.
func (s *Suite) Earlier(ctx context.Context, revision string) (string, error) {
	if revision == "" {
		out, err := exec.CommandContext(ctx, "git", "describe", "--tags", "--abbrev=0").Output()
		if err != nil {
			return "", ErrNoRelease
		}
		revision = strings.TrimSpace(string(out))
	}
	dir := filepath.Join(s.Dir, "earlier")
	const build = `set -e; mkdir "$1"; cd "$(git rev-parse --show-toplevel)"; git archive "$2" | tar -x -C "$1"; cd "$1"
go build -buildvcs=false -tags chaos -o "$1/symphainy" ./cmd/symphainy`
	if out, err := exec.CommandContext(ctx, "sh", "-c", build, "build", dir, revision).CombinedOutput(); err != nil {
		return "", fmt.Errorf("build %s: %w\n%s", revision, err, out)
	}
	return filepath.Join(dir, "symphainy"), nil
}

func withDatabase(dsn, name string) (string, error) {
	u, err := url.Parse(dsn)
	if err != nil {
		return "", err
	}
	u.Path = "/" + name
	return u.String(), nil
}

func withHost(dsn, host string) (string, error) {
	u, err := url.Parse(dsn)
	if err != nil {
		return "", err
	}
	u.Host = host
	return u.String(), nil
}

func hostOf(dsn string) (string, error) {
	u, err := url.Parse(dsn)
	if err != nil {
		return "", err
	}
	return u.Host, nil
}

func execSQL(ctx context.Context, dsn, statement string) error {
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return err
	}
	_, err = conn.Exec(ctx, statement)
	return errors.Join(err, conn.Close(ctx))
}

// PostgresVersion asks the installed server for its version.
func PostgresVersion(ctx context.Context) string {
	out, err := exec.CommandContext(ctx, "sh", "-c", "ls -1 /usr/lib/postgresql/*/bin/postgres | tail -1 | xargs -I{} {} --version").Output()
	if err != nil {
		return "unknown"
	}
	return strings.TrimSpace(string(out))
}
