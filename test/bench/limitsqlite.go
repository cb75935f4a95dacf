package main

import (
	"context"
	"database/sql"
	"errors"
	"path/filepath"

	_ "modernc.org/sqlite" // registers the driver "sqlite"
)

// thinSQLite has one connection that writes, with the settings of ours: WAL, and synced at each commit.
type thinSQLite struct {
	writer, reader                         *sql.DB
	insert, find, accept, run, done, event *sql.Stmt
}

const (
	thinSQLiteTables = `CREATE TABLE IF NOT EXISTS limit_sessions (id text PRIMARY KEY, secret blob, created_at text);
	CREATE TABLE IF NOT EXISTS limit_executions (id text PRIMARY KEY, state text, fence int, last_seq int);
	CREATE TABLE IF NOT EXISTS limit_events (id text, seq int, data text, PRIMARY KEY (id, seq))`
	synced = "?_busy_timeout=5000&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_txlock=immediate"
)

func openThinSQLite(ctx context.Context, path string) (*thinSQLite, error) {
	writer, errWriter := sql.Open("sqlite", "file:"+path+synced)
	reader, errReader := sql.Open("sqlite", "file:"+path+synced)
	if err := errors.Join(errWriter, errReader); err != nil {
		return nil, err
	}
	writer.SetMaxOpenConns(1)
	s := &thinSQLite{writer: writer, reader: reader}
	_, err := writer.ExecContext(ctx, thinSQLiteTables)
	for into, text := range map[**sql.Stmt]string{
		&s.insert: "INSERT INTO limit_sessions VALUES (?, ?, datetime())",
		&s.accept: "INSERT INTO limit_executions VALUES (?1, 'accepted', 0, ?2)",
		&s.run:    "UPDATE limit_executions SET state = 'running', fence = fence + 1, last_seq = ?2 WHERE id = ?1",
		&s.done:   "UPDATE limit_executions SET state = 'completed', last_seq = ?2 WHERE id = ?1",
		&s.event:  "INSERT INTO limit_events VALUES (?, ?, '{}')",
	} {
		if err == nil {
			*into, err = writer.PrepareContext(ctx, text) //nolint:sqlclosecheck // it ends with its database
		}
	}
	if err == nil {
		s.find, err = reader.PrepareContext(ctx, "SELECT created_at FROM limit_sessions WHERE id = ?")
	}
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// Close ends the connections.
func (s *thinSQLite) Close() error { return errors.Join(s.writer.Close(), s.reader.Close()) }

func (s *thinSQLite) create(ctx context.Context, id string) error {
	_, err := s.insert.ExecContext(ctx, id, []byte(id))
	return err
}

func (s *thinSQLite) read(ctx context.Context, id string) error {
	var at string
	return s.find.QueryRowContext(ctx, id).Scan(&at)
}

func (s *thinSQLite) execute(ctx context.Context, id string) error {
	for seq, state := range []*sql.Stmt{s.accept, s.run, s.done} {
		tx, err := s.writer.BeginTx(ctx, nil)
		if err != nil {
			return err
		}
		_, errState := tx.StmtContext(ctx, state).ExecContext(ctx, id, seq+1)   //nolint:sqlclosecheck // it ends with its transaction
		_, errEvent := tx.StmtContext(ctx, s.event).ExecContext(ctx, id, seq+1) //nolint:sqlclosecheck // it ends with its transaction
		if err := errors.Join(errState, errEvent); err != nil {
			return errors.Join(err, tx.Rollback())
		}
		if err := tx.Commit(); err != nil {
			return err
		}
	}
	return nil
}

// commits is SQLite alone, in this process: one-row transactions, each synced, one after the other.
func commits(ctx context.Context, d *deployment, _ string) (client, func(), error) {
	s, err := openThinSQLite(ctx, filepath.Join(d.dir, "commits.db"))
	if err != nil {
		return nil, nil, err
	}
	return func(ctx context.Context) error { return s.create(ctx, random()) }, func() { _ = s.Close() }, nil
}
