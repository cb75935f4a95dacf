package gormstore_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/adapters/gormstore"
	"github.com/symphainy/symphainy/domain/audit"
	"github.com/symphainy/symphainy/domain/event"
	"github.com/symphainy/symphainy/domain/execution"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/domain/intent"
	"github.com/symphainy/symphainy/ports"
	"github.com/symphainy/symphainy/test/pgtest"
	"github.com/symphainy/symphainy/test/sheet"
)

// mixed is how many requests of many tenants share a pool of four connections.
const mixed = 10_000

func of(tenant string, n int) (identity.Principal, execution.Execution) {
	p := identity.Principal{Kind: identity.KindUser, UserID: "usr_1", TenantID: tenant, SessionID: "ses_1"}
	now := time.Now().UTC().Truncate(time.Microsecond)
	in := intent.Intent{ID: "int_1", Type: "parse_content", Parameters: []byte(`{}`), Metadata: []byte(`{}`)}
	return p, execution.Accept(fmt.Sprintf("exe_%s_%d", tenant, n), "content", in, p, p.SessionID, "", now, now)
}

func seed(t *testing.T, s *gormstore.Store, tenants int) {
	t.Helper()
	for i := range tenants {
		tenant := fmt.Sprintf("ten_%d", i)
		_, ex := of(tenant, 0)
		events := ex.Record(time.Now(), event.Draft{Type: event.ExecutionAccepted})
		require.NoError(t, s.Do(t.Context(), func(ctx context.Context, tx ports.Tx) error {
			return errors.Join(tx.Executions.Insert(ctx, ex), tx.Events.Append(ctx, tenant, events),
				tx.Audit.Append(ctx, audit.Record{ID: "aud_" + tenant, TenantID: tenant, Result: audit.Open, At: time.Now()}))
		}))
	}
}

// T4, the database alone: statements without any condition of ours, as a store would send that had forgotten all of them.
func TestTheDatabaseKeepsTenantsApartByItself(t *testing.T) {
	dsn := migrated(t)
	app, err := pgtest.AppDSN(dsn)
	require.NoError(t, err)
	cfg := gormstore.Defaults()
	cfg.DatabaseURL = app
	s, err := gormstore.Open(t.Context(), cfg)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	require.NoError(t, s.Unprivileged(t.Context()))
	seed(t, s, 3)

	conn, err := pgx.Connect(t.Context(), app)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, conn.Close(context.WithoutCancel(t.Context()))) })
	count := func(tx pgx.Tx, table string) (n int) {
		require.NoError(t, tx.QueryRow(t.Context(), "SELECT count(*) FROM "+table).Scan(&n))
		return n
	}
	within := func(tenant string, look func(tx pgx.Tx)) {
		tx, err := conn.Begin(t.Context())
		require.NoError(t, err)
		if tenant != "" {
			_, err = tx.Exec(t.Context(), "SELECT set_config('symphainy.tenant', $1, true)", tenant)
			require.NoError(t, err)
		}
		look(tx)
		require.NoError(t, tx.Rollback(t.Context()))
	}
	tables := []string{"executions", "events", "audit_records"}
	for tenant, want := range map[string]int{"": 0, "ten_0": 1, "ten_2": 1, "ten_9": 0, "ten_": 0, "*": 3} {
		within(tenant, func(tx pgx.Tx) {
			for _, table := range tables {
				require.Equal(t, want, count(tx, table), "%s as %q", table, tenant)
			}
		})
	}
	within("ten_0", func(tx pgx.Tx) {
		done, err := tx.Exec(t.Context(), "UPDATE executions SET error_message = 'mine'")
		require.NoError(t, err)
		require.Equal(t, int64(1), done.RowsAffected(), "writes reach the own rows alone")
		done, err = tx.Exec(t.Context(), "DELETE FROM events WHERE tenant_id = 'ten_1'")
		require.NoError(t, err)
		require.Zero(t, done.RowsAffected())
		_, err = tx.Exec(t.Context(), "UPDATE executions SET tenant_id = 'ten_1'")
		require.ErrorContains(t, err, "row-level security", "and move none into another tenant")
	})
	within("", func(tx pgx.Tx) {
		require.Zero(t, count(tx, "executions"), "the setting ended with its transaction")
	})
	var unforced int
	require.NoError(t, conn.QueryRow(t.Context(), `SELECT count(*) FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant_id'
		WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace AND NOT (c.relrowsecurity AND c.relforcerowsecurity)
		AND c.relname NOT IN ('tenants', 'memberships', 'sessions', 'logins', 'tickets', 'invitations')`).Scan(&unforced))
	require.Zero(t, unforced, "every other table with a tenant is under forced row-level security")

	owner := gormstore.Defaults()
	owner.DatabaseURL = dsn
	privileged, err := gormstore.Open(t.Context(), owner)
	require.NoError(t, err)
	require.ErrorIs(t, privileged.Unprivileged(t.Context()), gormstore.ErrPrivileged)
	sheet.Record(t, "T4", 6*len(tables), "statements without any condition see no foreign row", "rows 0")
	require.NoError(t, privileged.Close())
}

// T4, the pool: 10,000 requests of 20 tenants over four connections, each looking for the others' rows.
func TestNothingBleedsThroughAPool(t *testing.T) {
	const tenants = 20
	s := onPostgres(t, func(c *gormstore.Config) { c.Connections = 4 })
	seed(t, s, tenants)
	var next, bled, seen atomic.Int64
	var all sync.WaitGroup
	for range 16 {
		all.Go(func() {
			for n := next.Add(1); n <= mixed; n = next.Add(1) {
				own, other := fmt.Sprintf("ten_%d", n%tenants), fmt.Sprintf("ten_%d", (n+7)%tenants)
				p, _ := of(own, 0)
				look := func(ctx context.Context, tx ports.Tx) error {
					list, err := tx.Executions.List(ctx, p.Scope(), ports.ExecutionFilter{}, ports.Page{Limit: 5})
					if err != nil {
						return err
					}
					for _, ex := range list {
						if seen.Add(1); ex.Snapshot().TenantID != own {
							bled.Add(1)
						}
					}
					events, err := tx.Events.Read(ctx, own, "exe_"+other+"_0", 0, 5)
					bled.Add(int64(len(events)))
					return err
				}
				err := s.View(context.Background(), look)
				switch n % 10 {
				case 0: // a sweep, which sees all, gives its connection back
					err = s.View(context.Background(), func(ctx context.Context, tx ports.Tx) error {
						_, err := tx.Leases.Due(ctx, 5)
						return err
					})
				case 1: // a transaction that is given up
					refused := errors.New("no")
					if err = s.Do(context.Background(), func(ctx context.Context, tx ports.Tx) error { return errors.Join(look(ctx, tx), refused) }); errors.Is(err, refused) {
						err = nil
					}
				}
				if err != nil {
					t.Errorf("%d: %v", n, err)
					return
				}
			}
		})
	}
	all.Wait()
	require.Zero(t, bled.Load())
	require.GreaterOrEqual(t, seen.Load(), int64(mixed))
	sheet.Record(t, "T4", mixed, fmt.Sprintf("%d rows seen over 4 connections, bled %d", seen.Load(), bled.Load()), "0")
}
