package pgtest

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
)

func TestSweepRemovesOnlyOldUnusedDatabasesOfOurs(t *testing.T) {
	// A server of its own: on a shared one other processes sweep too.
	s, err := Start(t.Context())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Stop()) })
	c, err := newCluster(s.DSN())
	require.NoError(t, err)
	fresh, err := c.create(t.Context(), "template0")
	require.NoError(t, err)
	used, idle, foreign := prefix+"1000_used", prefix+"1000_idle", "somebody_elses"
	for _, name := range []string{used, idle, foreign} {
		require.NoError(t, c.drop(t.Context(), name))
		require.NoError(t, c.exec(t.Context(), "CREATE DATABASE "+quote(name)+" TEMPLATE template0"))
	}
	conn, err := pgx.Connect(t.Context(), c.dsn(used))
	require.NoError(t, err)

	require.NoError(t, c.sweep(t.Context(), time.Unix(2000, 0)))
	require.NoError(t, conn.Close(t.Context()))
	gone := c.exec(t.Context(), "ALTER DATABASE "+quote(idle)+" CONNECTION LIMIT 1")
	require.ErrorContains(t, gone, unknownDatabase)
	for _, name := range []string{fresh, used, foreign} {
		require.NoError(t, c.exec(t.Context(), "DROP DATABASE "+quote(name)), "%s must have been left alone", name)
	}
}

// The server hangs on an open pipe: collected, it would close in mid-run.
func TestServerSurvivesGarbageCollection(t *testing.T) {
	shared, err := processCluster()
	require.NoError(t, err)
	require.Equal(t, os.Getenv(EnvDSN) == "", shared.private != nil)
	for range 3 {
		runtime.GC()
		require.NoError(t, shared.exec(t.Context(), "SELECT 1"))
	}
}

func TestAddressMustBeAURLAndIsNeverRepeated(t *testing.T) {
	for _, dsn := range []string{"host=localhost password=hunter2", "mysql://u:hunter2@h/d", "postgres://", "%zz:hunter2"} {
		_, err := newCluster(dsn)
		require.ErrorContains(t, err, EnvDSN, dsn)
		require.NotContains(t, err.Error(), "hunter2")
	}
	c, err := newCluster("postgres://u:p@h:1/first?sslmode=disable")
	require.NoError(t, err)
	require.Equal(t, "postgres://u:p@h:1/second?sslmode=disable", c.dsn("second"))
}

func TestNewestInstallationIsTaken(t *testing.T) {
	root := t.TempDir()
	for _, version := range []string{"9", "15", "16", "beta"} {
		folder := filepath.Join(root, version, "bin")
		require.NoError(t, os.MkdirAll(folder, 0o755))
		for _, program := range []string{"initdb", "pg_ctl", "postgres"} {
			if version == "16" && program == "postgres" {
				continue // a client-only installation is no server
			}
			require.NoError(t, os.WriteFile(filepath.Join(folder, program), nil, 0o755))
		}
	}
	nowhere := func(string) (string, error) { return "", errors.New("not in PATH") }
	bin, err := findBinariesIn(root, nowhere)
	require.NoError(t, err)
	require.Equal(t, filepath.Join(root, "15", "bin", "initdb"), bin.initdb)

	_, err = findBinariesIn(t.TempDir(), nowhere)
	require.ErrorContains(t, err, "apt-get install postgresql")

	bin, err = findBinariesIn(t.TempDir(), func(name string) (string, error) { return "/opt/" + name, nil })
	require.NoError(t, err)
	require.Equal(t, binaries{initdb: "/opt/initdb", pgCtl: "/opt/pg_ctl"}, bin)
}
