package gormstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"gorm.io/driver/postgres"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"

	"github.com/symphainy/symphainy/ports"
)

// Store is a ports.UnitOfWork on a database. It is also the health check of that database.
type Store struct {
	cfg     Config
	engine  engine
	gorm    *gorm.DB
	dialect dialect
}

var (
	_ ports.UnitOfWork  = (*Store)(nil)
	_ ports.HealthCheck = (*Store)(nil)
)

// Open opens the database that cfg names. SQLite is locked for this process (LockedError if another has it) and migrates itself; a
// PostgreSQL whose schema is older or newer than this binary's is refused with a SchemaError, and one that may lose commits with an error
// that names the setting. Close gives everything back.
func Open(ctx context.Context, cfg Config) (*Store, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	if cfg.Clock == nil {
		cfg.Clock = systemClock{}
	}
	if cfg.Embedded() {
		return openEmbedded(ctx, cfg)
	}
	e, err := openPostgres(cfg)
	if err != nil {
		return nil, err
	}
	if err := errors.Join(checkDurability(ctx, e.db), checkSchema(ctx, cfg, e.db)); err != nil {
		return nil, errors.Join(err, e.close())
	}
	return assemble(cfg, e, postgres.New(postgres.Config{Conn: e.db}))
}

func openEmbedded(ctx context.Context, cfg Config) (*Store, error) {
	e, writer, err := openSQLite(cfg)
	if err != nil {
		return nil, err
	}
	if err := migrate(ctx, cfg, writer); err != nil {
		return nil, errors.Join(err, e.close())
	}
	return assemble(cfg, e, sqliteDialector{pool: writer})
}

func assemble(cfg Config, e engine, d gorm.Dialector) (*Store, error) {
	db, err := gorm.Open(d, &gorm.Config{
		SkipDefaultTransaction: true, DisableAutomaticPing: true, TranslateError: false, Logger: logger.Discard,
	})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("store: start gorm: %w", err), e.close())
	}
	return &Store{cfg: cfg, engine: e, gorm: db, dialect: dialect{sqlite: cfg.Embedded(), clock: cfg.Clock}}, nil
}

// checkDurability refuses a server that may lose what it has acknowledged.
func checkDurability(ctx context.Context, db queryer) error {
	var problems []error
	for setting, bad := range map[string]string{"fsync": "off", "synchronous_commit": "off"} {
		var value string
		if err := db.QueryRowContext(ctx, "SELECT current_setting($1)", setting).Scan(&value); err != nil {
			return fmt.Errorf("store: ask the database for its settings: %w", translate(ctx, err))
		}
		if value == bad {
			problems = append(problems, fmt.Errorf("store: the database runs with %s=%s and may lose acknowledged work", setting, value))
		}
	}
	return errors.Join(problems...)
}

// Exclusive reports whether no other process can use the database while this Store is open.
func (s *Store) Exclusive() bool { return s.cfg.Embedded() }

// Close waits for running transactions and closes the database.
func (s *Store) Close() error { return s.engine.close() }

// Name is the name of the health check.
func (s *Store) Name() string { return "store" }

// Check reports whether the database answers.
func (s *Store) Check(ctx context.Context) error {
	if err := s.engine.ping(ctx); err != nil {
		return translate(ctx, err)
	}
	return nil
}

var _ queryer = (*sql.DB)(nil)
