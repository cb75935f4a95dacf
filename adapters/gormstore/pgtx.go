package gormstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
)

// pgTx is a transaction on a connection that database/sql lends out. The store's own statements go to pgx directly, and what needs no answer at once
// (BEGIN, the tenant, inserts whose failure fails the transaction) travels with the next statement that does: of a round trip's cost at both ends
// most is the round trip's.
type pgTx struct {
	*sql.Conn
	engine *pgEngine
	conn   *pgx.Conn
	// ahead are statements to send before the next one.
	ahead []statement
	// failed is what was expected and missing: nothing of the transaction may be stored.
	failed error
	// begun tells that the server has answered in this transaction.
	begun bool
}

// statement is one to send ahead.
type statement struct {
	text string
	args []any
	// missing, if set, is the failure if the statement touches or finds no row.
	missing error
}

// connect takes a connection of the pool.
func (t *pgTx) connect(ctx context.Context) error {
	conn, err := t.engine.db.Conn(ctx)
	if err != nil {
		return err
	}
	err = conn.Raw(func(dc any) error {
		c, ok := dc.(*stdlib.Conn)
		if !ok {
			return fmt.Errorf("store: unexpected driver connection %T", dc)
		}
		t.conn = c.Conn()
		return nil
	})
	if err != nil {
		return errors.Join(err, conn.Close())
	}
	t.Conn = conn
	return nil
}

// enter sets the tenant for the statements that follow.
func (t *pgTx) enter(tenantID string) error {
	t.later(settingTenant, []any{tenantID})
	return nil
}

// later sends a statement with the next one. Its failure is that one's, or COMMIT's.
func (t *pgTx) later(text string, args []any) {
	t.ahead = append(t.ahead, statement{text: text, args: args})
}

// expect sends a query with the next statement; that it finds nothing is that one's failure, or settle's.
func (t *pgTx) expect(_ context.Context, text string, args []any, missing error) error {
	t.ahead = append(t.ahead, statement{text, args, missing})
	return nil
}

// settle sends what waits if something is expected of it: a COMMIT in the same round trip would come before the answer.
func (t *pgTx) settle(ctx context.Context) error {
	if t.failed != nil {
		return t.failed
	}
	if slices.ContainsFunc(t.ahead, func(s statement) bool { return s.missing != nil }) {
		return t.flush(ctx)
	}
	return nil
}

// rows sends a statement with all that waits, and gives its result.
func (t *pgTx) rows(ctx context.Context, text string, args []any) (resultRows, error) {
	for dead := 0; ; dead++ {
		rows, err := t.send(ctx, text, args)
		if err == nil {
			return rows, nil
		}
		// As all connections are dead after a restart of the server, another one is taken: what was never answered has never been committed.
		if t.begun || !t.conn.IsClosed() || ctx.Err() != nil || dead > t.engine.db.Stats().MaxOpenConnections {
			return nil, err
		}
		if err := errors.Join(t.release(), t.connect(ctx)); err != nil {
			return nil, err
		}
	}
}

func (t *pgTx) send(ctx context.Context, text string, args []any) (*pgRows, error) {
	if t.failed != nil {
		return nil, t.failed
	}
	if len(t.ahead) == 0 {
		rows, err := t.conn.Query(ctx, text, args...)
		if err != nil {
			return nil, err
		}
		return &pgRows{Rows: rows}, nil
	}
	batch := &pgx.Batch{}
	for _, s := range t.ahead {
		batch.Queue(s.text, s.args...)
	}
	batch.Queue(text, args...)
	results := t.conn.SendBatch(ctx, batch)
	for _, s := range t.ahead {
		tag, err := results.Exec()
		if err == nil {
			err = t.found(s, tag)
		}
		if err != nil {
			return nil, errors.Join(err, results.Close())
		}
	}
	t.ahead, t.begun = nil, true
	rows, err := results.Query()
	if err != nil {
		return nil, errors.Join(err, results.Close())
	}
	return &pgRows{Rows: rows, batch: results}, nil
}

// run sends a statement with all that waits, and gives how it ended.
func (t *pgTx) run(ctx context.Context, text string, args []any) (pgconn.CommandTag, error) {
	rows, err := t.rows(ctx, text, args)
	return ended(rows, err)
}

// ended reads a result to its end.
func ended(rows resultRows, err error) (pgconn.CommandTag, error) {
	if err != nil {
		return pgconn.CommandTag{}, err
	}
	own := rows.(*pgRows) //nolint:forcetypeassert // PostgreSQL gives nothing else
	err = own.Close()
	return own.CommandTag(), err
}

