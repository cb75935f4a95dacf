package gormstore

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/ports"
	"github.com/symphainy/symphainy/test/sheet"
)

// What forgets its tenant is refused before it is sent, also where the database would not: on SQLite.
func TestAStatementThatForgetsItsTenantIsRefused(t *testing.T) {
	cfg := Defaults()
	cfg.DataDir = t.TempDir()
	s, err := Open(t.Context(), cfg)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	tried := 0
	run := func(enter func(ctx context.Context, tr *transaction) error, text string, refused bool) {
		err := s.attempt(t.Context(), writing, func(ctx context.Context, tx ports.Tx) error {
			tr := tx.Executions.(executions).t
			if enter != nil {
				require.NoError(t, enter(ctx, tr))
			}
			_, err := tr.exec(ctx, text)
			return err
		})
		tried++
		if refused {
			require.ErrorIs(t, err, errUnscoped, text)
			return
		}
		require.NoError(t, err, text)
	}
	own := func(ctx context.Context, tr *transaction) error { return tr.in(ctx, "ten_1") }
	all := func(ctx context.Context, tr *transaction) error { return tr.across(ctx) }
	for _, table := range tenantTables() {
		run(nil, "DELETE FROM "+table+" WHERE tenant_id = 'ten_1'", true)
		run(own, "DELETE FROM "+table, true)
		run(own, "SELECT 1 FROM "+table+" WHERE tenant_id = 'ten_1'", false)
		run(all, "SELECT 1 FROM "+table, false)
	}
	run(nil, "SELECT 1 FROM sessions", false)
	require.NoError(t, s.attempt(t.Context(), writing, func(ctx context.Context, tx ports.Tx) error {
		tr := tx.Executions.(executions).t
		require.ErrorIs(t, tr.in(ctx, ""), errScope)
		require.ErrorIs(t, tr.in(ctx, everyTenant), errScope, "nobody's id is that of all")
		return nil
	}))
	sheet.Record(t, "T4", tried, "statements that forget their tenant are refused on SQLite too", "all")
}

func TestATenantInAStatementIsPlain(t *testing.T) {
	for _, bad := range []string{"ten'; DROP TABLE users; --", "ten_1 ", "ten\n", "tén", `a"b`, "a\\"} {
		_, err := beginning(false, bad)
		require.ErrorIs(t, err, errScope, bad)
	}
	first, err := beginning(true, "ten_1")
	require.NoError(t, err)
	require.Equal(t, []statement{
		{text: "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"},
		{text: "SELECT set_config('symphainy.tenant', $1, true)", args: []any{"ten_1"}}, // true: until the end of the transaction, not of the connection
	}, first)
}
