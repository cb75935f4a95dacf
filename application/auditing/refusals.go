package auditing

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"github.com/symphainy/symphainy/domain/audit"
	"github.com/symphainy/symphainy/domain/typeid"
	"github.com/symphainy/symphainy/ports"
)

// Bounds of what refusals may cost: one record a minute for who is refused, what and why, over all processes; and in one process so many a
// minute of callers whom nobody knows, of one tenant, and of all tenants. A flood of the unknown takes nothing from the tenants.
const (
	refusalLife    = time.Minute
	refusalUnknown = 120
	refusalTenant  = 120
	refusalMost    = 1200
	// refusalTime bounds the write, which the refused client waits for.
	refusalTime = 2 * time.Second
)

// NobodysTenant is the tenant of records about callers whom nobody knows.
const NobodysTenant = "platform"

// Refusal is a request that was turned away: a right that the caller has not, a credential that is none, a bound that is reached.
type Refusal struct {
	// TenantID and Actor are the caller's, "" where nobody is known.
	TenantID, Actor string
	// Place is the route's template, Code the answer's.
	Place, Code string
	// Address tells clients apart whom nobody knows. It is not recorded.
	Address string
	TraceID string
}

// Refusals keeps records of refusals, sparingly: a flood of them is not to fill the store.
type Refusals struct {
	uow    ports.UnitOfWork
	clock  ports.Clock
	ids    ports.IDs
	report func(ctx context.Context, what string, err error)

	mu     sync.Mutex
	minute time.Time
	seen   map[Refusal]bool
	// written counts the minute's records by tenant, "" for the unknown.
	written map[string]int
}

// NewRefusals makes it. report hears of records that could not be written: the refusal stands without.
func NewRefusals(uow ports.UnitOfWork, clock ports.Clock, ids ports.IDs, report func(ctx context.Context, what string, err error)) *Refusals {
	return &Refusals{uow: uow, clock: clock, ids: ids, report: report}
}

// Note records a refusal, unless the same was recorded within the minute or too much was.
func (r *Refusals) Note(ctx context.Context, n Refusal) {
	if n.Actor != "" {
		n.Address = ""
	}
	if !r.fresh(n) {
		return
	}
	if err := r.write(ctx, n); err != nil {
		r.mu.Lock()
		delete(r.seen, n.key())
		r.mu.Unlock()
		r.report(ctx, "record a refusal", err)
	}
}

// fresh is the process's own look, before the store is asked.
func (r *Refusals) fresh(n Refusal) bool {
	now := r.clock.Now()
	r.mu.Lock()
	defer r.mu.Unlock()
	if age := now.Sub(r.minute); age < 0 || age >= refusalLife {
		r.minute, r.seen, r.written = now, map[Refusal]bool{}, map[string]int{}
	}
	tenant, most := n.TenantID, refusalTenant
	if n.Actor == "" {
		tenant, most = "", refusalUnknown
	}
	if r.seen[n.key()] || r.written[tenant] >= most || len(r.seen) >= refusalMost+refusalUnknown {
		return false
	}
	r.seen[n.key()] = true
	r.written[tenant]++
	return true
}

// key is what makes two refusals the same.
func (n Refusal) key() Refusal {
	n.TraceID = ""
	return n
}

func (r *Refusals) write(ctx context.Context, n Refusal) error {
	detail, err := json.Marshal(map[string]string{"error_code": n.Code, "at": n.Place})
	if err != nil {
		return fmt.Errorf("encode an audit detail: %w", err)
	}
	record := audit.Record{
		ID: r.ids.NewID(typeid.AuditRecord), TenantID: n.TenantID, Actor: n.Actor, Action: "request.refused", Result: audit.Denied, Detail: detail,
		TraceID: n.TraceID, At: r.clock.Now(),
	}
	if record.TenantID == "" || record.Actor == "" {
		record.TenantID, record.Actor = NobodysTenant, "unknown"
	}
	// The client may be gone; what it tried is recorded all the same.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), refusalTime)
	defer cancel()
	return r.uow.Do(ctx, func(ctx context.Context, tx ports.Tx) error {
		return Sparingly(ctx, tx, record, n.TenantID, n.Actor, n.Place, n.Code, n.Address)
	})
}
