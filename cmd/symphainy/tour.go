package main

import (
	"os"
	"time"

	"github.com/mattn/go-isatty"
	"github.com/spf13/cobra"

	"github.com/symphainy/symphainy/cmd/symphainy/tour"
)

func tourCommand() *cobra.Command {
	var o tour.Options
	cmd := &cobra.Command{
		Use: "tour", Short: "Play the main job against a running server, and show each step", Args: cobra.NoArgs,
		Long: "A visitor talks to the guide, uploads a file, has it parsed and assessed, registers, and goes on in the same session.\n" +
			"The tour is an ordinary client; it exits with an error if a step is not as promised. It leaves two users on the server.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			o.Out, o.Color = cmd.OutOrStdout(), terminal(os.Stdout) && os.Getenv("NO_COLOR") == ""
			return tour.Run(cmd.Context(), o)
		},
	}
	cmd.Flags().StringVar(&o.URL, "url", "http://127.0.0.1:8001", "the server's address")
	cmd.Flags().StringVar(&o.File, "file", "", "a file of yours (CSV, JSON or text) instead of the sample")
	cmd.Flags().DurationVar(&o.Timeout, "timeout", time.Minute, "time limit of the whole tour")
	return cmd
}

// terminal reports whether a person looks at the file.
func terminal(f *os.File) bool { return isatty.IsTerminal(f.Fd()) }
