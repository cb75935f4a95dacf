package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/symphainy/symphainy/application/accounts"
	"github.com/symphainy/symphainy/bootstrap"
	"github.com/symphainy/symphainy/domain/fault"
)

func userCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "user", Short: "Make accounts", Args: cobra.NoArgs}
	cmd.AddCommand(userCreateCommand())
	return cmd
}

// roleOperator is the one role that this command gives beside that of the owner of a new tenant.
const roleOperator = "operator"

func userCreateCommand() *cobra.Command {
	var name, email, role string
	cmd := &cobra.Command{
		Use: "create", Short: "Make an account, or make an account an operator", Args: cobra.NoArgs,
		Long: "Makes a user with a tenant of their own. The password is the first line of standard input.\n" +
			"With --role operator the user operates the platform too; an account that has the address already becomes an operator and\n" +
			"keeps its password. The embedded database must not be in use by a server meanwhile.",
		Example: "  symphainy user create --email ada@example.org --name Ada --role operator < password.txt",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if role != "" && role != roleOperator {
				return fmt.Errorf("--role must be empty or %s", roleOperator)
			}
			cfg, err := load(cmd)
			if err != nil {
				return err
			}
			password, err := firstLine(cmd.InOrStdin())
			if err != nil {
				return err
			}
			made, err := bootstrap.CreateUser(cmd.Context(), cfg, accounts.CreateCommand{Name: name, Email: email, Password: password, Operator: role == roleOperator})
			if err != nil {
				return inFull(err)
			}
			_, err = fmt.Fprintln(cmd.OutOrStdout(), made.ID)
			return err
		},
	}
	settingFlags(cmd)
	cmd.Flags().StringVar(&email, "email", "", "mail address")
	cmd.Flags().StringVar(&name, "name", "", "name of the person")
	cmd.Flags().StringVar(&role, "role", "", "operator, for one who operates the platform")
	if err := cmd.MarkFlagRequired("email"); err != nil {
		panic(err) // the flag is defined in a line before
	}
	return cmd
}

func firstLine(in io.Reader) (string, error) {
	line, err := bufio.NewReader(io.LimitReader(in, 1<<16)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", fmt.Errorf("read the password: %w", err)
	}
	return strings.TrimRight(line, "\r\n"), nil
}

// inFull names the wrong values of an invalid command.
func inFull(err error) error {
	var all []error
	for _, f := range fault.As(err).Fields {
		all = append(all, errors.New(strings.TrimPrefix(f.Pointer, "/")+": "+f.Message))
	}
	if len(all) == 0 {
		return err
	}
	return errors.Join(all...)
}
