package e2e_test

import (
	"crypto/ed25519"
	"crypto/x509"
	"encoding/pem"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// publicKey writes the public half of a key file beside it.
func publicKey(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	block, _ := pem.Decode(text)
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	require.NoError(t, err)
	der, err := x509.MarshalPKIXPublicKey(key.(ed25519.PrivateKey).Public())
	require.NoError(t, err)
	path := filepath.Join(filepath.Dir(file), "public.pem")
	require.NoError(t, os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}), 0o600))
	return path
}

// planes are a Runtime and an Experience plane as processes of their own on one PostgreSQL.
type planes struct {
	*api
	runtime, experience *server
	// restart starts another Runtime at the same address.
	restart func() *server
}

func startPlanes(t *testing.T) planes {
	t.Helper()
	e, key := onPostgres(t), signingKey(t)
	// The Runtime has neither the key of users' tokens nor the private half of the service credential's.
	backstage := e.with("SYMPHAINY_AUTH_KEY_FILES=", "SYMPHAINY_PLANES_KEY_FILES="+publicKey(t, key))
	behind := start(t, backstage.with("SYMPHAINY_PLANES_RUNTIME_ADDR=127.0.0.1:0"), "runtime")
	front := start(t, e.with("SYMPHAINY_PLANES_KEY_FILES="+key, "SYMPHAINY_PLANES_RUNTIME_URL="+behind.url), "experience")
	again := backstage.with("SYMPHAINY_PLANES_RUNTIME_ADDR=" + behind.url[len("http://"):])
	return planes{newAPI(t, front), behind, front, func() *server { return start(t, again, "runtime") }}
}

// The planes apart are the platform: a visitor's journey with files, a conversation on a socket, an upgrade; and the Runtime may be
// killed and come back in the middle of it.
func TestPlanesApart(t *testing.T) {
	t.Parallel()
	p := startPlanes(t)
	checks := func() any {
		return p.get(caller{}, "/health/ready").is(http.StatusOK).object()["checks"].(map[string]any)["runtime"]
	}
	require.Equal(t, "ok", checks())
	v := p.anonymous()
	socket := p.open(v.caller(), v.id)
	file := p.completed(v.caller(), p.upload(v.caller(), "employees.csv", fixture(t, "employees.csv")).is(http.StatusAccepted).text("execution_id"), "")
	require.NotEmpty(t, file["artifacts"].(map[string]any)["file_id"])
	socket.until("execution.completed", nil)
	id := p.submit(v.caller(), v.id, "list_files", map[string]any{})
	events := p.follow(v.caller(), id)
	events.until("execution.completed", "")
	events.ends()
	checkLog(p.api, v.caller(), id)

	// The Runtime's door is not for users, and the Experience plane's not for services.
	ada := p.register("Ada")
	res, err := http.Post(p.runtime.url+"/runtime/v1/execution", "application/json", nil)
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	require.Equal(t, http.StatusUnauthorized, res.StatusCode)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, p.runtime.url+"/runtime/v1/execution", nil)
	require.NoError(t, err)
	req.Header.Set("Authorization", "Bearer "+ada.token)
	res, err = http.DefaultClient.Do(req)
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	require.Equal(t, http.StatusUnauthorized, res.StatusCode)
	p.do(request{method: http.MethodPost, path: "/runtime/v1/execution", json: map[string]any{}}).is(http.StatusNotFound)

	// Gone, it is an outage that says so; back, it goes on where it was.
	p.runtime.kill()
	out := p.do(request{who: v.caller(), method: http.MethodPost, path: "/api/intent/submit", json: map[string]any{
		"session_id": v.id, "intent_type": "list_files", "parameters": map[string]any{},
	}})
	require.Equal(t, http.StatusServiceUnavailable, out.status)
	require.NotEmpty(t, out.header.Get("Retry-After"))
	require.Equal(t, "degraded", checks())
	p.get(ada.caller(), "/api/auth/me").is(http.StatusOK)
	p.restart()
	require.Equal(t, "completed", p.ended(v.caller(), p.submit(v.caller(), v.id, "list_files", map[string]any{}))["status"])
	require.Equal(t, 0, stopped(p.experience))
}

func stopped(s *server) int {
	s.terminate()
	return s.exit()
}

// Planes of their own are refused on the embedded database, as is what they lack.
func TestPlanesApartAreRefused(t *testing.T) {
	t.Parallel()
	for _, plane := range []string{"experience", "runtime"} {
		out, err := command(t, onSQLite(t), "serve", plane).CombinedOutput()
		require.Error(t, err)
		require.Contains(t, string(out), "planes of their own need database.url")
		require.Contains(t, string(out), "planes.key_files")
	}
}
