package gormstore_test

import (
	"context"
	"database/sql"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/adapters/gormstore"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/ports"
)

// raw is a store and a way around it to the same database.
type raw struct {
	store *gormstore.Store
	db    *sql.DB
	cfg   gormstore.Config
}

// everyRaw runs a test on both databases.
func everyRaw(t *testing.T, test func(t *testing.T, r raw)) {
	t.Helper()
	for name, open := range map[string]func(*testing.T, func(*gormstore.Config)) (*gormstore.Store, string){
		"sqlite": func(t *testing.T, keep func(*gormstore.Config)) (*gormstore.Store, string) {
			t.Helper()
			return onSQLite(t, keep), "sqlite"
		},
		"postgres": func(t *testing.T, keep func(*gormstore.Config)) (*gormstore.Store, string) {
			t.Helper()
			return onPostgres(t, keep), "pgx"
		},
	} {
		t.Run(name, func(t *testing.T) {
			var cfg gormstore.Config
			s, driver := open(t, func(c *gormstore.Config) { cfg = *c })
			source := cfg.DatabaseURL
			if cfg.Embedded() {
				source = cfg.Path()
			} else {
				// The way around the store sees the rows of all tenants, as whoever has the service's password could.
				source += separator(source) + "symphainy.tenant=*"
			}
			db, err := sql.Open(driver, source)
			require.NoError(t, err)
			t.Cleanup(func() { require.NoError(t, db.Close()) })
			test(t, raw{s, db, cfg})
		})
	}
}

func (r raw) exec(ctx context.Context, statement string) error {
	_, err := r.db.ExecContext(ctx, statement)
	return err
}

func TestTheDatabaseItselfKeepsOwners(t *testing.T) {
	everyRaw(t, func(t *testing.T, r raw) {
		run := func(statement string) error { return r.exec(t.Context(), statement) }
		require.NoError(t, run("INSERT INTO sessions (id, state, epoch, version) VALUES ('s', 'anonymous', 1, 1)"))
		require.Error(t, run("UPDATE sessions SET owner_user_id = 'u'"), "an owner has a tenant")
		require.NoError(t, run("UPDATE sessions SET owner_user_id = 'u', tenant_id = 't'"))
		require.NoError(t, run("UPDATE sessions SET owner_user_id = 'u', tenant_id = 't', epoch = 2"), "the same owner is no change")
		for _, change := range []string{"owner_user_id = 'x'", "tenant_id = 'x'", "owner_user_id = NULL, tenant_id = NULL"} {
			require.ErrorContains(t, run("UPDATE sessions SET "+change), "keeps its owner", change)
		}
	})
}

func TestTheDatabaseItselfKeepsAuditRecords(t *testing.T) {
	everyRaw(t, func(t *testing.T, r raw) {
		run := func(statement string) error { return r.exec(t.Context(), statement) }
		require.NoError(t, run(`INSERT INTO audit_records (tenant_id, id, actor, on_behalf_of, action, target, intent_type, arguments_hash,
			policy_version, result, trace_id) VALUES ('t', 'a', '', '', '', '', '', '', '', 'open', '')`))
		require.ErrorContains(t, run("UPDATE audit_records SET result = 'completed'"), "append-only")
	})
}

func TestViewsRefuseToWrite(t *testing.T) {
	everyRaw(t, func(t *testing.T, r raw) {
		err := r.store.View(t.Context(), func(ctx context.Context, tx ports.Tx) error { return tx.Users.Insert(ctx, user("one")) })
		require.Equal(t, "read_only", fault.As(err).Code)
		require.Equal(t, fault.Internal, fault.As(err).Kind)
		require.Zero(t, countUsers(t, r.store))
		require.NoError(t, insertUser(t.Context(), r.store, "one"), "the view left nothing behind")
	})
}

func TestAContextThatEndsIsUnavailable(t *testing.T) {
	everyRaw(t, func(t *testing.T, r raw) {
		over, cancel := context.WithCancel(t.Context())
		cancel()
		require.ErrorIs(t, insertUser(over, r.store, "before"), fault.ErrUnavailable)
		for name, do := range map[string]func(context.Context, func(context.Context, ports.Tx) error) error{"do": r.store.Do, "view": r.store.View} {
			ctx, cancel := context.WithCancel(t.Context())
			err := do(ctx, func(ctx context.Context, tx ports.Tx) error {
				cancel()
				_, err := tx.Users.Count(ctx)
				return err
			})
			require.ErrorIs(t, err, fault.ErrUnavailable, name)
			require.ErrorIs(t, err, context.Canceled, name)
		}
		between, cancel := context.WithCancel(t.Context())
		err := r.store.Do(between, func(ctx context.Context, tx ports.Tx) error {
			defer cancel()
			return tx.Users.Insert(ctx, user("between"))
		})
		require.ErrorIs(t, err, fault.ErrUnavailable, "a caller that is gone commits nothing")
		require.Zero(t, countUsers(t, r.store))
	})
}

// terminate ends every connection of the store from outside, as a restart of the server does.
const terminate = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
	WHERE datname = current_database() AND application_name = 'symphainy' AND pid <> pg_backend_pid()`

func TestAServerThatRestarts(t *testing.T) {
	var dsn string
	s := onPostgres(t, func(c *gormstore.Config) { dsn = c.DatabaseURL })
	admin, err := pgx.Connect(t.Context(), dsn)
	require.NoError(t, err)
	defer func() { require.NoError(t, admin.Close(context.Background())) }()
	err = s.Do(t.Context(), func(ctx context.Context, tx ports.Tx) error {
		require.NoError(t, tx.Users.Insert(ctx, user("lost")))
		// A second connection, used a moment ago, is idle in the pool when the server goes.
		require.Zero(t, countUsers(t, s))
		require.Zero(t, countUsers(t, s))
		_, err := admin.Exec(ctx, terminate)
		require.NoError(t, err)
		return tx.Users.Insert(ctx, user("late"))
	})
	require.ErrorIs(t, err, fault.ErrUnavailable)
	require.NoError(t, insertUser(t.Context(), s, "after"), "what the pool still holds of the old server is not the caller's trouble")
	require.Equal(t, int64(1), countUsers(t, s))
}
