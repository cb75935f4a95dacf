package pgtest_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/test/pgtest"
)

// asVictim makes this test binary start a server, print its folder and address,
// and wait to be killed.
const asVictim = "PGTEST_VICTIM"

func TestMain(m *testing.M) {
	if os.Getenv(asVictim) != "" {
		victim()
	}
	os.Exit(m.Run())
}

func victim() {
	server, err := pgtest.Start(context.Background())
	if err != nil {
		_, _ = os.Stdout.WriteString("error " + err.Error() + "\n")
		os.Exit(1)
	}
	_, _ = os.Stdout.WriteString(server.Folder() + " " + server.DSN() + "\n")
	select {}
}

func connect(t *testing.T, dsn string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

func scan[T any](t *testing.T, conn *pgx.Conn, sql string, args ...any) T {
	t.Helper()
	var value T
	require.NoError(t, conn.QueryRow(t.Context(), sql, args...).Scan(&value))
	return value
}

func TestDatabasesAreIsolatedAndDropped(t *testing.T) {
	admin := connect(t, pgtest.New(t))
	var name string
	t.Run("a test with two databases", func(t *testing.T) {
		a, b := connect(t, pgtest.New(t)), connect(t, pgtest.New(t))
		_, err := a.Exec(t.Context(), "CREATE TABLE thing (id int)")
		require.NoError(t, err)
		require.True(t, scan[bool](t, a, "SELECT to_regclass('thing') IS NOT NULL"))
		require.True(t, scan[bool](t, b, "SELECT to_regclass('thing') IS NULL"))
		name = scan[string](t, a, "SELECT current_database()")
		require.Equal(t, 1, scan[int](t, admin, "SELECT count(*)::int FROM pg_database WHERE datname = $1", name))
		leak, err := pgx.Connect(t.Context(), a.Config().ConnString())
		require.NoError(t, err)
		require.NoError(t, leak.Ping(t.Context())) // left open: the clean-up has to cope
	})
	require.Equal(t, 0, scan[int](t, admin, "SELECT count(*)::int FROM pg_database WHERE datname = $1", name))
}

func TestServerIsDurable(t *testing.T) {
	conn := connect(t, pgtest.New(t))
	for _, setting := range []string{"fsync", "synchronous_commit", "full_page_writes"} {
		require.Equal(t, "on", scan[string](t, conn, "SELECT current_setting($1)", setting), setting)
	}
}

func TestNewFromCopiesOnePreparedDatabase(t *testing.T) {
	var prepared atomic.Int32
	prepare := func(dsn string) error {
		prepared.Add(1)
		conn, err := pgx.Connect(context.Background(), dsn)
		if err != nil {
			return err
		}
		_, err = conn.Exec(context.Background(), "CREATE TABLE thing (id int); INSERT INTO thing VALUES (7)")
		return errors.Join(err, conn.Close(context.Background()))
	}
	for _, id := range []string{"first", "second", "third"} {
		t.Run(id, func(t *testing.T) {
			t.Parallel()
			conn := connect(t, pgtest.NewFrom(t, "things", prepare))
			require.Equal(t, 7, scan[int](t, conn, "DELETE FROM thing RETURNING id"))
		})
	}
	t.Cleanup(func() { require.EqualValues(t, 1, prepared.Load()) })
}

func TestPreparationFailureReachesEveryCaller(t *testing.T) {
	cause := errors.New("no schema")
	for range 2 {
		probe := &recorder{TB: t}
		done := make(chan struct{})
		go func() {
			defer close(done)
			pgtest.NewFrom(probe, "broken", func(string) error { return cause })
		}()
		<-done
		require.Contains(t, probe.fatal, "no schema")
	}
}

func TestStopRemovesServerAndFolder(t *testing.T) {
	server, err := pgtest.Start(t.Context())
	require.NoError(t, err)
	require.DirExists(t, server.Folder())
	stranger, err := url.Parse(server.DSN())
	require.NoError(t, err)
	stranger.User = url.UserPassword(stranger.User.Username(), "guess")
	_, err = pgx.Connect(t.Context(), stranger.String())
	require.ErrorContains(t, err, "28P01", "the superuser must not be open to every local user")
	require.NoError(t, server.Stop())
	requireGone(t, server.Folder(), server.DSN())
}

func TestServerEndsWithAKilledProcess(t *testing.T) {
	self, err := os.Executable()
	require.NoError(t, err)
	cmd := exec.CommandContext(t.Context(), self)
	cmd.Env = append(os.Environ(), asVictim+"=1")
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	line := make([]byte, 4096)
	n, err := out.Read(line)
	require.NoError(t, err)
	folder, dsn, ok := strings.Cut(strings.TrimSpace(string(line[:n])), " ")
	require.True(t, ok, string(line[:n]))
	require.DirExists(t, folder)
	conn, err := pgx.Connect(t.Context(), dsn)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close(context.Background()) })

	require.NoError(t, cmd.Process.Kill())
	require.Error(t, cmd.Wait())
	require.Eventually(t, func() bool {
		_, err := os.Stat(folder)
		return errors.Is(err, os.ErrNotExist)
	}, 30*time.Second, 20*time.Millisecond)
	requireGone(t, folder, dsn)
}

func requireGone(t *testing.T, folder, dsn string) {
	t.Helper()
	require.NoDirExists(t, folder)
	require.NoDirExists(t, filepath.Join(folder, "data"))
	u, err := url.Parse(dsn)
	require.NoError(t, err)
	var dialer net.Dialer
	_, err = dialer.DialContext(t.Context(), "tcp", u.Host)
	require.Error(t, err)
}

// recorder keeps the message of Fatalf instead of ending the surrounding test.
type recorder struct {
	testing.TB
	fatal string
}

func (r *recorder) Helper() {}

func (r *recorder) Fatalf(format string, args ...any) {
	r.fatal = fmt.Sprintf(format, args...)
	runtime.Goexit()
}
