package httpapi_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"mime/multipart"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/test/sheet"
)

// TestNamedTenantsAreComparedEverywhere: also where the credential is not yet known when the names are read (T2).
func TestNamedTenantsAreComparedEverywhere(t *testing.T) {
	w := newWorld(t)
	v, ada, bob := w.visit(), w.register("ada"), w.register("bob")
	for _, named := range []string{"tenant_id=" + bob.tenant, "user_id=" + bob.id, "tenant_id=" + ada.tenant + "&tenant_id=" + bob.tenant} {
		w.do(call{method: "POST", path: "/api/session/create-anonymous?" + named}).fails(403, "tenant_mismatch")
		w.do(call{method: "PATCH", path: "/api/session/" + v.session + "/upgrade?" + named, token: ada.token, secret: v.secret}).fails(403, "tenant_mismatch")
		w.do(call{method: "PATCH", path: "/api/session/" + v.session + "/upgrade?" + named, token: ada.token, secret: v.secret,
			body: map[string]any{"tenant_id": ada.tenant, "user_id": ada.id}}).fails(403, "tenant_mismatch")
	}
	w.do(call{method: "PATCH", path: "/api/session/" + v.session + "/upgrade?tenant_id=" + ada.tenant, token: ada.token, secret: v.secret,
		body: map[string]any{"tenant_id": ada.tenant}}).is(200)
}

// TestTheLimitThatRefusedIsTold: creating a session with credentials checks a password.
func TestTheLimitThatRefusedIsTold(t *testing.T) {
	w := newWorld(t)
	w.register("ada")
	with := call{method: "POST", path: "/api/session/create", body: map[string]any{"credentials": map[string]any{"email": "ada@example.org", "password": "wrong password"}}}
	for range 5 {
		w.do(with).fails(401, "authentication_failed")
	}
	got := w.do(with).fails(429, "rate_limited")
	require.Equal(t, "5", got.header.Get("X-RateLimit-Limit"))
	require.Equal(t, "60", got.header.Get("X-RateLimit-Window"))
}

func TestOneIdempotencyKey(t *testing.T) {
	w := newWorld(t)
	v := w.visit()
	body := map[string]any{"intent_type": "list_files", "parameters": map[string]any{}}
	for want, keys := range map[int][]string{http.StatusAccepted: {"a", "a"}, http.StatusBadRequest: {"a", "b"}} {
		req := w.request(call{method: "POST", path: "/api/intent/submit", secret: v.secret, body: body})
		req.Header["Idempotency-Key"] = keys
		res, err := w.client.Do(req)
		require.NoError(t, err)
		require.NoError(t, res.Body.Close())
		require.Equal(t, want, res.StatusCode)
	}
}

// dial opens a connection of its own to the server, for what an HTTP client does not send.
func (w *world) dial() net.Conn {
	w.t.Helper()
	conn, err := (&net.Dialer{}).DialContext(w.t.Context(), "tcp", strings.TrimPrefix(w.server.URL, "http://"))
	require.NoError(w.t, err)
	w.t.Cleanup(func() { _ = conn.Close() })
	require.NoError(w.t, conn.SetDeadline(time.Now().Add(5*time.Second)))
	return conn
}

// TestNoSecondRequestBehindChunks: a request with a length and chunks is one request, and nothing after it is read (N1).
func TestNoSecondRequestBehindChunks(t *testing.T) {
	sheet.Record(t, "N1", 1, "one request, and the connection closes", "as the row says")
	w := newWorld(t)
	conn := w.dial()
	_, err := io.WriteString(conn, "POST /api/session/create-anonymous HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 7\r\n"+
		"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\nGET /health HTTP/1.1\r\nHost: x\r\n\r\n")
	require.NoError(t, err)
	all, err := io.ReadAll(conn)
	require.NoError(t, err)
	require.Equal(t, 1, bytes.Count(all, []byte("HTTP/1.1 ")), string(all))
	require.Contains(t, string(all), "Connection: close")
}

// TestUploadsEndWithTheirSendersRights: whoever signs out while a file is on its way does not submit it any more (G9).
func TestUploadsEndWithTheirSendersRights(t *testing.T) {
	for name, end := range map[string]struct {
		with   func(w *world, u user)
		status int
	}{
		"logout": {func(w *world, u user) { w.do(call{method: "POST", path: "/api/auth/logout", token: u.token}).is(200) }, 401},
		"the end of the session": {func(w *world, u user) {
			w.do(call{method: "DELETE", path: "/api/session/" + u.session, token: u.token}).is(200)
		}, 401},
		"the token's end alone": {func(w *world, _ user) { w.clock.Advance(11 * time.Minute) }, 202},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			ada := w.register("ada")
			var form bytes.Buffer
			mw := multipart.NewWriter(&form)
			part, err := mw.CreateFormFile("file", "a.csv")
			require.NoError(t, err)
			_, err = io.WriteString(part, csv)
			require.NoError(t, err)
			require.NoError(t, mw.Close())
			conn := w.dial()
			_, err = fmt.Fprintf(conn, "POST /api/files HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n",
				ada.token, mw.FormDataContentType(), form.Len())
			require.NoError(t, err)
			head, tail := form.Bytes()[:form.Len()-8], form.Bytes()[form.Len()-8:]
			_, err = conn.Write(head)
			require.NoError(t, err)
			require.Eventually(t, func() bool { return w.touched.Load() > 0 }, 5*time.Second, time.Millisecond, "the sender was let in")
			end.with(w, ada)
			_, err = conn.Write(tail)
			require.NoError(t, err)
			res, err := http.ReadResponse(bufio.NewReader(conn), nil)
			require.NoError(t, err)
			require.NoError(t, res.Body.Close())
			require.Equal(t, end.status, res.StatusCode)
		})
	}
}

func TestTooLongUploadsAreRefusedUnread(t *testing.T) {
	w := newWorld(t)
	v := w.visit()
	conn := w.dial()
	_, err := fmt.Fprintf(conn, "POST /api/files HTTP/1.1\r\nHost: x\r\nX-Session-Secret: %s\r\nContent-Type: multipart/form-data; boundary=x\r\nContent-Length: 1000000000000\r\n\r\n", v.secret)
	require.NoError(t, err)
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	require.Equal(t, 413, res.StatusCode)
}

// TestStreamsOutliveAStoreThatStumbles: that the store cannot say whether a reader may read is no revocation.
func TestStreamsOutliveAStoreThatStumbles(t *testing.T) {
	w := newWorld(t)
	ada := w.register("ada")
	id := w.submit(call{token: ada.token}, "wait", map[string]any{})
	s := w.listen(id, call{token: ada.token})
	s.until("event: execution.progress")
	w.blind.Store(3)
	w.clock.Advance(time.Second) // what the guard remembers is old now
	require.Eventually(t, func() bool { return w.blind.Load() == 0 }, 5*time.Second, time.Millisecond)
	w.gate <- struct{}{}
	s.until("event: execution.completed")

	id = w.submit(call{token: ada.token}, "wait", map[string]any{})
	s = w.listen(id, call{token: ada.token})
	s.until("event: execution.progress")
	w.clock.Advance(11 * time.Minute)
	s.until("event: error")
	require.Contains(t, s.until("data: ")[0], "token_expired")
}
