package gormstore

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"

	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

//go:embed migrations/sqlite/*.sql migrations/postgres/*.sql
var migrations embed.FS

// SchemaError is a database whose schema is not this binary's.
type SchemaError struct{ Have, Want int64 }

// Error says which is older and what to do.
func (e *SchemaError) Error() string {
	if e.Have < e.Want {
		return fmt.Sprintf("the database has schema %d and this binary needs %d; run `symphainy migrate` first", e.Have, e.Want)
	}
	return fmt.Sprintf("the database has schema %d and this binary knows only %d; use a newer binary", e.Have, e.Want)
}

// Migrate brings the schema of cfg's database to this binary's version, under the role of MigrateURL. Several at once wait for each other
// on PostgreSQL; SQLite is locked.
func Migrate(ctx context.Context, cfg Config) error {
	if err := cfg.Validate(); err != nil {
		return err
	}
	if cfg.Embedded() {
		e, writer, err := openSQLite(cfg)
		if err != nil {
			return err
		}
		return errors.Join(migrate(ctx, cfg, writer), e.close())
	}
	url := cfg.MigrateURL
	if url == "" {
		url = cfg.DatabaseURL
	}
	conn, err := pgConfig(cfg, url)
	if err != nil {
		return err
	}
	db := stdlib.OpenDB(*conn)
	return errors.Join(migrate(ctx, cfg, db), db.Close())
}

func migrate(ctx context.Context, cfg Config, db *sql.DB) error {
	if have, want, err := versions(ctx, cfg, db); err != nil || have >= want {
		return errors.Join(err, newer(have, want))
	}
	p, err := provider(cfg, db)
	if err != nil {
		return err
	}
	if _, err := p.Up(ctx); err != nil {
		return fmt.Errorf("store: migrate: %w", err)
	}
	return nil
}

func newer(have, want int64) error {
	if have > want {
		return &SchemaError{Have: have, Want: want}
	}
	return nil
}

// checkSchema refuses a schema that is not this binary's.
func checkSchema(ctx context.Context, cfg Config, db *sql.DB) error {
	have, want, err := versions(ctx, cfg, db)
	if err == nil && have != want {
		return &SchemaError{Have: have, Want: want}
	}
	return err
}

// versions reads the schema's version without changing anything, so that a role without rights on the schema can ask; 0 is an empty
// database.
func versions(ctx context.Context, cfg Config, db *sql.DB) (have, want int64, err error) {
	p, err := provider(cfg, db)
	if err != nil {
		return 0, 0, err
	}
	for _, source := range p.ListSources() {
		want = max(want, source.Version)
	}
	table := "SELECT COUNT(*) FROM sqlite_master WHERE type = 'table' AND name = 'goose_db_version'"
	if !cfg.Embedded() {
		table = "SELECT COUNT(*) FROM pg_catalog.pg_class WHERE oid = to_regclass('goose_db_version')"
	}
	var tables int64
	if err := db.QueryRowContext(ctx, table).Scan(&tables); err != nil {
		return 0, want, translate(ctx, err)
	}
	if tables == 0 {
		return 0, want, nil
	}
	err = db.QueryRowContext(ctx, "SELECT COALESCE(MAX(version_id), 0) FROM goose_db_version").Scan(&have)
	return have, want, translate(ctx, err)
}

// SchemaVersion gives the version of the database's schema (0 for an empty one) and the one that this binary works with. On SQLite it
// takes the lock for a moment, and makes the file if there is none.
func SchemaVersion(ctx context.Context, cfg Config) (have, want int64, err error) {
	if err := cfg.Validate(); err != nil {
		return 0, 0, err
	}
	if cfg.Embedded() {
		e, writer, err := openSQLite(cfg)
		if err != nil {
			return 0, 0, err
		}
		have, want, err = versions(ctx, cfg, writer)
		return have, want, errors.Join(err, e.close())
	}
	conn, err := pgConfig(cfg, cfg.DatabaseURL)
	if err != nil {
		return 0, 0, err
	}
	db := stdlib.OpenDB(*conn)
	have, want, err = versions(ctx, cfg, db)
	return have, want, errors.Join(err, db.Close())
}

func provider(cfg Config, db *sql.DB) (*goose.Provider, error) {
	dialect, folder := goose.DialectSQLite3, "migrations/sqlite"
	options := []goose.ProviderOption{goose.WithDisableGlobalRegistry(true)}
	if !cfg.Embedded() {
		dialect, folder = goose.DialectPostgres, "migrations/postgres"
		locker, err := lock.NewPostgresSessionLocker()
		if err != nil {
			return nil, fmt.Errorf("store: make the migration lock: %w", err)
		}
		options = append(options, goose.WithSessionLocker(locker))
	}
	files, err := fs.Sub(migrations, folder)
	if err != nil {
		return nil, fmt.Errorf("store: find the migrations: %w", err)
	}
	p, err := goose.NewProvider(dialect, db, files, options...)
	if err != nil {
		return nil, fmt.Errorf("store: read the migrations: %w", err)
	}
	return p, nil
}
