package memstore

import (
	"cmp"
	"context"
	"time"

	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/ports"
)

// txn is one transaction or view: what all its stores share.
type txn struct {
	clock    ports.Clock
	bounds   ports.Concurrency
	st       *state
	jobs     []ports.Job
	readOnly bool
	over     bool
}

func (t *txn) end() { t.over = true }

func (t *txn) now() time.Time { return moment(t.clock.Now()) }

func (t *txn) stores() ports.Tx {
	return ports.Tx{
		Users: users{t}, Tenants: tenants{t}, Sessions: sessions{t}, Standings: standings{t}, Logins: logins{t}, Tickets: tickets{t}, Limits: limits{t}, Sockets: sockets{t},
		Scopes: scopes{t}, Executions: executions{t}, Activity: activity{t}, Leases: leases{t}, Flow: flow{t}, Steps: steps{t}, Signals: signals{t},
		Children: children{t}, Decisions: decisions{t}, Deadlines: deadlines{t}, Work: work{t}, Retention: retention{t}, Schedules: schedules{t}, Ticks: ticks{t}, Events: events{t}, Queue: queue{t},
		Idempotency: idempotency{t}, Artifacts: artifacts{t}, Contracts: contracts{t}, Space: space{t}, Pending: pendingIntents{t},
		Conversations: conversations{t}, Messages: messages{t}, Audit: auditLog{t}, Chain: auditChain{t},
		Directory: directory{t}, Invitations: invitations{t}, Statistics: statistics{t}, TenantData: tenantData{t},
		AgentSettings: agentSettings{t}, ToolPins: toolPins{t}, Ledger: ledger{t},
	}
}

// reads reports, as an error, why the transaction cannot be used.
func (t *txn) reads(ctx context.Context) error {
	if t.over {
		return errOver
	}
	if err := ctx.Err(); err != nil {
		return fault.ErrUnavailable.Because(err)
	}
	return nil
}

// writes is reads for what changes something.
func (t *txn) writes(ctx context.Context) error {
	if err := t.reads(ctx); err != nil {
		return err
	}
	if t.readOnly {
		return errReadOnly
	}
	return nil
}

var errScope = fault.New(fault.Internal, "invalid_scope", "a look-up without a valid isolation scope")

// within is reads plus the check of a scope.
func (t *txn) within(ctx context.Context, s identity.Scope) error {
	if err := t.reads(ctx); err != nil {
		return err
	}
	if !s.Valid() {
		return errScope
	}
	return nil
}

// ofTenant is reads plus the check of a tenant id.
func (t *txn) ofTenant(ctx context.Context, tenantID string) error {
	if err := t.reads(ctx); err != nil {
		return err
	}
	return needTenant(tenantID)
}

func needTenant(tenantID string) error {
	if tenantID == "" {
		return errScope
	}
	return nil
}

// sees reports whether a row of the given tenant, owner and session is in the scope.
func sees(s identity.Scope, tenantID, ownerID, sessionID string) bool {
	if tenantID != s.TenantID {
		return false
	}
	if s.OwnerID != "" {
		return ownerID == s.OwnerID
	}
	return ownerID == "" && sessionID == s.SessionID
}

// newestFirst orders by time and, where that is equal, by id, both falling.
func newestFirst(aAt, bAt time.Time, aID, bID string) int {
	return cmp.Or(bAt.Compare(aAt), cmp.Compare(bID, aID))
}

func oldestFirst(aAt, bAt time.Time, aID, bID string) int { return newestFirst(bAt, aAt, bID, aID) }

// cut gives the part of a list that a window asks for.
func cut[V any](list []V, w ports.Window) []V {
	from := min(max(w.Offset, 0), len(list))
	to := min(from+max(w.Limit, 0), len(list))
	return list[from:to]
}
