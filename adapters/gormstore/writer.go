package gormstore

import (
	"context"
	"database/sql"
	"errors"
	"sync"
)

// writer is the one connection that writes a SQLite file. SQLite syncs the file at every COMMIT, and on a common disk that takes longer than all
// the statements before it. So transactions that wait for their turn share a COMMIT: one after the other, each in a savepoint that only its own
// failure undoes. None of them is answered before that COMMIT, so what is acknowledged is on the disk, as with a COMMIT for each; and where it
// fails, none of them has happened.
type writer struct {
	db *sql.DB

	mu     sync.Mutex
	closed bool
	// taken tells that somebody has the turn; the others stand in the line.
	taken bool
	line  []chan struct{}

	// conn and group belong to whoever has the turn.
	conn  *liteConn
	group *group
}

// group is the transactions that one COMMIT will store.
type group struct {
	size int
	// done is closed when the fate of the group is known; err is then why it was not stored.
	done chan struct{}
	err  error
}

// maxGroup bounds how long the first of a group waits for the last.
const maxGroup = 64

// errGroup is a transaction that was undone with another's.
var errGroup = errors.New("the database has undone the transactions that were to be stored together")

func newWriter(db *sql.DB) *writer { return &writer{db: db} }

// begin waits for the turn, and gives a transaction in the open group or in a new one.
func (w *writer) begin(ctx context.Context) (openTx, error) {
	if err := w.take(ctx); err != nil {
		return nil, err
	}
	t := &writerTx{w: w}
	if err := t.begin(ctx); err != nil {
		return nil, errors.Join(err, w.pass())
	}
	return t, nil
}

func (w *writer) take(ctx context.Context) error {
	w.mu.Lock()
	if w.closed {
		w.mu.Unlock()
		return errClosed
	}
	if !w.taken {
		w.taken = true
		w.mu.Unlock()
		return nil
	}
	turn := make(chan struct{})
	w.line = append(w.line, turn)
	w.mu.Unlock()
	select {
	case <-turn:
		return nil
	case <-ctx.Done():
		w.leave(turn)
		return context.Cause(ctx)
	}
}

// leave takes somebody out of the line; who has been given the turn meanwhile passes it on.
func (w *writer) leave(turn chan struct{}) {
	w.mu.Lock()
	for i, t := range w.line {
		if t == turn {
			w.line = append(w.line[:i], w.line[i+1:]...)
			w.mu.Unlock()
			return
		}
	}
	w.mu.Unlock()
	// The fate of the group is told to its members, of which this one is none.
	_ = w.pass()
}

// pass gives the turn to the next, after the COMMIT if nobody waits or the group is full. It returns the fate of the group that it was called in.
func (w *writer) pass() error {
	g := w.group
	w.mu.Lock()
	if g != nil && (len(w.line) == 0 || g.size >= maxGroup) {
		w.mu.Unlock()
		w.end(g, w.conn.end("COMMIT"))
		w.mu.Lock()
	}
	w.taken = len(w.line) > 0
	if w.taken {
		close(w.line[0])
		w.line = w.line[1:]
	}
	w.mu.Unlock()
	if g == nil {
		return nil
	}
	<-g.done
	return g.err
}

// end tells the members of a group its fate. Of one that could not commit whatever is left open is undone, and the connection is replaced: closing
// it alone gives it back to its pool as it is.
func (w *writer) end(g *group, err error) {
	w.group = nil
	if err != nil {
		_ = w.conn.end("ROLLBACK") // an error means that SQLite has done it already
		err = errors.Join(err, w.conn.discard())
		w.conn = nil
	}
	g.err = err
	close(g.done)
}

