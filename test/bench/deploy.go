package main

import (
	"bufio"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"database/sql"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	_ "github.com/jackc/pgx/v5/stdlib" // registers the driver "pgx"

	"github.com/symphainy/symphainy/test/pgtest"
)

// deployment is a running server on a fresh database, with the limits of that database beside it.
type deployment struct {
	store string
	// dir is the server's folder; dsn is its database, for somebody who sees everything, where it is PostgreSQL.
	dir, dsn       string
	vars           []string
	url, limitURL  string
	pids           map[string]int
	running        map[string]*exec.Cmd
	http           *http.Client
	token, session string
	// measured is what shapes came to before.
	measured map[string]result
	closers  []func()
}

func newDeployment(store string) *deployment {
	return &deployment{
		store: store, pids: map[string]int{}, running: map[string]*exec.Cmd{}, measured: map[string]result{},
		http: &http.Client{Timeout: time.Minute, Transport: &http.Transport{MaxIdleConnsPerHost: 256}},
	}
}

func (d *deployment) end() {
	for i := len(d.closers) - 1; i >= 0; i-- {
		d.closers[i]()
	}
}

// deploy starts the binary; the caller ends it.
func deploy(ctx context.Context, s settings, store string) (*deployment, error) {
	d := newDeployment(store)
	if err := d.begin(ctx, s); err != nil {
		d.end()
		return nil, err
	}
	return d, nil
}

func (d *deployment) begin(ctx context.Context, s settings) error {
	if err := d.prepare(ctx, s); err != nil {
		return err
	}
	var err error
	if d.url, err = d.serve(ctx, s); err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	where := d.dsn
	if where == "" {
		where = inSQLite + filepath.Join(d.dir, "limits.db")
	}
	if d.limitURL, err = d.start(command(ctx, self, nil, "-limit-server", where)); err != nil {
		return fmt.Errorf("limits: %w", err)
	}
	return d.register(ctx)
}

// serve starts a server, one more if there is one already.
func (d *deployment) serve(ctx context.Context, s settings) (string, error) {
	if s.server != "" {
		return d.start(command(ctx, s.server, d.vars))
	}
	return d.start(command(ctx, s.binary, d.vars, "serve"))
}

// prepare makes a store and the server's environment. PostgreSQL is migrated, and the server uses it by a role that row-level security holds,
// as in production.
func (d *deployment) prepare(ctx context.Context, s settings) error {
	var err error
	if d.dir, err = os.MkdirTemp("", "symphainy-bench-"); err != nil {
		return err
	}
	d.closers = append(d.closers, func() { _ = os.RemoveAll(d.dir) })
	d.vars = environment(d.dir)
	if d.store != "postgres" {
		return nil
	}
	if d.dsn, err = d.database(ctx); err != nil {
		return err
	}
	key, err := signingKey(d.dir)
	if err != nil {
		return err
	}
	keyed := append(slices.Clone(d.vars), "SYMPHAINY_AUTH_KEY_FILES="+key)
	if out, err := command(ctx, s.binary, append(slices.Clone(keyed), "SYMPHAINY_DATABASE_URL="+d.dsn), "migrate").Output(); err != nil {
		return fmt.Errorf("migrate: %w: %s", err, out)
	}
	if err := pgtest.GrantApp(d.dsn); err != nil {
		return err
	}
	app, err := pgtest.AppDSN(d.dsn)
	d.vars = append(keyed, "SYMPHAINY_DATABASE_URL="+app)
	return err
}