// flush sends what waits, for statements that go another way.
func (t *pgTx) flush(ctx context.Context) error {
	if len(t.ahead) == 0 {
		return nil
	}
	last := t.ahead[len(t.ahead)-1]
	t.ahead = t.ahead[:len(t.ahead)-1]
	tag, err := t.run(ctx, last.text, last.args)
	if err != nil {
		return err
	}
	return t.found(last, tag)
}

// found fails the transaction if a statement has not found what is expected of it.
func (t *pgTx) found(s statement, tag pgconn.CommandTag) error {
	if s.missing != nil && tag.RowsAffected() == 0 {
		t.failed = s.missing
		return s.missing
	}
	return nil
}

// native gives pgx's own transaction on the connection, for River.
func (t *pgTx) native(ctx context.Context) (pgx.Tx, error) {
	if err := t.flush(ctx); err != nil {
		return nil, err
	}
	// The transaction is open: what pgx sends to begin one must change nothing.
	return t.conn.BeginTx(ctx, pgx.TxOptions{BeginQuery: "-- open"})
}

// commit sends COMMIT with all that waits: what of that fails keeps it from happening.
func (t *pgTx) commit(ctx context.Context) error {
	if err := context.Cause(ctx); err != nil {
		return errors.Join(err, t.rollback()) //nolint:contextcheck // it has to work although the context has ended
	}
	ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), endTime)
	defer cancel()
	var tag pgconn.CommandTag
	err := t.open(ending)
	if err == nil {
		tag, err = t.end(ending)
	}
	if err != nil {
		return errors.Join(err, t.rollback()) //nolint:contextcheck // as above
	}
	if released := t.release(); tag.String() != "COMMIT" {
		return errors.Join(pgx.ErrTxCommitRollback, released)
	}
	return nil // stored: a connection that does not go back to its pool is the pool's to replace
}

// open sends what waits if something is expected of it, or nothing was sent before: until then another connection can be taken, which a COMMIT must not do.
func (t *pgTx) open(ctx context.Context) error {
	if t.begun {
		return t.settle(ctx)
	}
	return t.flush(ctx)
}

func (t *pgTx) end(ctx context.Context) (pgconn.CommandTag, error) {
	rows, err := t.send(ctx, "COMMIT", nil)
	if err != nil {
		return pgconn.CommandTag{}, err
	}
	err = rows.Close()
	return rows.CommandTag(), err
}

// rollback gives the connection back. One that cannot roll back is closed, and the server undoes its work.
func (t *pgTx) rollback() error {
	ending, cancel := context.WithTimeout(context.Background(), endTime)
	defer cancel()
	if t.begun || len(t.ahead) == 0 || !t.idle() {
		if _, err := t.conn.Exec(ending, "ROLLBACK"); err != nil {
			_ = t.conn.Close(ending) // nothing of the transaction remains, which is all that a rollback promises
		}
	}
	_ = t.release() // as above
	return nil
}

// idle reports whether the connection is in no transaction.
func (t *pgTx) idle() bool { return t.conn.PgConn().TxStatus() == 'I' }

func (t *pgTx) release() error {
	if err := t.Close(); err != nil && !errors.Is(err, sql.ErrConnDone) {
		return err
	}
	return nil
}

// PrepareContext is for gorm; the statement comes after all that waits.
func (t *pgTx) PrepareContext(ctx context.Context, query string) (*sql.Stmt, error) {
	if err := t.flush(ctx); err != nil {
		return nil, err
	}
	return t.Conn.PrepareContext(ctx, query)
}

// ExecContext is for gorm; the statement comes after all that waits.
func (t *pgTx) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	if err := t.flush(ctx); err != nil {
		return nil, err
	}
	return t.Conn.ExecContext(ctx, query, args...)
}

// QueryContext is for gorm; the statement comes after all that waits.
func (t *pgTx) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	if err := t.flush(ctx); err != nil {
		return nil, err
	}
	return t.Conn.QueryContext(ctx, query, args...)
}

// pgRows is the result of a statement that may have been sent with others.
type pgRows struct {
	pgx.Rows
	batch pgx.BatchResults
}

// Columns gives the names of the columns.
func (r *pgRows) Columns() ([]string, error) {
	fields := r.FieldDescriptions()
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = f.Name
	}
	return names, nil
}

// Close ends the result and the batch that it came in.
func (r *pgRows) Close() error {
	r.Rows.Close()
	err := r.Err()
	if r.batch != nil {
		err = errors.Join(err, r.batch.Close())
	}
	return err
}
