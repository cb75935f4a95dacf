package gormstore_test

import (
	"context"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/adapters/gormstore"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/ports"
)

func TestTheDatabaseItselfSealsOnce(t *testing.T) {
	everyRaw(t, func(t *testing.T, r raw) {
		run := func(statement string) error { return r.exec(t.Context(), statement) }
		for _, id := range []string{"a", "b"} {
			require.NoError(t, run(`INSERT INTO audit_records (tenant_id, id, actor, on_behalf_of, action, target, intent_type, arguments_hash,
				policy_version, result, detail, trace_id) VALUES ('t', '`+id+`', '', '', '', '', '', '', '', 'open', '{}', '')`))
		}
		const link = "chain_position = 1, chain_previous = 'p', chain_hash = 'h'"
		for _, change := range []string{
			"chain_position = 1", "chain_position = 1, chain_previous = 'p'", link + ", result = 'failed'", link + ", detail = '{} '",
			link + ", detail = NULL", link + ", id = 'c'", link + ", tenant_id = 'u'", "actor = actor",
		} {
			require.ErrorContains(t, run("UPDATE audit_records SET "+change+" WHERE id = 'a'"), "append-only", change)
		}
		require.NoError(t, run("UPDATE audit_records SET "+link+" WHERE id = 'a'"))
		require.Error(t, run("UPDATE audit_records SET "+link+" WHERE id = 'b'"), "a position is taken once")
		for _, change := range []string{link, "chain_position = 2", "chain_position = NULL, chain_previous = NULL, chain_hash = NULL"} {
			require.ErrorContains(t, run("UPDATE audit_records SET "+change+" WHERE id = 'a'"), "append-only", change)
		}
		require.ErrorContains(t, run("DELETE FROM audit_records WHERE id = 'b'"), "append-only")
		require.NoError(t, run("INSERT INTO audit_heads (tenant_id, position, hash) VALUES ('t', 1, 'h')"))
		require.ErrorContains(t, run("DELETE FROM audit_heads"), "forward")
		for _, change := range []string{"position = 1", "position = 0", "hash = 'x'", "tenant_id = 'u', position = 2"} {
			require.ErrorContains(t, run("UPDATE audit_heads SET "+change), "forward", change)
		}
		require.NoError(t, run("UPDATE audit_heads SET position = 2, hash = 'i'"))
	})
}

func TestReadOnlyWorksBesideAWriter(t *testing.T) {
	var cfg gormstore.Config
	keep := func(c *gormstore.Config) { cfg = *c }
	for name, open := range map[string]func() *gormstore.Store{
		"sqlite": func() *gormstore.Store { return onSQLite(t, keep) }, "postgres": func() *gormstore.Store { return onPostgres(t, keep) },
	} {
		writer := open()
		require.NoError(t, insertUser(t.Context(), writer, "one"), name)
		reader, err := gormstore.OpenReadOnly(t.Context(), cfg)
		require.NoError(t, err, name)
		require.NoError(t, reader.Check(t.Context()), name)
		require.Equal(t, int64(1), countUsers(t, reader), name)
		require.NoError(t, insertUser(t.Context(), writer, "two"), name)
		require.Equal(t, int64(2), countUsers(t, reader), name)
		err = insertUser(t.Context(), reader, "three")
		require.Equal(t, "read_only", fault.As(err).Code, name)
		err = reader.View(t.Context(), func(ctx context.Context, tx ports.Tx) error { return tx.Users.Insert(ctx, user("three")) })
		require.Equal(t, "read_only", fault.As(err).Code, name)
		require.NoError(t, reader.Close(), name)
		require.NoError(t, insertUser(t.Context(), writer, "three"), name)
	}
}

func TestReadOnlyReadsAFileThatNobodyUses(t *testing.T) {
	cfg := gormstore.Defaults()
	cfg.DataDir = t.TempDir()
	_, err := gormstore.OpenReadOnly(t.Context(), cfg)
	require.ErrorIs(t, err, os.ErrNotExist)
	require.NoFileExists(t, cfg.Path(), "reading makes no database")
	writer, err := gormstore.Open(t.Context(), cfg)
	require.NoError(t, err)
	require.NoError(t, insertUser(t.Context(), writer, "one"))
	require.NoError(t, writer.Close())
	reader, err := gormstore.OpenReadOnly(t.Context(), cfg)
	require.NoError(t, err)
	require.Equal(t, int64(1), countUsers(t, reader))
	require.NoError(t, reader.Close())
	writer, err = gormstore.Open(t.Context(), cfg)
	require.NoError(t, err, "a reader leaves no lock")
	require.NoError(t, writer.Close())
}

func TestReadOnlyRefusesAnotherSchema(t *testing.T) {
	everyRaw(t, func(t *testing.T, r raw) {
		require.NoError(t, r.exec(t.Context(), "INSERT INTO goose_db_version (version_id, is_applied) VALUES (999, "+map[bool]string{true: "1", false: "true"}[r.store.Exclusive()]+")"))
		_, err := gormstore.OpenReadOnly(t.Context(), r.cfg)
		var schema *gormstore.SchemaError
		require.ErrorAs(t, err, &schema)
		require.Equal(t, int64(999), schema.Have)
	})
}
