package httpapi_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write docs/api/openapi.json")

var documentFile = filepath.Join("..", "..", "docs", "api", "openapi.json")

// TestOpenAPIDocument holds the committed document to the routes. `go generate ./adapters/httpapi` writes it.
func TestOpenAPIDocument(t *testing.T) {
	w := newWorld(t)
	raw := append(bytes.TrimSpace(w.handler.OpenAPI()), '\n')
	if *update {
		require.NoError(t, os.MkdirAll(filepath.Dir(documentFile), 0o755))
		require.NoError(t, os.WriteFile(documentFile, raw, 0o644))
	}
	committed, err := os.ReadFile(documentFile)
	require.NoError(t, err)
	require.True(t, bytes.Equal(committed, raw), "docs/api/openapi.json is out of date: run go generate ./adapters/httpapi")
	doc, err := openapi3.NewLoader().LoadFromData(raw)
	require.NoError(t, err)
	require.Equal(t, "3.1.0", doc.OpenAPI)
	require.NoError(t, doc.Validate(t.Context()))
	ids := map[string]bool{}
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			require.False(t, ids[op.OperationID], op.OperationID)
			ids[op.OperationID] = true
			require.NotEmpty(t, op.Summary, method+" "+path)
		}
	}
}

func TestServedDocuments(t *testing.T) {
	w := newWorld(t)
	got := w.do(call{method: "GET", path: "/api/openapi.json"}).is(200)
	require.Equal(t, string(w.handler.OpenAPI()), string(got.body))
	require.Equal(t, "3.0.0", w.do(call{method: "GET", path: "/api/asyncapi.json"}).is(200).json()["asyncapi"])
	var jwks struct{ Keys []map[string]any }
	require.NoError(t, json.Unmarshal(w.do(call{method: "GET", path: "/.well-known/jwks.json"}).is(200).body, &jwks))
	require.Len(t, jwks.Keys, 1)
	require.NotContains(t, jwks.Keys[0], "d")
}

var reference = regexp.MustCompile(`(?:src|href)="([^"]*)"`)

// TestPagesWorkOffline follows everything the pages load: all of it is here, and nothing in them runs inline.
func TestPagesWorkOffline(t *testing.T) {
	w := newWorld(t)
	for _, page := range []string{"/", "/api/docs"} {
		got := w.do(call{method: "GET", path: page}).is(200)
		require.Contains(t, got.header.Get("Content-Type"), "text/html")
		require.NotContains(t, got.header.Get("Content-Security-Policy"), "http")
		for _, directive := range strings.Split(got.header.Get("Content-Security-Policy"), ";") {
			require.False(t, strings.Contains(directive, "unsafe") && !strings.Contains(directive, "style-src"), directive)
		}
		require.NotRegexp(t, `(?i)https?://|<style|<script>|\son[a-z]+=|style=`, string(got.body))
		for _, m := range reference.FindAllStringSubmatch(string(got.body), -1) {
			asset := w.do(call{method: "GET", path: m[1]})
			if m[1] == "/health/ready" {
				continue
			}
			asset.is(200)
			require.NotEmpty(t, asset.body, m[1])
		}
	}
	require.NotRegexp(t, `https?://`, string(w.do(call{method: "GET", path: "/api/docs/assets/docs.js"}).is(200).body))
	w.do(call{method: "GET", path: "/api/docs/assets/swagger-ui.js"}).fails(404, "not_found")
	w.do(call{method: "GET", path: "/api/docs/assets/oauth2-redirect.html"}).fails(404, "not_found")
}

func TestHealth(t *testing.T) {
	w := newWorld(t)
	require.JSONEq(t, `{"status":"healthy","service":"symphainy","version":"dev"}`, string(w.do(call{method: "GET", path: "/health"}).is(200).body))
	w.do(call{method: "GET", path: "/health/live"}).is(200)
	require.JSONEq(t, `{"status":"ready","checks":{"store":"ok","broken":"ok","spare":"degraded"}}`, string(w.do(call{method: "GET", path: "/health/ready"}).is(200).body))
	w.down.Store(true)
	got := w.do(call{method: "GET", path: "/health/ready"}).fails(503, "not_ready")
	require.Equal(t, "2", got.header.Get("Retry-After"))
	w.do(call{method: "GET", path: "/health"}).is(200)
}
