// Command pgrun runs a command beside a private PostgreSQL server and puts the
// server's address into SYMPHAINY_TEST_DSN for it:
//
//	pgrun go test ./...
//
// One server for a whole test run is several seconds cheaper per package than
// one server per test process. The server and its folder are gone when pgrun
// returns, and also when pgrun is killed. An address that is already set is
// used as it is. With -check it only says whether a server could be started.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"time"

	"github.com/symphainy/symphainy/test/pgtest"
)

const startTimeout = 90 * time.Second

func main() {
	code, err := run(os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "pgrun:", err)
	}
	os.Exit(code)
}

// run returns the command's own exit code, or 1 with an error when pgrun itself failed.
func run(args []string) (int, error) {
	if len(args) == 0 {
		return 2, errors.New("usage: pgrun -check | pgrun COMMAND [ARGUMENT...]")
	}
	if args[0] == "-check" {
		if err := pgtest.Check(); err != nil {
			return 1, err
		}
		return 0, nil
	}
	if os.Getenv(pgtest.EnvDSN) != "" {
		return execute(args, os.Environ())
	}
	// From here on a signal must not end pgrun before the server is stopped.
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	defer signal.Stop(signals)

	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	server, err := pgtest.Start(ctx)
	if err != nil {
		return 1, err
	}
	code, err := execute(args, append(os.Environ(), pgtest.EnvDSN+"="+server.DSN()))
	if stopErr := server.Stop(); stopErr != nil {
		return 1, errors.Join(err, stopErr)
	}
	return code, err
}

// execute passes TERM on to the command; INT and HUP of a terminal reach the
// command directly, being in the same process group.
func execute(args, env []string) (int, error) {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Env = env
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	err := cmd.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		if code := exit.ExitCode(); code > 0 {
			return code, nil
		}
		return 1, fmt.Errorf("%s: %w", args[0], err)
	}
	if err != nil {
		return 1, fmt.Errorf("run %s: %w", args[0], err)
	}
	return 0, nil
}
