package httpapi

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"testing"
	"testing/fstest"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/test/sheet"
)

func bare(t *testing.T) *Server {
	t.Helper()
	cfg := Defaults()
	cfg.CursorKey = make([]byte, 32)
	s, err := New(Deps{Log: slog.New(slog.DiscardHandler), MCP: func(http.ResponseWriter, *http.Request, identity.Principal, string) {}, Console: fstest.MapFS{"index.html": {}}, Sockets: map[string]http.Handler{
		"/api/runtime/agent": http.NotFoundHandler(), "/api/execution/{id}/stream": http.NotFoundHandler(), "/ws": http.NotFoundHandler(),
	}}, cfg)
	require.NoError(t, err)
	return s
}

// TestRouterPolicyDocumentAgree proves that the three say the same, both ways (F10).
func TestRouterPolicyDocumentAgree(t *testing.T) {
	sheet.Record(t, "F10", 1, "drift 0", "0")
	s := bare(t)
	table, routed, documented := map[string]string{}, map[string]bool{}, map[string]string{}
	for _, p := range policies() {
		k := key(p.method, ginPath(p.path))
		require.NotContains(t, table, k)
		table[k] = accessName(p)
	}
	for _, r := range s.engine.Routes() {
		routed[key(r.Method, r.Path)] = true
	}
	var doc struct {
		Paths map[string]map[string]struct {
			Access   string              `json:"x-access"`
			Security []map[string]any    `json:"security"`
			Answers  map[string]struct{} `json:"responses"`
		} `json:"paths"`
	}
	require.NoError(t, json.Unmarshal(s.OpenAPI(), &doc))
	for path, item := range doc.Paths {
		for method, op := range item {
			documented[key(map[string]string{"get": "GET", "post": "POST", "patch": "PATCH", "put": "PUT", "delete": "DELETE"}[method], ginPath(path))] = op.Access
			if op.Access == "open" {
				require.Empty(t, op.Security, path)
			}
			if op.Access == "login" || op.Access == "session" {
				require.NotEmpty(t, op.Security, path)
				require.Contains(t, op.Answers, "401", path)
			}
		}
	}
	require.Equal(t, table, documented)
	for k := range table {
		require.True(t, routed[k], k)
	}
	require.Len(t, routed, len(table))
}

func TestRegistrationIsDeniedByDefault(t *testing.T) {
	s := bare(t)
	before := len(s.engine.Routes())
	s.plain(huma.Operation{Method: http.MethodGet, Path: "/api/secret"}, func(*gin.Context) {})
	route(s, huma.Operation{Method: http.MethodGet, Path: "/health"}, s.health)
	require.Len(t, s.wrong, 2)
	require.Len(t, s.engine.Routes(), before)

	cfg := Defaults()
	cfg.CursorKey = make([]byte, 32)
	_, err := New(Deps{Log: slog.New(slog.DiscardHandler), Console: fstest.MapFS{"index.html": {}}, Sockets: map[string]http.Handler{"/api/elsewhere": http.NotFoundHandler()}}, cfg)
	require.ErrorContains(t, err, "/api/elsewhere")
	cfg.CursorKey = nil
	_, err = New(Deps{}, cfg)
	require.ErrorContains(t, err, "cursor key")
}

// TestEveryUnsafeRouteHasABodyLimit: a route that reads a body without a limit would read anything.
func TestEveryUnsafeRouteHasABodyLimit(t *testing.T) {
	for _, p := range policies() {
		require.Equal(t, p.method != http.MethodGet && p.access != later, p.body > 0, p.path)
		require.False(t, p.access == open && p.permission != "", p.path)
	}
}