// close refuses what comes, and waits for those that are in.
//
//nolint:contextcheck // it belongs to the end of the process
func (w *writer) close() error {
	if errors.Is(w.take(context.Background()), errClosed) {
		return nil
	}
	w.mu.Lock()
	w.closed = true
	w.mu.Unlock()
	var err error
	if w.group != nil {
		w.end(w.group, w.conn.end("COMMIT"))
	}
	if w.conn != nil {
		err = w.conn.discard()
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, turn := range w.line { // they find it closed
		close(turn)
	}
	w.line = nil
	return errors.Join(err, w.db.Close())
}

// writerTx is a transaction of a group. A statement of it is never interrupted, because SQLite would undo the whole group; the end of a context
// counts between statements.
type writerTx struct {
	w *writer
	*liteConn
	// inside tells that there were others before, and that it has a savepoint.
	inside bool
}

func (t *writerTx) begin(ctx context.Context) error {
	w := t.w
	w.mu.Lock()
	closed := w.closed
	w.mu.Unlock()
	if closed {
		return errClosed
	}
	if w.conn == nil {
		conn, err := w.db.Conn(ctx)
		if err != nil {
			return err
		}
		w.conn = &liteConn{Conn: conn, statements: map[string]*sql.Stmt{}}
	}
	t.liteConn, t.inside = w.conn, w.group != nil
	if t.inside {
		return w.conn.end("SAVEPOINT member")
	}
	if err := w.conn.end("BEGIN IMMEDIATE"); err != nil {
		err = errors.Join(err, w.conn.discard())
		w.conn = nil
		return err
	}
	w.group = &group{done: make(chan struct{})}
	return nil
}

// commit waits for the COMMIT of the group, whatever becomes of the context: whether it happened must be known.
func (t *writerTx) commit(ctx context.Context) error {
	if err := context.Cause(ctx); err != nil {
		return errors.Join(err, t.rollback())
	}
	if t.inside {
		if err := t.liteConn.end("RELEASE member"); err != nil {
			t.w.end(t.w.group, errors.Join(errGroup, err))
			return errors.Join(err, t.w.pass())
		}
	}
	t.w.group.size++
	return t.w.pass()
}

// rollback undoes this transaction alone. What it has read may be of others in the group, so its end waits for theirs.
func (t *writerTx) rollback() error {
	if t.inside {
		if err := errors.Join(t.liteConn.end("ROLLBACK TO member"), t.liteConn.end("RELEASE member")); err != nil {
			g := t.w.group
			t.w.end(g, errors.Join(errGroup, err))
			return errors.Join(g.err, t.w.pass())
		}
		return t.w.pass()
	}
	g := t.w.group
	err := t.liteConn.end("ROLLBACK")
	t.w.end(g, err)
	// What was to be undone is undone: by the statement, by SQLite before, or by closing the connection.
	return t.w.pass()
}

// PrepareContext gives the statement from the connection's cache.
func (t *writerTx) PrepareContext(ctx context.Context, query string) (*sql.Stmt, error) {
	if err := context.Cause(ctx); err != nil {
		return nil, err
	}
	return t.liteConn.PrepareContext(context.WithoutCancel(ctx), query)
}

// ExecContext runs a statement to its end.
func (t *writerTx) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	if err := context.Cause(ctx); err != nil {
		return nil, err
	}
	return t.liteConn.ExecContext(context.WithoutCancel(ctx), query, args...)
}

// QueryContext runs a query to its end.
func (t *writerTx) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	if err := context.Cause(ctx); err != nil {
		return nil, err
	}
	return t.liteConn.QueryContext(context.WithoutCancel(ctx), query, args...)
}

// QueryRowContext runs a query to its end.
func (t *writerTx) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	if ctx.Err() == nil {
		ctx = context.WithoutCancel(ctx)
	}
	return t.liteConn.QueryRowContext(ctx, query, args...)
}

// end runs one of the statements that begin and end transactions, which nothing interrupts.
//
//nolint:contextcheck // as it says
func (c *liteConn) end(statement string) error {
	_, err := c.ExecContext(context.Background(), statement)
	return err
}
