package httpapi

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"runtime/debug"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/gin-gonic/gin"

	"github.com/symphainy/symphainy/adapters/internal/wire"
	"github.com/symphainy/symphainy/domain/fault"
)

// Limits of requests besides their bodies (security.md §1.5).
const (
	maxHeader = 32 << 10
	maxQuery  = 8 << 10
	maxParams = 100
)

// trace names the request, and writes one line about it when it is over: by route template, without query, cookies and values.
func (s *Server) trace(c *gin.Context) {
	t := wire.TraceOf(c.GetHeader("Traceparent"))
	c.Set(serverKey, s)
	ctx := wire.WithTrace(c.Request.Context(), t)
	if s.d.Span != nil {
		var end func(method, route string, status int)
		ctx, end = s.d.Span(ctx, t.ID, t.Caller())
		defer func() { end(c.Request.Method, c.FullPath(), c.Writer.Status()) }()
	}
	c.Request = c.Request.WithContext(ctx)
	c.Header("Traceparent", t.String())
	start := s.d.Clock.Now()
	c.Next()
	route, took := c.FullPath(), s.d.Clock.Now().Sub(start)
	if s.d.Observe != nil {
		s.d.Observe(c.Request.Method, route, c.Writer.Status(), took)
	}
	if route == "" {
		route = "unmatched"
	}
	s.d.Log.InfoContext(c.Request.Context(), "request", slog.String("method", logged(c.Request.Method)), slog.String("route", route),
		slog.Int("status", c.Writer.Status()), slog.Duration("took", took), slog.Int("bytes", max(0, c.Writer.Size())),
		slog.String("trace_id", t.ID))
}

// logged keeps a method that nobody has heard of out of the log.
func logged(method string) string {
	if slices.Contains([]string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"}, method) {
		return method
	}
	return "other"
}

// recover turns a panic into a constant 500. The stack goes to the log only.
func (s *Server) recover(c *gin.Context) {
	defer func() {
		switch v := recover(); v {
		case nil:
		case http.ErrAbortHandler:
			panic(v)
		default:
			s.d.Log.ErrorContext(c.Request.Context(), "panic", slog.String("route", c.FullPath()), slog.String("stack", string(debug.Stack())))
			s.fail(c, fault.New(fault.Internal, "panic", fmt.Sprintf("%T", v)))
		}
	}()
	c.Next()
}

