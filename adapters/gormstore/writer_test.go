package gormstore

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/ports"
)

func embedded(t *testing.T) *Store {
	t.Helper()
	cfg := Defaults()
	cfg.DataDir = t.TempDir()
	s, err := Open(t.Context(), cfg)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	_, err = s.engine.(*sqliteEngine).writer.db.ExecContext(t.Context(), "CREATE TABLE things (id TEXT PRIMARY KEY)")
	require.NoError(t, err)
	return s
}

func put(ctx context.Context, tx ports.Tx, id string) error {
	_, err := tx.Executions.(executions).t.exec(ctx, "INSERT INTO things (id) VALUES (?)", id)
	return err
}

func things(t *testing.T, s *Store) int {
	t.Helper()
	var n int
	require.NoError(t, s.View(t.Context(), func(ctx context.Context, tx ports.Tx) error {
		return tx.Executions.(executions).t.pool.QueryRowContext(ctx, "SELECT COUNT(*) FROM things").Scan(&n)
	}))
	return n
}

// line waits until n transactions stand in the line behind the one that runs.
func (w *writer) lined(t *testing.T, n int) {
	t.Helper()
	require.Eventually(t, func() bool {
		w.mu.Lock()
		defer w.mu.Unlock()
		return len(w.line) == n
	}, 10*time.Second, time.Millisecond)
}

// together runs a first transaction that ends when all others stand in the line.
func together(t *testing.T, s *Store, first func(ctx context.Context, tx ports.Tx) error, others ...func(ctx context.Context, tx ports.Tx) error) []error {
	t.Helper()
	w := s.engine.(*sqliteEngine).writer
	got := make([]error, len(others)+1)
	entered, wait := make(chan struct{}), make(chan struct{})
	var all sync.WaitGroup
	all.Go(func() {
		got[0] = s.attempt(t.Context(), writing, func(ctx context.Context, tx ports.Tx) error {
			close(entered)
			<-wait
			return first(ctx, tx)
		})
	})
	<-entered
	for i, fn := range others {
		all.Go(func() { got[i+1] = s.attempt(t.Context(), writing, fn) })
		w.lined(t, i+1)
	}
	close(wait)
	all.Wait()
	return got
}

func putting(id string) func(ctx context.Context, tx ports.Tx) error {
	return func(ctx context.Context, tx ports.Tx) error { return put(ctx, tx, id) }
}

var errOwn = errors.New("my own")

func failing(id string) func(ctx context.Context, tx ports.Tx) error {
	return func(ctx context.Context, tx ports.Tx) error { return errors.Join(put(ctx, tx, id), errOwn) }
}

// Who waits for the turn shares a COMMIT, and one that fails takes nobody with it.
func TestTransactionsShareACommitButNotAFailure(t *testing.T) {
	s := embedded(t)
	got := together(t, s, putting("a"), putting("b"), failing("c"), putting("a"), putting("d"))
	require.NoError(t, got[0])
	require.NoError(t, got[1])
	require.ErrorIs(t, got[2], errOwn)
	require.Error(t, got[3], "the key that one of the same group took is taken")
	require.NoError(t, got[4])
	require.Equal(t, 3, things(t, s))

	got = together(t, s, failing("x"), putting("y"))
	require.ErrorIs(t, got[0], errOwn)
	require.NoError(t, got[1])
	require.Equal(t, 4, things(t, s))
}

// A COMMIT that fails is the failure of all that it was for, also of those whose own conclusion rests on what the others had written.
func TestAFailedCommitIsTheFailureOfTheGroup(t *testing.T) {
	s := embedded(t)
	broken := func(ctx context.Context, tx ports.Tx) error {
		if err := put(ctx, tx, "b"); err != nil {
			return err
		}
		// As SQLite does by itself when a disk is full: the transaction of the whole group is gone.
		_, err := tx.Executions.(executions).t.exec(ctx, "ROLLBACK")
		return err
	}
	got := together(t, s, putting("a"), failing("a"), broken, putting("c"))
	require.Error(t, got[0])
	require.Error(t, got[1])
	require.NotErrorIs(t, got[1], errOwn, "what it concluded from was never stored")
	require.Error(t, got[2])
	require.NoError(t, got[3], "the next group is a new one")
	require.Equal(t, 1, things(t, s))
}

// A COMMIT that SQLite refuses leaves its transaction open; the next one must not find it.
func TestARefusedCommitLeavesNothingOpen(t *testing.T) {
	s := embedded(t)
	_, err := s.engine.(*sqliteEngine).writer.db.ExecContext(t.Context(),
		"CREATE TABLE parts (id TEXT PRIMARY KEY, thing TEXT REFERENCES things (id) DEFERRABLE INITIALLY DEFERRED)")
	require.NoError(t, err)
	orphan := func(ctx context.Context, tx ports.Tx) error {
		_, err := tx.Executions.(executions).t.exec(ctx, "INSERT INTO parts (id, thing) VALUES ('p', 'nothing')")
		return err
	}
	for _, err := range together(t, s, putting("a"), orphan) {
		require.Error(t, err)
	}
	require.NoError(t, s.Do(t.Context(), putting("b")))
	require.Equal(t, 1, things(t, s))
}

func TestWhoLeavesTheLineStopsNobody(t *testing.T) {
	s := embedded(t)
	w := s.engine.(*sqliteEngine).writer
	require.NoError(t, w.take(t.Context()))
	ctx, cancel := context.WithCancel(t.Context())
	left := make(chan error, 1)
	go func() { left <- s.Do(ctx, putting("a")) }()
	w.lined(t, 1)
	cancel()
	require.Error(t, <-left)
	w.lined(t, 0)
	require.NoError(t, w.pass())
	require.NoError(t, s.Do(t.Context(), putting("b")))
	require.Equal(t, 1, things(t, s))
}

func TestManyWritersLoseNothing(t *testing.T) {
	s := embedded(t)
	const writers, each = 16, 50
	var all sync.WaitGroup
	for i := range writers {
		all.Go(func() {
			for j := range each {
				ctx, cancel := context.WithCancel(t.Context())
				if (i+j)%7 == 0 {
					go cancel() // somewhere between the line and the end
				}
				err := s.Do(ctx, putting(fmt.Sprint(i, "-", j)))
				cancel()
				if err != nil && s.Do(t.Context(), putting(fmt.Sprint(i, "-", j))) == nil {
					continue // it had not been stored, as its error said
				}
				if err != nil {
					t.Errorf("%d-%d: answered with an error, and stored: %v", i, j, err)
				}
			}
		})
	}
	all.Wait()
	require.Equal(t, writers*each, things(t, s))
}
