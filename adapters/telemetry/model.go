package telemetry

import (
	"context"
	"time"

	"github.com/symphainy/symphainy/domain/agent"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/ports"
)

// Model gives the language model with its calls, their time and their tokens counted. A nil model stays nil.
func (m *Metrics) Model(inner ports.LanguageModel, clock ports.Clock) ports.LanguageModel {
	if inner == nil {
		return nil
	}
	return countedModel{inner, m, clock}
}

type countedModel struct {
	ports.LanguageModel
	metrics *Metrics
	clock   ports.Clock
}

// Chat implements ports.LanguageModel.
func (c countedModel) Chat(ctx context.Context, r ports.ChatRequest, say func(text string) error) (ports.ChatReply, error) {
	start := c.clock.Now()
	reply, err := c.LanguageModel.Chat(ctx, r, say)
	c.metrics.asked("chat", c.clock.Now().Sub(start), reply.Usage, err)
	return reply, err
}

// Embed implements ports.LanguageModel.
func (c countedModel) Embed(ctx context.Context, texts []string) (ports.Embeddings, error) {
	start := c.clock.Now()
	out, err := c.LanguageModel.Embed(ctx, texts)
	c.metrics.asked("embed", c.clock.Now().Sub(start), out.Usage, err)
	return out, err
}

func (m *Metrics) asked(kind string, took time.Duration, used agent.Usage, err error) {
	result := "ok"
	if err != nil {
		result = "failed"
		if f := fault.As(err); f.Kind == fault.Unavailable {
			result = f.Code // of the errors of ports.LanguageModel, which are a fixed set
		}
	}
	m.modelTime.WithLabelValues(kind, result).Observe(took.Seconds())
	m.tokens.WithLabelValues("read").Add(float64(used.InputTokens))
	m.tokens.WithLabelValues("written").Add(float64(used.OutputTokens))
}

type countingLedger struct {
	ports.LedgerStore
	done *tally
}

// Spend implements ports.LedgerStore. What is given back counts apart: counters only grow.
func (l countingLedger) Spend(ctx context.Context, tenantID, subject string, a agent.Account, now time.Time) (agent.Account, error) {
	total, err := l.LedgerStore.Spend(ctx, tenantID, subject, a, now)
	if err == nil {
		l.done.later(func() {
			for unit, n := range map[string]float64{
				"tokens": float64(a.Tokens), "cost_millionths": float64(a.Cost), "model_calls": float64(a.ModelCalls), "tool_calls": float64(a.ToolCalls),
				"seconds": a.Time.Seconds(),
			} {
				l.done.metrics.budget.WithLabelValues("reserved", unit).Add(max(n, 0))
				l.done.metrics.budget.WithLabelValues("returned", unit).Add(max(-n, 0))
			}
		})
	}
	return total, err
}
