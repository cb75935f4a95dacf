package gormstore

import (
	"context"
	"database/sql"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// pgLook is a connection for reads that need not agree with each other. Each of the store's own statements is a transaction of its own, which begins
// and ends in the statement's round trip. gorm's statements, which come in several, and what is no plain SELECT open a transaction like that of a View.
type pgLook struct {
	*pgTx
	// tenant is the one that statements are about, "" for none.
	tenant string
	// opened tells that gorm has opened a transaction.
	opened bool
}

// look takes a connection.
func (e *pgEngine) look(ctx context.Context, tenantID string) (openTx, error) {
	l := &pgLook{pgTx: &pgTx{engine: e}}
	if err := l.enter(tenantID); err != nil {
		return nil, err
	}
	return l, l.connect(ctx)
}

func (l *pgLook) enter(tenantID string) error {
	if tenantID != "" && !plainTenant.MatchString(tenantID) {
		return errScope
	}
	l.tenant = tenantID
	if l.opened {
		return l.pgTx.enter(tenantID)
	}
	return nil
}

func (l *pgLook) rows(ctx context.Context, text string, args []any) (resultRows, error) {
	if !strings.HasPrefix(text, "SELECT ") { // it could write, which only a transaction that is read-only keeps it from
		if err := l.open(ctx); err != nil {
			return nil, err
		}
	}
	if l.opened {
		return l.pgTx.rows(ctx, text, args)
	}
	l.ahead = nil
	if l.tenant != "" {
		l.ahead = []statement{{text: settingTenant, args: []any{l.tenant}}}
	}
	rows, err := l.pgTx.rows(ctx, text, args)
	l.begun = false // nothing is left of what was sent, and another connection does as well for the next
	return rows, err
}

func (l *pgLook) run(ctx context.Context, text string, args []any) (pgconn.CommandTag, error) {
	rows, err := l.rows(ctx, text, args)
	return ended(rows, err)
}

// expect asks at once.
func (l *pgLook) expect(ctx context.Context, text string, args []any, missing error) error {
	tag, err := l.run(ctx, text, args)
	if err == nil && tag.RowsAffected() == 0 {
		err = missing
	}
	return err
}

// native is for queues, which do not look.
func (l *pgLook) native(ctx context.Context) (pgx.Tx, error) {
	if err := l.open(ctx); err != nil {
		return nil, err
	}
	return l.pgTx.native(ctx)
}

// open opens a transaction for what does not come through rows or run.
func (l *pgLook) open(ctx context.Context) error {
	if l.opened {
		return nil
	}
	first, err := beginning(true, l.tenant)
	if err != nil {
		return err
	}
	l.ahead, l.opened = first, true
	return l.flush(ctx)
}

// rollback gives the connection back.
func (l *pgLook) rollback() error {
	if l.opened || !l.idle() {
		return l.pgTx.rollback()
	}
	return l.release()
}

// PrepareContext is for gorm.
func (l *pgLook) PrepareContext(ctx context.Context, query string) (*sql.Stmt, error) {
	if err := l.open(ctx); err != nil {
		return nil, err
	}
	return l.pgTx.PrepareContext(ctx, query)
}

// ExecContext is for gorm.
func (l *pgLook) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	if err := l.open(ctx); err != nil {
		return nil, err
	}
	return l.pgTx.ExecContext(ctx, query, args...)
}

// QueryContext is for gorm.
func (l *pgLook) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	if err := l.open(ctx); err != nil {
		return nil, err
	}
	return l.pgTx.QueryContext(ctx, query, args...)
}

// QueryRowContext is for gorm.
func (l *pgLook) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	if err := l.open(ctx); err != nil {
		over, cancel := context.WithCancelCause(ctx)
		cancel(err)
		return l.pgTx.QueryRowContext(over, query, args...)
	}
	return l.pgTx.QueryRowContext(ctx, query, args...)
}
