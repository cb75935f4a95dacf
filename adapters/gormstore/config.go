package gormstore

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/symphainy/symphainy/ports"
)

// Config says which database to use and how. Start from Defaults.
type Config struct {
	// DatabaseURL is a postgres:// URL, or empty for SQLite in DataDir. It holds a password: never print it.
	DatabaseURL string
	// MigrateURL is the URL of the role that owns the tables; empty means DatabaseURL.
	MigrateURL string
	// DataDir is the folder of symphainy.db; it is made with mode 0700.
	DataDir string
	// Connections bounds the connections to PostgreSQL; Readers the reading handles of SQLite, which has one writer.
	Connections int
	Readers     int
	// Timeout bounds a transaction, waiting for a connection included: a store that does not answer is an error, never a hang.
	Timeout time.Duration
	// StatementTimeout, LockTimeout and IdleTimeout are PostgreSQL's own limits for a statement, a wait for a lock, and a transaction
	// in which nothing happens.
	StatementTimeout time.Duration
	LockTimeout      time.Duration
	IdleTimeout      time.Duration
	// Retries is how often a transaction runs again after a serialisation failure or a deadlock.
	Retries int
	// Concurrency bounds how many executions run at once. All processes on one database need the same.
	Concurrency ports.Concurrency
	// Clock is SQLite's database time. Nil means the system's.
	Clock ports.Clock
	// OnEnqueue gets the jobs of a transaction after its COMMIT: the way to a queue in the same process. It must not block.
	OnEnqueue func(jobs []ports.Job)
	// EnqueueTx writes jobs in the transaction itself (PostgreSQL only), so that they commit with the rows they are about.
	EnqueueTx func(ctx context.Context, tx pgx.Tx, jobs []ports.Job) error
}

// Defaults gives settings for one process on a small machine.
func Defaults() Config {
	return Config{
		DataDir: "./data", Connections: 20, Readers: 8, Timeout: 10 * time.Second, StatementTimeout: 5 * time.Second,
		LockTimeout: 5 * time.Second, IdleTimeout: 2 * time.Second, Retries: 8,
	}
}

// Embedded reports whether the store is the SQLite file in DataDir.
func (c Config) Embedded() bool { return c.DatabaseURL == "" }

// Path is the SQLite file.
func (c Config) Path() string { return filepath.Join(c.DataDir, "symphainy.db") }

// Validate reports all settings that cannot work, joined. It never repeats a URL, which holds a password.
func (c Config) Validate() error {
	var problems []error
	for name, raw := range map[string]string{"database url": c.DatabaseURL, "migrate url": c.MigrateURL} {
		if u, err := url.Parse(raw); raw != "" && (err != nil || u.Scheme != "postgres" && u.Scheme != "postgresql") {
			problems = append(problems, fmt.Errorf("store: %s must be empty or start with postgres://", name))
		}
	}
	if c.Embedded() && c.DataDir == "" {
		problems = append(problems, errors.New("store: the data dir must be set"))
	}
	if c.Embedded() && c.EnqueueTx != nil {
		problems = append(problems, errors.New("store: a queue in the transaction needs PostgreSQL"))
	}
	if c.Connections < 1 || c.Readers < 1 || c.Retries < 0 {
		problems = append(problems, errors.New("store: connections and readers must be at least 1, retries not negative"))
	}
	for name, d := range map[string]time.Duration{
		"timeout": c.Timeout, "statement timeout": c.StatementTimeout, "lock timeout": c.LockTimeout, "idle timeout": c.IdleTimeout,
	} {
		if d < time.Millisecond {
			problems = append(problems, fmt.Errorf("store: %s must be at least 1 ms", name))
		}
	}
	problems = append(problems, c.Concurrency.Validate())
	return errors.Join(problems...)
}
