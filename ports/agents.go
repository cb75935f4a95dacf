package ports

import (
	"context"
	"time"

	"github.com/symphainy/symphainy/domain/agent"
)

// AgentSettingStore keeps what tenants have set about their agents.
type AgentSettingStore interface {
	// Of gives all settings of a tenant, by subject.
	Of(ctx context.Context, tenantID string) ([]agent.Setting, error)
	// Insert stores a new setting; a subject that has one is ErrDuplicate, and the transaction goes on.
	Insert(ctx context.Context, s agent.Setting) error
	// Save stores a changed setting, guarded by Version.
	Save(ctx context.Context, s agent.Setting) error
	// Delete removes a setting, guarded by the version: another one is ErrStale, none ErrNotFound.
	Delete(ctx context.Context, tenantID, subject string, version int) error
}

// ToolPinStore keeps the tools of tenants as they were approved.
type ToolPinStore interface {
	// Keep stores the pin if the tenant has none of this tool, and gives the one that is stored then. Concurrent callers get the same.
	Keep(ctx context.Context, p agent.Pin) (agent.Pin, error)
	// Approve stores the pin in place of any other.
	Approve(ctx context.Context, p agent.Pin) error
	// Of gives all pins of a tenant, by tool.
	Of(ctx context.Context, tenantID string) ([]agent.Pin, error)
}

// LedgerStore counts what agents use up. What is spent in a transaction is seen by nobody else until it commits, and others who spend under
// the subject wait for it: totals never miss anything.
type LedgerStore interface {
	// Spend adds to a subject's account, which begins at nothing, and gives the total. Parts may be negative: they give back.
	Spend(ctx context.Context, tenantID, subject string, a agent.Account, now time.Time) (agent.Account, error)
	// Of gives a subject's account; one that was never used is empty.
	Of(ctx context.Context, tenantID, subject string) (agent.Account, error)
	// DeleteIdle removes accounts under which nothing was spent since before.
	DeleteIdle(ctx context.Context, before time.Time) (int64, error)
}
