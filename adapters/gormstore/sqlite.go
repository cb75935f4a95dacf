package gormstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"sync"

	_ "modernc.org/sqlite" // registers the driver "sqlite"
)

// sqliteEngine is a database file with one writing connection and several reading ones. All are held for good, so that their prepared
// statements live on; a channel of slots is the queue for them.
type sqliteEngine struct {
	lock    *fileLock
	writer  *writer
	readers *slots
}

// openSQLite locks and opens the file; the caller migrates through writerDB before the first transaction.
func openSQLite(cfg Config) (*sqliteEngine, *sql.DB, error) {
	path, err := prepareFile(cfg)
	if err != nil {
		return nil, nil, err
	}
	lock, err := lockFile(path)
	if err != nil {
		return nil, nil, err
	}
	writer, errWriter := sql.Open("sqlite", writerDSN(path))
	reader, errReader := sql.Open("sqlite", readerDSN(path))
	if err := errors.Join(errWriter, errReader); err != nil {
		return nil, nil, errors.Join(fmt.Errorf("store: open %s: %w", path, err), lock.release())
	}
	writer.SetMaxOpenConns(1)
	return &sqliteEngine{lock: lock, writer: newWriter(writer), readers: newSlots(reader, cfg.Readers)}, writer, nil
}

// prepareFile makes the folder and the file, for their owner alone; SQLite gives the files beside it the same mode.
func prepareFile(cfg Config) (string, error) {
	path, err := filepath.Abs(cfg.Path())
	if err != nil {
		return "", fmt.Errorf("store: find the data dir: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return "", fmt.Errorf("store: make the data dir: %w", err)
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600) //nolint:gosec // the path is the operator's setting
	if err != nil {
		return "", fmt.Errorf("store: open the database: %w", err)
	}
	return path, f.Close()
}

func fileURL(path string, query string) string {
	return (&url.URL{Scheme: "file", Path: path, RawQuery: query}).String()
}

func writerDSN(path string) string {
	return fileURL(path, "_busy_timeout=5000&_pragma=journal_mode(WAL)&_pragma=foreign_keys(1)&_pragma=synchronous(FULL)"+
		"&_time_format=sqlite&_timezone=UTC&_txlock=immediate")
}

func readerDSN(path string) string {
	return fileURL(path, "mode=ro&_busy_timeout=5000&_pragma=query_only(1)&_time_format=sqlite&_timezone=UTC")
}

func (e *sqliteEngine) begin(ctx context.Context, k kind) (*scopedTx, error) {
	if k == writing {
		return scopedOn(e.writer.begin(ctx))
	}
	return scopedOn(e.readers.begin(ctx, k))
}

func (e *sqliteEngine) ping(ctx context.Context) error { return ping(ctx, e.readers) }

func ping(ctx context.Context, readers *slots) error {
	s, err := readers.begin(ctx, looking)
	if err != nil {
		return err
	}
	var one int
	return errors.Join(s.QueryRowContext(ctx, "SELECT 1").Scan(&one), s.rollback())
}

// close waits for running transactions and lets go of the lock last.
func (e *sqliteEngine) close() error {
	return errors.Join(e.readers.close(), e.writer.close(), e.lock.release())
}

// slots hands out a fixed number of connections, first come, first served.
type slots struct {
	db     *sql.DB
	free   chan *liteConn
	closed chan struct{}
	once   sync.Once
}

func newSlots(db *sql.DB, n int) *slots {
	s := &slots{db: db, free: make(chan *liteConn, n), closed: make(chan struct{})}
	for range n {
		s.free <- nil
	}
	return s
}

func (s *slots) begin(ctx context.Context, k kind) (openTx, error) {
	select {
	case <-s.closed:
		return nil, errClosed
	default:
	}
	select {
	case <-s.closed:
		return nil, errClosed
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	case c := <-s.free:
		t, err := s.open(ctx, c, k)
		if err != nil {
			s.free <- nil
			return nil, err
		}
		return t, nil
	}
}

// open begins a transaction on a connection, which is made if the slot has none. A look needs none: each of its statements is one.
func (s *slots) open(ctx context.Context, c *liteConn, k kind) (openTx, error) {
	if c == nil {
		conn, err := s.db.Conn(ctx)
		if err != nil {
			return nil, err
		}
		c = &liteConn{Conn: conn, statements: map[string]*sql.Stmt{}}
	}
	if k == looking {
		return &liteLook{liteConn: c, home: s}, nil
	}
	if _, err := c.ExecContext(ctx, "BEGIN"); err != nil {
		return nil, errors.Join(err, c.discard())
	}
	return &liteTx{liteConn: c, home: s}, nil
}

func (s *slots) close() error {
	var err error
	s.once.Do(func() {
		close(s.closed)
		for range cap(s.free) {
			if c := <-s.free; c != nil {
				err = errors.Join(err, c.discard())
			}
		}
		err = errors.Join(err, s.db.Close())
	})
	return err
}

// maxStatements bounds the prepared statements of a connection; lists with many filters make many texts.
const maxStatements = 300

// liteConn is a connection with its prepared statements.
type liteConn struct {
	*sql.Conn
	statements map[string]*sql.Stmt
}

// PrepareContext gives the statement from the cache. The cache owns it: nobody else closes it.
func (c *liteConn) PrepareContext(ctx context.Context, query string) (*sql.Stmt, error) {
	if s, ok := c.statements[query]; ok {
		return s, nil
	}
	if len(c.statements) >= maxStatements {
		for text, s := range c.statements {
			delete(c.statements, text)
			if err := s.Close(); err != nil {
				return nil, err
			}
			break
		}
	}
	s, err := c.Conn.PrepareContext(ctx, query)
	if err == nil {
		c.statements[query] = s
	}
	return s, err
}

// ExecContext runs a statement from the cache.
func (c *liteConn) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	s, err := c.PrepareContext(ctx, query) //nolint:sqlclosecheck // the cache owns and closes it
	if err != nil {
		return nil, err
	}
	return s.ExecContext(ctx, args...)
}

