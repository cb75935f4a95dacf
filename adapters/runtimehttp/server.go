package runtimehttp

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"go.opentelemetry.io/otel/propagation"

	"github.com/symphainy/symphainy/adapters/internal/wire"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/domain/realm"
	"github.com/symphainy/symphainy/ports"
)

// maxBody bounds a request; what is bulky was staged before.
const maxBody = 32 << 20

// waitMax bounds a wait, as the public routes do.
const waitMax = time.Minute

// Deps is what the server stands on.
type Deps struct {
	Runtime ports.Runtime
	Control ports.Control
	// Operations are what administrators do to the executions of others.
	Operations ports.Operations
	Feed       ports.EventFeed
	Verifier   ports.ServiceTokenVerifier
	// Spec finds what this Runtime declares about an intent type.
	Spec   func(intentType string) (realm string, spec realm.IntentSpec, err error)
	Clock  ports.Clock
	Checks []ports.HealthCheck
	Log    *slog.Logger
}

// Server serves a Runtime to Experience planes. It belongs on an address of its own that no client reaches.
type Server struct {
	d   Deps
	mux *http.ServeMux
}

// NewServer makes the routes.
func NewServer(d Deps) *Server {
	s := &Server{d: d, mux: http.NewServeMux()}
	answer(s, routeSubmit, s.submit)
	answer(s, routeExecution, func(ctx context.Context, c caller, r byID) (any, error) {
		return d.Runtime.Execution(ctx, c.scope, r.ID)
	})
	answer(s, routeExecutions, func(ctx context.Context, c caller, r listing) (any, error) {
		return d.Runtime.Executions(ctx, c.scope, r.Filter, r.Page)
	})
	answer(s, routeCancel, func(ctx context.Context, c caller, r byID) (any, error) {
		return d.Runtime.Cancel(ctx, c.principal, r.ID)
	})
	s.control()
	answer(s, routeWait, func(ctx context.Context, c caller, r waiting) (any, error) {
		return d.Runtime.Wait(ctx, c.scope, r.ID, min(r.For, waitMax))
	})
	answer(s, routePage, func(ctx context.Context, c caller, r paging) (any, error) {
		return d.Feed.Page(ctx, c.scope, r.ExecutionID, r.From, r.Limit)
	})
	stream(s, routeFollow, s.follow)
	stream(s, routeFollowSession, s.followSession)
	s.mux.HandleFunc("GET "+routeLive, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	s.mux.HandleFunc("GET "+routeReady, s.ready)
	return s
}

// ServeHTTP answers a request. A panic ends the request and not the process.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set(planeHeader, "runtime")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Cache-Control", "no-store")
	defer s.recovered(w, r)
	s.mux.ServeHTTP(w, r)
}

// recovered answers for a handler that panicked.
func (s *Server) recovered(w http.ResponseWriter, r *http.Request) {
	if p := recover(); p != nil {
		s.d.Log.ErrorContext(r.Context(), "panic", "path", r.URL.Path, "panic", p, "stack", string(debug.Stack()))
		s.fail(w, r, fault.New(fault.Internal, "internal", "panic"))
	}
}

// caller is on whose behalf a request is made. A credential that carries only a scope has a principal without rights.
type caller struct {
	principal identity.Principal
	scope     identity.Scope
	// ends is when the credential is over.
	ends time.Time
}

// open reads a request and its credential.
func (s *Server) open(w http.ResponseWriter, r *http.Request, into any) (caller, error) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		return caller{}, fault.New(fault.Malformed, "unreadable_body", "The body cannot be read, or is too large.").Because(err)
	}
	token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !ok {
		return caller{}, ports.ErrServiceToken
	}
	who, ends, err := s.d.Verifier.Verify(token, bound(r.URL.Path, body))
	if err != nil {
		return caller{}, err
	}
	c := caller{ends: ends}
	if who.Principal != nil {
		c.principal, c.scope = *who.Principal, who.Principal.Scope()
	} else {
		c.scope = *who.Scope
	}
	if err := json.Unmarshal(body, into); err != nil {
		return caller{}, fault.New(fault.Malformed, "invalid_json", "The body is not the JSON of this route.").Because(err)
	}
	return c, nil
}

// answer registers a route with one answer.
func answer[Request any](s *Server, route string, do func(context.Context, caller, Request) (any, error)) {
	s.mux.HandleFunc("POST "+route, func(w http.ResponseWriter, r *http.Request) {
		var in Request
		c, err := s.open(w, r, &in)
		if err != nil {
			s.fail(w, r, err)
			return
		}
		// The span that asked, where there is one: what is accepted here hangs below it.
		out, err := do(propagation.TraceContext{}.Extract(r.Context(), propagation.HeaderCarrier(r.Header)), c, in)
		if err != nil {
			s.fail(w, r, err)
			return
		}
		body, err := json.Marshal(out)
		if err != nil {
			s.fail(w, r, fault.As(err))
			return
		}
		w.Header().Set("Content-Type", "application/json")
		// A client that is gone needs no answer.
		_, _ = w.Write(body)
	})
}

// fail answers with a problem; what the caller cannot be blamed for is logged with its cause.
func (s *Server) fail(w http.ResponseWriter, r *http.Request, err error) {
	if k := fault.KindOf(err); k == fault.Internal || k == fault.Unavailable || errors.Is(err, ports.ErrServiceToken) {
		s.d.Log.WarnContext(r.Context(), "runtime request failed", "path", r.URL.Path, "error", err)
	}
	wire.WriteError(w, r, err)
}

// submit completes a submission with what is the Runtime's to say, and refuses what its principal may not do.
func (s *Server) submit(ctx context.Context, c caller, in submission) (any, error) {
	name, spec, err := s.d.Spec(in.Intent.Type)
	if err != nil {
		return nil, err
	}
	if !c.principal.May(spec.Permission) || c.principal.Anonymous() && !spec.Anonymous {
		return nil, fault.ErrPermission
	}
	return s.d.Runtime.Submit(ctx, ports.Submission{
		Intent: in.Intent, Spec: spec, Realm: name, Principal: c.principal, SessionID: in.SessionID, IdempotencyKey: in.IdempotencyKey,
		Fingerprint: in.Fingerprint, TraceID: in.TraceID, Alongside: in.Alongside,
	})
}

// ready tells whether the Runtime's dependencies answer.
func (s *Server) ready(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), 2*time.Second)
	defer cancel()
	for _, check := range s.d.Checks {
		if err := check.Check(ctx); err != nil {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
	}
	w.WriteHeader(http.StatusNoContent)
}
