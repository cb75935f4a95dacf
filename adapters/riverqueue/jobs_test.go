package riverqueue_test

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/adapters/riverqueue"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/ports"
	"github.com/symphainy/symphainy/test/pgtest"
)

// tell is a handler that says what it was given.
func tell(seen chan<- string) func(context.Context, string) error {
	return func(_ context.Context, id string) error {
		seen <- id
		return nil
	}
}

// connect gives a connection of the test's own.
func connect(t *testing.T, dsn string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, conn.Close(context.Background())) })
	return conn
}

func TestAJobIsOverWhateverItsHandlerSays(t *testing.T) {
	dsn := database(t)
	q, seen := open(t, dsn), make(chan string, 10)
	require.NoError(t, q.Start(t.Context(), func(_ context.Context, id string) error {
		seen <- id
		switch id {
		case "error":
			return errors.New("the handler's own")
		case "panic":
			panic("the handler's own")
		}
		return nil
	}))
	require.NoError(t, enqueue(t.Context(), q, dsn, nil, []ports.Job{
		{ExecutionID: "good"}, {ExecutionID: "error"}, {ExecutionID: "panic"}, {ExecutionID: "late", DueAt: time.Now().Add(time.Hour)},
	}))
	for range 3 {
		<-seen
	}
	require.NoError(t, q.Stop(t.Context()))
	rows, err := connect(t, dsn).Query(t.Context(), "SELECT kind || ' ' || (args->>'execution_id') || ' ' || state || ' ' || attempt FROM river_job")
	require.NoError(t, err)
	jobs, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(t, err)
	require.ElementsMatch(t, []string{
		"execution good completed 1", "execution error completed 1", "execution panic completed 1", "execution late scheduled 0",
	}, jobs)
}

// TestTheRoleOwnsNoTable runs the queue under a role that may use the tables and no more, as a deployment with a role for migrations does.
func TestTheRoleOwnsNoTable(t *testing.T) {
	dsn := database(t)
	owner := connect(t, dsn)
	role := fmt.Sprintf("app_%d", time.Now().UnixNano())
	for _, statement := range []string{
		"CREATE ROLE " + role + " LOGIN PASSWORD 'app'",
		"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO " + role,
		"GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO " + role,
	} {
		_, err := owner.Exec(t.Context(), statement)
		require.NoError(t, err, statement)
	}
	t.Cleanup(func() {
		for _, statement := range []string{"DROP OWNED BY " + role, "DROP ROLE " + role} {
			_, err := owner.Exec(context.Background(), statement)
			require.NoError(t, err)
		}
	})
	u, err := url.Parse(dsn)
	require.NoError(t, err)
	u.User = url.UserPassword(role, "app")
	q, seen := open(t, u.String()), make(chan string, 1)
	require.NoError(t, q.Start(t.Context(), tell(seen)))
	require.NoError(t, enqueue(t.Context(), q, u.String(), nil, []ports.Job{{ExecutionID: "one"}}))
	require.Equal(t, "one", <-seen)
	require.NoError(t, q.Stop(t.Context()))
	require.NoError(t, q.Close())
}

func TestTablesOfAnotherVersion(t *testing.T) {
	cfg := config(pgtest.New(t))
	require.ErrorIs(t, riverqueue.Check(t.Context(), cfg), riverqueue.ErrSchema, "none")
	require.NoError(t, riverqueue.Migrate(t.Context(), cfg))
	require.NoError(t, riverqueue.Check(t.Context(), cfg))
	conn := connect(t, cfg.DatabaseURL)
	_, err := conn.Exec(t.Context(), "INSERT INTO river_migration (line, version) VALUES ('main', 999)")
	require.NoError(t, err)
	require.ErrorIs(t, riverqueue.Check(t.Context(), cfg), riverqueue.ErrSchema, "newer")
	_, err = conn.Exec(t.Context(), "DELETE FROM river_migration WHERE version >= 6")
	require.NoError(t, err)
	require.ErrorIs(t, riverqueue.Check(t.Context(), cfg), riverqueue.ErrSchema, "older")
}

func TestAServerThatIsGone(t *testing.T) {
	cfg := config("postgres://user:secret@127.0.0.1:1/none?sslmode=disable")
	for _, err := range []error{riverqueue.Check(t.Context(), cfg), open(t, cfg.DatabaseURL).Start(t.Context(), nothing)} {
		require.ErrorIs(t, err, fault.ErrUnavailable)
		require.NotContains(t, err.Error(), "secret")
	}
}

func TestLifeOfAQueue(t *testing.T) {
	t.Run("starts once", func(t *testing.T) {
		q, seen := open(t, database(t)), make(chan string, 10)
		q.Wake("early", "early")
		require.NoError(t, q.Start(t.Context(), tell(seen)))
		require.Equal(t, "early", <-seen, "what was woken before waits for the start")
		require.Error(t, q.Start(t.Context(), nothing))
		require.NoError(t, q.Stop(t.Context()))
		require.Error(t, q.Start(t.Context(), nothing))
		q.Wake("late")
		require.Empty(t, seen)
	})
	t.Run("does not start after a stop", func(t *testing.T) {
		q := open(t, database(t))
		require.NoError(t, q.Stop(t.Context()))
		require.Error(t, q.Start(t.Context(), nothing))
	})
	t.Run("refuses settings of River that cannot be", func(t *testing.T) {
		cfg := config("postgres://127.0.0.1:1/none")
		cfg.Workers = 1 << 20
		_, err := riverqueue.New(cfg)
		require.Error(t, err)
	})
}
