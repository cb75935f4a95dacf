package gormstore_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sort"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	_ "github.com/jackc/pgx/v5/stdlib" // registers the driver "pgx"
	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/adapters/gormstore"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/ports"
	"github.com/symphainy/symphainy/test/pgtest"
	"github.com/symphainy/symphainy/test/sheet"
)

func onServer(dsn string) gormstore.Config {
	cfg := gormstore.Defaults()
	cfg.DatabaseURL = dsn
	return cfg
}

func query(t *testing.T, driver, dsn, text string) []string {
	t.Helper()
	db, err := sql.Open(driver, dsn)
	require.NoError(t, err)
	defer func() { require.NoError(t, db.Close()) }()
	rows, err := db.QueryContext(t.Context(), text)
	require.NoError(t, err)
	defer func() { require.NoError(t, rows.Close()) }()
	var out []string
	for rows.Next() {
		var s string
		require.NoError(t, rows.Scan(&s))
		out = append(out, s)
	}
	require.NoError(t, rows.Err())
	sort.Strings(out)
	return out
}

func TestSchemasAreOne(t *testing.T) {
	lite, server := embedded(t.TempDir()), onServer(pgtest.New(t))
	for _, cfg := range []gormstore.Config{lite, server} {
		require.NoError(t, gormstore.Migrate(t.Context(), cfg))
		require.NoError(t, gormstore.Migrate(t.Context(), cfg), "a second time changes nothing")
	}
	columns := query(t, "sqlite", lite.Path(), `SELECT m.name || '.' || p.name FROM sqlite_master m JOIN pragma_table_info(m.name) p
		WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%' AND m.name <> 'goose_db_version'`)
	require.Greater(t, len(columns), 150)
	require.Equal(t, columns, query(t, "pgx", server.DatabaseURL, `SELECT table_name || '.' || column_name FROM information_schema.columns
		WHERE table_schema = current_schema() AND table_name <> 'goose_db_version'`))
	indexes := query(t, "sqlite", lite.Path(), "SELECT name FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL")
	require.Subset(t, query(t, "pgx", server.DatabaseURL, "SELECT indexname FROM pg_indexes WHERE schemaname = current_schema()"), indexes)
}

func TestSchemaOfAnotherVersionOnPostgres(t *testing.T) {
	cfg := onServer(pgtest.New(t))
	var schema *gormstore.SchemaError
	_, err := gormstore.Open(t.Context(), cfg)
	require.ErrorAs(t, err, &schema, "older")
	require.Zero(t, schema.Have)
	require.Empty(t, query(t, "pgx", cfg.DatabaseURL, "SELECT tablename::text FROM pg_tables WHERE schemaname = current_schema()"), "looking changes nothing")
	require.NoError(t, gormstore.Migrate(t.Context(), cfg))
	query(t, "pgx", cfg.DatabaseURL, "INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, true) RETURNING 'x'")
	_, err = gormstore.Open(t.Context(), cfg)
	require.ErrorAs(t, err, &schema, "newer")
	require.ErrorAs(t, gormstore.Migrate(t.Context(), cfg), &schema)
	sheet.Record(t, "A15", 2, "an older and a newer schema are refused (§1.10, 13)", "all")
}

func TestMigrationsAtOnce(t *testing.T) {
	cfg := onServer(pgtest.New(t))
	errs := make(chan error, 3)
	for range cap(errs) {
		go func() { errs <- gormstore.Migrate(t.Context(), cfg) }()
	}
	for range cap(errs) {
		require.NoError(t, <-errs)
	}
}

// TestDeadlockRunsAgain makes two transactions that each hold what the other wants: the server ends one, and the store runs it again.
func TestDeadlockRunsAgain(t *testing.T) {
	s := onPostgres(t)
	for _, id := range []string{"a", "b"} {
		require.NoError(t, insertUser(t.Context(), s, id))
	}
	both, runs := make(chan struct{}, 2), make(chan struct{}, 20)
	meet := make(chan struct{})
	go func() { <-both; <-both; close(meet) }()
	touch := func(first, second string) error {
		arrived := false
		return s.Do(t.Context(), func(ctx context.Context, tx ports.Tx) error {
			runs <- struct{}{}
			for i, id := range []string{first, second} {
				u, err := tx.Users.ByID(ctx, id)
				if err != nil {
					return err
				}
				if i == 1 && !arrived {
					arrived = true
					both <- struct{}{}
					<-meet
				}
				u.FailedLogins++
				if err := tx.Users.Save(ctx, u); err != nil && !errors.Is(err, fault.ErrStale) {
					return err
				}
			}
			return nil
		})
	}
	errs := make(chan error, 2)
	go func() { errs <- touch("a", "b") }()
	go func() { errs <- touch("b", "a") }()
	require.NoError(t, <-errs)
	require.NoError(t, <-errs)
	require.Greater(t, len(runs), 2, "one of the two ran again")
}

