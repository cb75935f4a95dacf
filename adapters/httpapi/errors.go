package httpapi

import (
	"errors"
	"log/slog"
	"net/http"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"
	"github.com/danielgtaylor/huma/v2/validation"
	"github.com/gin-gonic/gin"

	"github.com/symphainy/symphainy/adapters/internal/wire"
	"github.com/symphainy/symphainy/application/auditing"
	"github.com/symphainy/symphainy/domain/fault"
)

// Errors of the router.
var (
	errNoRoute  = fault.New(fault.NotFound, "not_found", "There is no such route.")
	errNoMethod = wire.WithStatus(http.StatusMethodNotAllowed, fault.New(fault.Malformed, "method_not_allowed", "The route does not have this method."))
)

// Problem is wire.Problem as huma knows errors.
type Problem wire.Problem

// Error gives the text for people.
func (p *Problem) Error() string { return p.Detail }

// GetStatus gives the HTTP status.
func (p *Problem) GetStatus() int { return p.Status }

// ContentType gives the media type of errors.
func (p *Problem) ContentType(string) string { return wire.ProblemType }

// serverKey is where a request's context holds its server.
const serverKey = "symphainy.server"

// newError is what huma asks for the type of errors, for the document.
func newError(status int, _ string, errs ...error) huma.StatusError {
	p := Problem(wire.NewProblem(judge(status, errs), ""))
	return &p
}

// newErrorWithContext is what huma asks for every error of a request: its own findings, and what handlers return.
func newErrorWithContext(ctx huma.Context, status int, msg string, errs ...error) huma.StatusError {
	c := humagin.Unwrap(ctx)
	s, ok := c.MustGet(serverKey).(*Server)
	if !ok {
		return newError(status, msg, errs...)
	}
	p := Problem(s.problem(c, judge(status, errs)))
	return &p
}

// judge gives the fault behind what huma reports: a handler's own, or huma's findings about the input.
func judge(status int, errs []error) error {
	var details []*huma.ErrorDetail
	// Huma's own findings are never wrapped, and what a handler returns is never one of them.
	for _, err := range errs {
		d, ok := err.(huma.ErrorDetailer)
		if !ok {
			return err
		}
		details = append(details, d.ErrorDetail())
	}
	switch {
	case status == http.StatusBadRequest && len(details) == 0:
		return wire.ErrInvalidJSON.WithMsg("This route needs a JSON object as its body.")
	case len(details) == 0:
		return fault.New(fault.Internal, "internal", "huma answered "+strconv.Itoa(status))
	}
	return found(details)
}

// errInvalidQuery is a parameter outside the body with a value that is not allowed.
var errInvalidQuery = fault.New(fault.Malformed, "invalid_parameters", "A parameter of the request has a value that is not allowed.")

func found(details []*huma.ErrorDetail) error {
	base := errInvalidQuery
	var fields []fault.Field
	unknown := false
	for _, d := range details {
		f := fault.Field{Pointer: pointer(d.Location), Code: codeOf(d.Message), Message: d.Message}
		if d.Location == "body" || strings.HasPrefix(d.Location, "body.") || strings.HasPrefix(d.Location, "body[") {
			base = fault.New(fault.Invalid, "invalid_parameters", "The body has a value that is not allowed.")
		}
		if name, ok := missing(d.Message); ok {
			f.Pointer += "/" + name
		}
		unknown = unknown || f.Code == "unknown_field"
		fields = append(fields, f)
	}
	if unknown {
		base = wire.ErrUnknownField
	}
	return base.WithFields(fields...)
}

// missing reads the name out of huma's text for a required property.
func missing(message string) (string, bool) {
	before, after, _ := strings.Cut(validation.MsgExpectedRequiredProperty, "%s")
	rest, ok := strings.CutPrefix(message, before)
	if !ok {
		return "", false
	}
	return strings.CutSuffix(rest, after)
}

