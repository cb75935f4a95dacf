// Package openaillm is the language model over the OpenAI wire format: OpenAI itself, Azure, Ollama, vLLM, LiteLLM, llama.cpp and whatever
// else speaks it, by base URL and key, with the official client.
package openaillm

import (
	"errors"
	"fmt"
	"net/url"
	"time"
)

// Config says where the model is and how long it may take.
type Config struct {
	// BaseURL is the endpoint's root, such as https://api.openai.com/v1 or http://localhost:11434/v1.
	BaseURL string
	// Key is sent as the bearer token. Local servers need none.
	Key string
	// Model answers chats, EmbeddingModel makes vectors; without the latter there are none.
	Model          string
	EmbeddingModel string
	// Timeout bounds a whole call with its retries; Idle how long the endpoint may be silent in it.
	Timeout time.Duration
	Idle    time.Duration
	// Retries is how often a call is repeated that failed before its answer began.
	Retries int
	// MaxTokens bounds an answer that the caller does not bound; MaxBytes an answer on the wire.
	MaxTokens int
	MaxBytes  int64
	// BreakAfter consecutive failures open the circuit: calls fail at once for BreakFor, and then one is tried.
	BreakAfter int
	BreakFor   time.Duration
	// InputPrice and OutputPrice are the cost of a million tokens, in the currency in which budgets are counted.
	InputPrice  float64
	OutputPrice float64
}

// Defaults gives the settings without an endpoint.
func Defaults() Config {
	return Config{
		Model: "gpt-4.1-mini", Timeout: 2 * time.Minute, Idle: 30 * time.Second, Retries: 2, MaxTokens: 2048, MaxBytes: 8 << 20,
		BreakAfter: 5, BreakFor: 30 * time.Second,
	}
}

// Validate reports everything that cannot work, joined.
func (c Config) Validate() error {
	var problems []error
	u, err := url.Parse(c.BaseURL)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || u.User != nil || u.RawQuery != "" {
		problems = append(problems, errors.New("llm.base_url must be an http(s) URL without user and query, such as https://api.openai.com/v1"))
	} else if u.Scheme == "http" && c.Key != "" && !loopback(u.Hostname()) {
		problems = append(problems, errors.New("llm.base_url must be https where a key is sent, except on this machine"))
	}
	if c.Model == "" {
		problems = append(problems, errors.New("llm.model must be set"))
	}
	for name, d := range map[string]time.Duration{"llm.timeout": c.Timeout, "llm.idle": c.Idle, "llm.break_for": c.BreakFor} {
		if d <= 0 {
			problems = append(problems, fmt.Errorf("%s must be positive", name))
		}
	}
	if c.Retries < 0 || c.Retries > 5 {
		problems = append(problems, errors.New("llm.retries must be from 0 to 5"))
	}
	if c.MaxTokens < 1 || c.MaxBytes < 1 || c.BreakAfter < 1 {
		problems = append(problems, errors.New("llm.max_tokens, llm.max_bytes and llm.break_after must be at least 1"))
	}
	if c.InputPrice < 0 || c.OutputPrice < 0 {
		problems = append(problems, errors.New("llm.input_price and llm.output_price must not be negative"))
	}
	return errors.Join(problems...)
}
