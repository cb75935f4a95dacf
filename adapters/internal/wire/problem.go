package wire

import (
	"errors"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/symphainy/symphainy/domain/fault"
)

// ProblemType is the media type of errors (RFC 9457).
const ProblemType = "application/problem+json"

// FieldProblem is one wrong place of an input.
type FieldProblem struct {
	Pointer string `json:"pointer" doc:"JSON pointer into the body, or into /query, /path or /header"`
	Code    string `json:"code" doc:"Stable name of the fault"`
	Message string `json:"message" doc:"What to do, for a person"`
}

// Problem is the body of every error.
type Problem struct {
	Type    string `json:"type" doc:"Always about:blank: code names the problem" example:"about:blank"`
	Title   string `json:"title" doc:"Name of the status" example:"Not Found"`
	Status  int    `json:"status" doc:"The HTTP status" example:"404"`
	Detail  string `json:"detail" doc:"What is wrong, for a person"`
	Code    string `json:"code" doc:"Stable name of the problem, for programs" example:"not_found"`
	TraceID string `json:"trace_id" doc:"Name of this request in the logs"`
	// Errors name the wrong places.
	Errors []FieldProblem `json:"errors,omitempty" doc:"The wrong places of the input"`
	// RetryAfter is in whole seconds.
	RetryAfter int `json:"retry_after,omitempty,omitzero" doc:"Seconds to wait before another try"`
	// Message and Error repeat detail and code on the authentication routes, whose older clients read them.
	Message string `json:"message,omitempty" doc:"The detail again, on authentication routes"`
	Err     string `json:"error,omitempty" doc:"The code again, on authentication routes"`
}

// Status gives the HTTP status of a kind. It is the only place that knows.
func Status(k fault.Kind) int {
	switch k {
	case fault.Internal:
		return http.StatusInternalServerError
	case fault.Malformed:
		return http.StatusBadRequest
	case fault.Unauthenticated:
		return http.StatusUnauthorized
	case fault.Denied:
		return http.StatusForbidden
	case fault.NotFound:
		return http.StatusNotFound
	case fault.Conflict:
		return http.StatusConflict
	case fault.Gone:
		return http.StatusGone
	case fault.TooLarge:
		return http.StatusRequestEntityTooLarge
	case fault.Unsupported:
		return http.StatusUnsupportedMediaType
	case fault.Invalid:
		return http.StatusUnprocessableEntity
	case fault.Limited:
		return http.StatusTooManyRequests
	case fault.Unavailable:
		return http.StatusServiceUnavailable
	case fault.Quota:
		return http.StatusInsufficientStorage
	}
	return http.StatusInternalServerError
}

// statusError is a fault that HTTP names more exactly than its kind does: 405, 431.
type statusError struct {
	fault  *fault.Error
	status int
}

// Error gives the text for the log.
func (e statusError) Error() string { return e.fault.Error() }

// Unwrap gives the fault.
func (e statusError) Unwrap() error { return e.fault }

// WithStatus gives e with another status than its kind's, for what only HTTP knows.
func WithStatus(status int, e *fault.Error) error { return statusError{e, status} }

// NewProblem gives the wire form of an error. Of a server's failure (500 and above) nothing but a constant text is told.
func NewProblem(err error, traceID string) Problem {
	f := fault.As(err)
	status := Status(f.Kind)
	var exact statusError
	if errors.As(err, &exact) {
		status = exact.status
	}
	p := Problem{
		Type: "about:blank", Title: http.StatusText(status), Status: status, Detail: f.Msg, Code: f.Code, TraceID: traceID,
		RetryAfter: seconds(f.RetryAfter),
	}
	if status >= http.StatusInternalServerError {
		p.Detail, p.Code = serverTrouble(status, f.Code)
		if status == http.StatusServiceUnavailable && p.RetryAfter == 0 {
			p.RetryAfter = 1
		}
		return p
	}
	for _, field := range f.Fields {
		p.Errors = append(p.Errors, FieldProblem(field))
	}
	return p
}

func serverTrouble(status int, code string) (detail, shown string) {
	switch status {
	case http.StatusServiceUnavailable:
		return "The service cannot do this just now; try again later.", code
	case http.StatusInsufficientStorage:
		return "There is no room left for this.", code
	}
	return "An unexpected error happened. The trace_id names it in the server's log.", "internal"
}

func seconds(d time.Duration) int {
	if d <= 0 {
		return 0
	}
	return max(1, int(math.Ceil(d.Seconds())))
}

// Write sends the problem with the headers that belong to it.
func (p Problem) Write(w http.ResponseWriter) {
	// A text may repeat what a client sent; what of it is no UTF-8 is replaced.
	body, err := json.Marshal(p, json.Deterministic(true), jsontext.AllowInvalidUTF8(true))
	if err != nil { // A Problem holds only strings and numbers.
		body = []byte(`{}`)
	}
	p.Headers(w.Header())
	w.Header().Set("Content-Type", ProblemType)
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(p.Status)
	// A client that is gone needs no answer.
	_, _ = w.Write(body)
}

// Headers sets the headers that belong to the problem, apart from its type.
func (p Problem) Headers(h http.Header) {
	h.Set("Cache-Control", "no-store")
	if p.RetryAfter > 0 {
		h.Set("Retry-After", strconv.Itoa(p.RetryAfter))
	}
	if p.Status == http.StatusUnauthorized {
		h.Set("WWW-Authenticate", `Bearer realm="symphainy"`)
	}
}

// WriteError sends err as a problem, with the trace id of the request's context.
func WriteError(w http.ResponseWriter, r *http.Request, err error) {
	NewProblem(err, TraceID(r.Context())).Write(w)
}
