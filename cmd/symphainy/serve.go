package main

import (
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/symphainy/symphainy/bootstrap"
)

func serveCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "serve", Short: "Start the platform", Args: cobra.NoArgs,
		Long: "Starts the platform and runs until SIGINT or SIGTERM; a second signal ends it at once.\n" +
			"Without configuration it listens on 127.0.0.1:8001 and keeps everything under ./data.",
		RunE: serve,
	}
	settingFlags(cmd)
	cmd.Flags().String(addrFlag, "", "address to listen on; port 0 takes a free one (default 127.0.0.1:8001)")
	experience := &cobra.Command{
		Use: bootstrap.PlaneExperience, Short: "Start the Experience plane alone", Args: cobra.NoArgs,
		Long: "Answers clients, and hands the work to the Runtime at planes.runtime_url. Needs PostgreSQL.",
		RunE: serve,
	}
	settingFlags(experience)
	experience.Flags().String(addrFlag, "", "address to listen on; port 0 takes a free one (default 127.0.0.1:8001)")
	runtime := &cobra.Command{
		Use: bootstrap.PlaneRuntime, Short: "Start the Runtime alone", Args: cobra.NoArgs,
		Long: "Does the work that Experience planes hand over. It listens for them on planes.runtime_addr, which no client may reach. Needs PostgreSQL.",
		RunE: serve,
	}
	settingFlags(runtime)
	runtime.Flags().String(runtimeAddrFlag, "", "internal address to listen on; port 0 takes a free one (default 127.0.0.1:8002)")
	cmd.AddCommand(experience, runtime)
	return cmd
}

func serve(cmd *cobra.Command, _ []string) error {
	cfg, err := load(cmd)
	if err != nil {
		return fmt.Errorf("the configuration is refused:\n%w", err)
	}
	return bootstrap.Serve(cmd.Context(), cfg, bootstrap.Options{
		Version: version, Log: bootstrap.NewLogger(cfg.Log, os.Stderr),
		Ready: func(i bootstrap.Info) { welcome(cmd.OutOrStdout(), i) },
	})
}

// welcome tells a newcomer where everything is.
func welcome(out io.Writer, i bootstrap.Info) {
	// Standard output that is closed is no reason to stop serving.
	if i.Internal {
		_, _ = fmt.Fprintf(out, "The Runtime of Symphainy %s is running.\n\n  Address    %s\n  Data       %s\n\nStop with Ctrl-C.\n", i.Version, i.URL, i.Store)
		return
	}
	_, _ = fmt.Fprintf(out, `Symphainy %[1]s is running.

  Address    %[2]s
  API docs   %[2]s/api/docs
  Data       %[3]s
  Try        curl -s -X POST %[2]s/api/session/create-anonymous
  Tour       %[4]s tour --url %[2]s

Stop with Ctrl-C.
`, i.Version, i.URL, i.Store, os.Args[0])
}
