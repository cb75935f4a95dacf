package proxy_test

import (
	"context"
	"io"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/test/chaos/proxy"
	"github.com/symphainy/symphainy/test/pgtest"
)

// echo answers every connection with a text and closes it.
func echo(t *testing.T, text string) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			_, _ = io.WriteString(c, text)
			_ = c.Close()
		}
	}()
	return l.Addr().String()
}

func through(t *testing.T, target string) *proxy.Proxy {
	t.Helper()
	p, err := proxy.New(target)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, p.Close()) })
	return p
}

func read(t *testing.T, address string, patience time.Duration) (string, error) {
	t.Helper()
	c, err := net.Dial("tcp", address)
	if err != nil {
		return "", err // a refused link may break before it is there
	}
	defer c.Close()
	require.NoError(t, c.SetReadDeadline(time.Now().Add(patience)))
	raw, err := io.ReadAll(c)
	return string(raw), err
}

func TestFaultsOfALink(t *testing.T) {
	t.Parallel()
	p := through(t, echo(t, "hello, world"))
	got, err := read(t, p.Address(), 5*time.Second)
	require.NoError(t, err)
	require.Equal(t, "hello, world", got)

	p.CutAfter(5)
	got, err = read(t, p.Address(), 5*time.Second)
	require.Error(t, err, "the cut is a reset, not an end")
	require.LessOrEqual(t, len(got), 5)
	p.CutAfter(-1)

	p.Latency(60 * time.Millisecond)
	began := time.Now()
	_, err = read(t, p.Address(), 5*time.Second)
	require.NoError(t, err)
	require.GreaterOrEqual(t, time.Since(began), 60*time.Millisecond)
	p.Latency(0)

	p.BlackHole(true)
	got, err = read(t, p.Address(), 100*time.Millisecond)
	require.Error(t, err)
	require.Empty(t, got)
	p.BlackHole(false)
	got, err = read(t, p.Address(), 5*time.Second)
	require.NoError(t, err)
	require.Equal(t, "hello, world", got)

	p.Refuse(true)
	_, err = read(t, p.Address(), 5*time.Second)
	require.Error(t, err)
}

// A COMMIT whose answer is dropped has happened all the same; others are answered.
func TestCutCommits(t *testing.T) {
	t.Parallel()
	dsn := pgtest.New(t)
	direct, err := pgx.Connect(t.Context(), dsn)
	require.NoError(t, err)
	defer direct.Close(context.Background())
	_, err = direct.Exec(t.Context(), "CREATE TABLE things (name text)")
	require.NoError(t, err)

	cfg, err := pgx.ParseConfig(dsn)
	require.NoError(t, err)
	p := through(t, net.JoinHostPort(cfg.Host, strconv.Itoa(int(cfg.Port))))
	host, port, err := net.SplitHostPort(p.Address())
	require.NoError(t, err)
	number, err := strconv.ParseUint(port, 10, 16)
	require.NoError(t, err)
	cfg.Host, cfg.Port = host, uint16(number)
	insert := func(name string) error {
		conn, err := pgx.ConnectConfig(t.Context(), cfg)
		require.NoError(t, err)
		defer conn.Close(context.Background())
		tx, err := conn.Begin(t.Context())
		require.NoError(t, err)
		_, err = tx.Exec(t.Context(), "INSERT INTO things (name) VALUES ($1)", name)
		require.NoError(t, err)
		return tx.Commit(t.Context())
	}
	together := func(name string) error { // as the store sends them
		conn, err := pgx.ConnectConfig(t.Context(), cfg)
		require.NoError(t, err)
		defer conn.Close(context.Background())
		batch := &pgx.Batch{}
		batch.Queue("BEGIN")
		batch.Queue("INSERT INTO things (name) VALUES ($1)", name)
		batch.Queue("COMMIT")
		return conn.SendBatch(t.Context(), batch).Close()
	}
	p.CutCommits(1, func(statements []string) bool {
		return strings.Contains(strings.Join(statements, "\n"), "INSERT INTO others")
	})
	require.NoError(t, insert("not meant"))
	p.CutCommits(1, func(statements []string) bool {
		return strings.Contains(strings.Join(statements, "\n"), "INSERT INTO things")
	})
	require.Error(t, insert("unknown"))
	require.EqualValues(t, 1, p.Cuts())
	p.CutCommits(1, func(statements []string) bool {
		return strings.Contains(strings.Join(statements, "\n"), "INSERT INTO things")
	})
	require.Error(t, together("unknown together"))
	require.EqualValues(t, 2, p.Cuts())
	require.NoError(t, insert("after"))
	var names []string
	rows, err := direct.Query(t.Context(), "SELECT name FROM things ORDER BY name")
	require.NoError(t, err)
	names, err = pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(t, err)
	require.Equal(t, []string{"after", "not meant", "unknown", "unknown together"}, names)
}
