package agents

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/symphainy/symphainy/domain/agent"
	"github.com/symphainy/symphainy/domain/execution"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/ports"
)

// hold is what was reserved before a call of the model, and what it then used. The reservation is spent at once, and the difference given
// back: a process that dies in between leaves it spent, so that a crash never makes room for more.
type hold struct {
	TenantID string
	Subjects []string
	Held     agent.Account
	Spent    agent.Account
}

func (h *hold) used(a agent.Account) *hold {
	h.Spent = a
	return h
}

// bound is one account with its limits.
type bound struct {
	scope   string
	subject string
	over    func(total, step agent.Account) string
}

// Scopes of limits.
const (
	scopeTurn    = "turn"
	scopeSession = "session"
	scopeDay     = "day"
)

// daySubject names the account of a tenant's day.
func daySubject(now time.Time) string { return "day:" + now.UTC().Format(time.DateOnly) }

func sessionSubject(id string) string { return "session:" + id }

// bounds gives the accounts under which a turn spends.
func bounds(p agent.Posture, ex execution.Snapshot, now time.Time) []bound {
	return []bound{
		{scopeTurn, "turn:" + ex.ID, func(total, step agent.Account) string { return overTurn(p.Limits, total, step) }},
		{scopeSession, sessionSubject(ex.SessionID), func(total, step agent.Account) string { return overBudget(p.Session, total, step) }},
		{scopeDay, daySubject(now), func(total, step agent.Account) string { return overBudget(p.Day, total, step) }},
	}
}

// overTurn names the limit that a turn's next step could break. Limits are those of the posture, as often as they were granted.
func overTurn(l agent.Limits, total, step agent.Account) string {
	times := total.Granted + 1
	switch {
	case total.ModelCalls > l.ModelCalls*times:
		return "calls of the model"
	case total.Tokens > l.Tokens*times:
		return "tokens"
	}
	return overBudget(agent.Budget{Cost: l.Cost, Time: l.Time}, total, step)
}

// overBudget names the bound of a budget that the next step could break. Cost and time of a step may be known only afterwards: no step
// begins when they are used up.
func overBudget(b agent.Budget, total, step agent.Account) string {
	times := total.Granted + 1
	switch {
	case b.Tokens > 0 && total.Tokens > b.Tokens*times:
		return "tokens"
	case b.Steps > 0 && total.Steps() > b.Steps*times:
		return "steps"
	case b.Cost > 0 && (total.Cost > b.Cost*times || total.Cost-step.Cost >= b.Cost*times):
		return "cost"
	case b.Time > 0 && total.Time >= b.Time*time.Duration(times):
		return "time"
	}
	return ""
}

// reserve spends, before a model is asked, what it may use at most, on all accounts or none. A step that comes again after a crash reserves
// again: what the first one used is not known.
func (t *turn) reserve(ctx context.Context, s *speaker) (*hold, move, error) {
	ex, now := t.call.Execution(), t.realm.clock.Now()
	input := reservation(s.chat)
	h := &hold{TenantID: ex.TenantID, Held: agent.Account{
		Tokens: input + int64(t.posture.MaxTokens), ModelCalls: 1,
		Cost: int64(float64(input)*t.realm.price.Input + float64(t.posture.MaxTokens)*t.realm.price.Output),
	}}
	var over move
	err := t.realm.uow.Do(ctx, func(ctx context.Context, tx ports.Tx) error {
		h.Subjects, over = nil, move{}
		for _, b := range bounds(t.posture, ex, now) {
			total, err := tx.Ledger.Spend(ctx, h.TenantID, b.subject, h.Held, now)
			if err != nil {
				return err
			}
			if limit := b.over(total, h.Held); limit != "" {
				over = move{Limit: limit, Scope: b.scope, Subject: b.subject}
				return errOver // nothing is spent
			}
			h.Subjects = append(h.Subjects, b.subject)
		}
		return nil
	})
	if errors.Is(err, errOver) {
		return nil, over, nil
	}
	return h, move{}, err
}

var errOver = errors.New("over a limit")

// reservation is what the model reads, at four bytes a token.
func reservation(chat []ports.ChatMessage) int64 {
	bytes := 0
	for _, m := range chat {
		bytes += len(m.Text)
	}
	return int64(bytes / 4)
}

// settle gives back, once, what a step did not use of what was reserved for it.
func (t *turn) settle(ctx context.Context, step string, h *hold) error {
	if h == nil {
		return nil
	}
	_, err := t.call.Transact(ctx, "settle "+step, func(ctx context.Context, tx ports.Tx, _ execution.Snapshot) ([]byte, error) {
		for _, subject := range h.Subjects {
			if _, err := tx.Ledger.Spend(ctx, h.TenantID, subject, h.Spent.Minus(h.Held), t.realm.clock.Now()); err != nil {
				return nil, err
			}
		}
		return []byte("null"), nil
	})
	return err
}

// askForMore waits for a person who grants the limits again: of a day an admin of the tenant, else who the turn works for.
func (t *turn) askForMore(ctx context.Context, step string, m move) (bool, error) {
	deciders := execution.Deciders{Owner: true}
	if m.Scope == scopeDay {
		deciders = execution.Deciders{Permission: identity.PermAdmin}
	}
	d, err := t.call.AwaitDecision(ctx, "more "+step, execution.DecisionRequest{
		Prompt:    fmt.Sprintf("The agent has used up its limit of %s for this %s. Let it go on with as much again?", m.Limit, m.Scope),
		Arguments: Encode(map[string]any{"limit": m.Limit, "scope": m.Scope, "subject": m.Subject, "step": step}),
		Deciders:  deciders, Within: t.posture.Decide,
	})
	if errors.Is(err, execution.ErrDecisionExpired) {
		return false, nil
	}
	if err != nil || d.Verdict == execution.Reject {
		return false, err
	}
	_, err = t.call.Transact(ctx, "granted "+step, func(ctx context.Context, tx ports.Tx, now execution.Snapshot) ([]byte, error) {
		_, err := tx.Ledger.Spend(ctx, now.TenantID, m.Subject, agent.Account{Granted: 1}, t.realm.clock.Now())
		return []byte("null"), err
	})
	return err == nil, err
}

// errBudget refuses a tool call for which no step is left.
var errBudget = fault.New(fault.Denied, "budget_reached", "No step is left in the budget; answer with what you know.")

// chargeTool spends one step of the session's and the day's budget for a tool call. If none is left, nothing is spent.
func chargeTool(ctx context.Context, tx ports.Tx, ex execution.Snapshot, p agent.Posture, now time.Time) error {
	one := agent.Account{ToolCalls: 1}
	var spent []string
	for _, b := range []struct {
		subject string
		steps   int64
	}{{sessionSubject(ex.SessionID), p.Session.Steps}, {daySubject(now), p.Day.Steps}} {
		total, err := tx.Ledger.Spend(ctx, ex.TenantID, b.subject, one, now)
		if err != nil {
			return err
		}
		spent = append(spent, b.subject)
		if b.steps == 0 || total.Steps() <= b.steps*(total.Granted+1) {
			continue
		}
		for _, subject := range spent {
			if _, err := tx.Ledger.Spend(ctx, ex.TenantID, subject, agent.Account{}.Minus(one), now); err != nil {
				return err
			}
		}
		return errBudget
	}
	return nil
}
