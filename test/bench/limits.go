package main

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/hex"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// limits are thin handlers that do the database work of a shape in as few round trips as it can be done in, and nothing else.
type limits struct {
	pool    *pgxpool.Pool
	private ed25519.PrivateKey
	public  ed25519.PublicKey
	token   string
}

const limitTables = `CREATE TABLE IF NOT EXISTS limit_sessions (id text PRIMARY KEY, secret bytea, created_at timestamptz);
	CREATE TABLE IF NOT EXISTS limit_executions (id text PRIMARY KEY, state text, fence int, last_seq int);
	CREATE TABLE IF NOT EXISTS limit_events (id text, seq int, data json, PRIMARY KEY (id, seq))`

func serveLimits(ctx context.Context, out io.Writer, dsn string) error {
	cfg, err := pgxpool.ParseConfig(dsn)
	if err != nil {
		return err
	}
	cfg.MaxConns = 20
	l := &limits{}
	if l.pool, err = pgxpool.NewWithConfig(ctx, cfg); err != nil {
		return err
	}
	defer l.pool.Close()
	if l.public, l.private, err = ed25519.GenerateKey(rand.Reader); err != nil {
		return err
	}
	if l.token, err = l.sign("one"); err != nil {
		return err
	}
	if _, err = l.pool.Exec(ctx, limitTables); err != nil {
		return err
	}
	if _, err = l.pool.Exec(ctx, "INSERT INTO limit_sessions VALUES ('one', NULL, now())"); err != nil {
		return err
	}
	mux := http.NewServeMux()
	for path, do := range map[string]func(context.Context) error{"/l1": l.create, "/l2": l.read, "/l3": l.execute} {
		mux.HandleFunc("POST "+path, func(w http.ResponseWriter, r *http.Request) {
			if err := do(r.Context()); err != nil {
				http.Error(w, err.Error(), http.StatusInternalServerError)
			}
		})
	}
	sockets := &room{}
	mux.HandleFunc("GET /api/runtime/agent", sockets.join)
	mux.HandleFunc("POST /l6", sockets.turn)
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	write(out, "Address http://%s\n", listener.Addr())
	return (&http.Server{Handler: mux, ReadHeaderTimeout: time.Minute}).Serve(listener)
}

func (l *limits) sign(subject string) (string, error) {
	return jwt.NewWithClaims(jwt.SigningMethodEdDSA, jwt.MapClaims{"sub": subject, "exp": time.Now().Add(time.Hour).Unix()}).SignedString(l.private)
}

func random() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // it never fails
	return hex.EncodeToString(b[:])
}

// create is one insert and a signed token.
func (l *limits) create(ctx context.Context) error {
	id := random()
	if _, err := l.pool.Exec(ctx, "INSERT INTO limit_sessions VALUES ($1, $2, now())", id, []byte(id)); err != nil {
		return err
	}
	_, err := l.sign(id)
	return err
}

// read is a verified token and a select by key.
func (l *limits) read(ctx context.Context) error {
	_, err := jwt.Parse(l.token, func(*jwt.Token) (any, error) { return l.public, nil }, jwt.WithValidMethods([]string{"EdDSA"}))
	if err != nil {
		return err
	}
	var at time.Time
	return l.pool.QueryRow(ctx, "SELECT created_at FROM limit_sessions WHERE id = $1", "one").Scan(&at)
}

// execute is three commits, each a state with its event in one round trip.
func (l *limits) execute(ctx context.Context) error {
	id := random()
	for seq, sql := range []string{
		"INSERT INTO limit_executions VALUES ($1, 'accepted', 0, $2)",
		"UPDATE limit_executions SET state = 'running', fence = fence + 1, last_seq = $2 WHERE id = $1",
		"UPDATE limit_executions SET state = 'completed', last_seq = $2 WHERE id = $1",
	} {
		b := &pgx.Batch{}
		b.Queue("BEGIN")
		b.Queue(sql, id, seq+1)
		b.Queue("INSERT INTO limit_events VALUES ($1, $2, '{}')", id, seq+1)
		b.Queue("COMMIT")
		if err := l.pool.SendBatch(ctx, b).Close(); err != nil {
			return err
		}
	}
	return nil
}
