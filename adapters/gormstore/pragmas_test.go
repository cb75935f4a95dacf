package gormstore

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// TestPragmas asks the connections themselves, not the text that they were opened with.
func TestPragmas(t *testing.T) {
	cfg := Defaults()
	cfg.DataDir = t.TempDir()
	s, err := Open(t.Context(), cfg)
	require.NoError(t, err)
	defer func() { require.NoError(t, s.Close()) }()
	for _, part := range []struct {
		kind kind
		want map[string]string
	}{
		{writing, map[string]string{"journal_mode": "wal", "synchronous": "2", "foreign_keys": "1", "busy_timeout": "5000", "query_only": "0"}},
		{viewing, map[string]string{"journal_mode": "wal", "query_only": "1", "busy_timeout": "5000"}},
	} {
		tx, err := s.engine.begin(t.Context(), part.kind)
		require.NoError(t, err)
		for pragma, want := range part.want {
			var got string
			require.NoError(t, tx.QueryRowContext(t.Context(), "PRAGMA "+pragma).Scan(&got))
			require.Equal(t, want, got, pragma)
		}
		require.NoError(t, tx.rollback())
	}
}
