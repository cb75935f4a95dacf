package gormstore_test

import (
	"context"
	"database/sql"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/adapters/gormstore"
	"github.com/symphainy/symphainy/application/auditing"
	"github.com/symphainy/symphainy/domain/audit"
	"github.com/symphainy/symphainy/ports"
	"github.com/symphainy/symphainy/test/sheet"
)

// L15: whoever owns the database file and takes its guards away can change one character of the audit log, and the verification finds it.
func TestOneChangedCharacterIsFound(t *testing.T) {
	cfg := embedded(t.TempDir())
	const records = 50
	verify := func() *audit.Break {
		s, err := gormstore.Open(t.Context(), cfg)
		require.NoError(t, err)
		defer func() { require.NoError(t, s.Close()) }()
		service := auditing.New(s)
		r, err := service.Verify(t.Context(), "ten_1")
		require.NoError(t, err)
		return r.Broken
	}
	s, err := gormstore.Open(t.Context(), cfg)
	require.NoError(t, err)
	require.NoError(t, s.Do(t.Context(), func(ctx context.Context, tx ports.Tx) error {
		for i := range records {
			if err := tx.Audit.Append(ctx, audit.Record{
				ID: fmt.Sprintf("aud_%03d", i), TenantID: "ten_1", Actor: "usr_1", Action: "intent.submitted", Target: "exe_1", IntentType: "act", ArgumentsHash: "abc",
				PolicyVersion: "v", Result: audit.Open, Detail: []byte(`{"n":1}`), TraceID: "trace", At: time.Unix(int64(i), 0),
			}); err != nil {
				return err
			}
		}
		return nil
	}))
	_, err = auditing.New(s).Seal(t.Context())
	require.NoError(t, err)
	require.NoError(t, s.Close())
	require.Nil(t, verify())

	db, err := sql.Open("sqlite", cfg.Path())
	require.NoError(t, err)
	for _, name := range query(t, "sqlite", cfg.Path(), "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name IN ('audit_records', 'audit_heads')") {
		_, err := db.ExecContext(t.Context(), "DROP TRIGGER "+name)
		require.NoError(t, err)
	}
	found := 0
	columns := []string{"actor", "action", "target", "intent_type", "arguments_hash", "policy_version", "detail", "trace_id"}
	for i, column := range columns {
		id := fmt.Sprintf("aud_%03d", 3+4*i)
		change := func(from, to string) {
			n, err := db.ExecContext(t.Context(), "UPDATE audit_records SET "+column+" = ? || substr("+column+", 2) WHERE id = ? AND substr("+column+", 1, 1) = ?", to, id, from)
			require.NoError(t, err)
			rows, err := n.RowsAffected()
			require.NoError(t, err)
			require.EqualValues(t, 1, rows, column)
		}
		var first string
		require.NoError(t, db.QueryRowContext(t.Context(), "SELECT substr("+column+", 1, 1) FROM audit_records WHERE id = ?", id).Scan(&first))
		other := map[bool]string{true: "b", false: "a"}[first == "a"]
		change(first, other)
		require.NotNil(t, verify(), "%s of %s", column, id)
		found++
		change(other, first)
		require.Nil(t, verify())
	}
	require.NoError(t, db.Close())
	sheet.Record(t, "L15", found, fmt.Sprintf("one character changed in each of %d columns, without the database's own guards: found %d; records under kill -9 are not counted here", len(columns), found), "audit verify finds it; missing 0, found 1/1")
}
