package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/symphainy/symphainy/bootstrap"
)

func migrateCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "migrate", Short: "Bring the database to this version's schema", Args: cobra.NoArgs,
		Long: "Creates or updates the tables, the queue's among them. On PostgreSQL this is done before the first start and before each\n" +
			"update; the embedded database migrates itself.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := load(cmd)
			if err != nil {
				return err
			}
			report, err := bootstrap.Migrate(cmd.Context(), cfg)
			if err != nil {
				return err
			}
			_, err = fmt.Fprintln(cmd.OutOrStdout(), report)
			return err
		},
	}
	settingFlags(cmd)
	return cmd
}
