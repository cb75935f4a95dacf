package gormstore_test

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/symphainy/symphainy/adapters/gormstore"
	"github.com/symphainy/symphainy/adapters/system"
	"github.com/symphainy/symphainy/ports"
	"github.com/symphainy/symphainy/test/clock"
	"github.com/symphainy/symphainy/test/pgtest"
	"github.com/symphainy/symphainy/test/storetest"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreTopFunction("database/sql.(*DB).connectionOpener"))
}

// onSQLite opens a store in a folder of the test's own.
func onSQLite(t *testing.T, change ...func(*gormstore.Config)) *gormstore.Store {
	t.Helper()
	cfg := gormstore.Defaults()
	cfg.DataDir = t.TempDir()
	for _, c := range change {
		c(&cfg)
	}
	s, err := gormstore.Open(t.Context(), cfg)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

// onPostgres opens a store on a migrated database of the test's own, in a role as the service has one, which row-level security holds.
func onPostgres(t testing.TB, change ...func(*gormstore.Config)) *gormstore.Store {
	t.Helper()
	dsn := migrated(t)
	app, err := pgtest.AppDSN(dsn)
	require.NoError(t, err)
	cfg := gormstore.Defaults()
	cfg.DatabaseURL = app
	for _, c := range change {
		c(&cfg)
	}
	s, err := gormstore.Open(t.Context(), cfg)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

// migrated gives a migrated database of the test's own, by its owner's URL.
func migrated(t testing.TB) string {
	t.Helper()
	return pgtest.NewFrom(t, "gormstore", func(dsn string) error {
		migrating := gormstore.Defaults()
		migrating.DatabaseURL = dsn
		return errors.Join(gormstore.Migrate(t.Context(), migrating), pgtest.GrantApp(dsn))
	})
}

func TestConformanceOnSQLite(t *testing.T) {
	storetest.Run(t, func(t *testing.T) storetest.Subject {
		c := clock.Fixed()
		s := onSQLite(t, func(cfg *gormstore.Config) { cfg.Clock = c })
		return storetest.Subject{UnitOfWork: s, Now: c.Now, Advance: func(d time.Duration) { c.Advance(d) }}
	})
}

func TestConformanceOnPostgres(t *testing.T) {
	storetest.Run(t, func(t *testing.T) storetest.Subject {
		return storetest.Subject{UnitOfWork: onPostgres(t), Now: system.Clock{}.Now}
	})
}

func TestBounds(t *testing.T) {
	for name, open := range map[string]func(*testing.T, ...func(*gormstore.Config)) *gormstore.Store{"sqlite": onSQLite, "postgres": func(t *testing.T, change ...func(*gormstore.Config)) *gormstore.Store {
		return onPostgres(t, change...)
	}} {
		t.Run(name, func(t *testing.T) {
			storetest.RunBounds(t, func(t *testing.T, b ports.Concurrency) storetest.Subject {
				s := open(t, func(cfg *gormstore.Config) { cfg.Concurrency = b })
				return storetest.Subject{UnitOfWork: s, Now: system.Clock{}.Now}
			})
		})
	}
}
