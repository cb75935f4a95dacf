package openaillm

import (
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"strings"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"
	"github.com/sony/gobreaker/v2"

	"github.com/symphainy/symphainy/domain/agent"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/ports"
)

// Model is a ports.LanguageModel behind an HTTP endpoint.
type Model struct {
	cfg        Config
	chats      openai.ChatCompletionService
	embeddings openai.EmbeddingService
	breaker    *gobreaker.TwoStepCircuitBreaker[struct{}]
	// completionTokens tells that the endpoint wants the newer name of the limit.
	completionTokens bool
}

var _ ports.LanguageModel = (*Model)(nil)

// New makes the model of an endpoint. It does not call it. The services are made one by one because the client's own constructor reads
// the environment.
func New(c Config) (*Model, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	options := []option.RequestOption{
		option.WithBaseURL(strings.TrimSuffix(c.BaseURL, "/") + "/"), option.WithAPIKey(c.Key), option.WithHTTPClient(newClient(c)),
		option.WithMaxRetries(c.Retries),
	}
	u, err := url.Parse(c.BaseURL)
	if err != nil {
		return nil, err
	}
	return &Model{
		cfg: c, chats: openai.NewChatCompletionService(options...), embeddings: openai.NewEmbeddingService(options...),
		completionTokens: strings.HasSuffix(u.Hostname(), ".openai.com") || strings.HasSuffix(u.Hostname(), ".azure.com"),
		breaker: gobreaker.NewTwoStepCircuitBreaker[struct{}](gobreaker.Settings{
			Name: "llm", Timeout: c.BreakFor, ReadyToTrip: func(n gobreaker.Counts) bool { return n.ConsecutiveFailures >= uint32(c.BreakAfter) },
			IsExcluded: func(err error) bool { return errors.Is(err, errCaller) },
		}),
	}, nil
}

// errCaller marks calls that ended by the caller's wish: they say nothing about the endpoint.
var errCaller = errors.New("the caller ended the call")

// guarded runs a call under the circuit breaker and its time limit, and gives its error the port's meaning.
func (m *Model) guarded(ctx context.Context, call func(ctx context.Context) error) error {
	done, err := m.breaker.Allow()
	if err != nil {
		return ports.ErrModelUnavailable.Because(err)
	}
	timed, cancel := context.WithTimeoutCause(ctx, m.cfg.Timeout, errTooLong)
	defer cancel()
	err = call(timed)
	var stopped *stoppedError
	switch {
	case err == nil:
		done(nil)
		return nil
	case errors.As(err, &stopped):
		done(errCaller)
		return stopped.cause
	case ctx.Err() != nil:
		done(errCaller)
		return context.Cause(ctx)
	}
	failure := meaning(because(timed, err))
	if errors.Is(failure, ports.ErrModelRefused) {
		done(nil) // it answers, and says what it thinks of the request
	} else {
		done(failure)
	}
	return failure
}

// stoppedError is an error of the one who listens.
type stoppedError struct{ cause error }

func (e *stoppedError) Error() string { return e.cause.Error() }

// meaning gives an error of the client the port's meaning.
func meaning(err error) error {
	var known *fault.Error
	var answer *openai.Error
	var syntax *json.SyntaxError
	switch {
	case errors.As(err, &known):
		return err
	case errors.Is(err, errTooBig), errors.As(err, &syntax):
		return ports.ErrModelOutput.Because(err)
	case errors.As(err, &answer):
		switch code := answer.StatusCode; {
		case code >= 300 && code < 500 && code != 408 && code != 409 && code != 429:
			return ports.ErrModelRefused.Because(errors.New(answer.RawJSON()))
		default:
			return ports.ErrModelUnavailable.Because(errors.New(answer.RawJSON()))
		}
	}
	return ports.ErrModelUnavailable.Because(err)
}

// Embed gives a vector for each text.
func (m *Model) Embed(ctx context.Context, texts []string) (ports.Embeddings, error) {
	if m.cfg.EmbeddingModel == "" {
		return ports.Embeddings{}, ports.ErrModelRefused.WithMsg("This deployment has no model for embeddings.")
	}
	if len(texts) == 0 {
		return ports.Embeddings{Model: m.cfg.EmbeddingModel}, nil
	}
	var out ports.Embeddings
	err := m.guarded(ctx, func(ctx context.Context) error {
		resp, err := m.embeddings.New(ctx, openai.EmbeddingNewParams{
			Model: m.cfg.EmbeddingModel, Input: openai.EmbeddingNewParamsInputUnion{OfArrayOfStrings: texts},
			EncodingFormat: openai.EmbeddingNewParamsEncodingFormatFloat,
		})
		if err != nil {
			return err
		}
		if out.Vectors, err = vectors(resp.Data, len(texts)); err != nil {
			return err
		}
		out.Model = resp.Model
		out.Usage = m.priced(agent.Usage{InputTokens: resp.Usage.PromptTokens, ModelCalls: 1})
		if out.Usage.InputTokens == 0 {
			for _, t := range texts {
				out.Usage.InputTokens += estimate(len(t))
			}
			out.Usage = m.priced(out.Usage)
		}
		return nil
	})
	if err != nil {
		return ports.Embeddings{}, err
	}
	return out, nil
}

// vectors puts what came back in the order of the texts, and refuses it if one is missing, doubled or of another length.
func vectors(data []openai.Embedding, n int) ([][]float32, error) {
	out := make([][]float32, n)
	for _, d := range data {
		if d.Index < 0 || d.Index >= int64(n) || out[d.Index] != nil || len(d.Embedding) == 0 || len(d.Embedding) != len(data[0].Embedding) {
			return nil, ports.ErrModelOutput.Because(errors.New("vectors that do not fit the texts"))
		}
		v := make([]float32, len(d.Embedding))
		for i, x := range d.Embedding {
			v[i] = float32(x)
		}
		out[d.Index] = v
	}
	if len(data) != n {
		return nil, ports.ErrModelOutput.Because(errors.New("fewer vectors than texts"))
	}
	return out, nil
}

// priced sets the cost of the tokens.
func (m *Model) priced(u agent.Usage) agent.Usage {
	u.Cost = int64(float64(u.InputTokens)*m.cfg.InputPrice + float64(u.OutputTokens)*m.cfg.OutputPrice)
	return u
}

// estimate gives the tokens of so many bytes of text, for endpoints that do not count.
func estimate(bytes int) int64 { return int64(bytes)/4 + 1 }
