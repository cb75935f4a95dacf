// Command symphainy runs the platform: serve, migrate, config check, audit, user, version, and tour, which plays the main job against a running
// server.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
)

// version is set by the build.
var version = "dev"

func main() {
	ctx, stop := signals()
	err := root().ExecuteContext(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "symphainy: "+err.Error())
		os.Exit(1)
	}
}

// signals gives a context that the first SIGINT or SIGTERM ends. From then on the signals do what they do by default, so that a second
// one ends a process that takes too long.
func signals() (context.Context, context.CancelFunc) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	return ctx, stop
}

func root() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "symphainy",
		Short: "Run AI agents under governance",
		Long: "Symphainy is a backend on which people run AI agents under governance.\n" +
			"Start it with `symphainy serve`, then watch the main job with `symphainy tour`.",
		SilenceUsage: true, SilenceErrors: true, Args: cobra.NoArgs,
	}
	cmd.CompletionOptions.HiddenDefaultCmd = true
	cmd.AddCommand(serveCommand(), migrateCommand(), configCommand(), auditCommand(), userCommand(), tourCommand(), versionCommand(), readPDFCommand())
	return cmd
}
