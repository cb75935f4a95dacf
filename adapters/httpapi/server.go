package httpapi

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"
	"github.com/gin-gonic/gin"

	"github.com/symphainy/symphainy/adapters/internal/wire"
)

// Server is the HTTP face of the platform.
type Server struct {
	d         Deps
	cfg       Config
	cookies   wire.Cookies
	origins   wire.Origins
	addresses wire.Addresses

	engine *gin.Engine
	api    huma.API
	// byRoute is the policy table by the router's key; left are the rows that have no handler yet.
	byRoute map[string]policy
	left    map[string]policy
	wrong   []error
	// document is the OpenAPI document as it is served.
	document func() ([]byte, error)
}

// New builds the routes. A route without a policy, a policy without a route, an unknown socket or an invalid Config is an error.
func New(d Deps, cfg Config) (*Server, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	origins, err := wire.NewOrigins(cfg.BaseURL, cfg.AllowedOrigins)
	if err != nil {
		return nil, err
	}
	addresses, err := wire.NewAddresses(cfg.TrustedProxies)
	if err != nil {
		return nil, err
	}
	s := &Server{
		d: d, cfg: cfg, cookies: wire.Cookies{Plain: cfg.PlainCookies}, origins: origins, addresses: addresses,
		byRoute: map[string]policy{}, left: map[string]policy{},
	}
	for _, p := range policies() {
		if p.path == mcpPath && d.MCP == nil {
			continue
		}
		if _, mounted := d.Sockets[p.path]; p.socket && !mounted || p.console && d.Console == nil {
			continue
		}
		s.byRoute[key(p.method, ginPath(p.path))], s.left[key(p.method, p.path)] = p, p
	}
	if err := s.build(); err != nil {
		return nil, err
	}
	return s, nil
}

// ServeHTTP answers a request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.engine.ServeHTTP(w, r) }

// OpenAPI gives the document of the routes, as it is served; nil where it cannot be written, which is served as an error.
func (s *Server) OpenAPI() []byte {
	text, err := s.document()
	if err != nil {
		return nil
	}
	return text
}

//nolint:gochecknoglobals // gin and huma keep their settings in package variables; they are set once, to the same values
var settings sync.Once

func (s *Server) build() error {
	settings.Do(func() {
		gin.SetMode(gin.ReleaseMode)
		huma.ValidateStrictCasing = true
		huma.DefaultArrayNullable = false
		huma.NewError = newError
		huma.NewErrorWithContext = newErrorWithContext
	})
	s.engine = gin.New()
	s.engine.RedirectTrailingSlash, s.engine.RedirectFixedPath, s.engine.RemoveExtraSlash = false, false, false
	s.engine.HandleMethodNotAllowed = true
	s.engine.UseRawPath, s.engine.UnescapePathValues = true, true
	s.engine.ForwardedByClientIP = false
	if err := s.engine.SetTrustedProxies(nil); err != nil {
		return err
	}
	s.engine.Use(s.trace, s.recover, s.headers, s.cors, s.limits, s.authorize)
	s.engine.NoRoute(func(c *gin.Context) { s.fail(c, errNoRoute) })
	s.engine.NoMethod(func(c *gin.Context) { s.fail(c, errNoMethod) })
	s.api = humagin.New(s.engine, s.humaConfig())

	s.authRoutes()
	s.sessionRoutes()
	s.intentRoutes()
	s.executionRoutes()
	s.scheduleRoutes()
	s.artifactRoutes()
	s.fileRoutes()
	s.platformRoutes()
	s.queueRoutes()
	s.adminRoutes()
	s.agentRoutes()
	s.guideRoutes()
	s.olderRoutes()
	s.aguiRoutes()
	s.pageRoutes()
	s.consoleRoutes()
	for k := range s.left {
		s.wrong = append(s.wrong, fmt.Errorf("httpapi: policy %q has no route", k))
	}
	for path := range s.d.Sockets {
		if p, ok := s.byRoute[key(http.MethodGet, ginPath(path))]; !ok || !p.socket {
			s.wrong = append(s.wrong, fmt.Errorf("httpapi: socket %q is not in the policy table", path))
		}
	}
	if err := errors.Join(s.wrong...); err != nil {
		return err
	}
	// Whoever asks first waits for the text, not the start, which needs nothing of it.
	s.document = sync.OnceValues(func() ([]byte, error) { return json.MarshalIndent(s.api.OpenAPI(), "", "  ") })
	return nil
}

// claim takes the policy of a route that is about to be registered. Without one the route is refused.
func (s *Server) claim(method, path string) bool {
	k := key(method, path)
	if _, ok := s.left[k]; !ok {
		s.wrong = append(s.wrong, fmt.Errorf("httpapi: route %q has no policy, or is registered twice", k))
		return false
	}
	delete(s.left, k)
	return true
}

// plain registers a handler outside huma, with its documentation.
func (s *Server) plain(op huma.Operation, h gin.HandlerFunc) {
	if !s.claim(op.Method, op.Path) {
		return
	}
	s.describe(&op)
	s.api.OpenAPI().AddOperation(&op)
	s.engine.Handle(op.Method, ginPath(op.Path), h)
}

// policyOf gives the policy of the matched route; ok is false if none matched.
func (s *Server) policyOf(c *gin.Context) (policy, bool) {
	p, ok := s.byRoute[key(c.Request.Method, c.FullPath())]
	return p, ok && c.FullPath() != ""
}