// headers sets what every answer has.
func (s *Server) headers(c *gin.Context) {
	h := c.Writer.Header()
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Cache-Control", "no-store")
	if strings.HasPrefix(s.cfg.BaseURL, "https://") {
		h.Set("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
	}
	if len(c.Request.TransferEncoding) > 0 {
		// Where a request has a length as well, net/http drops it: a proxy that went by it would see other requests on this connection.
		h.Set("Connection", "close")
	}
	if p, ok := s.policyOf(c); ok && p.cacheable {
		h.Set("Cache-Control", "public, max-age=300")
	}
	c.Next()
}

const (
	corsMethods = "GET, POST, PATCH, DELETE, OPTIONS"
	corsHeaders = "authorization, content-type, idempotency-key, if-match, prefer, x-user-id, x-session-id, x-session-secret, traceparent"
	corsExposed = "Location, Retry-After, Preference-Applied, X-RateLimit-Limit, X-RateLimit-Window, ETag, Traceparent, Content-Disposition"
)

// cors lets the listed origins in, byte for byte, and answers preflights. Nothing is ever reflected.
func (s *Server) cors(c *gin.Context) {
	h := c.Writer.Header()
	h.Add("Vary", "Origin")
	origin := wire.Header(c.Request)
	listed := origin != "" && s.origins.Listed(origin)
	if listed {
		h.Set("Access-Control-Allow-Origin", origin)
		h.Set("Access-Control-Allow-Credentials", "true")
		h.Set("Access-Control-Expose-Headers", corsExposed)
	}
	if c.Request.Method != http.MethodOptions || origin == "" || c.GetHeader("Access-Control-Request-Method") == "" {
		c.Next()
		return
	}
	if !listed && !s.origins.Own(c.Request, origin) {
		s.fail(c, wire.ErrOrigin)
		return
	}
	h.Set("Access-Control-Allow-Methods", corsMethods)
	h.Set("Access-Control-Allow-Headers", corsHeaders)
	h.Set("Access-Control-Max-Age", "600")
	c.AbortWithStatus(http.StatusNoContent)
}

// limits refuses what is too large or ambiguous before anything looks at it.
func (s *Server) limits(c *gin.Context) {
	if err := tooMuch(c.Request); err != nil {
		s.fail(c, err)
		return
	}
	if err := wire.SecretInURL(c.Request.URL); err != nil {
		s.fail(c, err)
		return
	}
	if err := plainQuery(c.Request.URL); err != nil {
		s.fail(c, err)
		return
	}
	if differ(c.Request.Header.Values("Idempotency-Key")) {
		s.fail(c, wire.ErrConflict)
		return
	}
	for _, p := range c.Params {
		if !handle(p.Value) {
			s.fail(c, fault.ErrNotFound)
			return
		}
	}
	p, ok := s.policyOf(c)
	if !ok {
		c.Next()
		return
	}
	if p.foreign {
		if err := s.origins.Foreign(c.Request); err != nil {
			s.fail(c, err)
			return
		}
	}
	c.Next()
}

func tooMuch(r *http.Request) error {
	size := 0
	for name, values := range r.Header {
		for _, v := range values {
			size += len(name) + len(v) + len(": \r\n")
		}
	}
	switch {
	case size > maxHeader:
		return wire.WithStatus(http.StatusRequestHeaderFieldsTooLarge, fault.New(fault.Malformed, "headers_too_large", "The request's headers are too large."))
	case len(r.URL.RawQuery) > maxQuery || len(r.URL.Path) > maxQuery:
		return fault.New(fault.Malformed, "url_too_long", "The request's URL is too long.")
	}
	return nil
}

// plainQuery refuses a query that cannot be read, has too many parameters, or gives one twice with different values. Tenants and users
// are compared with the credential instead.
func plainQuery(u *url.URL) error {
	if strings.Count(u.RawQuery, "&") >= maxParams {
		return fault.New(fault.Malformed, "too_many_parameters", "The URL has too many parameters.")
	}
	query, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return fault.New(fault.Malformed, "malformed_request", "The URL's query cannot be read.")
	}
	for name, values := range query {
		if strings.ContainsRune(name+strings.Join(values, ""), 0) || !utf8.ValidString(name+strings.Join(values, "")) {
			return fault.New(fault.Malformed, "malformed_request", "The URL's query is not text.")
		}
		if name == "tenant_id" || name == "user_id" {
			continue
		}
		if differ(values) {
			return wire.ErrConflict
		}
	}
	return nil
}

// differ reports whether one thing was given several values.
func differ(values []string) bool {
	return slices.ContainsFunc(values, func(v string) bool { return v != values[0] })
}

// handle reports whether a value can be an id at all: ids, references and names of assets. Everything else is as unknown as an unknown id.
func handle(s string) bool {
	return s != "" && len(s) <= 300 && strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.:") == ""
}

// readBody reads and checks the body of a JSON route and puts it back. It gives nil where there is none.
func (s *Server) readBody(c *gin.Context, limit int64) ([]byte, error) {
	r := c.Request
	if r.ContentLength == 0 && len(r.TransferEncoding) == 0 {
		return nil, nil
	}
	if !isJSON(r.Header) {
		return nil, fault.New(fault.Unsupported, "unsupported_media_type", "This route takes application/json.")
	}
	raw, err := wire.ReadBody(c.Writer, r, limit)
	if err != nil {
		return nil, err
	}
	r.Body = http.NoBody
	if len(raw) == 0 {
		return nil, nil
	}
	if err := wire.Check(raw); err != nil {
		return nil, err
	}
	r.Body = newBody(raw)
	return raw, nil
}

// isJSON reports whether the one Content-Type is application/json in UTF-8.
func isJSON(h http.Header) bool {
	values := h.Values("Content-Type")
	if len(values) != 1 {
		return false
	}
	kind, rest, _ := strings.Cut(values[0], ";")
	if !strings.EqualFold(strings.TrimSpace(kind), "application/json") {
		return false
	}
	rest = strings.ReplaceAll(strings.ToLower(strings.TrimSpace(rest)), `"`, "")
	return rest == "" || rest == "charset=utf-8"
}

// untimed takes the server's read deadline away, once a body is read: a deadline that passes while the handler works would cancel it.
func untimed(w http.ResponseWriter) error {
	err := http.NewResponseController(w).SetReadDeadline(time.Time{})
	if errors.Is(err, http.ErrNotSupported) {
		return nil
	}
	return err
}
