package gormstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"gorm.io/driver/postgres"
)

// OpenReadOnly opens the database that cfg names for reading alone: Do is refused, and the database is told so too. SQLite is not
// locked, so that this works beside a process that uses the file, and never made or migrated. A schema that is not this binary's is a
// SchemaError.
func OpenReadOnly(ctx context.Context, cfg Config) (*Store, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	if cfg.Clock == nil {
		cfg.Clock = systemClock{}
	}
	if cfg.Embedded() {
		return openFileReadOnly(ctx, cfg)
	}
	conn, err := pgConfig(cfg, cfg.DatabaseURL)
	if err != nil {
		return nil, err
	}
	conn.RuntimeParams["default_transaction_read_only"] = "on"
	e := pgPool(cfg, conn)
	if err := checkSchema(ctx, cfg, e.db); err != nil {
		return nil, errors.Join(err, e.close())
	}
	return assemble(cfg, readOnly{e}, postgres.New(postgres.Config{Conn: e.db}))
}

func openFileReadOnly(ctx context.Context, cfg Config) (*Store, error) {
	path, err := filepath.Abs(cfg.Path())
	if err != nil {
		return nil, fmt.Errorf("store: find the data dir: %w", err)
	}
	if _, err := os.Stat(path); err != nil {
		return nil, fmt.Errorf("store: there is no database: %w", err)
	}
	db, err := sql.Open("sqlite", readerDSN(path))
	if err != nil {
		return nil, fmt.Errorf("store: open %s: %w", path, err)
	}
	e := readOnly{fileReader{newSlots(db, cfg.Readers)}}
	if err := checkSchema(ctx, cfg, db); err != nil {
		return nil, errors.Join(err, e.close())
	}
	return assemble(cfg, e, sqliteDialector{pool: db})
}

// readOnly is an engine without writes.
type readOnly struct{ engine }

func (e readOnly) begin(ctx context.Context, k kind) (*scopedTx, error) {
	if k == writing {
		return nil, errView
	}
	return e.engine.begin(ctx, k)
}

// fileReader is a SQLite file that is only read.
type fileReader struct{ readers *slots }

func (e fileReader) begin(ctx context.Context, k kind) (*scopedTx, error) {
	return scopedOn(e.readers.begin(ctx, k))
}

func (e fileReader) ping(ctx context.Context) error { return ping(ctx, e.readers) }

func (e fileReader) close() error { return e.readers.close() }
