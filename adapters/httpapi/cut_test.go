package httpapi_test

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/adapters/blobstore"
	"github.com/symphainy/symphainy/adapters/httpapi"
	"github.com/symphainy/symphainy/test/sheet"
)

// U11: uploads that are cut at any byte, or sent twice, leave nothing half.
func TestCutUploadsLeaveNothingHalf(t *testing.T) {
	const cuts, duplicates = 100, 25
	folder := t.TempDir()
	blobs, err := blobstore.OpenFolder(folder)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, blobs.Close()) })
	w := newWorldOn(t, blobs)
	v := w.visit()
	files := func() (n int, size int64) {
		require.NoError(t, filepath.WalkDir(folder, func(_ string, e fs.DirEntry, err error) error {
			if err == nil && !e.IsDir() {
				var info fs.FileInfo
				if info, err = e.Info(); err == nil {
					n, size = n+1, size+info.Size()
				}
			}
			if errors.Is(err, fs.ErrNotExist) {
				return nil // it was there a moment ago
			}
			return err
		}))
		return n, size
	}
	body := "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.csv\"\r\n\r\n" + strings.Repeat("a,b\n1,2\n", 2000) + "\r\n--x--\r\n"
	random := rand.New(rand.NewPCG(11, 11))
	for i := range cuts {
		conn := w.dial()
		at := random.IntN(len(body))
		if i < 50 {
			at = i // the first fifty bytes one by one
		}
		_, err := fmt.Fprintf(conn, "POST /api/files HTTP/1.1\r\nHost: x\r\nX-Session-Secret: %s\r\nContent-Type: multipart/form-data; boundary=x\r\nContent-Length: %d\r\n\r\n%s", v.secret, len(body), body[:at])
		require.NoError(t, err)
		if tcp, ok := conn.(*net.TCPConn); ok && i%2 == 0 {
			require.NoError(t, tcp.SetLinger(0)) // a reset, not an end
		}
		require.NoError(t, conn.Close())
	}
	require.Eventually(t, func() bool {
		n, _ := files()
		return n == 0
	}, 10*time.Second, 10*time.Millisecond, "nothing is left of what was cut")
	running := w.do(call{method: "GET", path: "/api/executions", secret: v.secret}).is(200)
	require.Empty(t, running.json()["executions"], "and nothing was begun with them")
	sent := int64(0)
	for i := range duplicates {
		content := fmt.Sprintf("a,b\n%d,2\n", i)
		for range 2 {
			made := w.upload(call{secret: v.secret}, "twice.csv", content, nil).is(202)
			require.Equal(t, "completed", w.settle(call{secret: v.secret}, made.str("execution_id"))["status"])
			sent += int64(len(content))
		}
	}
	count, size := files()
	require.Equal(t, 2*duplicates, count, "each has its file, and no file is nobody's")
	require.Equal(t, sent, size, "and all of them are whole")
	sheet.Record(t, "U11", cuts+2*duplicates, fmt.Sprintf("%d cut, the first 50 bytes one by one, half of them by a reset, and %d sent twice: half artifacts 0, files left without one 0; kill -9 within an upload is not tried",
		cuts, duplicates), "150: half artifacts 0, orphans 0")
}

// W8: clients that send their headers, or their body, a byte at a time are cut when the time for them is over, and nobody else waits for them.
func TestSlowHandshakesAreCut(t *testing.T) {
	slow := sheet.Cases(2000, 300, 100)
	w := newWorld(t)
	v := w.visit()
	server := httpapi.HTTPServer("", w.handler, slog.New(slog.DiscardHandler))
	require.Equal(t, 10*time.Second, server.ReadHeaderTimeout, "what the platform serves with")
	limit := 10 * time.Second
	if sheet.Cases(1, 0, 0) == 0 { // in every run, times are a tenth
		server.ReadHeaderTimeout, limit = time.Second, time.Second
	}
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	defer func() {
		require.NoError(t, server.Close())
		require.ErrorIs(t, <-served, http.ErrServerClosed)
	}()
	ask := func() time.Duration {
		start := time.Now()
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+listener.Addr().String()+"/api/intents", nil)
		require.NoError(t, err)
		req.Header.Set("X-Session-Secret", v.secret)
		res, err := w.client.Do(req)
		require.NoError(t, err)
		_, err = io.Copy(io.Discard, res.Body)
		require.NoError(t, errors.Join(err, res.Body.Close()))
		require.Equal(t, 200, res.StatusCode)
		return time.Since(start)
	}
	before := ask() + ask() + ask()
	conns := make([]net.Conn, slow)
	opened := time.Now()
	for i := range conns {
		conns[i], err = (&net.Dialer{}).DialContext(t.Context(), "tcp", listener.Addr().String())
		require.NoError(t, err)
		defer conns[i].Close()
		head := "G"
		if i%2 == 1 {
			head = "GET /api/runtime/agent HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Ver"
		}
		_, err = io.WriteString(conns[i], head)
		require.NoError(t, err)
	}
	during := ask() + ask() + ask()
	// One more byte now and then does not give them more time.
	for _, c := range conns {
		_, _ = io.WriteString(c, "x")
	}
	for i, c := range conns {
		require.NoError(t, c.SetReadDeadline(time.Now().Add(limit+20*time.Second)))
		raw, err := io.ReadAll(c)
		var late net.Error
		require.False(t, errors.As(err, &late) && late.Timeout(), "socket %d is still open", i)
		require.NotContains(t, string(raw), "HTTP/1.1 1")
		require.NotContains(t, string(raw), "HTTP/1.1 2")
	}
	took := time.Since(opened)
	require.Less(t, took, limit+15*time.Second)
	sheet.Record(t, "W8", slow, fmt.Sprintf("half of them one byte, half an upgrade that stops in a header: all cut %s after the first came (limit %s); three requests beside them took %s, before %s",
		took.Round(10*time.Millisecond), limit, during.Round(time.Millisecond), before.Round(time.Millisecond)), "cut within the limit; new clients refused 0")
}
