package pgtest

import (
	"bufio"
	"context"
	"crypto/rand"
	_ "embed" // the keeper script below
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

//go:embed keeper.sh
var keeperScript string

const (
	superuser = "postgres"
	// portTries covers the moment between finding a free port and the server
	// taking it, in which another process may be faster.
	portTries = 5
)

// Server is a private PostgreSQL server in a temporary folder, listening on
// 127.0.0.1 only. It ends with this process even if Stop is never called.
type Server struct {
	dsn    string
	folder string
	keeper *exec.Cmd
	leash  *os.File // the write end of the keeper's standard input
}

// Start initialises and starts a server; ctx bounds the start only, not the life
// of the server. As root it runs as the user postgres (else nobody), because
// PostgreSQL refuses to run as root. The error says what to install if the
// binaries are missing, and carries the server's log if it did not start.
func Start(ctx context.Context) (*Server, error) {
	bin, err := findBinaries()
	if err != nil {
		return nil, err
	}
	who, err := unprivileged()
	if err != nil {
		return nil, err
	}
	var failures []error
	for range portTries {
		server, err := attempt(ctx, bin, who)
		if err == nil {
			return server, nil
		}
		failures = append(failures, err)
		if !errors.Is(err, errPortTaken) {
			break
		}
	}
	return nil, errors.Join(failures...)
}

// attempt leaves nothing behind when it fails.
func attempt(ctx context.Context, bin binaries, who *syscall.Credential) (*Server, error) {
	folder, err := makeFolder(who)
	if err != nil {
		return nil, err
	}
	password := rand.Text()
	if err := initialise(ctx, bin, who, folder, password); err != nil {
		return nil, errors.Join(err, os.RemoveAll(folder))
	}
	server, err := launch(ctx, bin, who, folder, password)
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(folder))
	}
	return server, nil
}

// DSN is the URL of the server's own database "postgres", as its superuser.
func (s *Server) DSN() string { return s.dsn }

// Folder is the temporary folder that holds all the server's files.
func (s *Server) Folder() string { return s.folder }

// Stop ends the server at once (its data is thrown away) and returns when both
// the server and its folder are gone.
func (s *Server) Stop() error {
	if err := s.leash.Close(); err != nil {
		return fmt.Errorf("let go of the server: %w", err)
	}
	if err := s.keeper.Wait(); err != nil {
		return fmt.Errorf("stop the server: %w", err)
	}
	return nil
}

// initialise makes the data folder. Connections need a random password, because
// a superuser without one would let every local user run commands as this one.
func initialise(ctx context.Context, bin binaries, who *syscall.Credential, folder, password string) error {
	passwordFile := filepath.Join(folder, "password")
	if err := os.WriteFile(passwordFile, []byte(password), 0o600); err != nil {
		return fmt.Errorf("write the password file: %w", err)
	}
	if who != nil {
		if err := os.Chown(passwordFile, int(who.Uid), int(who.Gid)); err != nil {
			return fmt.Errorf("hand over the password file: %w", err)
		}
	}
	// "password" sends it in the clear, on loopback: SCRAM would cost every
	// connection of a race-instrumented client milliseconds of hashing.
	cmd := exec.CommandContext(ctx, bin.initdb, "--pgdata="+filepath.Join(folder, "data"), "--username="+superuser,
		"--pwfile="+passwordFile, "--auth=password", "--encoding=UTF8", "--locale=C", "--no-sync", "--no-instructions")
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: who}
	cmd.Dir = folder
	cmd.Env = environment(folder)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w: %s", err, out)
	}
	return nil
}

var errPortTaken = errors.New("the port was taken by another process")

// launch hands the folder to a keeper in a session of its own, so that neither
// ^C in a terminal nor the end of the test reaches it before it has cleaned up.
func launch(ctx context.Context, bin binaries, who *syscall.Credential, folder, password string) (*Server, error) {
	port, err := freePort(ctx)
	if err != nil {
		return nil, err
	}
	input, leash, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("make the keeper's pipe: %w", err)
	}
	defer input.Close()
	answer, output, err := os.Pipe()
	if err != nil {
		return nil, errors.Join(fmt.Errorf("make the keeper's pipe: %w", err), leash.Close())
	}
	defer answer.Close()

	// Not CommandContext: the keeper has to outlive ctx.
	keeper := exec.Command("/bin/sh", "-c", keeperScript, "keeper", bin.pgCtl, folder, serverOptions(folder, port))
	keeper.SysProcAttr = &syscall.SysProcAttr{Credential: who, Setsid: true}
	keeper.Dir = "/"
	keeper.Env = environment(folder)
	keeper.Stdin, keeper.Stdout = input, output
	err = keeper.Start()
	closeErr := output.Close()
	if err = errors.Join(err, closeErr); err != nil {
		return nil, errors.Join(fmt.Errorf("start the keeper: %w", err), leash.Close())
	}
	server := &Server{folder: folder, keeper: keeper, leash: leash, dsn: dsnFor(port, password)}
	if err := awaitReady(ctx, answer); err != nil {
		log, logErr := os.ReadFile(filepath.Join(folder, "log"))
		if strings.Contains(string(log), "Address already in use") {
			err = errPortTaken
		}
		return nil, errors.Join(fmt.Errorf("start PostgreSQL: %w: %s", err, log), logErr, server.Stop())
	}
	return server, nil
}

func awaitReady(ctx context.Context, answer *os.File) error {
	if deadline, ok := ctx.Deadline(); ok {
		if err := answer.SetReadDeadline(deadline); err != nil {
			return fmt.Errorf("set the deadline: %w", err)
		}
	}
	line, err := bufio.NewReader(answer).ReadString('\n')
	if err != nil {
		return fmt.Errorf("hear from the keeper: %w", err)
	}
	if strings.TrimSpace(line) != "ready" {
		return errors.New("pg_ctl start failed")
	}
	return nil
}

// serverOptions keep what the product's start check demands (fsync and
// synchronous_commit on) and are otherwise small: many servers share a machine.
func serverOptions(folder string, port int) string {
	settings := []string{
		"listen_addresses=127.0.0.1", "port=" + strconv.Itoa(port), "unix_socket_directories=" + folder,
		"fsync=on", "synchronous_commit=on", "full_page_writes=on",
		"max_connections=400", "shared_buffers=32MB", "max_wal_size=256MB", "jit=off", "timezone=UTC",
	}
	return "-c " + strings.Join(settings, " -c ")
}

func dsnFor(port int, password string) string {
	u := url.URL{
		Scheme: "postgres", User: url.UserPassword(superuser, password), Path: "/postgres", RawQuery: "sslmode=disable",
		Host: net.JoinHostPort("127.0.0.1", strconv.Itoa(port)),
	}
	return u.String()
}

func freePort(ctx context.Context) (int, error) {
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp4", "127.0.0.1:0")
	if err != nil {
		return 0, fmt.Errorf("find a free port: %w", err)
	}
	address, ok := listener.Addr().(*net.TCPAddr)
	if !ok {
		return 0, errors.Join(fmt.Errorf("find a free port: unexpected address %v", listener.Addr()), listener.Close())
	}
	return address.Port, listener.Close()
}

// environment is small on purpose: PG* variables of the caller would redirect
// the tools, and locale variables would change the server's messages.
func environment(folder string) []string {
	return []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C", "TZ=UTC", "HOME=" + folder}
}
