package main

import (
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/symphainy/symphainy/application/auditing"
	"github.com/symphainy/symphainy/bootstrap"
	"github.com/symphainy/symphainy/domain/audit"
	"github.com/symphainy/symphainy/domain/fault"
)

const tenantFlag = "tenant"

func auditCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "audit", Short: "Verify or export the audit records", Args: cobra.NoArgs}
	cmd.AddCommand(auditVerifyCommand(), auditExportCommand())
	return cmd
}

func auditVerifyCommand() *cobra.Command {
	var tenant string
	cmd := &cobra.Command{
		Use: "verify", Short: "Check that no audit record was changed, removed or slipped in", Args: cobra.NoArgs,
		Long: "Follows the chain of each tenant's audit records to its end and names the first record that does not fit. It only reads,\n" +
			"and may run beside the server. It fails if any chain is broken.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := load(cmd)
			if err != nil {
				return err
			}
			broken := 0
			err = bootstrap.VerifyAudit(cmd.Context(), cfg, tenant, func(r auditing.Report) error {
				if r.Broken != nil {
					broken++
				}
				return tell(cmd.OutOrStdout(), r)
			})
			switch {
			case errors.Is(err, fault.ErrNotFound) && tenant != "":
				return fmt.Errorf("there are no audit records of %s", tenant)
			case err == nil && broken > 0:
				return fmt.Errorf("broken audit chains: %d", broken)
			}
			return err
		},
	}
	settingFlags(cmd)
	cmd.Flags().StringVar(&tenant, tenantFlag, "", "only this tenant (default all)")
	return cmd
}

// tell writes one line about a tenant. The hash is for whoever notes it elsewhere: a chain that once ended in it has to contain it.
func tell(out io.Writer, r auditing.Report) error {
	verdict := "intact"
	if r.Broken != nil {
		verdict = "BROKEN at " + inWords(*r.Broken)
	}
	_, err := fmt.Fprintf(out, "%s  %d sealed, %d not sealed yet, head %x  %s\n", r.Tenant, r.Sealed, r.Unsealed, r.Head, verdict)
	return err
}

func inWords(b audit.Break) string {
	at := fmt.Sprintf("position %d, ", b.Position)
	switch b.Reason {
	case audit.Changed:
		return at + "record " + b.RecordID + " was changed"
	case audit.Inserted:
		return at + "record " + b.RecordID + " was inserted"
	case audit.Reordered:
		return at + "record " + b.RecordID + " stands in another's place"
	case audit.HeadMismatch:
		return at + "record " + b.RecordID + " is not the end that the tenant's head names"
	case audit.Removed:
		if b.RecordID == "" {
			return at + "the record was removed"
		}
		return at + "the record was removed, near " + b.RecordID
	}
	return at + string(b.Reason)
}

func auditExportCommand() *cobra.Command {
	var tenant string
	cmd := &cobra.Command{
		Use: "export", Short: "Write a tenant's audit records to standard output, one JSON object a line", Args: cobra.NoArgs,
		Long: "Writes the sealed records in the order of their chain, each with position, previous hash and hash, then those that are not\n" +
			"sealed yet. It only reads, and may run beside the server.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := load(cmd)
			if err != nil {
				return err
			}
			return bootstrap.ExportAudit(cmd.Context(), cfg, tenant, cmd.OutOrStdout())
		},
	}
	settingFlags(cmd)
	cmd.Flags().StringVar(&tenant, tenantFlag, "", "the tenant")
	if err := cmd.MarkFlagRequired(tenantFlag); err != nil {
		panic(err) // the flag is defined in the line before
	}
	return cmd
}
