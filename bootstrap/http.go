package bootstrap

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"go.uber.org/fx"

	"github.com/symphainy/symphainy/adapters/console"
	"github.com/symphainy/symphainy/adapters/httpapi"
	"github.com/symphainy/symphainy/adapters/jwtauth"
	"github.com/symphainy/symphainy/adapters/mcpserver"
	"github.com/symphainy/symphainy/adapters/telemetry"
	"github.com/symphainy/symphainy/adapters/wsapi"
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
	"github.com/symphainy/symphainy/ports"
)

// mcpWait is how long a tool call from outside waits for its end before it is answered with its execution.
const mcpWait = 5 * time.Second

// httpModule gives the routes and the server that listens. It is the last to start and the first to stop.
func httpModule(cfg Config) fx.Option {
	return fx.Module("http", fx.Provide(
		pending.New, queues.New,
		func(uow ports.UnitOfWork, clock ports.Clock, ids ports.IDs, log *slog.Logger) *auditing.Refusals {
			return auditing.NewRefusals(uow, clock, ids, func(ctx context.Context, what string, err error) {
				log.WarnContext(ctx, "audit", slog.String("what", what), slog.Any("error", err))
			})
		},
		func(uow ports.UnitOfWork, blobs ports.BlobStore, g *securityguard.Guard, bus ports.EventBus, clock ports.Clock, ids ports.IDs) *admin.Service {
			return admin.New(admin.Deps{UnitOfWork: uow, Blobs: blobs, Guard: g, Bus: bus, Clock: clock, IDs: ids})
		},
		func(c *intents.Catalogue, uow ports.UnitOfWork, clock ports.Clock, ids ports.IDs) (*schedules.Service, error) {
			return schedules.New(c, uow, clock, ids, cfg.Schedules)
		},
		func(uow ports.UnitOfWork, r *agents.Realm, _ *intents.Catalogue, clock ports.Clock, ids ports.IDs) *agents.Admin {
			return agents.NewAdmin(uow, r, clock, ids) // after the catalogue, which equips the realm
		},
		func(a *agents.Realm, r ports.Runtime, c *intents.Catalogue, ids ports.IDs, o Options, log *slog.Logger) *mcpserver.Server {
			return mcpserver.New(agents.Outside{Realm: a, Runtime: r, Catalogue: c, IDs: ids}, o.Version, mcpWait, log)
		},
		func() *readiness { return &readiness{} },
		func(in httpParts) (*httpapi.Server, error) { return newRoutes(in, cfg) },
		func(lc fx.Lifecycle, in listenParts) *server {
			s := newServer(httpapi.HTTPServer("", in.Routes, in.Log), in.Hub, in.Ready, in.Opened.fail)
			s.onLife(lc, cfg.Addr, func(url string) { listening(in.Log, in.Options, cfg, url) })
			return s
		},
	))
}

type listenParts struct {
	fx.In

	Routes  *httpapi.Server
	Hub     *wsapi.Hub
	Ready   *readiness
	Log     *slog.Logger
	Options Options
	Opened  *openings
}

type httpParts struct {
	fx.In

	Guard         *securityguard.Guard
	Accounts      *accounts.Service
	Sessions      *trafficcop.Sessions
	Admission     *trafficcop.Admission
	Pending       *pending.Service
	Queues        *queues.Service
	Admin         *admin.Service
	Schedules     *schedules.Service
	Agents        *agents.Admin
	Catalogue     *intents.Catalogue
	Runtime       ports.Runtime
	Control       ports.Control
	Outside       *mcpserver.Server
	Feed          ports.EventFeed
	Artifacts     *artifacts.Service
	Keeper        *artifacts.Keeper
	Uploads       *content.Uploads
	Conversations *conversation.Service
	Clock         ports.Clock
	Log           *slog.Logger
	Keys          *jwtauth.Keys
	KeyFiles      keyFiles
	Hub           *wsapi.Hub
	Metrics       *telemetry.Metrics
	Traces        *telemetry.Traces
	Refusals      *auditing.Refusals
	Ready         *readiness
	Checks        []ports.HealthCheck
	Spare         spareChecks
	Options       Options
}

func newRoutes(in httpParts, cfg Config) (*httpapi.Server, error) {
	settings := httpapi.Defaults()
	settings.BaseURL, settings.AllowedOrigins, settings.TrustedProxies = cfg.BaseURL, cfg.CORS.Origins, cfg.TrustedProxies
	settings.PlainCookies, settings.Version, settings.MaxUpload = cfg.plainCookies(), in.Options.Version, int64(cfg.Upload.Limit)
	settings.LoginRate, settings.RegisterRate, settings.AnonymousRate = cfg.Limit.Login.port(), cfg.Limit.Register.port(), cfg.Limit.Anonymous.port()
	var err error
	if settings.CursorKey, err = cursorKey(in.KeyFiles[0]); err != nil {
		return nil, err
	}
	socketGauge(in.Metrics, in.Hub)
	pages, err := console.Files()
	if err != nil {
		return nil, err
	}
	return httpapi.New(httpapi.Deps{
		MCP:   in.Outside.Serve,
		Guard: in.Guard, Accounts: in.Accounts, Sessions: in.Sessions, Admission: in.Admission, Pending: in.Pending, Catalogue: in.Catalogue,
		Runtime: in.Runtime, Control: in.Control, Feed: in.Feed, Artifacts: in.Artifacts, Keeper: in.Keeper, Uploads: in.Uploads, Conversations: in.Conversations, Clock: in.Clock, Log: in.Log, JWKS: in.Keys.JWKS,
		Console: pages, Observe: in.Metrics.Request, Span: in.Traces.Request, Refused: in.Refusals.Note,
		Queues: in.Queues, Agents: in.Agents, Admin: in.Admin, Schedules: in.Schedules,
		AsyncAPI: wsapi.AsyncAPI(), Checks: append(in.Checks, in.Ready), SpareChecks: append(cfg.runtimeCheck(in.Runtime), in.Spare...),
		Sockets: map[string]http.Handler{
			"/api/runtime/agent":         in.Hub.Agent(),
			"/api/execution/{id}/stream": in.Hub.ExecutionStream(),
			"/ws":                        in.Hub.Push(),
		},
	}, settings)
}
