package httpapi

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"net/http"
	"time"

	"github.com/symphainy/symphainy/application/accounts"
	"github.com/symphainy/symphainy/application/admin"
	"github.com/symphainy/symphainy/application/agents"
	"github.com/symphainy/symphainy/application/artifacts"
	"github.com/symphainy/symphainy/application/auditing"
	"github.com/symphainy/symphainy/application/conversation"
	"github.com/symphainy/symphainy/application/intents"
	"github.com/symphainy/symphainy/application/pending"
	"github.com/symphainy/symphainy/application/queues"
	"github.com/symphainy/symphainy/application/realms/content"
	"github.com/symphainy/symphainy/application/schedules"
	"github.com/symphainy/symphainy/application/securityguard"
	"github.com/symphainy/symphainy/application/trafficcop"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/ports"
)

// Config says how the service is reached and what it takes. Make it with Defaults and change what differs.
type Config struct {
	// BaseURL is the service's own address, for links and as the own origin. Empty: links are relative, and the own origin is the one
	// whose host the request names.
	BaseURL string
	// AllowedOrigins are further origins that may call with credentials, exact.
	AllowedOrigins []string
	// TrustedProxies are the networks whose X-Forwarded-For counts.
	TrustedProxies []string
	// PlainCookies leaves Secure and __Host- out of cookies, for plain HTTP on loopback.
	PlainCookies bool
	// CursorKey authenticates the cursors of lists: at least 32 bytes, the same in all replicas.
	CursorKey []byte
	// Service and Version are what /health tells.
	Service, Version string
	// MaxUpload bounds an uploaded file in bytes; it is the limit of content.Uploads too.
	MaxUpload int64
	// LoginRate, RegisterRate and AnonymousRate are told in the headers of a 429; the services enforce them.
	LoginRate, RegisterRate, AnonymousRate ports.Rate
	// MaxWait bounds Prefer: wait.
	MaxWait time.Duration
	// Heartbeat is the interval of comments in an event stream, Recheck that of looking whether its reader may still read. The guard's
	// answer may be half a second old, and the promise is one second.
	Heartbeat, Recheck time.Duration
	// SlowRead bounds each read of an upload's bytes, SlowWrite each write of a stream or download.
	SlowRead, SlowWrite time.Duration
}

// Defaults gives the bounds of contract.md and security.md.
func Defaults() Config {
	return Config{
		Service: "symphainy", Version: "dev", MaxUpload: 256 << 20,
		LoginRate: ports.Rate{Limit: 5, Window: time.Minute}, RegisterRate: ports.Rate{Limit: 3, Window: 5 * time.Minute},
		AnonymousRate: ports.Rate{Limit: 30, Window: time.Hour},
		MaxWait:       time.Minute, Heartbeat: 15 * time.Second, Recheck: 450 * time.Millisecond, SlowRead: 30 * time.Second, SlowWrite: 30 * time.Second,
	}
}

// Validate reports everything that is missing or not positive.
func (c Config) Validate() error {
	var all []error
	if len(c.CursorKey) < 32 {
		all = append(all, errors.New("httpapi: the cursor key must have at least 32 bytes"))
	}
	for name, n := range map[string]int64{
		"MaxUpload": c.MaxUpload, "MaxWait": int64(c.MaxWait), "Heartbeat": int64(c.Heartbeat), "Recheck": int64(c.Recheck),
		"SlowRead": int64(c.SlowRead), "SlowWrite": int64(c.SlowWrite),
	} {
		if n <= 0 {
			all = append(all, errors.New("httpapi: "+name+" must be positive"))
		}
	}
	return errors.Join(all...)
}

// Deps is what the routes stand on. All are needed, except MCP, Observe, Span, Refused, Console, Sockets, AsyncAPI, Checks and SpareChecks.
type Deps struct {
	Guard     *securityguard.Guard
	Accounts  *accounts.Service
	Sessions  *trafficcop.Sessions
	Admission *trafficcop.Admission
	Pending   *pending.Service
	Catalogue *intents.Catalogue
	Runtime   ports.Runtime
	Control   ports.Control
	Feed      ports.EventFeed
	Artifacts *artifacts.Service
	Keeper    *artifacts.Keeper
	Uploads   *content.Uploads
	// Conversations sends messages to agents and reads what was said.
	Conversations *conversation.Service
	Queues        *queues.Service
	Admin         *admin.Service
	Schedules     *schedules.Service
	Agents        *agents.Admin
	Clock         ports.Clock
	Log           *slog.Logger
	// JWKS gives the public keys as a JSON Web Key Set.
	JWKS func() ([]byte, error)
	// AsyncAPI is the document of the sockets, served as it is.
	AsyncAPI []byte
	// Checks are what readiness asks.
	Checks []ports.HealthCheck
	// SpareChecks are asked too, but readiness only tells that they fail: without them everything works, slower. If they counted, all
	// replicas would be taken out of service at once.
	SpareChecks []ports.HealthCheck
	// Observe, if set, hears of every answered request: its method, the router's template ("" for none), the status and the time it took.
	Observe func(method, route string, status int, took time.Duration)
	// Span, if set, begins the span of a request in a trace under the client's span ("" for none); what comes back ends it, with the router's
	// template ("" for none).
	Span func(ctx context.Context, traceID, parentID string) (context.Context, func(method, route string, status int))
	// Refused, if set, hears of requests that were turned away: rights, credentials, bounds.
	Refused func(ctx context.Context, r auditing.Refusal)
	// Console holds the console's files in one flat folder, index.html among them; nil for a server without one.
	Console fs.FS
	// MCP answers a request of a verified caller over the Model Context Protocol; nil leaves the route out.
	MCP func(w http.ResponseWriter, r *http.Request, p identity.Principal, sessionID string)
	// Sockets are handlers that authenticate themselves, by route; each must be in the policy table.
	Sockets map[string]http.Handler
}

// HTTPServer gives a server for the handler with every time-out set. Routes that stream move their own deadlines.
func HTTPServer(addr string, h http.Handler, log *slog.Logger) *http.Server {
	return &http.Server{
		Addr: addr, Handler: h, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 60 * time.Second, WriteTimeout: 90 * time.Second,
		IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 2 * maxHeader, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
}