// TestTheQueueSharesTheTransaction writes through pgx what commits, or does not, with what gorm writes.
func TestTheQueueSharesTheTransaction(t *testing.T) {
	var seen []string
	fails := errors.New("the queue is full")
	s := onPostgres(t, func(cfg *gormstore.Config) {
		cfg.EnqueueTx = func(ctx context.Context, tx pgx.Tx, jobs []ports.Job) error {
			if jobs[0].ExecutionID == "refused" {
				return fails
			}
			var visible string
			if err := tx.QueryRow(ctx, "SELECT id FROM users WHERE id = $1", jobs[0].ExecutionID).Scan(&visible); err != nil {
				return fmt.Errorf("look for gorm's row: %w", err)
			}
			seen = append(seen, visible)
			_, err := tx.Exec(ctx, "INSERT INTO tenants (id, name, suspended, version) VALUES ($1, '', false, 0)", jobs[0].ExecutionID)
			return err
		}
	})
	submit := func(id string) error {
		return s.Do(t.Context(), func(ctx context.Context, tx ports.Tx) error {
			return errors.Join(tx.Users.Insert(ctx, user(id)), tx.Queue.Enqueue(ctx, ports.Job{ExecutionID: id}))
		})
	}
	require.NoError(t, submit("kept"))
	require.ErrorIs(t, submit("refused"), fails)
	require.Equal(t, []string{"kept"}, seen)
	require.Equal(t, int64(1), countUsers(t, s), "the queue's failure undoes gorm's work")
	require.NoError(t, s.View(t.Context(), func(ctx context.Context, tx ports.Tx) error {
		_, err := tx.Tenants.ByID(ctx, "kept")
		return err
	}))
}

func TestADuplicateLeavesTheTransactionUsable(t *testing.T) {
	for name, s := range map[string]*gormstore.Store{"sqlite": onSQLite(t), "postgres": onPostgres(t)} {
		require.NoError(t, insertUser(t.Context(), s, "one"))
		require.NoError(t, s.Do(t.Context(), func(ctx context.Context, tx ports.Tx) error {
			require.ErrorIs(t, tx.Users.Insert(ctx, user("one")), fault.ErrDuplicate)
			return tx.Users.Insert(ctx, user("two"))
		}), name)
		require.Equal(t, int64(2), countUsers(t, s), name)
	}
}

func TestAServerThatIsGone(t *testing.T) {
	cfg := onServer("postgres://user:secret@127.0.0.1:1/none?sslmode=disable")
	cfg.Timeout = time.Second
	_, err := gormstore.Open(t.Context(), cfg)
	require.ErrorIs(t, err, fault.ErrUnavailable)
	require.NotContains(t, err.Error(), "secret")
	cfg.DatabaseURL = "postgres://user:secret@host:notaport/none"
	_, err = gormstore.Open(t.Context(), cfg)
	require.Error(t, err)
	require.NotContains(t, err.Error(), "secret")
}

func TestSessionsOfTheServer(t *testing.T) {
	var got []string
	s := onPostgres(t, func(cfg *gormstore.Config) {
		cfg.DatabaseURL += separator(cfg.DatabaseURL) + "default_query_exec_mode=simple_protocol&synchronous_commit=off"
		cfg.EnqueueTx = func(ctx context.Context, tx pgx.Tx, _ []ports.Job) error {
			for _, name := range []string{"synchronous_commit", "idle_in_transaction_session_timeout", "statement_timeout", "lock_timeout"} {
				var value string
				if err := tx.QueryRow(ctx, "SELECT current_setting($1)", name).Scan(&value); err != nil {
					return err
				}
				got = append(got, value)
			}
			require.Equal(t, pgx.QueryExecModeCacheStatement, tx.Conn().Config().DefaultQueryExecMode)
			return nil
		}
	})
	require.False(t, s.Exclusive())
	require.NoError(t, s.Do(t.Context(), func(ctx context.Context, tx ports.Tx) error {
		return tx.Queue.Enqueue(ctx, ports.Job{ExecutionID: "any"})
	}))
	require.Equal(t, []string{"on", "2s", "5s", "5s"}, got)
}

func separator(dsn string) string {
	if strings.Contains(dsn, "?") {
		return "&"
	}
	return "?"
}
