package telemetry

import (
	"context"
	"errors"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"github.com/symphainy/symphainy/domain/agent"
	"github.com/symphainy/symphainy/domain/execution"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/ports"
)

// Store gives the unit of work with a span for each execution that it accepted, once that is committed.
func (t *Traces) Store(inner ports.UnitOfWork, clock ports.Clock) ports.UnitOfWork {
	if t == nil {
		return inner
	}
	return tracedStore{inner, t, clock}
}

type tracedStore struct {
	ports.UnitOfWork
	traces *Traces
	clock  ports.Clock
}

// Do implements ports.UnitOfWork.
func (s tracedStore) Do(ctx context.Context, fn func(ctx context.Context, tx ports.Tx) error) error {
	var inserted []execution.Snapshot
	start := s.clock.Now()
	err := s.UnitOfWork.Do(ctx, func(ctx context.Context, tx ports.Tx) error {
		inserted = nil // anew for every run of fn
		tx.Executions = tracedExecutions{tx.Executions, &inserted}
		return fn(ctx, tx)
	})
	if err != nil {
		return err
	}
	for _, e := range inserted {
		ids, parent := accepted(e), ctx
		if trace.SpanContextFromContext(ctx).TraceID() != ids.trace {
			parent = trace.ContextWithSpanContext(ctx, trace.SpanContext{}) // nobody's child: a schedule's, or of a client without a span
		}
		_, span := s.traces.begin(parent, ids, "accept "+e.Intent.Type, trace.WithSpanKind(trace.SpanKindProducer), trace.WithTimestamp(start), about(e))
		span.End()
	}
	return nil
}

type tracedExecutions struct {
	ports.ExecutionStore
	inserted *[]execution.Snapshot
}

// Insert implements ports.ExecutionStore.
func (s tracedExecutions) Insert(ctx context.Context, e execution.Execution) error {
	err := s.ExecutionStore.Insert(ctx, e)
	if err == nil {
		*s.inserted = append(*s.inserted, e.Snapshot())
	}
	return err
}

// Begin implements ports.ExecutionStore.
func (s tracedExecutions) Begin(ctx context.Context, e execution.Execution, lease time.Duration) error {
	err := s.ExecutionStore.Begin(ctx, e, lease)
	if err == nil {
		*s.inserted = append(*s.inserted, e.Snapshot())
	}
	return err
}

// about tells of an execution what is no content: ids, types and counts.
func about(e execution.Snapshot) trace.SpanStartEventOption {
	return trace.WithAttributes(attribute.String("symphainy.execution_id", e.ID), attribute.String("symphainy.realm", e.Realm),
		attribute.String("symphainy.intent_type", e.Intent.Type), attribute.Int("symphainy.attempt", e.Attempt))
}

// Handler gives the handler with a span for each of its runs and, within, for each step that it does.
func (t *Traces) Handler(intentType string, h ports.IntentHandler) ports.IntentHandler {
	if t == nil {
		return h
	}
	return func(ctx context.Context, call ports.IntentCall) (ports.IntentResult, error) {
		e := call.Execution()
		at := accepted(e)
		ctx = trace.ContextWithRemoteSpanContext(ctx, trace.NewSpanContext(trace.SpanContextConfig{TraceID: at.trace, SpanID: at.span, TraceFlags: trace.FlagsSampled}))
		ctx, span := t.begin(ctx, wanted{}, "run "+intentType, trace.WithSpanKind(trace.SpanKindConsumer), about(e))
		defer span.End()
		result, err := h(ctx, tracedCall{call, t})
		judge(span, err)
		return result, err
	}
}

// judge notes how something ended: by the code of its error, never by its text, which may hold what people wrote.
func judge(span trace.Span, err error) {
	switch {
	case err == nil:
	case errors.Is(err, ports.ErrSuspended):
		span.SetAttributes(attribute.Bool("symphainy.waits", true))
	default:
		span.SetStatus(codes.Error, fault.As(err).Code)
	}
}

type tracedCall struct {
	ports.IntentCall
	traces *Traces
}

// Step implements ports.IntentCall; a step whose result is known already has no span.
func (c tracedCall) Step(ctx context.Context, name string, fn func(ctx context.Context, key string) ([]byte, error)) ([]byte, error) {
	return c.IntentCall.Step(ctx, name, func(ctx context.Context, key string) (result []byte, err error) {
		ctx, span := c.step(ctx, name)
		defer func() { judge(span, err); span.End() }()
		return fn(ctx, key)
	})
}

// Transact implements ports.IntentCall. A transaction that starts again has a span for each try.
func (c tracedCall) Transact(ctx context.Context, name string, fn func(ctx context.Context, tx ports.Tx, now execution.Snapshot) ([]byte, error)) ([]byte, error) {
	return c.IntentCall.Transact(ctx, name, func(ctx context.Context, tx ports.Tx, now execution.Snapshot) (result []byte, err error) {
		ctx, span := c.step(ctx, name)
		defer func() { judge(span, err); span.End() }()
		return fn(ctx, tx, now)
	})
}

func (c tracedCall) step(ctx context.Context, name string) (context.Context, trace.Span) {
	return c.traces.begin(ctx, wanted{}, "step "+name, trace.WithSpanKind(trace.SpanKindInternal))
}

// Model gives the language model with a span for each call, with its tokens and without any of its words. A nil model stays nil.
func (t *Traces) Model(inner ports.LanguageModel) ports.LanguageModel {
	if t == nil || inner == nil {
		return inner
	}
	return tracedModel{inner, t}
}

type tracedModel struct {
	ports.LanguageModel
	traces *Traces
}

// Chat implements ports.LanguageModel.
func (m tracedModel) Chat(ctx context.Context, r ports.ChatRequest, say func(text string) error) (ports.ChatReply, error) {
	ctx, span := m.traces.begin(ctx, wanted{}, "chat", trace.WithSpanKind(trace.SpanKindClient))
	defer span.End()
	reply, err := m.LanguageModel.Chat(ctx, r, say)
	used(span, reply.Usage)
	judge(span, err)
	return reply, err
}

// Embed implements ports.LanguageModel.
func (m tracedModel) Embed(ctx context.Context, texts []string) (ports.Embeddings, error) {
	ctx, span := m.traces.begin(ctx, wanted{}, "embeddings", trace.WithSpanKind(trace.SpanKindClient))
	defer span.End()
	out, err := m.LanguageModel.Embed(ctx, texts)
	used(span, out.Usage)
	judge(span, err)
	return out, err
}

func used(span trace.Span, u agent.Usage) {
	span.SetAttributes(attribute.Int64("gen_ai.usage.input_tokens", u.InputTokens), attribute.Int64("gen_ai.usage.output_tokens", u.OutputTokens))
}
