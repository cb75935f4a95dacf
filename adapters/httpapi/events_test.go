package httpapi_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/ports"
)

func TestEventPages(t *testing.T) {
	w := newWorld(t)
	v := w.visit()
	as := call{secret: v.secret}
	id := w.submit(as, "wait", map[string]any{})
	w.gate <- struct{}{}
	w.settle(as, id)
	page := func(query string) map[string]any {
		return w.do(call{method: "GET", path: "/api/execution/" + id + "/events" + query, secret: v.secret}).is(200).json()
	}
	all := page("")
	events := all["events"].([]any)
	require.Equal(t, true, all["recovered"])
	require.InDelta(t, len(events), all["next_after_seq"], 0)
	for i, e := range events {
		require.InDelta(t, i+1, e.(map[string]any)["seq"], 0)
	}
	part := page("?after_seq=1&limit=2")
	require.Equal(t, events[1:3], part["events"])
	require.InDelta(t, 3, part["next_after_seq"], 0)
	lost := page("?after_seq=1&epoch=7")
	require.Equal(t, false, lost["recovered"])
	require.NotEmpty(t, lost["reason"])
	require.Equal(t, false, page("?after_seq=1000")["recovered"])
	for _, bad := range []string{"after_seq=-1", "after_seq=x", "limit=0", "limit=201", "epoch=-1", "after_seq=1e3", "after_seq=99999999999999999999"} {
		w.do(call{method: "GET", path: "/api/execution/" + id + "/events?" + bad, secret: v.secret}).fails(400, "invalid_parameters")
	}
}

// sse is an open stream.
type sse struct {
	t    *testing.T
	res  *http.Response
	scan *bufio.Scanner
}

func (w *world) listen(id string, c call) *sse {
	w.t.Helper()
	c.method, c.path = "GET", "/api/execution/"+id+"/events"
	if c.header == nil {
		c.header = map[string]string{}
	}
	c.header["Accept"] = "text/event-stream"
	res, err := w.client.Do(w.request(c))
	require.NoError(w.t, err)
	w.t.Cleanup(func() { _ = res.Body.Close() })
	return &sse{w.t, res, bufio.NewScanner(res.Body)}
}

// until reads lines up to one that begins with the text.
func (s *sse) until(prefix string) (lines []string) {
	s.t.Helper()
	for s.scan.Scan() {
		lines = append(lines, s.scan.Text())
		if strings.HasPrefix(s.scan.Text(), prefix) {
			return lines
		}
	}
	require.Fail(s.t, "the stream ended before "+prefix, strings.Join(lines, "\n"))
	return nil
}

func TestEventStream(t *testing.T) {
	w := newWorld(t)
	v := w.visit()
	as := call{secret: v.secret}
	id := w.submit(as, "wait", map[string]any{})
	s := w.listen(id, as)
	require.Equal(t, 200, s.res.StatusCode)
	require.Equal(t, "text/event-stream", s.res.Header.Get("Content-Type"))
	require.Equal(t, "no-store", s.res.Header.Get("Cache-Control"))
	s.until("event: execution.progress")
	s.until(": beat")
	w.gate <- struct{}{}
	s.until("event: execution.completed")
	rest, err := io.ReadAll(s.res.Body)
	require.NoError(t, err, "the stream ends with the execution")
	require.NotContains(t, string(rest), "event:")

	again := w.listen(id, call{secret: v.secret, header: map[string]string{"Last-Event-ID": "1-2"}})
	require.Equal(t, "id: 1-3", again.until("id: ")[2])
	last := again.until("event: execution.completed")
	final := strings.TrimPrefix(last[len(last)-2], "id: ")
	done := w.listen(id, call{secret: v.secret, header: map[string]string{"Last-Event-ID": final}})
	require.Equal(t, http.StatusNoContent, done.res.StatusCode)
	lost := w.listen(id, call{secret: v.secret, header: map[string]string{"Last-Event-ID": "9-2"}})
	lost.until("event: stream.resumed")
	require.Contains(t, lost.until("data: ")[0], `"recovered":false`)
	lost.until("id: 1-1")
	w.do(call{method: "GET", path: "/api/execution/" + id + "/events", secret: v.secret, header: map[string]string{"Accept": "text/event-stream", "Last-Event-ID": "x"}}).fails(400, "invalid_parameters")
	w.do(call{method: "GET", path: "/api/execution/exe_none/events", secret: v.secret, header: map[string]string{"Accept": "text/event-stream"}}).fails(404, "not_found")
}

// TestStreamsEndWithTheirReadersRights: a stream that is open when its reader signs out does not stay open (G9).
func TestStreamsEndWithTheirReadersRights(t *testing.T) {
	w := newWorld(t)
	ada := w.register("ada")
	id := w.submit(call{token: ada.token}, "wait", map[string]any{})
	s := w.listen(id, call{token: ada.token})
	s.until("event: execution.progress")
	w.do(call{method: "POST", path: "/api/auth/logout", token: ada.token}).is(200)
	s.until("event: error")
	_, err := io.ReadAll(s.res.Body)
	require.NoError(t, err)
}

// What retention has removed is told to everybody who asks for it, and to nobody who has read it.
func TestATrimmedLogSaysSo(t *testing.T) {
	w := newWorld(t)
	as := call{token: w.register("ada").token}
	id := w.submit(as, "list_files", map[string]any{})
	w.settle(as, id)
	read := func(after int64) map[string]any {
		return w.do(call{method: "GET", path: fmt.Sprintf("/api/execution/%s/events?after_seq=%d", id, after), token: as.token}).is(200).json()
	}
	last := read(0)["next_after_seq"]
	w.clock.Advance(time.Hour)
	require.NoError(t, w.store.Do(t.Context(), func(ctx context.Context, tx ports.Tx) error {
		n, err := tx.Retention.TrimEvents(ctx, time.Hour, 10)
		require.Equal(t, 1, n)
		return err
	}))
	as.token = w.do(call{method: "POST", path: "/api/auth/login", body: map[string]any{"email": "ada@example.org", "password": password}}).is(200).str("access_token")
	page := read(0)
	require.Equal(t, []any{}, page["events"])
	require.Equal(t, false, page["recovered"])
	require.Equal(t, "trimmed", page["reason"])
	require.Equal(t, last, page["next_after_seq"])
	require.Equal(t, true, read(int64(last.(float64)))["recovered"])

	lost := w.listen(id, call{token: as.token, header: map[string]string{"Last-Event-ID": "1-1"}})
	position := fmt.Sprintf("1-%.0f", last)
	lost.until("id: " + position)
	require.Equal(t, fmt.Sprintf(`data: {"recovered":false,"reason":"trimmed","from_seq":%.0f}`, last.(float64)+1), lost.until("data: ")[1])
	rest, err := io.ReadAll(lost.res.Body)
	require.NoError(t, err)
	require.NotContains(t, string(rest), "event:")
	require.Equal(t, http.StatusNoContent, w.listen(id, call{token: as.token, header: map[string]string{"Last-Event-ID": position}}).res.StatusCode)
	require.Equal(t, "completed", w.do(call{method: "GET", path: "/api/execution/" + id + "/status", token: as.token}).is(200).str("status"), "the execution itself stays")
}
