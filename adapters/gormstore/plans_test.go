package gormstore

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/ports"
	"github.com/symphainy/symphainy/test/pgtest"
)

// What every open stream asks once a second reads the index of what ended last, and not the session's history. SQLite chooses without
// knowing how much there is, so that its plan is the one of every database file.
func TestASessionsHistoryDoesNotSlowItsStreams(t *testing.T) {
	cfg := Defaults()
	cfg.DataDir = t.TempDir()
	s, err := Open(t.Context(), cfg)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	from, args := changed("ten", ports.ExecutionFilter{SessionID: "ses", ActiveSince: systemClock{}.Now()})
	var plan []string
	require.NoError(t, s.attempt(t.Context(), viewing, func(ctx context.Context, tx ports.Tx) error {
		require.NoError(t, tx.Executions.(executions).t.across(ctx))
		rows, err := many[struct {
			ID      int    `gorm:"column:id"`
			Parent  int    `gorm:"column:parent"`
			NotUsed int    `gorm:"column:notused"`
			Detail  string `gorm:"column:detail"`
		}](ctx, tx.Executions.(executions).t, "EXPLAIN QUERY PLAN SELECT id FROM "+from+
			" WHERE tenant_id = ? AND owner_id = ? AND session_id = ? ORDER BY created_at DESC, id DESC LIMIT ?", append(args, "ten", "usr", "ses", 200)...)
		for _, r := range rows {
			if strings.HasPrefix(r.Detail, "SEARCH executions") {
				plan = append(plan, r.Detail)
			}
		}
		return err
	}))
	require.Len(t, plan, 2)
	for _, line := range plan {
		require.Contains(t, line, "executions_ended", line)
	}
}

// Whose turn it is costs one look at the index of what waits, in its order, however much that is.
func TestTurnsReadTheIndexInItsOrder(t *testing.T) {
	cfg := Defaults()
	cfg.DataDir = t.TempDir()
	s, err := Open(t.Context(), cfg)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	for _, half := range []string{"e.tenant_id > ?", "e.tenant_id <= ?"} {
		require.NoError(t, s.attempt(t.Context(), viewing, func(ctx context.Context, tx ports.Tx) error {
			require.NoError(t, tx.Executions.(executions).t.across(ctx))
			rows, err := many[struct {
				ID      int    `gorm:"column:id"`
				Parent  int    `gorm:"column:parent"`
				NotUsed int    `gorm:"column:notused"`
				Detail  string `gorm:"column:detail"`
			}](ctx, tx.Executions.(executions).t, "EXPLAIN QUERY PLAN "+nextInTurn(half, ""), "ten", systemClock{}.Now())
			var plan []string
			for _, r := range rows {
				plan = append(plan, r.Detail)
			}
			require.Contains(t, plan[0], "executions_queued", plan)
			require.NotContains(t, strings.Join(plan, "\n"), "TEMP B-TREE", plan)
			return err
		}))
	}
}

// Open decisions are read from the index of what waits for one, in its order, however much a tenant has.
func TestDecisionsReadTheirIndex(t *testing.T) {
	cfg := Defaults()
	cfg.DataDir = t.TempDir()
	s, err := Open(t.Context(), cfg)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	require.NoError(t, s.attempt(t.Context(), viewing, func(ctx context.Context, tx ports.Tx) error {
		require.NoError(t, tx.Executions.(executions).t.across(ctx))
		rows, err := many[struct {
			ID      int    `gorm:"column:id"`
			Parent  int    `gorm:"column:parent"`
			NotUsed int    `gorm:"column:notused"`
			Detail  string `gorm:"column:detail"`
		}](ctx, tx.Executions.(executions).t, "EXPLAIN QUERY PLAN SELECT id"+openDecisions, "ten", "exe", 200)
		require.Len(t, rows, 1, "no sorting")
		require.Contains(t, rows[0].Detail, "executions_decision (tenant_id=? AND id>?)")
		return err
	}))
}

// What looks for orphans every second starts from the children that live, however many executions have ended.
func TestOrphansAreLookedForAmongLiveChildren(t *testing.T) {
	cfg := Defaults()
	cfg.DataDir = t.TempDir()
	s, err := Open(t.Context(), cfg)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	require.NoError(t, s.attempt(t.Context(), viewing, func(ctx context.Context, tx ports.Tx) error {
		require.NoError(t, tx.Executions.(executions).t.across(ctx))
		rows, err := many[struct {
			ID      int    `gorm:"column:id"`
			Parent  int    `gorm:"column:parent"`
			NotUsed int    `gorm:"column:notused"`
			Detail  string `gorm:"column:detail"`
		}](ctx, tx.Executions.(executions).t, "EXPLAIN QUERY PLAN SELECT c.id"+orphans, 200)
		require.NotEmpty(t, rows)
		require.Contains(t, rows[0].Detail, "SEARCH c USING INDEX executions_live_child")
		return err
	}))
}

func TestDecisionsReadTheirIndexOnPostgres(t *testing.T) {
	cfg := Defaults()
	cfg.DatabaseURL = pgtest.NewFrom(t, "gormstore", func(dsn string) error {
		migrating := Defaults()
		migrating.DatabaseURL = dsn
		return errors.Join(Migrate(t.Context(), migrating), pgtest.GrantApp(dsn))
	})
	s, err := Open(t.Context(), cfg)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	require.NoError(t, s.attempt(t.Context(), writing, func(ctx context.Context, tx ports.Tx) error {
		in := tx.Executions.(executions).t
		require.NoError(t, in.across(ctx))
		// An empty table is read whole whatever there is: the question is which way it is read when that costs.
		if _, err := in.exec(ctx, "SET LOCAL enable_seqscan = off"); err != nil {
			return err
		}
		if _, err := in.exec(ctx, "SET LOCAL enable_bitmapscan = off"); err != nil {
			return err
		}
		lines, err := many[string](ctx, in, "EXPLAIN SELECT id"+openDecisions, "ten", "exe", 200)
		plan := strings.Join(lines, "\n")
		require.NotContains(t, plan, "Sort", plan)
		require.Contains(t, plan, "executions_decision", plan)
		return err
	}))
}