// environment sets limits aside that would stop a load.
func environment(dir string) []string {
	return []string{
		"SYMPHAINY_ADDR=127.0.0.1:0", "SYMPHAINY_DATA_DIR=" + dir, "SYMPHAINY_LIMIT_LOGIN=0", "SYMPHAINY_LIMIT_REGISTER=0",
		"SYMPHAINY_LIMIT_ANONYMOUS=0", "SYMPHAINY_LIMIT_ANONYMOUS_TOTAL=100000000/1h", "SYMPHAINY_LOG_LEVEL=error", "SYMPHAINY_WS_MESSAGES_PER_MINUTE=1000000",
		"SYMPHAINY_WS_PER_SESSION=20000", "SYMPHAINY_WS_PER_USER=20000", "SYMPHAINY_WS_PER_TENANT=20000", "SYMPHAINY_WS_PER_ADDRESS=20000",
		"SYMPHAINY_WS_PER_PROCESS=20000", "SYMPHAINY_RUNTIME_QUEUE_LIMIT=20000",
	}
}

func command(ctx context.Context, binary string, vars []string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, binary, args...)
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.TempDir()}, vars...)
	cmd.Stderr = os.Stderr
	return cmd
}

// start runs a server and waits for the line that tells its address.
func (d *deployment) start(cmd *exec.Cmd) (string, error) {
	out, err := cmd.StdoutPipe()
	if err != nil {
		return "", err
	}
	if err := cmd.Start(); err != nil {
		return "", err
	}
	d.closers = append(d.closers, func() {
		// It is measured, not asked to tidy up; the folder and the database go next.
		_ = errors.Join(cmd.Process.Kill(), cmd.Wait())
	})
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if fields := strings.Fields(lines.Text()); len(fields) == 2 && fields[0] == "Address" {
			d.pids[fields[1]], d.running[fields[1]] = cmd.Process.Pid, cmd
			return fields[1], nil
		}
	}
	return "", errors.New("the server ended without telling its address")
}

// kill ends a server by the signal that cannot be caught, and waits until it is gone.
func (d *deployment) kill(url string) {
	cmd := d.running[url]
	_ = errors.Join(cmd.Process.Kill(), cmd.Wait()) // that it was killed is an error too
	d.http.CloseIdleConnections()
}

// open gives the store for somebody who sees everything.
func (d *deployment) open() (*sql.DB, error) {
	if d.dsn != "" {
		return sql.Open("pgx", d.dsn)
	}
	return sql.Open("sqlite", "file:"+filepath.Join(d.dir, "symphainy.db")+synced)
}

// database makes a database on the server that SYMPHAINY_TEST_DSN names.
func (d *deployment) database(ctx context.Context) (string, error) {
	admin := os.Getenv(pgtest.EnvDSN)
	if admin == "" {
		return "", errors.New(pgtest.EnvDSN + " names no server; `make bench` starts one")
	}
	u, err := url.Parse(admin)
	if err != nil {
		return "", err
	}
	name := fmt.Sprintf("bench_%d", time.Now().UnixNano())
	do := func(ctx context.Context, sql string) error {
		conn, err := pgx.Connect(ctx, admin)
		if err != nil {
			return err
		}
		_, err = conn.Exec(ctx, sql)
		return errors.Join(err, conn.Close(ctx))
	}
	if err := do(ctx, "CREATE DATABASE "+name); err != nil {
		return "", err
	}
	d.closers = append(d.closers, func() { _ = do(context.WithoutCancel(ctx), "DROP DATABASE "+name+" WITH (FORCE)") })
	u.Path = "/" + name
	return u.String(), nil
}

func signingKey(dir string) (string, error) {
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return "", err
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "bench-key.pem")
	return path, os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), 0o600)
}

func (d *deployment) register(ctx context.Context) error {
	answer, err := d.call(ctx, http.MethodPost, d.url+"/api/auth/register", nil,
		[]byte(`{"name":"Bench","email":"bench@bench.example","password":"a-long-passphrase-for-bench"}`), http.StatusCreated)
	if err != nil {
		return err
	}
	var made struct {
		Token   string `json:"access_token"`
		Session string `json:"session_id"`
	}
	err = json.Unmarshal(answer, &made)
	d.token, d.session = made.Token, made.Session
	return err
}
