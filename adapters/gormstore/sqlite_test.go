package gormstore_test

import (
	"bufio"
	"context"
	"database/sql"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	_ "modernc.org/sqlite"

	"github.com/symphainy/symphainy/adapters/gormstore"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/ports"
)

func user(id string) identity.User {
	return identity.User{ID: id, Email: id, EmailKey: id, CreatedAt: time.Unix(1, 0), UpdatedAt: time.Unix(1, 0)}
}

func insertUser(ctx context.Context, u ports.UnitOfWork, id string) error {
	return u.Do(ctx, func(ctx context.Context, tx ports.Tx) error { return tx.Users.Insert(ctx, user(id)) })
}

func countUsers(t *testing.T, u ports.UnitOfWork) (n int64) {
	t.Helper()
	require.NoError(t, u.View(t.Context(), func(ctx context.Context, tx ports.Tx) (err error) {
		n, err = tx.Users.Count(ctx)
		return err
	}))
	return n
}

func embedded(dir string) gormstore.Config {
	cfg := gormstore.Defaults()
	cfg.DataDir = dir
	return cfg
}

func requireLocked(t *testing.T, cfg gormstore.Config) {
	t.Helper()
	began := time.Now()
	_, err := gormstore.Open(t.Context(), cfg)
	var locked *gormstore.LockedError
	require.ErrorAs(t, err, &locked)
	require.Contains(t, err.Error(), cfg.Path())
	require.Less(t, time.Since(began), 2*time.Second)
	require.ErrorAs(t, gormstore.Migrate(t.Context(), cfg), &locked)
}

func TestASecondOpenerIsRefused(t *testing.T) {
	cfg := embedded(t.TempDir())
	s, err := gormstore.Open(t.Context(), cfg)
	require.NoError(t, err)
	require.True(t, s.Exclusive())
	requireLocked(t, cfg)
	require.NoError(t, s.Close())
	again, err := gormstore.Open(t.Context(), cfg)
	require.NoError(t, err, "the lock ends with the store")
	require.NoError(t, again.Close())
}

// childDir is set in the process that TestAKilledProcessLosesNothing starts.
const childDir = "GORMSTORE_TEST_DIR"

// TestChild is not a test of its own: in the child process it stores users until it is killed.
func TestChild(t *testing.T) {
	dir := os.Getenv(childDir)
	if dir == "" {
		return
	}
	s, err := gormstore.Open(t.Context(), embedded(dir))
	require.NoError(t, err)
	for {
		id := time.Now().Format(time.RFC3339Nano)
		require.NoError(t, insertUser(t.Context(), s, id))
		if _, err := os.Stdout.WriteString("stored " + id + "\n"); err != nil {
			return
		}
	}
}

func TestAKilledProcessLosesNothing(t *testing.T) {
	cfg := embedded(t.TempDir())
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestChild$")
	child.Env = append(os.Environ(), childDir+"="+cfg.DataDir)
	out, err := child.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, child.Start())
	lines := bufio.NewScanner(out)
	var acknowledged []string
	for len(acknowledged) < 20 && lines.Scan() {
		acknowledged = append(acknowledged, lines.Text()[len("stored "):])
	}
	require.Len(t, acknowledged, 20)
	requireLocked(t, cfg)
	require.NoError(t, child.Process.Kill())
	for lines.Scan() {
		acknowledged = append(acknowledged, lines.Text()[len("stored "):])
	}
	require.Error(t, child.Wait(), "it was killed")

	s, err := gormstore.Open(t.Context(), cfg)
	require.NoError(t, err, "a kill leaves no lock")
	defer func() { require.NoError(t, s.Close()) }()
	require.NoError(t, s.View(t.Context(), func(ctx context.Context, tx ports.Tx) error {
		for _, id := range acknowledged {
			_, err := tx.Users.ByID(ctx, id)
			require.NoError(t, err, id)
		}
		return nil
	}))
}

func TestSettingsAreInForce(t *testing.T) {
	cfg := embedded(filepath.Join(t.TempDir(), "made", "by ? open # %41"))
	opened, err := gormstore.Open(t.Context(), cfg)
	require.NoError(t, err)
	require.NoError(t, insertUser(t.Context(), opened, "one"))
	for _, name := range []string{"symphainy.db", "symphainy.db-wal", "symphainy.db-shm", "symphainy.db.lock"} {
		info, err := os.Stat(filepath.Join(cfg.DataDir, name))
		require.NoError(t, err)
		require.Equal(t, os.FileMode(0o600), info.Mode().Perm(), name)
	}
	info, err := os.Stat(cfg.DataDir)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o700), info.Mode().Perm())
	require.NoError(t, opened.Check(t.Context()))
	require.NoError(t, opened.Close())
	require.ErrorIs(t, opened.Check(t.Context()), fault.ErrUnavailable)
	require.ErrorIs(t, insertUser(t.Context(), opened, "late"), fault.ErrUnavailable)
}

func TestSchemaOfAnotherVersionOnSQLite(t *testing.T) {
	cfg := embedded(t.TempDir())
	have, want, err := gormstore.SchemaVersion(t.Context(), cfg)
	require.NoError(t, err)
	require.Zero(t, have)
	require.NoError(t, gormstore.Migrate(t.Context(), cfg))
	have, _, err = gormstore.SchemaVersion(t.Context(), cfg)
	require.NoError(t, err)
	require.Equal(t, want, have)
	execSQLite(t, cfg.Path(), "INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, 1)")
	var schema *gormstore.SchemaError
	_, err = gormstore.Open(t.Context(), cfg)
	require.ErrorAs(t, err, &schema)
	require.Equal(t, int64(9999), schema.Have)
}

func execSQLite(t *testing.T, path string, statements ...string) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	require.NoError(t, err)
	for _, s := range statements {
		_, err := db.ExecContext(t.Context(), s)
		require.NoError(t, err)
	}
	require.NoError(t, db.Close())
}

func TestAStoreThatIsBusyIsUnavailable(t *testing.T) {
	s := onSQLite(t)
	require.NoError(t, s.Do(t.Context(), func(context.Context, ports.Tx) error {
		short, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
		defer cancel()
		require.ErrorIs(t, insertUser(short, s, "second writer"), fault.ErrUnavailable)
		return nil
	}))
	require.Zero(t, countUsers(t, s))
	require.NoError(t, insertUser(t.Context(), s, "after"))
}

func TestJobsReachTheQueueAfterTheCommitOnly(t *testing.T) {
	var got []ports.Job
	s := onSQLite(t, func(cfg *gormstore.Config) { cfg.OnEnqueue = func(jobs []ports.Job) { got = append(got, jobs...) } })
	boom := errors.New("boom")
	enqueue := func(id string, end error) error {
		return s.Do(t.Context(), func(ctx context.Context, tx ports.Tx) error {
			require.NoError(t, tx.Queue.Enqueue(ctx, ports.Job{ExecutionID: id}))
			require.Empty(t, got)
			return end
		})
	}
	require.ErrorIs(t, enqueue("never", boom), boom)
	require.NoError(t, enqueue("once", nil))
	require.Equal(t, []ports.Job{{ExecutionID: "once"}}, got)
}
