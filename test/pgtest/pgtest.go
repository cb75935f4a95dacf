// Package pgtest gives tests real PostgreSQL databases without asking anybody
// to run a service.
//
// With SYMPHAINY_TEST_DSN set (as `make test` does, once for the whole run),
// databases are created on that server. Without it the first caller in a test
// process starts a private server from the installed binaries; it ends, and its
// folder goes, when that process ends, however it ends.
//
// The private server keeps fsync and synchronous_commit on: durability is part
// of what the tests assert, and the product refuses to start without it.
package pgtest

import (
	"context"
	"fmt"
	"os"
	"sync"
	"testing"
	"time"
)

// EnvDSN names the variable that points tests at an existing server. Its value
// is a postgres:// URL of a role that may create databases.
const EnvDSN = "SYMPHAINY_TEST_DSN"

// setupTimeout bounds one administrative step. It is generous because two slow
// cores may be compiling the rest of the tree at the same time.
const setupTimeout = 90 * time.Second

// New returns the postgres:// URL of a fresh, empty database that only this test
// uses. It is dropped, open connections included, when the test ends. A machine
// without PostgreSQL fails the test: a silent skip would hide half of the suite.
func New(t testing.TB) string {
	t.Helper()
	return newDatabase(t, "template0")
}

// NewFrom returns a fresh copy of a database that prepare filled, so that a
// migrated schema costs one copy instead of one migration. prepare runs once per
// test process and name, on an empty database, and must close every connection
// it opened, because PostgreSQL refuses to copy a database that is in use. All
// callers of one name get what the first one prepared, its error included.
func NewFrom(t testing.TB, name string, prepare func(dsn string) error) string {
	t.Helper()
	template, err := templates.get(name, prepare)
	if err != nil {
		t.Fatalf("pgtest: template %q: %v", name, err)
	}
	return newDatabase(t, template)
}

func newDatabase(t testing.TB, template string) string {
	t.Helper()
	c, err := processCluster()
	if err != nil {
		t.Fatalf("pgtest: %v", err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), setupTimeout)
	defer cancel()
	name, err := c.create(ctx, template)
	if err != nil {
		t.Fatalf("pgtest: %v", err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), setupTimeout)
		defer cancel()
		if err := c.drop(ctx, name); err != nil {
			t.Errorf("pgtest: %v", err)
		}
	})
	return c.dsn(name)
}

// processCluster is the server that all tests of this process share. The private
// one is never stopped here: its keeper does that when this process is gone.
var processCluster = sync.OnceValues(func() (cluster, error) {
	ctx, cancel := context.WithTimeout(context.Background(), setupTimeout)
	defer cancel()
	dsn := os.Getenv(EnvDSN)
	var private *Server
	if dsn == "" {
		var err error
		if private, err = Start(ctx); err != nil {
			return cluster{}, err
		}
		dsn = private.DSN()
	}
	c, err := newCluster(dsn)
	if err != nil {
		return cluster{}, err
	}
	c.private = private
	return c, c.sweep(ctx, time.Now().Add(-staleAfter))
})

// templateSet holds the prepared databases of this process by name.
type templateSet struct {
	mu     sync.Mutex
	byName map[string]func() (string, error)
}

var templates = templateSet{byName: map[string]func() (string, error){}}

func (s *templateSet) get(name string, prepare func(dsn string) error) (string, error) {
	s.mu.Lock()
	once, ok := s.byName[name]
	if !ok {
		once = sync.OnceValues(func() (string, error) { return makeTemplate(prepare) })
		s.byName[name] = once
	}
	s.mu.Unlock()
	return once()
}

func makeTemplate(prepare func(dsn string) error) (string, error) {
	c, err := processCluster()
	if err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(context.Background(), setupTimeout)
	defer cancel()
	name, err := c.create(ctx, "template0")
	if err != nil {
		return "", err
	}
	if err := prepare(c.dsn(name)); err != nil {
		return "", fmt.Errorf("prepare: %w", err)
	}
	return name, c.seal(ctx, name)
}
