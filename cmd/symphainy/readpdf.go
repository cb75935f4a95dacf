package main

import (
	"github.com/spf13/cobra"

	"github.com/symphainy/symphainy/adapters/sandbox"
)

// readPDFCommand is the process in which the server reads a PDF file. People have no use for it.
func readPDFCommand() *cobra.Command {
	return &cobra.Command{
		Use: sandbox.Command, Hidden: true, Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			return sandbox.Main(cmd.Context(), args, cmd.OutOrStdout())
		},
	}
}
