package gormstore

import (
	"context"
	"database/sql"
	"errors"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
)

// endTime bounds COMMIT and ROLLBACK, which go on although the caller's context has ended: whether they happened must be known.
const endTime = 5 * time.Second

// pgEngine is a pool of PostgreSQL connections. This file is the only place where database/sql, which gorm needs, and pgx, which River
// needs, meet on one connection: the transaction is pgx's, and gorm's statements run inside it.
type pgEngine struct{ db *sql.DB }

// openPostgres makes the pool; the settings of every connection are those of security.md §1.9.
func openPostgres(cfg Config) (*pgEngine, error) {
	conn, err := pgConfig(cfg, cfg.DatabaseURL)
	if err != nil {
		return nil, err
	}
	return pgPool(cfg, conn), nil
}

func pgPool(cfg Config, conn *pgx.ConnConfig) *pgEngine {
	conn.RuntimeParams["statement_timeout"] = millis(cfg.StatementTimeout)
	conn.RuntimeParams["lock_timeout"] = millis(cfg.LockTimeout)
	db := stdlib.OpenDB(*conn)
	db.SetMaxOpenConns(cfg.Connections)
	db.SetMaxIdleConns(cfg.Connections)
	db.SetConnMaxIdleTime(5 * time.Minute)
	return &pgEngine{db}
}

// pgConfig reads a URL. The error never repeats it: it holds a password.
func pgConfig(cfg Config, url string) (*pgx.ConnConfig, error) {
	conn, err := pgx.ParseConfig(url)
	if err != nil {
		return nil, errors.New("store: the database url cannot be read")
	}
	conn.ConnectTimeout = cfg.Timeout
	conn.DefaultQueryExecMode = pgx.QueryExecModeCacheStatement // whatever the URL says: never the simple protocol
	conn.RuntimeParams["application_name"] = "symphainy"
	conn.RuntimeParams["timezone"] = "UTC"
	conn.RuntimeParams["synchronous_commit"] = "on"
	// The statements go by keys and prefixes of indexes, so a plan that fits one argument fits all; planning anew costs more than most of them.
	conn.RuntimeParams["plan_cache_mode"] = "force_generic_plan"
	conn.RuntimeParams["idle_in_transaction_session_timeout"] = millis(cfg.IdleTimeout)
	return conn, nil
}

func millis(d time.Duration) string { return strconv.FormatInt(d.Milliseconds(), 10) }

// begin gives a transaction that begins with its first statement.
func (e *pgEngine) begin(_ context.Context, k kind) (*scopedTx, error) {
	return &scopedTx{pool: e.db, begin: func(ctx context.Context, tenantID string) (openTx, error) {
		if k == looking {
			return e.look(ctx, tenantID)
		}
		return e.open(ctx, k == viewing, tenantID)
	}}, nil
}

// open takes a connection. The statements that begin the transaction go out with its first one.
func (e *pgEngine) open(ctx context.Context, readOnly bool, tenantID string) (openTx, error) {
	first, err := beginning(readOnly, tenantID)
	if err != nil {
		return nil, err
	}
	t := &pgTx{engine: e, ahead: first}
	return t, t.connect(ctx)
}

func (e *pgEngine) ping(ctx context.Context) error { return e.db.PingContext(ctx) }

func (e *pgEngine) close() error { return e.db.Close() }
