package pgtest

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

const (
	// prefix marks databases as ours, so that sweep never touches anything else.
	prefix = "symphainy_test_"
	// staleAfter is longer than any test run: what is older was left by a run
	// that was killed, on a server that outlived it.
	staleAfter = 24 * time.Hour
	// objectInUse is PostgreSQL's SQLSTATE for a database with live connections.
	objectInUse = "55006"
	// unknownDatabase is the SQLSTATE of a database somebody else dropped first.
	unknownDatabase = "3D000"
)

// cluster creates and drops databases on one server. It opens one connection per
// step and keeps none, so that leak detectors in the tests see nothing of it.
type cluster struct {
	base *url.URL
	// private is the server started for this process, if it was: without a
	// reference the garbage collector would close its leash and so end it.
	private *Server
}

func newCluster(dsn string) (cluster, error) {
	u, err := url.Parse(dsn)
	if err != nil || (u.Scheme != "postgres" && u.Scheme != "postgresql") || u.Host == "" {
		// The value carries a password, so it is not repeated here.
		return cluster{}, fmt.Errorf("%s is not a postgres:// URL", EnvDSN)
	}
	return cluster{base: u}, nil
}

func (c cluster) dsn(database string) string {
	u := *c.base
	u.Path = "/" + database
	return u.String()
}

// create makes an empty database, or a copy of template, and returns its name.
func (c cluster) create(ctx context.Context, template string) (string, error) {
	random := make([]byte, 8)
	if _, err := rand.Read(random); err != nil {
		return "", fmt.Errorf("name a database: %w", err)
	}
	name := prefix + strconv.FormatInt(time.Now().Unix(), 10) + "_" + hex.EncodeToString(random)
	if err := c.exec(ctx, "CREATE DATABASE "+quote(name)+" TEMPLATE "+quote(template)); err != nil {
		return "", fmt.Errorf("create a test database: %w", err)
	}
	return name, nil
}

// drop removes a database together with the connections a test left open.
func (c cluster) drop(ctx context.Context, name string) error {
	if err := c.exec(ctx, "DROP DATABASE IF EXISTS "+quote(name)+" WITH (FORCE)"); err != nil {
		return fmt.Errorf("drop test database %s: %w", name, err)
	}
	return nil
}

// seal keeps everybody, autovacuum too, out of a finished template.
func (c cluster) seal(ctx context.Context, name string) error {
	if err := c.exec(ctx, "ALTER DATABASE "+quote(name)+" ALLOW_CONNECTIONS false"); err != nil {
		return fmt.Errorf("seal template: %w", err)
	}
	return nil
}

// sweep removes what killed runs left on a long-lived server: databases of this
// package created before the given moment that nobody is connected to.
func (c cluster) sweep(ctx context.Context, before time.Time) error {
	names, err := c.unused(ctx)
	if err != nil {
		return err
	}
	for _, name := range names {
		born, ok := bornAt(name)
		if !ok || !born.Before(before) {
			continue
		}
		err := c.exec(ctx, "DROP DATABASE "+quote(name))
		var pg *pgconn.PgError
		if errors.As(err, &pg) && (pg.Code == objectInUse || pg.Code == unknownDatabase) {
			continue // used since it was listed, or swept by another process
		}
		if err != nil {
			return fmt.Errorf("sweep %s: %w", name, err)
		}
	}
	return nil
}

// unused lists our databases without connections; asking first matters, because
// DROP DATABASE waits five seconds for those of others to go away.
func (c cluster) unused(ctx context.Context) ([]string, error) {
	conn, err := c.connect(ctx)
	if err != nil {
		return nil, err
	}
	rows, err := conn.Query(ctx, `SELECT datname FROM pg_database d WHERE starts_with(datname, $1)
		AND NOT EXISTS (SELECT FROM pg_stat_activity a WHERE a.datid = d.oid)`, prefix)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("list test databases: %w", err), conn.Close(ctx))
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	return names, errors.Join(err, conn.Close(ctx))
}

func (c cluster) exec(ctx context.Context, sql string) error {
	conn, err := c.connect(ctx)
	if err != nil {
		return err
	}
	_, err = conn.Exec(ctx, sql)
	return errors.Join(err, conn.Close(ctx))
}

func (c cluster) connect(ctx context.Context) (*pgx.Conn, error) {
	conn, err := pgx.Connect(ctx, c.base.String())
	if err != nil {
		return nil, fmt.Errorf("connect to the test server: %w", err)
	}
	return conn, nil
}

// bornAt reads the creation time that create put into a name.
func bornAt(name string) (time.Time, bool) {
	rest, ours := strings.CutPrefix(name, prefix)
	seconds, _, found := strings.Cut(rest, "_")
	unix, err := strconv.ParseInt(seconds, 10, 64)
	return time.Unix(unix, 0), ours && found && err == nil
}

func quote(identifier string) string { return pgx.Identifier{identifier}.Sanitize() }
