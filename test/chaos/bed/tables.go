package bed

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
	_ "modernc.org/sqlite"             // the driver "sqlite"

	"github.com/symphainy/symphainy/test/chaos/check"
)

// tables opens PostgreSQL beside the replicas, past every proxy, once.
func (b *Bed) tables() (*sql.DB, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.db != nil {
		return b.db, nil
	}
	db, err := sql.Open("pgx", b.DSN)
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(4)
	b.db = db
	return db, nil
}

// Query reads rows of two texts from the tables; the arguments are the caller's own.
func (b *Bed) Query(ctx context.Context, query string, scan func(*sql.Rows) error) error {
	if b.Options.SQLite {
		// Not kept open: the program under test is to be the last one that closes its file.
		db, err := sql.Open("sqlite", "file:"+b.Path()+"?mode=ro&_pragma=busy_timeout(10000)")
		if err != nil {
			return err
		}
		return errors.Join(scanAll(ctx, db, query, scan), db.Close())
	}
	db, err := b.tables()
	if err != nil {
		return err
	}
	return scanAll(ctx, db, query, scan)
}

func scanAll(ctx context.Context, db *sql.DB, query string, scan func(*sql.Rows) error) (err error) {
	rows, err := db.QueryContext(ctx, query)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// Exec changes something in the database directly; in SQLite while no process has it.
func (b *Bed) Exec(ctx context.Context, statement string) error {
	if b.Options.SQLite {
		db, err := sql.Open("sqlite", "file:"+b.Path()+"?_pragma=busy_timeout(10000)")
		if err != nil {
			return err
		}
		_, err = db.ExecContext(ctx, statement)
		return errors.Join(err, db.Close())
	}
	return execSQL(ctx, b.DSN, statement)
}

// Int reads one number.
func (b *Bed) Int(ctx context.Context, query string) (n int, err error) {
	err = b.Query(ctx, query, func(r *sql.Rows) error { return r.Scan(&n) })
	return n, err
}

// OwnedBy gives the executions that a worker runs now.
func (b *Bed) OwnedBy(ctx context.Context, worker string) (ids []string, err error) {
	err = b.Query(ctx, "SELECT id FROM executions WHERE state = 'running' AND lease_owner = '"+worker+"'", func(r *sql.Rows) error {
		var id string
		err := r.Scan(&id)
		ids = append(ids, id)
		return err
	})
	return ids, err
}

// live counts what has not ended.
const live = "SELECT count(*) FROM executions WHERE state NOT IN ('completed', 'failed', 'cancelled')"

// Settle waits until no execution is live; that none is left behind is what a row has to show, so running out of time is an error.
func (b *Bed) Settle(ctx context.Context, patience time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	left := -1
	err := Until(ctx, 100*time.Millisecond, func() (bool, error) {
		n, err := b.Int(ctx, live)
		left = n
		return n == 0, err
	})
	if err != nil {
		return fmt.Errorf("%d executions did not end within %s: %w", left, patience, err)
	}
	return nil
}

// Tables reads everything that is judged.
func (b *Bed) Tables(ctx context.Context) (check.Tables, error) {
	t := check.Tables{Executions: map[string]check.Execution{}, Logs: map[string][]check.Event{}}
	err := b.Query(ctx, "SELECT id, state, attempt, last_seq, epoch FROM executions", func(r *sql.Rows) error {
		var e check.Execution
		err := r.Scan(&e.ID, &e.State, &e.Attempt, &e.LastSeq, &e.Epoch)
		t.Executions[e.ID] = e
		return err
	})
	if err != nil {
		return t, err
	}
	err = b.Query(ctx, "SELECT execution_id, name FROM artifacts WHERE type = 'chaos_effect'", func(r *sql.Rows) error {
		var e check.Effect
		err := r.Scan(&e.Execution, &e.Name)
		t.Effects = append(t.Effects, e)
		return err
	})
	if err != nil {
		return t, err
	}
	attempt := "COALESCE((data->>'attempt')::bigint, 0)"
	if b.Options.SQLite {
		attempt = "COALESCE(json_extract(data, '$.attempt'), 0)"
	}
	err = b.Query(ctx, "SELECT execution_id, epoch, seq, type, "+attempt+" FROM events ORDER BY execution_id, seq", func(r *sql.Rows) error {
		var e check.Event
		err := r.Scan(&e.Execution, &e.Epoch, &e.Seq, &e.Type, &e.Attempt)
		t.Logs[e.Execution] = append(t.Logs[e.Execution], e)
		return err
	})
	return t, err
}

// Until asks again and again until it is so, an error comes, or ctx ends.
func Until(ctx context.Context, every time.Duration, so func() (bool, error)) error {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		ok, err := so()
		if err != nil || ok {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}
