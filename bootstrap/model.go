package bootstrap

import (
	"go.uber.org/fx"

	"github.com/symphainy/symphainy/adapters/openaillm"
	"github.com/symphainy/symphainy/ports"
)

// modelModule gives the language model; nil without one, and then the builtin agents answer.
func modelModule(cfg Config) fx.Option {
	return fx.Module("model", fx.Provide(func() (ports.LanguageModel, error) {
		if cfg.LLM.BaseURL == "" {
			return nil, nil //nolint:nilnil // no model is a deployment as good as any
		}
		return openaillm.New(cfg.model())
	}))
}

// model gives the settings of the language model.
func (c Config) model() openaillm.Config {
	m := openaillm.Defaults()
	m.BaseURL, m.Key, m.Model, m.EmbeddingModel = c.LLM.BaseURL, c.LLM.Key.Reveal(), c.LLM.Model, c.LLM.EmbeddingModel
	m.Timeout, m.Idle, m.Retries, m.MaxTokens = c.LLM.Timeout, c.LLM.Idle, c.LLM.Retries, c.LLM.MaxTokens
	m.InputPrice, m.OutputPrice = c.LLM.InputPrice, c.LLM.OutputPrice
	return m
}
