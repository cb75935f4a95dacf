package e2e_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/test/pgtest"
)

// How long things may take on a slow machine that does other things too.
const (
	startTime = 40 * time.Second
	stopTime  = 40 * time.Second
	waitTime  = 40 * time.Second
)

// environment is a deployment: settings under which servers are started, one after the other or at once.
type environment struct {
	t    *testing.T
	vars []string
	// dataDir is the folder of the embedded database.
	dataDir string
}

// with gives the environment with further settings over its own.
func (e environment) with(vars ...string) environment {
	e.vars = append(append([]string(nil), e.vars...), vars...)
	return e
}

// onEach runs a test against a fresh deployment on each database.
func onEach(t *testing.T, test func(e environment)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		test(onSQLite(t))
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		test(onPostgres(t))
	})
}

// common are the settings of all tests: many users come from one address here.
func common(t *testing.T) environment {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "data")
	return environment{t: t, dataDir: dir, vars: []string{
		"SYMPHAINY_ADDR=127.0.0.1:0", "SYMPHAINY_DATA_DIR=" + dir, "SYMPHAINY_LIMIT_LOGIN=0", "SYMPHAINY_LIMIT_REGISTER=0",
		"SYMPHAINY_LIMIT_ANONYMOUS=0",
	}}
}

func onSQLite(t *testing.T) environment {
	t.Helper()
	return common(t)
}

// onPostgres copies a database that the binary's own migrate command has filled.
func onPostgres(t *testing.T) environment {
	t.Helper()
	e := common(t)
	key := signingKey(t)
	dsn := pgtest.NewFrom(t, "e2e", func(dsn string) error {
		_, err := command(t, e.with("SYMPHAINY_DATABASE_URL="+dsn, "SYMPHAINY_AUTH_KEY_FILES="+key), "migrate").CombinedOutput()
		return err
	})
	return e.with("SYMPHAINY_DATABASE_URL="+dsn, "SYMPHAINY_AUTH_KEY_FILES="+key)
}

// signingKey makes a key file as an operator does.
func signingKey(t *testing.T) string {
	t.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	der, err := x509.MarshalPKCS8PrivateKey(private)
	require.NoError(t, err)
	dir := filepath.Join(t.TempDir(), "keys")
	require.NoError(t, os.Mkdir(dir, 0o700))
	path := filepath.Join(dir, "key.pem")
	require.NoError(t, os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), 0o600))
	return path
}

// command prepares a run of the binary with nothing but the deployment's settings.
func command(t *testing.T, e environment, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(binary, args...)
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir()}, e.vars...)
	cmd.Dir = t.TempDir()
	return cmd
}

// server is a running binary.
type server struct {
	t    *testing.T
	cmd  *exec.Cmd
	url  string
	out  *output
	log  *output
	done chan struct{}
}

var addressLine = regexp.MustCompile(`(?m)^\s*Address\s+(http://\S+)$`)

// start runs `serve`, or `serve` of one plane, and waits until it tells its address.
func start(t *testing.T, e environment, plane ...string) *server {
	t.Helper()
	s := &server{t: t, cmd: command(t, e, append([]string{"serve"}, plane...)...), out: newOutput(), log: newOutput(), done: make(chan struct{})}
	s.cmd.Stdout, s.cmd.Stderr = s.out, s.log
	require.NoError(t, s.cmd.Start())
	go func() {
		defer close(s.done)
		_ = s.cmd.Wait() // the exit code is read from ProcessState
	}()
	t.Cleanup(s.end)
	deadline := time.After(startTime)
	for s.url == "" {
		if m := addressLine.FindStringSubmatch(s.out.String()); m != nil {
			s.url = m[1]
			break
		}
		select {
		case <-s.out.changed:
		case <-s.done:
			t.Fatalf("serve ended at once with %d:\n%s", s.cmd.ProcessState.ExitCode(), s.log)
		case <-deadline:
			t.Fatalf("serve did not tell its address:\n%s\n%s", s.out, s.log)
		}
	}
	return s
}

// end makes sure that nothing stays behind, and shows the log of a failed test.
func (s *server) end() {
	s.kill()
	if log := s.log.String(); s.t.Failed() && log != "" {
		s.t.Logf("log of %s:\n%s", s.url, log)
	}
	if strings.Contains(s.log.String(), `"msg":"panic"`) {
		s.t.Errorf("panic in the server:\n%s", s.log)
	}
	if strings.Contains(s.log.String(), "DATA RACE") {
		s.t.Errorf("data race in the server:\n%s", s.log)
	}
}

// kill is kill -9.
func (s *server) kill() {
	select {
	case <-s.done:
		return
	default:
	}
	// The process may have ended this moment; then there is nothing to kill.
	_ = s.cmd.Process.Kill()
	<-s.done
}

// terminate sends SIGTERM.
func (s *server) terminate() {
	s.t.Helper()
	require.NoError(s.t, s.cmd.Process.Signal(syscall.SIGTERM))
}

// exit waits for the end and gives the exit code.
func (s *server) exit() int {
	s.t.Helper()
	select {
	case <-s.done:
	case <-time.After(stopTime):
		s.t.Fatalf("serve did not stop:\n%s", s.log)
	}
	return s.cmd.ProcessState.ExitCode()
}

// output collects what a process writes and tells that there is more.
type output struct {
	mu      sync.Mutex
	text    bytes.Buffer
	changed chan struct{}
}

func newOutput() *output { return &output{changed: make(chan struct{}, 1)} }

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	select {
	case o.changed <- struct{}{}:
	default:
	}
	return o.text.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}
