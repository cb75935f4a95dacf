package ports

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/symphainy/symphainy/domain/execution"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/identity"
)

// Concurrency bounds how many executions run at once, over all processes, counted over live claims. Zero is no bound. It is a setting of
// the store, whose claims obey it: LeaseStore.Claim refuses what would be one too many, and Due, NextInTurn do not name it.
type Concurrency struct {
	PerTenant  int
	PerSession int
	// PerType bounds single intent types, over all tenants.
	PerType map[string]int
}

// Bounded reports whether there is any bound.
func (c Concurrency) Bounded() bool { return c.PerTenant > 0 || c.PerSession > 0 || len(c.PerType) > 0 }

// Validate reports bounds that mean nothing.
func (c Concurrency) Validate() error {
	var problems []error
	if c.PerTenant < 0 || c.PerSession < 0 {
		problems = append(problems, errors.New("concurrency: a bound must not be negative"))
	}
	for name, n := range c.PerType {
		if name == "" || n < 1 {
			problems = append(problems, fmt.Errorf("concurrency: the bound of the type %q must be at least 1", name))
		}
	}
	return errors.Join(problems...)
}

// ErrQueueFull is a submission of a tenant who has as much work waiting as it may.
var ErrQueueFull = fault.New(fault.Limited, "queue_full", "Too much work of yours waits already; try again when some of it is done.").After(5 * time.Second)

// QueueCount is how many live executions of a tenant and type are in one state.
type QueueCount struct {
	TenantID   string
	IntentType string
	State      execution.State
	Count      int64
	// Stuck are those of Count that nobody works on although somebody should: due for over a minute, or running under a lease that ended
	// over ten seconds ago.
	Stuck int64
	// Oldest is when the oldest of them was accepted.
	Oldest time.Time
}

// The times after which work counts as stuck. A healthy platform takes lapsed work over in less than both.
const (
	StuckQueued  = time.Minute
	StuckRunning = 10 * time.Second
)

// FlowStore tells how much work there is and whose turn it is. Like LeaseStore it works across tenants where no tenant is named.
type FlowStore interface {
	// Same gives the live execution of the session that has the key; ErrNotFound if there is none.
	Same(ctx context.Context, scope identity.Scope, sessionID, key string) (execution.Execution, error)
	// Full reports whether at least limit executions of the tenant wait for a worker (accepted or retrying).
	Full(ctx context.Context, tenantID string, limit int) (bool, error)
	// NextInTurn goes around the tenants in the order of their ids, beginning after the given one, and gives the first that has an accepted
	// or retrying execution that could be claimed now, with the one that is due longest. Empty if there is none at all.
	NextInTurn(ctx context.Context, after string) (tenantID, executionID string, err error)
	// Queues counts the live executions of a tenant, or with "" of all, by tenant, type and state, at most limit rows.
	Queues(ctx context.Context, tenantID string, limit int) ([]QueueCount, error)
}

// WorkFilter narrows the executions that operators look at; zero fields do not narrow.
type WorkFilter struct {
	// TenantID is the tenant, or a visitor's session; "" is all.
	TenantID   string
	IDs        []string
	States     []execution.State
	IntentType string
	// Stuck keeps those that nobody works on although somebody should, as QueueCount counts them.
	Stuck bool
}

// WorkItem is an execution as operators see it.
type WorkItem struct {
	Execution execution.Execution
	Stuck     bool
}

// WorkStore shows executions to operators, whoever's they are.
type WorkStore interface {
	// Executions gives those that pass the filter, newest first by id. A page's After need not pass it.
	Executions(ctx context.Context, f WorkFilter, page Page) ([]WorkItem, error)
}

// Operations is how administrators act on the executions of others: an admin on those of the tenant, an operator on all.
type Operations interface {
	// Operate does one thing to executions that pass the filter, each with an audit record under the operator's name in the execution's tenant.
	Operate(ctx context.Context, p identity.Principal, action BulkAction, f WorkFilter) (BulkResult, error)
}
