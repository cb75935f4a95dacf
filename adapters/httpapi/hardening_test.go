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
	"syscall"
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

// smuggled are requests whose end two readers might see in different places, each with a second one behind it.
func smuggled() map[string]string {
	const chunks, second = "2\r\n{}\r\n0\r\n\r\n", "GET /health HTTP/1.1\r\nHost: x\r\n\r\n"
	post := func(headers, body string) string {
		return "POST /api/session/create-anonymous HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n" + headers + "\r\n" + body + second
	}
	return map[string]string{
		"length and chunks": post("Content-Length: 7\r\nTransfer-Encoding: chunked\r\n", chunks), "chunks and length": post("Transfer-Encoding: chunked\r\nContent-Length: 7\r\n", chunks),
		"two lengths": post("Content-Length: 2\r\nContent-Length: 40\r\n", "{}"), "two lengths in one": post("Content-Length: 2, 40\r\n", "{}"),
		"length with sign": post("Content-Length: +2\r\n", "{}"), "length below zero": post("Content-Length: -2\r\n", "{}"), "hexadecimal length": post("Content-Length: 0x2\r\n", "{}"),
		"length with text": post("Content-Length: 2 x\r\n", "{}"), "endless length": post("Content-Length: 99999999999999999999\r\n", "{}"),
		"space before colon": post("Transfer-Encoding : chunked\r\nContent-Length: 2\r\n", "{}"),
		"other coding":       post("Transfer-Encoding: xchunked\r\n", chunks), "two codings": post("Transfer-Encoding: chunked, identity\r\n", chunks),
		"coding twice": post("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", chunks), "coding with control": post("Transfer-Encoding: \x0bchunked\r\n", chunks),
		"bad chunk": post("Transfer-Encoding: chunked\r\n", "zz\r\n{}\r\n0\r\n\r\n"), "chunk below zero": post("Transfer-Encoding: chunked\r\n", "-2\r\n{}\r\n0\r\n\r\n"),
		"long chunk": post("Transfer-Encoding: chunked\r\n", "2\r\n{}}}\r\n0\r\n\r\n"), "endless chunk": post("Transfer-Encoding: chunked\r\n", "fffffffffffffffff\r\n{}\r\n0\r\n\r\n"),
		"NUL in a header": post("X-A: b\x00c\r\nContent-Length: 2\r\n", "{}"), "two hosts": post("Host: y\r\nContent-Length: 2\r\n", "{}"),
	}
}

// N1: such a request is refused or read alone, and nothing behind it is read: the connection closes.
func TestNoSecondRequestIsSmuggled(t *testing.T) {
	w := newWorld(t)
	all := smuggled()
	refused := 0
	for name, request := range all {
		conn := w.dial()
		_, err := io.WriteString(conn, request)
		require.NoError(t, err, name)
		got, err := io.ReadAll(conn)
		if err != nil { // what we sent and nobody read resets the connection
			require.ErrorIs(t, err, syscall.ECONNRESET, name)
		}
		require.Equal(t, 1, bytes.Count(got, []byte("HTTP/1.1 ")), "%s: %s", name, got)
		require.NotContains(t, string(got), "healthy", name)
		require.Contains(t, string(got), "Connection: close", name)
		switch code := string(got[9:12]); code {
		case "400", "501":
			refused++
		default: // chunks are what counts beside a length (RFC 9112 §6.3), and the connection ends with the answer
			require.Contains(t, []string{"length and chunks", "chunks and length"}, name, "%s: %s", name, got)
			require.Equal(t, "201", code)
		}
	}
	w.folded()
	sheet.Record(t, "N1", len(all), fmt.Sprintf("refused with 400 or 501 %d, read by its chunks alone %d; closed all; second requests answered 0", refused, len(all)-refused), "400 + close; 15/15")
}

// folded: a folded header is one header (RFC 9112 §5.2), also if its second line looks like another. What is behind the request is the next one.
func (w *world) folded() {
	w.t.Helper()
	conn := w.dial()
	_, err := io.WriteString(conn, "POST /api/session/create-anonymous HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nX-A: b\r\n Transfer-Encoding: chunked\r\n"+
		"Content-Length: 2\r\n\r\n{}GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
	require.NoError(w.t, err)
	got, err := io.ReadAll(conn)
	require.NoError(w.t, err)
	require.Equal(w.t, 2, bytes.Count(got, []byte("HTTP/1.1 20")), string(got))
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
