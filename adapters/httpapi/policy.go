package httpapi

import (
	"net/http"
	"strings"

	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/ports"
)

// access says whose credential a route needs.
type access int

const (
	// open routes look at no credential.
	open access = iota
	// optional routes take a login into account if there is one.
	optional
	// login routes need a signed-in user.
	login
	// whole routes act for one session: the one that is named, else the login's, else the one whose secret came.
	whole
	// object routes act for whoever the object asked for belongs to.
	object
	// later routes are whole ones whose session can also be named in a part of the body that only the handler reads.
	later
	// own routes verify their credential themselves, before anything else: sockets, and the upgrade with its two halves.
	own
)

// Limits of bodies in bytes (contract.md §1).
const (
	bodyLimit   = 1 << 20
	submitLimit = 24 << 20
)

// rated names the limit that a route's 429 tells.
type rated int

const (
	notRated rated = iota
	loginRated
	registerRated
	anonymousRated
)

// policy is one row of the table: a route exactly, what it needs, and how much it takes.
type policy struct {
	method, path string
	access       access
	// permission is what the caller's role must allow.
	permission identity.Permission
	// admin marks routes for those who administer a tenant or operate the platform; which of them, and what, the use case says.
	admin bool
	// writes marks routes that an ended session refuses.
	writes bool
	// body is the limit of a JSON body in bytes; 0 where a body is not JSON or not read.
	body int64
	// foreign marks routes that refuse a foreign Origin even without a cookie.
	foreign bool
	// auth marks routes whose errors carry message and error too.
	auth bool
	// create marks routes that refuse a client-chosen session_id.
	create bool
	// socket marks routes that exist only if Deps.Sockets has them.
	socket bool
	// console marks routes that exist only if Deps.Console has files.
	console bool
	// cacheable marks open answers that are the same for everybody.
	cacheable bool
	rate      rated
}

