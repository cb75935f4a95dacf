package gormstore

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5"
	"gorm.io/gorm"

	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/ports"
)

// Do runs fn in a read-write transaction (READ COMMITTED on PostgreSQL, serial on SQLite) and returns after COMMIT. Serialisation
// failures and deadlocks run fn again, a bounded number of times.
func (s *Store) Do(ctx context.Context, fn func(ctx context.Context, tx ports.Tx) error) error {
	for attempt := 0; ; attempt++ {
		err := s.attempt(ctx, writing, fn)
		if err == nil || attempt >= s.cfg.Retries || !conflicted(err) {
			return err
		}
		pause := time.NewTimer(backoff(attempt))
		select {
		case <-ctx.Done():
			pause.Stop()
			return fault.ErrUnavailable.Because(context.Cause(ctx))
		case <-pause.C:
		}
	}
}

// backoff doubles from 2 ms to 128 ms, half of it by chance, so that two that collided do not collide again.
func backoff(attempt int) time.Duration {
	d := time.Millisecond << min(attempt, 6)
	return d + rand.N(d) //nolint:gosec // jitter needs no secrecy
}

// View runs fn in a read-only transaction that sees one snapshot.
func (s *Store) View(ctx context.Context, fn func(ctx context.Context, tx ports.Tx) error) error {
	return s.attempt(ctx, viewing, fn)
}

// Look runs fn with reads that are transactions of their own: on PostgreSQL each is one round trip.
func (s *Store) Look(ctx context.Context, fn func(ctx context.Context, tx ports.Tx) error) error {
	return s.attempt(ctx, looking, fn)
}

func (s *Store) attempt(parent context.Context, k kind, fn func(ctx context.Context, tx ports.Tx) error) (err error) {
	ctx, cancel := context.WithTimeout(parent, s.cfg.Timeout)
	defer cancel()
	if err := context.Cause(ctx); err != nil {
		return translate(ctx, err)
	}
	open, err := s.engine.begin(ctx, k)
	if err != nil {
		return translate(ctx, err)
	}
	over := false
	defer func() {
		if over {
			return
		}
		if void := open.rollback(); void != nil { // fn failed or panicked
			err = translate(ctx, void)
		}
	}()
	t := &transaction{ctx: ctx, db: s.session(ctx, open), pool: open, scoped: open, dialect: s.dialect, bounds: s.cfg.Concurrency, view: k != writing}
	if err := fn(ctx, t.stores()); err != nil {
		return err
	}
	if len(t.jobs) > 0 && s.cfg.EnqueueTx != nil {
		if err := s.enqueue(ctx, open, t.jobs); err != nil {
			return translate(ctx, err)
		}
	}
	if t.view {
		return translate(ctx, open.settle(ctx))
	}
	over = true
	if err := open.commit(ctx); err != nil {
		return translate(ctx, err)
	}
	if len(t.jobs) > 0 && s.cfg.OnEnqueue != nil {
		s.cfg.OnEnqueue(t.jobs)
	}
	return nil
}

// enqueue stores the jobs in a queue that shares the transaction.
func (s *Store) enqueue(ctx context.Context, open *scopedTx, jobs []ports.Job) error {
	if err := open.open(ctx); err != nil {
		return err
	}
	var tx pgx.Tx
	if d, ok := open.openTx.(direct); ok {
		var err error
		if tx, err = d.native(ctx); err != nil {
			return err
		}
	}
	return s.cfg.EnqueueTx(ctx, tx, jobs)
}

// session makes gorm work on one open transaction: each statement made from the result starts empty on that connection.
func (s *Store) session(ctx context.Context, open *scopedTx) *gorm.DB {
	db := s.gorm.Session(&gorm.Session{NewDB: true, Context: ctx})
	db.Statement.ConnPool = open
	return db
}

// transaction is the state behind one ports.Tx.
type transaction struct {
	ctx context.Context //nolint:containedctx // it lives as long as the transaction and tells whether db already has the caller's
	db  *gorm.DB
	// pool is the connection under db.
	pool gorm.ConnPool
	// scoped is the same, and says whose rows it is about.
	scoped *scopedTx
	dialect
	bounds ports.Concurrency
	view   bool
	jobs   []ports.Job
}

func (t *transaction) stores() ports.Tx {
	return ports.Tx{
		Users: users{t}, Tenants: tenants{t}, Sessions: sessions{t}, Standings: standings{t}, Logins: logins{t}, Tickets: tickets{t}, Limits: limits{t}, Sockets: sockets{t},
		Scopes: scopes{t}, Executions: executions{t}, Activity: activity{t}, Leases: leases{t}, Flow: flow{t}, Steps: steps{t}, Signals: signals{t},
		Children: children{t}, Decisions: decisions{t}, Deadlines: deadlines{t}, Work: work{t}, Retention: retention{t}, Schedules: schedules{t}, Ticks: ticks{t}, Events: events{t}, Queue: queue{t},
		Idempotency: idempotency{t}, Artifacts: artifacts{t}, Contracts: contracts{t}, Space: space{t}, Pending: pendingIntents{t},
		Conversations: conversations{t}, Messages: messages{t}, Audit: auditLog{t}, Chain: auditChain{t},
		Directory: directory{t}, Invitations: invitations{t}, Statistics: statistics{t}, TenantData: tenantData{t},
		AgentSettings: agentSettings{t}, ToolPins: toolPins{t}, Ledger: ledger{t},
	}
}