// QueryContext runs a query from the cache.
func (c *liteConn) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	s, err := c.PrepareContext(ctx, query) //nolint:sqlclosecheck // the cache owns and closes it
	if err != nil {
		return nil, err
	}
	return s.QueryContext(ctx, args...)
}

func (c *liteConn) discard() error {
	var err error
	for _, s := range c.statements {
		err = errors.Join(err, s.Close())
	}
	return errors.Join(err, c.Close())
}

// liteLook is a connection of a pool, for statements that are each a transaction.
type liteLook struct {
	*liteConn
	home *slots
}

// commit has nothing to store.
func (l *liteLook) commit(context.Context) error { return l.rollback() }

// rollback gives the connection back. One that the driver has closed is replaced.
func (l *liteLook) rollback() error {
	closed := l.Raw(func(any) error { return nil }) != nil
	if closed {
		_ = l.discard() // nothing of it is left to lose
		l.home.free <- nil
		return nil //nolint:nilerr // what is closed is no failure of the look
	}
	l.home.free <- l.liteConn
	return nil
}

// liteTx is a transaction on a connection of a pool.
type liteTx struct {
	*liteConn
	home *slots
}

// commit is not interrupted by the context: whether it happened must be known.
func (t *liteTx) commit(ctx context.Context) error {
	if err := context.Cause(ctx); err != nil {
		return errors.Join(err, t.rollback()) //nolint:contextcheck // it has to work although the context has ended
	}
	if _, err := t.ExecContext(context.WithoutCancel(ctx), "COMMIT"); err != nil {
		return errors.Join(err, t.rollback()) //nolint:contextcheck // it has to work although the context has ended
	}
	t.home.free <- t.liteConn
	return nil
}

// rollback gives the connection back. One that cannot roll back, which includes one that SQLite has rolled back itself, is replaced.
func (t *liteTx) rollback() error {
	if _, err := t.ExecContext(context.Background(), "ROLLBACK"); err != nil {
		if t.discard() != nil {
			// A connection that fails to close has nothing left to lose; its slot starts anew.
			t.statements = nil
		}
		t.home.free <- nil
		return nil
	}
	t.home.free <- t.liteConn
	return nil
}
