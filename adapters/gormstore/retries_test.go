package gormstore_test

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/adapters/gormstore"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/ports"
)

// conflict makes the server refuse a transaction as if it could not be put in a serial order.
const conflict = "DO $$ BEGIN RAISE EXCEPTION 'conflict' USING ERRCODE = 'serialization_failure'; END $$"

// conflicting gives a store whose transactions conflict the given number of times, and a way to use one that counts its runs.
func conflicting(t *testing.T, times, retries int) (s *gormstore.Store, submit func() (runs int, err error)) {
	t.Helper()
	s = onPostgres(t, func(cfg *gormstore.Config) {
		cfg.Retries = retries
		cfg.EnqueueTx = func(ctx context.Context, tx pgx.Tx, _ []ports.Job) error {
			if times--; times >= 0 {
				_, err := tx.Exec(ctx, conflict)
				return err
			}
			return nil
		}
	})
	return s, func() (runs int, err error) {
		err = s.Do(t.Context(), func(ctx context.Context, tx ports.Tx) error {
			runs++
			if err := tx.Queue.Enqueue(ctx, ports.Job{ExecutionID: "any"}); err != nil {
				return err
			}
			return tx.Users.Insert(ctx, user("one"))
		})
		return runs, err
	}
}

func TestAConflictRunsAgain(t *testing.T) {
	s, submit := conflicting(t, 2, 3)
	runs, err := submit()
	require.NoError(t, err)
	require.Equal(t, 3, runs, "each run starts from what is committed: the user of the run before is gone")
	require.Equal(t, int64(1), countUsers(t, s))
}

func TestConflictsWithoutEndAreUnavailable(t *testing.T) {
	s, submit := conflicting(t, 100, 2)
	runs, err := submit()
	require.ErrorIs(t, err, fault.ErrUnavailable)
	require.Equal(t, 3, runs)
	require.Zero(t, countUsers(t, s))
}