// pointer makes a JSON pointer of huma's "body.items[3].tags". Parts that are not of the body begin with where they are.
func pointer(location string) string {
	location = strings.TrimPrefix(strings.TrimPrefix(location, "body"), ".")
	if location == "" {
		return ""
	}
	location = strings.NewReplacer("~", "~0", "/", "~1", ".", "/", "[", "/", "]", "").Replace(location)
	if len(location) > 200 {
		location = strings.ToValidUTF8(location[:200], "")
	}
	return "/" + strings.TrimPrefix(location, "/")
}

// codeOf gives the stable name of one of huma's findings.
func codeOf(message string) string {
	begins := func(format string) bool {
		fixed, _, _ := strings.Cut(format, "%")
		return strings.HasPrefix(message, fixed)
	}
	switch {
	case message == validation.MsgUnexpectedProperty:
		return "unknown_field"
	case begins(validation.MsgExpectedRequiredProperty), strings.HasPrefix(message, "required "):
		return "missing"
	case begins(validation.MsgExpectedMinLength), begins(validation.MsgExpectedMinItems):
		return "too_short"
	case begins(validation.MsgExpectedMaxLength), begins(validation.MsgExpectedMaxItems):
		return "too_long"
	case begins(validation.MsgExpectedOneOf):
		return "not_allowed"
	case begins(validation.MsgExpectedMinimumNumber), begins(validation.MsgExpectedMaximumNumber):
		return "out_of_range"
	case message == validation.MsgExpectedString, message == validation.MsgExpectedObject, message == validation.MsgExpectedArray,
		message == validation.MsgExpectedInteger, message == validation.MsgExpectedNumber, message == validation.MsgExpectedBoolean:
		return "invalid_type"
	}
	return "invalid"
}

// ratedError is an error of a step that has another limit than its route.
type ratedError struct {
	error
	by rated
}

// Unwrap gives the error of the step.
func (e ratedError) Unwrap() error { return e.error }

// problem makes the answer for an error: logged if it is the server's fault, with the headers and fields that belong to the route.
func (s *Server) problem(c *gin.Context, err error) wire.Problem {
	p := wire.NewProblem(err, wire.TraceID(c.Request.Context()))
	pol, _ := s.policyOf(c)
	if p.Status >= http.StatusInternalServerError {
		s.d.Log.ErrorContext(c.Request.Context(), "request failed", slog.String("route", c.FullPath()), slog.Int("status", p.Status),
			slog.String("error", err.Error()), slog.String("trace_id", p.TraceID))
	}
	s.refused(c, pol, p)
	if pol.auth {
		p.Message, p.Err = p.Detail, p.Code
	}
	by := pol.rate
	if other := (ratedError{}); errors.As(err, &other) {
		by = other.by
	}
	if rate, ok := s.cfg.limit(by); ok && p.Status == http.StatusTooManyRequests {
		c.Header("X-RateLimit-Limit", strconv.Itoa(rate.Limit))
		c.Header("X-RateLimit-Window", strconv.Itoa(int(rate.Window.Seconds())))
	}
	p.Headers(c.Writer.Header())
	return p
}

// fail answers an error and ends the request.
func (s *Server) fail(c *gin.Context, err error) {
	c.Abort()
	if c.Writer.Written() {
		return
	}
	s.problem(c, err).Write(c.Writer)
}

// refused tells of a request that was turned away for its caller's rights, its credential or a bound. Refusals of the routes without a credential
// are told of where they are decided, and a socket's by the hub.
func (s *Server) refused(c *gin.Context, pol policy, p wire.Problem) {
	r := c.Request
	credential := r.Header.Get("Authorization") != "" || r.Header.Get("X-Session-Secret") != ""
	switch {
	case s.d.Refused == nil || pol.access == open || pol.socket:
		return
	case p.Status == http.StatusForbidden, p.Status == http.StatusTooManyRequests && pol.rate == notRated, p.Status == http.StatusUnauthorized && credential:
	default:
		return
	}
	who := callerOf(r.Context()).principal
	s.d.Refused(r.Context(), auditing.Refusal{
		TenantID: who.TenantID, Actor: who.Actor(), Place: r.Method + " " + c.FullPath(), Code: p.Code, Address: s.addresses.Client(r), TraceID: p.TraceID,
	})
}
