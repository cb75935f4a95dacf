package ports

import (
	"context"

	"github.com/symphainy/symphainy/domain/audit"
)

// AuditLog is append-only.
type AuditLog interface {
	Append(ctx context.Context, records ...audit.Record) error
	// List gives records of a tenant, newest first.
	List(ctx context.Context, tenantID string, page Page) ([]audit.Record, error)
	// About gives those of them whose target is the given one, newest first. It may have to look through many others.
	About(ctx context.Context, tenantID, target string, page Page) ([]audit.Record, error)
}

// AuditChain puts the records of AuditLog into one chain per tenant. Records are appended outside of it, so that nobody who records
// something waits for the tenant's head, and are sealed shortly after. A link is set once: no store changes or removes it again.
type AuditChain interface {
	// Waiting gives the tenants that have records outside of their chain, in order of id after the given one, at most limit.
	Waiting(ctx context.Context, after string, limit int) ([]string, error)
	// Tenants gives all tenants that have records or a head, in order of id after the given one, at most limit.
	Tenants(ctx context.Context, after string, limit int) ([]string, error)
	// Head gives the end of the tenant's chain, audit.Start if nothing is sealed. In a transaction that may write it keeps every other
	// such call for the tenant waiting until the transaction ends.
	Head(ctx context.Context, tenantID string) (audit.Head, error)
	// Unsealed gives records outside of the chain in order of id after the given one, at most limit. A record that commits late is
	// given by a later call, whatever its id and time.
	Unsealed(ctx context.Context, tenantID, after string, limit int) ([]audit.Record, error)
	// Extend stores links, which must follow each other and the head, and moves the head. ErrStale if the head has moved since, or a
	// record is sealed already or not there; the transaction must then be given up.
	Extend(ctx context.Context, tenantID string, links ...audit.Link) error
	// Sealed gives the chain in order of position and record id after the given link, of which only these two count, at most limit. It
	// gives what is stored, broken or not, also below position 1.
	Sealed(ctx context.Context, tenantID string, after audit.Link, limit int) ([]audit.Sealed, error)
}