// policies is the table. A route that is not in it is refused at registration, a row without a route too.
func policies() []policy {
	const get, post, put, patch, del = http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete
	const read, write, operate = identity.PermRead, identity.PermWrite, identity.PermOperate
	const room = "/api/admin/control-room"
	return []policy{
		{method: post, path: "/api/auth/register", access: open, body: bodyLimit, foreign: true, auth: true, rate: registerRated},
		{method: post, path: "/api/auth/login", access: open, body: bodyLimit, foreign: true, auth: true, rate: loginRated},
		{method: post, path: "/api/auth/refresh", access: open, body: bodyLimit, foreign: true, auth: true},
		{method: post, path: "/api/auth/logout", access: login, body: bodyLimit, auth: true},
		{method: get, path: "/api/auth/me", access: login, auth: true},
		{method: post, path: "/api/auth/password", access: login, body: bodyLimit, auth: true, rate: loginRated},
		{method: post, path: "/api/auth/verify", access: open, body: bodyLimit, auth: true},
		{method: post, path: "/api/auth/reset", access: open, body: bodyLimit, auth: true},
		{method: post, path: "/api/auth/reset/confirm", access: open, body: bodyLimit, auth: true},
		{method: get, path: "/.well-known/jwks.json", access: open, cacheable: true},

		{method: post, path: "/api/session/create", access: optional, body: bodyLimit, foreign: true, create: true, rate: anonymousRated},
		{method: post, path: "/api/session/create-anonymous", access: open, body: bodyLimit, foreign: true, create: true, rate: anonymousRated},
		{method: get, path: "/api/session/{id}", access: whole, permission: read},
		{method: patch, path: "/api/session/{id}/upgrade", access: own, body: bodyLimit},
		{method: get, path: "/api/sessions", access: login, permission: read},
		{method: del, path: "/api/session/{id}", access: whole, body: bodyLimit},

		{method: get, path: "/api/intents", access: whole, permission: read},
		{method: post, path: "/api/intent/submit", access: whole, writes: true, body: submitLimit},
		{method: post, path: "/api/intent/pending/create", access: whole, permission: write, writes: true, body: bodyLimit},
		{method: post, path: "/api/intent/pending/list", access: whole, permission: read, body: bodyLimit},
		{method: post, path: "/api/content/save_materialization", access: whole, writes: true, body: bodyLimit},

		{method: get, path: "/api/executions", access: whole, permission: read},
		{method: get, path: "/api/decisions", access: whole, permission: read},
		{method: get, path: "/api/execution/{id}/status", access: object, permission: read},
		{method: get, path: "/api/execution/{id}/events", access: object, permission: read},
		{method: post, path: "/api/execution/{id}/cancel", access: object, permission: write, writes: true, body: bodyLimit},
		{method: post, path: "/api/execution/{id}/pause", access: object, permission: write, writes: true, body: bodyLimit},
		{method: post, path: "/api/execution/{id}/resume", access: object, permission: write, writes: true, body: bodyLimit},
		{method: post, path: "/api/execution/{id}/retry", access: object, permission: write, writes: true, body: bodyLimit},
		{method: post, path: "/api/execution/{id}/signal", access: object, permission: write, writes: true, body: bodyLimit},
		{method: post, path: "/api/execution/{id}/decision", access: object, permission: read, writes: true, body: bodyLimit},
		{method: post, path: "/api/executions/control", access: whole, permission: write, writes: true, body: bodyLimit},
		{method: get, path: "/api/execution/{id}/stream", access: own, socket: true},

		{method: post, path: "/api/schedules", access: login, permission: write, writes: true, body: bodyLimit},
		{method: get, path: "/api/schedules", access: login, permission: read},
		{method: get, path: "/api/schedules/{id}", access: login, permission: read},
		{method: patch, path: "/api/schedules/{id}", access: login, permission: write, writes: true, body: bodyLimit},
		{method: del, path: "/api/schedules/{id}", access: login, permission: write, writes: true, body: bodyLimit},
		{method: post, path: "/api/schedules/{id}/pause", access: login, permission: write, writes: true, body: bodyLimit},
		{method: post, path: "/api/schedules/{id}/resume", access: login, permission: write, writes: true, body: bodyLimit},
		{method: post, path: "/api/schedules/{id}/trigger", access: login, permission: write, writes: true, body: bodyLimit},
		{method: get, path: "/api/schedules/{id}/runs", access: login, permission: read},

		{method: get, path: "/api/artifacts/{id}", access: object, permission: read},
		{method: patch, path: "/api/artifacts/{id}", access: object, permission: write, writes: true, body: bodyLimit},
		{method: get, path: "/api/artifacts/{id}/content", access: object, permission: read},
		{method: get, path: "/api/artifacts/{id}/lineage", access: object, permission: read},
		{method: post, path: "/api/artifact/resolve", access: object, permission: read, body: bodyLimit},
		{method: post, path: "/api/artifact/list", access: whole, permission: read, body: bodyLimit},
		{method: post, path: "/api/files", access: later, writes: true},
		{method: get, path: "/api/files/{id}/content", access: object, permission: read},

		{method: post, path: "/api/runtime/agent/ticket", access: whole, writes: true, body: bodyLimit},
		{method: get, path: "/api/runtime/agent", access: own, socket: true},
		{method: post, path: "/api/agui", access: whole, permission: write, writes: true, body: bodyLimit},
		{method: post, path: mcpPath, access: whole, permission: read, writes: true, body: bodyLimit},
		{method: get, path: "/ws", access: own, socket: true},
		{method: get, path: "/api/realms", access: whole, permission: read},

		{method: post, path: "/api/v1/guide-agent/chat", access: whole, permission: write, writes: true, body: bodyLimit},
		{method: post, path: "/api/v1/guide-agent/analyze-intent", access: whole, permission: read, body: bodyLimit},
		{method: post, path: "/api/v1/guide-agent/guidance", access: whole, permission: read, body: bodyLimit},
		{method: post, path: "/api/v1/guide-agent/route-to-pillar", access: whole, permission: read, body: bodyLimit},
		{method: post, path: "/api/v1/guide-agent/discover-context", access: whole, permission: read, body: bodyLimit},
		{method: post, path: "/api/v1/guide-agent/commit-context", access: whole, permission: write, writes: true, body: bodyLimit},
		{method: get, path: "/api/v1/guide-agent/history/{id}", access: whole, permission: read},

		{method: post, path: olderUpload, access: later, writes: true},
		{method: get, path: "/api/v1/content-pillar/list-parsed-files", access: whole, permission: read},
		{method: del, path: "/api/v1/content-pillar/delete-file/{file_id}", access: whole, permission: write, writes: true, body: bodyLimit},
		{method: post, path: "/api/v1/mvp-solution/guidance", access: whole, permission: read, body: bodyLimit},
		{method: post, path: "/api/v1/mvp-solution/customize", access: whole, permission: write, writes: true, body: bodyLimit},
		{method: post, path: "/api/v1/mvp-solution/session", access: whole, permission: read, body: bodyLimit},
		{method: post, path: "/api/v1/mvp-solution/navigate", access: whole, permission: read, body: bodyLimit},

		{method: get, path: "/api/admin/queues", access: login, admin: true},
		{method: get, path: "/api/admin/executions", access: login, admin: true},
		{method: post, path: "/api/admin/executions/control", access: login, admin: true, writes: true, body: bodyLimit},
		{method: get, path: "/api/admin/users", access: login, admin: true},
		{method: post, path: "/api/admin/users/{id}/disable", access: login, admin: true, body: bodyLimit},
		{method: post, path: "/api/admin/users/{id}/enable", access: login, admin: true, body: bodyLimit},
		{method: post, path: "/api/admin/users/{id}/role", access: login, admin: true, body: bodyLimit},
		{method: post, path: "/api/admin/tenants/{id}/members/{user_id}/role", access: login, admin: true, permission: operate, body: bodyLimit},
		{method: get, path: "/api/admin/invitations", access: login, admin: true},
		{method: post, path: "/api/admin/invitations", access: login, admin: true, body: bodyLimit},
		{method: del, path: "/api/admin/invitations/{id}", access: login, admin: true, body: bodyLimit},
		{method: get, path: "/api/admin/tenants", access: login, admin: true},
		{method: post, path: "/api/admin/tenants", access: login, admin: true, permission: operate, body: bodyLimit},
		{method: post, path: "/api/admin/tenants/{id}/suspend", access: login, admin: true, permission: operate, body: bodyLimit},
		{method: post, path: "/api/admin/tenants/{id}/resume", access: login, admin: true, permission: operate, body: bodyLimit},
		{method: post, path: "/api/admin/tenants/{id}/erase", access: login, admin: true, permission: operate, body: bodyLimit},
		{method: get, path: "/api/admin/tenants/{id}/export", access: login, admin: true},
		{method: get, path: "/api/admin/sessions", access: login, admin: true},
		{method: del, path: "/api/admin/sessions/{id}", access: login, admin: true, body: bodyLimit},
		{method: get, path: "/api/admin/audit", access: login, admin: true},
		{method: get, path: "/api/admin/audit/verify", access: login, admin: true},
		{method: get, path: room + "/statistics", access: login, admin: true},
		{method: get, path: room + "/execution-metrics", access: login, admin: true},
		{method: get, path: room + "/realm-health", access: login, admin: true},
		{method: get, path: room + "/solution-registry", access: login, admin: true},
		{method: get, path: room + "/system-health", access: login, admin: true, permission: operate},
		{method: get, path: "/api/admin/developer/docs", access: login, admin: true},
		{method: get, path: "/api/admin/developer/documentation", access: login, admin: true},
		{method: get, path: "/api/admin/developer/examples", access: login, admin: true},
		{method: get, path: "/api/admin/developer/code-examples", access: login, admin: true},
		{method: get, path: "/api/admin/developer/patterns", access: login, admin: true},
		{method: get, path: "/api/admin/business/composition-guide", access: login, admin: true},
		{method: get, path: "/api/admin/business/templates", access: login, admin: true},
		{method: get, path: "/api/admin/business/solution-templates", access: login, admin: true},
		{method: post, path: "/api/admin/business/compose", access: login, admin: true, body: bodyLimit},
		{method: get, path: "/api/admin/agents", access: login, admin: true},
		{method: get, path: "/api/admin/agents/{id}", access: login, admin: true},
		{method: put, path: "/api/admin/agents/{id}", access: login, admin: true, body: bodyLimit},
		{method: del, path: "/api/admin/agents/{id}", access: login, admin: true, body: bodyLimit},
		{method: get, path: "/api/admin/agent-posture", access: login, admin: true},
		{method: put, path: "/api/admin/agent-posture", access: login, admin: true, body: bodyLimit},
		{method: del, path: "/api/admin/agent-posture", access: login, admin: true, body: bodyLimit},
		{method: get, path: "/api/admin/agent-tools", access: login, admin: true},
		{method: post, path: "/api/admin/agent-tools/approve", access: login, admin: true, body: bodyLimit},
		{method: get, path: "/api/admin/agent-budget", access: login, admin: true},

		{method: get, path: "/health", access: open},
		{method: get, path: "/health/live", access: open},
		{method: get, path: "/health/ready", access: open},
		{method: get, path: "/", access: open, cacheable: true},
		{method: get, path: "/console", access: open, cacheable: true, console: true},
		{method: get, path: "/console/{file}", access: open, cacheable: true, console: true},
		{method: get, path: "/api/docs", access: open, cacheable: true},
		{method: get, path: "/api/docs/assets/{file}", access: open, cacheable: true},
		{method: get, path: "/api/openapi.json", access: open, cacheable: true},
		{method: get, path: "/api/asyncapi.json", access: open, cacheable: true},
	}
}

// key names a route by method and template.
func key(method, path string) string { return method + " " + path }

// ginPath gives the router's spelling of a path with its parameters in braces.
func ginPath(path string) string {
	return strings.NewReplacer("{", ":", "}", "").Replace(path)
}

// limit gives the rate that a route's 429 tells.
func (c Config) limit(r rated) (ports.Rate, bool) {
	switch r {
	case notRated:
	case loginRated:
		return c.LoginRate, true
	case registerRated:
		return c.RegisterRate, true
	case anonymousRated:
		return c.AnonymousRate, true
	}
	return ports.Rate{}, false
}
