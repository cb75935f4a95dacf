package riverqueue_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/symphainy/symphainy/adapters/riverqueue"
	"github.com/symphainy/symphainy/ports"
	"github.com/symphainy/symphainy/test/pgtest"
	"github.com/symphainy/symphainy/test/queuetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func config(dsn string) riverqueue.Config {
	return riverqueue.Config{DatabaseURL: dsn, Logger: slog.New(slog.DiscardHandler)}
}

// database gives a fresh database with River's tables.
func database(t *testing.T) string {
	t.Helper()
	return pgtest.NewFrom(t, "riverqueue", func(dsn string) error { return riverqueue.Migrate(t.Context(), config(dsn)) })
}

func open(t *testing.T, dsn string) *riverqueue.Queue {
	t.Helper()
	q, err := riverqueue.New(config(dsn))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, q.Close()) })
	return q
}

// enqueue inserts jobs in a transaction that ends with the given error, nil for a commit.
func enqueue(ctx context.Context, q *riverqueue.Queue, dsn string, end error, jobs []ports.Job) error {
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return fmt.Errorf("connect: %w", err)
	}
	return errors.Join(pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		return errors.Join(q.EnqueueTx(ctx, tx, jobs), end)
	}), conn.Close(ctx))
}

func TestQueue(t *testing.T) {
	queuetest.Run(t, func(t *testing.T) queuetest.Subject {
		dsn := database(t)
		q := open(t, dsn)
		boom := errors.New("boom")
		return queuetest.Subject{
			Queue:   q,
			Enqueue: func(ctx context.Context, jobs ...ports.Job) error { return enqueue(ctx, q, dsn, nil, jobs) },
			EnqueueRolledBack: func(ctx context.Context, jobs ...ports.Job) error {
				if err := enqueue(ctx, q, dsn, boom, jobs); !errors.Is(err, boom) {
					return fmt.Errorf("not rolled back: %w", err)
				}
				return nil
			},
		}
	})
}

func nothing(context.Context, string) error { return nil }

func TestStartNeedsTheTables(t *testing.T) {
	q := open(t, pgtest.New(t))
	require.ErrorIs(t, q.Start(t.Context(), nothing), riverqueue.ErrSchema)
	require.NoError(t, q.Stop(t.Context()), "what did not start stops at once")
}

func TestMigrateAgainAndAtOnce(t *testing.T) {
	dsn := pgtest.New(t)
	errs := make(chan error, 3)
	for range cap(errs) {
		go func() { errs <- riverqueue.Migrate(t.Context(), config(dsn)) }()
	}
	for range cap(errs) {
		require.NoError(t, <-errs)
	}
}

func TestAJobIsHandedToOneProcess(t *testing.T) {
	dsn := database(t)
	seen := make(chan string, 200)
	queues := []*riverqueue.Queue{open(t, dsn), open(t, dsn)}
	for _, q := range queues {
		require.NoError(t, q.Start(t.Context(), func(_ context.Context, id string) error {
			seen <- id
			return nil
		}))
	}
	var jobs []ports.Job
	for i := range 50 {
		jobs = append(jobs, ports.Job{ExecutionID: fmt.Sprint("exe_", i)})
	}
	require.NoError(t, enqueue(t.Context(), queues[0], dsn, nil, jobs))
	times := map[string]int{}
	for range jobs {
		times[<-seen]++
	}
	for _, q := range queues {
		require.NoError(t, q.Stop(t.Context()))
	}
	require.Len(t, times, len(jobs))
	require.Empty(t, seen, "none came twice")
}

func TestErrorsDoNotShowTheURL(t *testing.T) {
	_, err := riverqueue.New(config("postgres://user:secret@host:notaport/db"))
	require.Error(t, err)
	require.NotContains(t, err.Error(), "secret")
}
