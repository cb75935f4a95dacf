package runtime

import (
	"context"
	"time"

	"github.com/symphainy/symphainy/domain/execution"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/ports"
)

// How much one call reads to find decisions that its caller may take: batches of the tenant's open ones.
const (
	inboxBatch   = 200
	inboxBatches = 10
)

// OpenDecisions gives the decisions that the caller may take now. It looks through a bounded number of the tenant's, so a page that ends
// early names where the next goes on.
func (e *Engine) OpenDecisions(ctx context.Context, p identity.Principal, page ports.Page) (ports.DecisionPage, error) {
	var found ports.DecisionPage
	err := e.UnitOfWork.View(ctx, func(ctx context.Context, tx ports.Tx) error {
		found = ports.DecisionPage{Decisions: []ports.OpenDecision{}, Next: page.After}
		now := e.Clock.Now()
		for range inboxBatches {
			batch, err := tx.Decisions.Open(ctx, p.TenantID, ports.Page{Limit: inboxBatch, After: found.Next})
			if err != nil {
				return err
			}
			for _, ex := range batch {
				if len(found.Decisions) >= page.Limit {
					return nil // there is more to look through
				}
				s := ex.Snapshot()
				found.Next = s.ID
				if open, may := openTo(p, s, now); may {
					found.Decisions = append(found.Decisions, open)
				}
			}
			if len(batch) < inboxBatch {
				found.Next = ""
				return nil
			}
		}
		return nil
	})
	return found, err
}

// openTo gives the decision that an execution waits for, if the caller may take it.
func openTo(p identity.Principal, s execution.Snapshot, now time.Time) (ports.OpenDecision, bool) {
	w := waitOf(s)
	if w.For != execution.ForDecision || !now.Before(w.Until) || !w.MayDecide.deciders().Allow(p, s) {
		return ports.OpenDecision{}, false
	}
	return ports.OpenDecision{
		ExecutionID: s.ID, IntentType: s.Intent.Type, Name: w.Name, Prompt: w.Prompt, Arguments: w.Arguments, ArgumentsHash: w.ArgumentsHash,
		ResponseSchema: w.ResponseSchema, AskedAt: w.Since, Until: w.Until, Escalated: w.Escalated,
	}, true
}
