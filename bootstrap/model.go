package bootstrap

import (
	"go.uber.org/fx"

	"github.com/symphainy/symphainy/adapters/openaillm"
	"github.com/symphainy/symphainy/adapters/telemetry"
	"github.com/symphainy/symphainy/domain/agent"
	"github.com/symphainy/symphainy/ports"
)

// modelModule gives the language model; nil without one, and then the builtin agents answer.
func modelModule(cfg Config) fx.Option {
	return fx.Module("model", fx.Provide(func(m *telemetry.Metrics, t *telemetry.Traces, clock ports.Clock) (ports.LanguageModel, error) {
		if cfg.LLM.BaseURL == "" {
			return nil, nil // no model is a deployment as good as any
		}
		model, err := openaillm.New(cfg.model())
		if err != nil {
			return nil, err
		}
		return t.Model(m.Model(model, clock)), nil
	}))
}

// posture gives how agents work in this deployment.
func (c Config) posture() agent.Posture {
	p := agent.DefaultPosture()
	p.Strict, p.FourEyes, p.AtLimit, p.MaxTokens = c.Agents.Strict, c.Agents.FourEyes, agent.AtLimit(c.Agents.AtLimit), c.LLM.MaxTokens
	p.Limits.ModelCalls, p.Limits.ToolCalls, p.Limits.Tokens = c.Agents.ModelCalls, c.Agents.ToolCalls, c.Agents.Tokens
	p.Limits.Cost, p.Limits.Time = c.Agents.Cost, c.Agents.Time
	p.Session, p.Day = agent.Budget(c.Agents.Session), agent.Budget(c.Agents.Day)
	return p
}

// model gives the settings of the language model.
func (c Config) model() openaillm.Config {
	m := openaillm.Defaults()
	m.BaseURL, m.Key, m.Model, m.EmbeddingModel = c.LLM.BaseURL, c.LLM.Key.Reveal(), c.LLM.Model, c.LLM.EmbeddingModel
	m.Timeout, m.Idle, m.Retries, m.MaxTokens = c.LLM.Timeout, c.LLM.Idle, c.LLM.Retries, c.LLM.MaxTokens
	m.InputPrice, m.OutputPrice = c.LLM.InputPrice, c.LLM.OutputPrice
	return m
}
