package main

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/hex"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// limits are thin handlers that do the database work of a shape in as few round trips as it can be done in, and nothing else.
type limits struct {
	store   thinStore
	private ed25519.PrivateKey
	public  ed25519.PublicKey
	token   string
}

// thinStore is the database work of the limits.
type thinStore interface {
	// create is one insert.
	create(ctx context.Context, id string) error
	// read is a select by key.
	read(ctx context.Context, id string) error
	// execute is three commits, each a state with its event.
	execute(ctx context.Context, id string) error
	io.Closer
}

// inSQLite marks a path for -limit-server; anything else is a PostgreSQL URL.
const inSQLite = "sqlite:"

func serveLimits(ctx context.Context, out io.Writer, where string) error {
	l := &limits{}
	var err error
	if path, lite := strings.CutPrefix(where, inSQLite); lite {
		l.store, err = openThinSQLite(ctx, path)
	} else {
		l.store, err = openThinPostgres(ctx, where)
	}
	if err != nil {
		return err
	}
	defer func() { _ = l.store.Close() }() // it is measured, not kept
	if l.public, l.private, err = ed25519.GenerateKey(rand.Reader); err != nil {
		return err
	}
	if l.token, err = l.sign(thinSession); err != nil {
		return err
	}
	if err := l.store.create(ctx, thinSession); err != nil {
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
	mux.HandleFunc("GET /l4", talk)
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	write(out, "Address http://%s\n", listener.Addr())
	return (&http.Server{Handler: mux, ReadHeaderTimeout: time.Minute}).Serve(listener)
}

// thinSession is the session that L2 reads.
const thinSession = "one"

func (l *limits) sign(subject string) (string, error) {
	return jwt.NewWithClaims(jwt.SigningMethodEdDSA, jwt.MapClaims{"sub": subject, "exp": time.Now().Add(time.Hour).Unix()}).SignedString(l.private)
}

func random() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // it never fails
	return hex.EncodeToString(b[:])
}

// create is L1: one insert and a signed token.
func (l *limits) create(ctx context.Context) error {
	id := random()
	if err := l.store.create(ctx, id); err != nil {
		return err
	}
	_, err := l.sign(id)
	return err
}

// read is L2: a verified token and a select by key.
func (l *limits) read(ctx context.Context) error {
	_, err := jwt.Parse(l.token, func(*jwt.Token) (any, error) { return l.public, nil }, jwt.WithValidMethods([]string{"EdDSA"}))
	if err != nil {
		return err
	}
	return l.store.read(ctx, thinSession)
}

// execute is L3.
func (l *limits) execute(ctx context.Context) error { return l.store.execute(ctx, random()) }
