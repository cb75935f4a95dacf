package telemetry

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/symphainy/symphainy/domain/execution"
)

// TraceConfig says where spans go.
type TraceConfig struct {
	// Endpoint is the collector's URL for OTLP over HTTP, such as http://127.0.0.1:4318/v1/traces.
	Endpoint string
	// Authorization is sent with every export, "" for none.
	Authorization string
	// Ratio is the share of the traces that is kept, from 0 to 1. It is decided by the trace's id, so that every process decides alike, and a
	// client's own opinion does not count.
	Ratio float64
	// Version is this program's.
	Version string
	// Failed hears of exports that failed; the spans are then lost, and nothing else is.
	Failed func(error)
}

// Validate reports everything that cannot work, joined.
func (c TraceConfig) Validate() error {
	var problems []error
	u, err := url.Parse(c.Endpoint)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || u.User != nil || u.RawQuery != "":
		problems = append(problems, errors.New("traces.endpoint must be an http(s) URL without user and query, such as http://127.0.0.1:4318/v1/traces"))
	case u.Scheme == "http" && c.Authorization != "" && !net.ParseIP(u.Hostname()).IsLoopback():
		problems = append(problems, errors.New("traces.endpoint must be https where traces.authorization is sent, except on this machine (127.0.0.1)"))
	}
	if !(c.Ratio >= 0 && c.Ratio <= 1) {
		problems = append(problems, errors.New("traces.ratio must be from 0 to 1"))
	}
	return errors.Join(problems...)
}

// Traces makes the spans of requests, executions and steps and sends them to a collector. A trace begins with the client's trace context or
// with ours; its id is in the execution's row and in each of its events, which is how it goes through the queue and into other processes.
// All methods of a nil *Traces do nothing.
type Traces struct {
	provider *sdktrace.TracerProvider
	tracer   trace.Tracer
}

// NewTraces begins to export; it opens no connection before there is something to send. End it with Stop.
func NewTraces(ctx context.Context, c TraceConfig) (*Traces, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	options := []otlptracehttp.Option{
		otlptracehttp.WithEndpointURL(c.Endpoint), otlptracehttp.WithTimeout(10 * time.Second),
		// No proxy and no redirect: what is exported goes where the operator said.
		otlptracehttp.WithHTTPClient(&http.Client{
			Timeout: 10 * time.Second,
			Transport: &http.Transport{
				DialContext: (&net.Dialer{Timeout: 5 * time.Second}).DialContext, TLSHandshakeTimeout: 5 * time.Second, IdleConnTimeout: time.Minute,
				MaxIdleConnsPerHost: 2,
			},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		}),
	}
	if c.Authorization != "" {
		options = append(options, otlptracehttp.WithHeaders(map[string]string{"Authorization": c.Authorization}))
	}
	out, err := otlptracehttp.New(ctx, options...)
	if err != nil {
		return nil, fmt.Errorf("export traces: %w", err)
	}
	p := sdktrace.NewTracerProvider(
		sdktrace.WithBatcher(reporting{out, c.Failed}), sdktrace.WithSampler(sdktrace.TraceIDRatioBased(c.Ratio)), sdktrace.WithIDGenerator(names{}),
		sdktrace.WithResource(resource.NewSchemaless(attribute.String("service.name", "symphainy"), attribute.String("service.version", c.Version))),
	)
	return &Traces{provider: p, tracer: p.Tracer("github.com/symphainy/symphainy")}, nil
}

// Stop sends what is left, as far as ctx allows.
func (t *Traces) Stop(ctx context.Context) error {
	if t == nil {
		return nil
	}
	return t.provider.Shutdown(ctx)
}

// reporting tells of failed exports instead of leaving them to the library's global handler.
type reporting struct {
	sdktrace.SpanExporter
	failed func(error)
}

// ExportSpans never fails: lost spans must not fail a stop either.
func (r reporting) ExportSpans(ctx context.Context, spans []sdktrace.ReadOnlySpan) error {
	if err := r.SpanExporter.ExportSpans(ctx, spans); err != nil && r.failed != nil {
		r.failed(err)
	}
	return nil
}

// Request begins the span of an HTTP request, or of a socket's handshake, below which is what the open socket accepts. parentID is the client's span, "" if the trace begins here. The
// span ends with the function that comes back; route is a template, "" for one that matched none.
func (t *Traces) Request(ctx context.Context, traceID, parentID string) (spanned context.Context, end func(method, route string, status int)) {
	if t == nil {
		return ctx, func(string, string, int) {}
	}
	id, err := trace.TraceIDFromHex(traceID)
	if err != nil {
		return ctx, func(string, string, int) {}
	}
	var own wanted
	if parent, err := trace.SpanIDFromHex(parentID); err == nil {
		ctx = trace.ContextWithRemoteSpanContext(ctx, trace.NewSpanContext(trace.SpanContextConfig{TraceID: id, SpanID: parent, TraceFlags: trace.FlagsSampled}))
	} else {
		own.trace = id
	}
	ctx, span := t.begin(ctx, own, "request", trace.WithSpanKind(trace.SpanKindServer))
	return ctx, func(method, route string, status int) {
		if route == "" {
			method, route = "other", "unmatched"
		}
		span.SetName(method + " " + route)
		span.SetAttributes(attribute.String("http.request.method", method), attribute.String("http.route", route), attribute.Int("http.response.status_code", status))
		if status >= http.StatusInternalServerError {
			span.SetStatus(codes.Error, http.StatusText(status))
		}
		span.End()
	}
}

// begin starts a span with the ids that it is to have; those that are zero are made up.
func (t *Traces) begin(ctx context.Context, ids wanted, name string, options ...trace.SpanStartOption) (context.Context, trace.Span) {
	_, span := t.tracer.Start(context.WithValue(ctx, wantedKey{}, ids), name, options...)
	return trace.ContextWithSpan(ctx, span), span
}

// accepted gives the place of an execution's acceptance in its trace. It is made of the execution's row alone, so that whichever process works
// on the execution hangs its spans there.
func accepted(s execution.Snapshot) wanted {
	sum := sha256.Sum256([]byte(s.ID))
	w := wanted{}
	copy(w.trace[:], sum[16:])
	copy(w.span[:], sum[:8])
	if id, err := trace.TraceIDFromHex(s.TraceID); err == nil {
		w.trace = id
	}
	return w
}

// wanted are the ids that a span is to have.
type wanted struct {
	trace trace.TraceID
	span  trace.SpanID
}

type wantedKey struct{}

// names gives spans the ids that their context wants, or random ones.
type names struct{}

// NewIDs names the first span of a trace.
func (n names) NewIDs(ctx context.Context) (trace.TraceID, trace.SpanID) {
	w, ok := ctx.Value(wantedKey{}).(wanted)
	if !ok || !w.trace.IsValid() {
		_, _ = rand.Read(w.trace[:]) // it never fails: it ends the process where the system gives no randomness
	}
	return w.trace, n.NewSpanID(ctx, w.trace)
}

// NewSpanID names a span within a trace.
func (names) NewSpanID(ctx context.Context, _ trace.TraceID) trace.SpanID {
	w, ok := ctx.Value(wantedKey{}).(wanted)
	if !ok || !w.span.IsValid() {
		_, _ = rand.Read(w.span[:])
	}
	return w.span
}
