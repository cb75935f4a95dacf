package gormstore

import (
	"database/sql"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib" // registers the driver "pgx"
	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/test/pgtest"
	"github.com/symphainy/symphainy/test/sheet"
)

// TestAServerThatMayLoseCommitsIsRefused looks through sessions of its own: the store's always ask for synchronous commits, and fsync is
// the whole server's.
func TestAServerThatMayLoseCommitsIsRefused(t *testing.T) {
	for value, problem := range map[string]string{"on": "", "remote_apply": "", "off": "synchronous_commit=off"} {
		db, err := sql.Open("pgx", pgtest.New(t))
		require.NoError(t, err)
		db.SetMaxOpenConns(1)
		_, err = db.ExecContext(t.Context(), "SET synchronous_commit = "+value)
		require.NoError(t, err)
		if err := checkDurability(t.Context(), db); problem == "" {
			require.NoError(t, err, value)
		} else {
			require.ErrorContains(t, err, problem)
		}
		require.NoError(t, db.Close())
	}
	sheet.Record(t, "A15", 3, "settings of the database looked at, the one that may lose commits is refused (§1.10, 10 and 11, by the same look)", "all")
}
