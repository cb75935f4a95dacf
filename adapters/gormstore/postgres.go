package gormstore

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
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
	conn.RuntimeParams["idle_in_transaction_session_timeout"] = millis(cfg.IdleTimeout)
	return conn, nil
}

func millis(d time.Duration) string { return strconv.FormatInt(d.Milliseconds(), 10) }

// begin gives a transaction that begins with its first statement.
func (e *pgEngine) begin(_ context.Context, readOnly bool) (*scopedTx, error) {
	return &scopedTx{pool: e.db, begin: func(ctx context.Context, tenantID string) (openTx, error) { return e.open(ctx, readOnly, tenantID) }}, nil
}

// open takes another connection when the one from the pool turns out to be dead, as all are after a restart of the server: a BEGIN that
// was not answered has done nothing.
func (e *pgEngine) open(ctx context.Context, readOnly bool, tenantID string) (openTx, error) {
	text, err := beginning(readOnly, tenantID)
	if err != nil {
		return nil, err
	}
	for dead := 0; ; dead++ {
		t, err := e.beginOn(ctx, pgx.TxOptions{BeginQuery: text})
		if err == nil {
			return t, nil
		}
		if !errors.Is(err, driver.ErrBadConn) || ctx.Err() != nil || dead > e.db.Stats().MaxOpenConnections {
			return nil, err
		}
	}
}

func (e *pgEngine) beginOn(ctx context.Context, options pgx.TxOptions) (*pgTx, error) {
	conn, err := e.db.Conn(ctx)
	if err != nil {
		return nil, err
	}
	t := &pgTx{Conn: conn}
	err = t.raw(func(c *pgx.Conn) (err error) {
		t.tx, err = c.BeginTx(ctx, options)
		return err
	})
	if err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return t, nil
}

func (e *pgEngine) ping(ctx context.Context) error { return e.db.PingContext(ctx) }

func (e *pgEngine) close() error { return e.db.Close() }

// pgTx is a pgx transaction whose connection database/sql lends out.
type pgTx struct {
	*sql.Conn
	tx pgx.Tx
}

func (t *pgTx) native() pgx.Tx { return t.tx }

func (t *pgTx) raw(use func(*pgx.Conn) error) error {
	return t.Raw(func(dc any) error {
		c, ok := dc.(*stdlib.Conn)
		if !ok {
			return fmt.Errorf("store: unexpected driver connection %T", dc)
		}
		if err := use(c.Conn()); err != nil {
			if c.Conn().IsClosed() {
				return errors.Join(driver.ErrBadConn, err)
			}
			return err
		}
		return nil
	})
}

func (t *pgTx) commit(ctx context.Context) error {
	if err := context.Cause(ctx); err != nil {
		return errors.Join(err, t.rollback()) //nolint:contextcheck // it has to work although the context has ended
	}
	ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), endTime)
	defer cancel()
	err := t.raw(func(*pgx.Conn) error { return t.tx.Commit(ending) })
	if released := t.release(); err != nil {
		return errors.Join(err, released)
	}
	return nil // stored: a connection that does not go back to its pool is the pool's to replace
}

// rollback gives the connection back. One that cannot roll back is closed by pgx, and the server undoes its work.
func (t *pgTx) rollback() error {
	ending, cancel := context.WithTimeout(context.Background(), endTime)
	defer cancel()
	err := t.raw(func(*pgx.Conn) error { return t.tx.Rollback(ending) })
	if errors.Join(err, t.release()) != nil {
		return nil //nolint:nilerr // nothing of the transaction remains, which is all that a rollback promises
	}
	return nil
}

func (t *pgTx) release() error {
	if err := t.Close(); err != nil && !errors.Is(err, sql.ErrConnDone) {
		return err
	}
	return nil
}
