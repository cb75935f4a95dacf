package gormstore

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"net"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"gorm.io/gorm"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/symphainy/symphainy/domain/fault"
)

// Faults of the store itself.
var (
	errScope = fault.New(fault.Internal, "invalid_scope", "a store was asked without a valid scope")
	errText  = fault.New(fault.Invalid, "invalid_text", "A text contains a character that cannot be stored.")
	errStore = fault.New(fault.Internal, "store_failed", "The store refused a statement.")
	// errView is a write through a read-only view: a mistake in the program.
	errView = fault.New(fault.Internal, "read_only", "a view was asked to write")
)

// Codes of PostgreSQL (appendix A of its manual).
const (
	pgSerialization   = "40001"
	pgDeadlock        = "40P01"
	pgUnique          = "23505"
	pgForeignKey      = "23503"
	pgBadEncoding     = "22021"
	pgUntranslatable  = "22P05"
	pgReadOnly        = "25006"
	pgLockTimeout     = "55P03"
	pgQueryCanceled   = "57014"
	pgClassConnection = "08"
	pgClassResources  = "53"
	pgClassOperator   = "57"
)

// translate turns what a driver says into a fault; the driver's error stays as cause. Faults pass unchanged.
func translate(ctx context.Context, err error) error {
	var known *fault.Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &known):
		return err
	case errors.Is(err, gorm.ErrRecordNotFound):
		return fault.ErrNotFound
	case ctx.Err() != nil:
		// A driver may report the end of the context in words of its own.
		return fault.ErrUnavailable.Because(fmt.Errorf("%w: %w", context.Cause(ctx), err))
	}
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return translatePostgres(pg, err)
	}
	var lite *sqlite.Error
	if errors.As(err, &lite) {
		return translateSQLite(lite.Code(), err)
	}
	if lostConnection(err) {
		return fault.ErrUnavailable.Because(err)
	}
	return errStore.Because(err)
}

func translatePostgres(pg *pgconn.PgError, err error) error {
	switch pg.Code {
	case pgUnique:
		return fault.ErrDuplicate.Because(err)
	case pgForeignKey: // a part of something that is not there, or is another tenant's
		return fault.ErrNotFound.Because(err)
	case pgSerialization, pgDeadlock, pgLockTimeout, pgQueryCanceled:
		return fault.ErrUnavailable.Because(err)
	case pgBadEncoding, pgUntranslatable:
		return errText.Because(err)
	case pgReadOnly:
		return errView.Because(err)
	}
	switch pg.Code[:min(2, len(pg.Code))] {
	case pgClassConnection, pgClassResources, pgClassOperator:
		return fault.ErrUnavailable.Because(err)
	}
	// 25P03 is the server's end of a transaction that idled; the session is gone.
	if pg.Code == "25P03" || pg.Severity == "FATAL" {
		return fault.ErrUnavailable.Because(err)
	}
	return errStore.Because(err)
}

func translateSQLite(code int, err error) error {
	switch code {
	case sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY, sqlite3.SQLITE_CONSTRAINT_ROWID:
		return fault.ErrDuplicate.Because(err)
	case sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY:
		return fault.ErrNotFound.Because(err)
	}
	switch code & 0xff {
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_INTERRUPT, sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR,
		sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_NOMEM:
		return fault.ErrUnavailable.Because(err)
	case sqlite3.SQLITE_READONLY:
		return errView.Because(err)
	}
	return errStore.Because(err)
}

func lostConnection(err error) bool {
	var network net.Error
	var connect *pgconn.ConnectError
	return errors.As(err, &network) || errors.As(err, &connect) || errors.Is(err, driver.ErrBadConn) ||
		errors.Is(err, sql.ErrConnDone) || errors.Is(err, errClosed) || errors.Is(err, pgx.ErrTxClosed) ||
		errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) || pgconn.SafeToRetry(err)
}

// conflicted reports whether running the transaction again may help.
func conflicted(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && (pg.Code == pgSerialization || pg.Code == pgDeadlock)
}
