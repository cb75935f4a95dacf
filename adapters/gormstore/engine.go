package gormstore

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/symphainy/symphainy/ports"
)

var errClosed = errors.New("the store is closed")

// engine is what differs between the databases: how transactions are had.
type engine interface {
	// begin gives a transaction of a kind.
	begin(ctx context.Context, k kind) (*scopedTx, error)
	// ping reports whether the database answers.
	ping(ctx context.Context) error
	close() error
}

// kind is what a transaction is for.
type kind int

const (
	// writing reads and writes.
	writing kind = iota
	// viewing sees one snapshot and cannot write.
	viewing
	// looking cannot write either, and each of its statements sees what is committed when it is sent.
	looking
)

// openTx is one open transaction on one connection, used by one goroutine.
type openTx interface {
	gorm.ConnPool
	// commit returns nil only if everything is stored. After it, or after rollback, the session is over.
	commit(ctx context.Context) error
	// rollback undoes everything; it works also after the context has ended. An error means that what the transaction has read was not stored
	// either, so that its conclusions are void.
	rollback() error
}

// direct is a transaction that takes the store's own statements without database/sql between.
type direct interface {
	rows(ctx context.Context, text string, args []any) (resultRows, error)
	run(ctx context.Context, text string, args []any) (pgconn.CommandTag, error)
	later(text string, args []any)
	expecting
	// enter makes the statements that follow those of a tenant.
	enter(tenantID string) error
	// native is pgx's own transaction.
	native(ctx context.Context) (pgx.Tx, error)
}

// expecting is a transaction that learns of some of its statements with the next one only.
type expecting interface {
	// expect is later for a query that has to find something: if it does not, missing is the transaction's failure.
	expect(ctx context.Context, text string, args []any, missing error) error
	// settle sends what waits if anything is expected of it.
	settle(ctx context.Context) error
}

// resultRows is what a query gives, of either kind.
type resultRows interface {
	Columns() ([]string, error)
	Next() bool
	Scan(into ...any) error
	Err() error
	Close() error
}

// dialect is what differs in statements.
type dialect struct {
	sqlite bool
	clock  ports.Clock
}

// now is database time as a statement's argument.
func (d dialect) now() any { return d.after(0) }

// after is database time plus a duration as a statement's argument.
func (d dialect) after(wait time.Duration) any {
	switch {
	case d.sqlite || hostTime:
		return at(d.clock.Now().Add(wait))
	case wait == 0:
		return clause.Expr{SQL: "statement_timestamp()"}
	}
	return clause.Expr{SQL: "statement_timestamp() + make_interval(secs => ?)", Vars: []any{wait.Seconds()}}
}

// micros is database time in microseconds since 1970 as a statement's argument.
func (d dialect) micros() any {
	if d.sqlite {
		return d.clock.Now().UnixMicro()
	}
	return clause.Expr{SQL: "(extract(epoch from statement_timestamp()) * 1000000)::bigint"}
}

// forUpdate is the end of a SELECT that keeps other writers of its rows out.
func (d dialect) forUpdate(view bool) string {
	if d.sqlite || view {
		return ""
	}
	return " FOR NO KEY UPDATE"
}

// systemClock is the clock of a store that was given none.
type systemClock struct{}

func (systemClock) Now() time.Time {
	return time.Now().UTC().Truncate(time.Microsecond) //nolint:forbidigo // this is the clock that is used where none is given
}

// queryer is what both *sql.DB and *sql.Conn offer.
type queryer interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}
