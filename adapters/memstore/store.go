// Package memstore keeps everything in memory with the semantics of the databases: transactions that roll back, consistent views,
// scopes, versions and leases. It serves tests of use cases; a process that uses it loses all when it ends.
package memstore

import (
	"context"
	"sync/atomic"

	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/ports"
)

var _ ports.UnitOfWork = (*Store)(nil)

// Store is a ports.UnitOfWork in memory. One transaction writes at a time; views never wait, they read the state that was committed
// when they began. Database time is the clock's.
type Store struct {
	clock     ports.Clock
	onEnqueue func([]ports.Job)
	bounds    ports.Concurrency
	// writer holds one token: the right to write.
	writer chan struct{}
	// committed is never changed once it is stored here: a writer changes a fork and replaces it.
	committed atomic.Pointer[state]
}

// Option changes a Store that is being made.
type Option func(*Store)

// OnEnqueue names a function that is called after each commit with the jobs that the transaction enqueued, before Do returns and
// outside of any lock. Jobs of a transaction that was rolled back are never seen.
func OnEnqueue(fn func([]ports.Job)) Option {
	return func(s *Store) { s.onEnqueue = fn }
}

// Bounds names how many executions may run at once.
func Bounds(c ports.Concurrency) Option { return func(s *Store) { s.bounds = c } }

// New makes an empty store whose database time is the clock's.
func New(clock ports.Clock, options ...Option) *Store {
	s := &Store{clock: clock, writer: make(chan struct{}, 1)}
	for _, o := range options {
		o(s)
	}
	s.committed.Store(&state{})
	return s
}

var (
	errNested   = fault.New(fault.Internal, "nested_transaction", "a transaction was begun inside another one")
	errReadOnly = fault.New(fault.Internal, "read_only", "a view cannot write")
	errOver     = fault.New(fault.Internal, "transaction_over", "the transaction has ended; its Tx belongs to its callback")
)

// inside marks the contexts of callbacks of one store, so that a transaction inside a transaction is an error here too, and not only
// a dead lock on the databases that have a single writer.
type inside struct{ store *Store }

// Do runs fn in a transaction that sees and keeps all or nothing. It waits for the writer before it until ctx ends. fn runs once.
func (s *Store) Do(ctx context.Context, fn func(ctx context.Context, tx ports.Tx) error) error {
	if ctx.Value(inside{s}) != nil {
		return errNested
	}
	if err := s.lock(ctx); err != nil {
		return err
	}
	jobs, err := s.write(ctx, fn)
	if err == nil && len(jobs) > 0 && s.onEnqueue != nil {
		s.onEnqueue(jobs)
	}
	return err
}

// write runs fn on a fork and publishes it. The lock is given back also when fn panics, and then nothing is published.
func (s *Store) write(ctx context.Context, fn func(ctx context.Context, tx ports.Tx) error) ([]ports.Job, error) {
	defer func() { <-s.writer }()
	t := &txn{clock: s.clock, bounds: s.bounds, st: s.committed.Load().fork()}
	defer t.end()
	if err := fn(context.WithValue(ctx, inside{s}, true), t.stores()); err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, fault.ErrUnavailable.Because(err)
	}
	s.committed.Store(t.st)
	return t.jobs, nil
}

// View runs fn on the state committed last. What is committed meanwhile stays invisible to it.
func (s *Store) View(ctx context.Context, fn func(ctx context.Context, tx ports.Tx) error) error {
	if ctx.Value(inside{s}) != nil {
		return errNested
	}
	if err := ctx.Err(); err != nil {
		return fault.ErrUnavailable.Because(err)
	}
	t := &txn{clock: s.clock, bounds: s.bounds, st: s.committed.Load(), readOnly: true}
	defer t.end()
	return fn(context.WithValue(ctx, inside{s}, true), t.stores())
}

// Look is View: one state for all reads is more than is asked for.
func (s *Store) Look(ctx context.Context, fn func(ctx context.Context, tx ports.Tx) error) error {
	return s.View(ctx, fn)
}

func (s *Store) lock(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return fault.ErrUnavailable.Because(err)
	}
	select {
	case s.writer <- struct{}{}:
		return nil
	case <-ctx.Done():
		return fault.ErrUnavailable.Because(ctx.Err())
	}
}
