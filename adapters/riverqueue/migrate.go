package riverqueue

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"

	"github.com/symphainy/symphainy/domain/fault"
)

// migrationLock is the number of the advisory lock that lets one process at a time migrate.
const migrationLock = 0x53796d5269766572

// ErrSchema is a database without River's tables, or with those of another version.
var ErrSchema = fault.New(fault.Unavailable, "queue_schema",
	"the queue's tables are missing, or not of this version; run `symphainy migrate` of the newest version")

// Check reports for what Start would be refused, ErrSchema or a database that does not answer, and changes nothing.
func Check(ctx context.Context, cfg Config) error {
	cfg = cfg.Defaults()
	settings, err := cfg.pool(cfg.DatabaseURL)
	if err != nil {
		return err
	}
	pool, err := pgxpool.NewWithConfig(ctx, settings)
	if err != nil {
		return fmt.Errorf("riverqueue: open the database: %w", err)
	}
	defer pool.Close()
	return checkSchema(ctx, pool, cfg)
}

// checkSchema wants exactly the migrations that this binary knows.
func checkSchema(ctx context.Context, pool *pgxpool.Pool, cfg Config) error {
	m, err := migrator(pool, cfg)
	if err != nil {
		return err
	}
	// River would take an answer with a migration that it does not know for an error of the database.
	if err := pool.Ping(ctx); err != nil {
		return fault.ErrUnavailable.Because(fmt.Errorf("riverqueue: connect: %w", err))
	}
	have, err := m.ExistingVersions(ctx)
	if err != nil {
		return ErrSchema.Because(err)
	}
	if len(have) != len(m.AllVersions()) {
		return ErrSchema
	}
	return nil
}

// Migrate brings River's tables to this binary's version. Several processes may call it at once: they wait for each other.
func Migrate(ctx context.Context, cfg Config) error {
	cfg = cfg.Defaults()
	url := cfg.MigrateURL
	if url == "" {
		url = cfg.DatabaseURL
	}
	settings, err := cfg.pool(url)
	if err != nil {
		return err
	}
	pool, err := pgxpool.NewWithConfig(ctx, settings)
	if err != nil {
		return fmt.Errorf("riverqueue: open the database: %w", err)
	}
	defer pool.Close()
	conn, err := pool.Acquire(ctx)
	if err != nil {
		return fmt.Errorf("riverqueue: connect: %w", err)
	}
	defer conn.Release()
	// The lock ends with its session, which is never used again: the pool is closed when this function returns.
	if _, err := conn.Exec(ctx, "SELECT pg_advisory_lock($1)", int64(migrationLock)); err != nil {
		return fmt.Errorf("riverqueue: wait for other migrations: %w", err)
	}
	m, err := migrator(pool, cfg)
	if err != nil {
		return err
	}
	if _, err := m.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		return fmt.Errorf("riverqueue: migrate: %w", err)
	}
	return nil
}

type pgMigrator = rivermigrate.Migrator[pgxTx]

func migrator(pool *pgxpool.Pool, cfg Config) (*pgMigrator, error) {
	m, err := rivermigrate.New(riverpgxv5.New(pool), &rivermigrate.Config{Logger: quiet(cfg.Logger)})
	if err != nil {
		return nil, fmt.Errorf("riverqueue: prepare the migrations: %w", err)
	}
	return m, nil
}
