package main

import (
	"fmt"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/symphainy/symphainy/bootstrap"
)

func configCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "config", Short: "Check the configuration, or list all settings", Args: cobra.NoArgs}
	check := &cobra.Command{
		Use: "check", Short: "Say everything that is wrong with the configuration, without starting", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := load(cmd)
			if err == nil {
				err = bootstrap.Check(cmd.Context(), cfg)
			}
			if err != nil {
				return fmt.Errorf("the configuration is refused:\n%w", err)
			}
			_, err = fmt.Fprintln(cmd.OutOrStdout(), "The configuration is good.")
			return err
		},
	}
	settingFlags(check)
	check.Flags().String(addrFlag, "", "address to listen on")
	cmd.AddCommand(check, listCommand())
	return cmd
}

func listCommand() *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List all settings with their variables and defaults", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			w := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 4, 2, ' ', 0)
			if _, err := fmt.Fprintln(w, "VARIABLE\tIN A FILE\tDEFAULT\tMEANING"); err != nil {
				return err
			}
			for _, s := range bootstrap.Settings(bootstrap.Development) {
				if _, err := fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", s.Env, s.Key, s.Default, s.Help); err != nil {
					return err
				}
			}
			return w.Flush()
		},
	}
}
