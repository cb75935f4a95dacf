package wire

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"strings"
)

// Trace is a W3C trace context: who asked, so that one request is found in every log.
type Trace struct {
	// ID is 32, Parent 16 and Flags 2 lower-case hex digits.
	ID, Parent, Flags string
	// Received tells that the client named it; otherwise Parent is nobody's.
	Received bool
}

// ParseTrace reads a traceparent header (https://www.w3.org/TR/trace-context/); ok is false for anything but a valid one.
func ParseTrace(header string) (t Trace, ok bool) {
	parts := strings.Split(header, "-")
	if len(header) > 128 || len(parts) < 4 || !isHex(parts[0], 2) || parts[0] == "ff" || parts[0] == "00" && len(parts) != 4 {
		return Trace{}, false
	}
	t = Trace{ID: parts[1], Parent: parts[2], Flags: parts[3], Received: true}
	ok = isHex(t.ID, 32) && isHex(t.Parent, 16) && isHex(t.Flags, 2) &&
		strings.Trim(t.ID, "0") != "" && strings.Trim(t.Parent, "0") != ""
	return t, ok
}

func isHex(s string, n int) bool {
	return len(s) == n && strings.Trim(s, "0123456789abcdef") == ""
}

// NewTrace starts a trace of its own.
func NewTrace() Trace {
	var b [24]byte
	// rand.Read never fails: it ends the process where the system gives no randomness.
	_, _ = rand.Read(b[:])
	return Trace{ID: hex.EncodeToString(b[:16]), Parent: hex.EncodeToString(b[16:]), Flags: "00"}
}

// TraceOf gives the trace that the header names, or a new one.
func TraceOf(header string) Trace {
	if t, ok := ParseTrace(header); ok {
		return t
	}
	return NewTrace()
}

// String gives the traceparent header.
func (t Trace) String() string { return "00-" + t.ID + "-" + t.Parent + "-" + t.Flags }

type traceKey struct{}

// WithTrace puts the trace into a context.
func WithTrace(ctx context.Context, t Trace) context.Context {
	return context.WithValue(ctx, traceKey{}, t)
}

// Caller gives the client's span, "" if the trace begins here.
func (t Trace) Caller() string {
	if !t.Received {
		return ""
	}
	return t.Parent
}

// TraceOn gives the trace of a context; its zero value without.
func TraceOn(ctx context.Context) Trace {
	t, _ := ctx.Value(traceKey{}).(Trace)
	return t
}

// TraceID gives the trace id of a context, "" without.
func TraceID(ctx context.Context) string {
	t, _ := ctx.Value(traceKey{}).(Trace)
	return t.ID
}
