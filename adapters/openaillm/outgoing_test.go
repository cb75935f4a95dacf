package openaillm_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/symphainy/symphainy/adapters/openaillm"
	"github.com/symphainy/symphainy/ports"
	"github.com/symphainy/symphainy/test/llmtest"
	"github.com/symphainy/symphainy/test/sheet"
)

// proxied counts what comes to the proxy that the environment of these tests names. The standard library reads that once.
var proxied atomic.Int64

func TestMain(m *testing.M) {
	proxy, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	closed := make(chan struct{})
	go func() {
		defer close(closed)
		for {
			c, err := proxy.Accept()
			if err != nil {
				return
			}
			proxied.Add(1)
			_ = c.Close()
		}
	}()
	for _, name := range []string{"HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"} {
		if err := os.Setenv(name, "http://"+proxy.Addr().String()); err != nil {
			log.Fatal(err)
		}
	}
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		if err := proxy.Close(); err != nil {
			log.Fatal(err)
		}
		<-closed
		os.Exit(code)
	}), goleak.IgnoreCurrent())
}

// The one client that calls out calls the operator's endpoint and nothing else: no form of an address in an answer sends it elsewhere, and no
// variable of the environment (U9). What tenants and models name is text: bootstrap has the rest of the row.
func TestNoAnswerSendsTheClientElsewhere(t *testing.T) {
	trap := llmtest.NewTrap(t)
	forms := trap.URLs()
	require.Len(t, forms, 40)
	tried := 0
	for i, form := range forms {
		status := []int{301, 302, 303, 307, 308}[i%5]
		s := llmtest.NewServer(t, func(llmtest.Request) llmtest.Answer {
			return llmtest.Answer{Write: func(w http.ResponseWriter, _ *http.Request) {
				w.Header()["Location"] = []string{strings.NewReplacer("\r", "", "\n", "").Replace(form)}
				w.WriteHeader(status)
			}}
		})
		m := open(t, config(s.BaseURL()))
		_, err := ask(t, m)
		require.ErrorIs(t, err, ports.ErrModelRefused, form)
		_, err = m.Embed(t.Context(), []string{form})
		require.ErrorIs(t, err, ports.ErrModelRefused, form)
		require.Len(t, s.Requests(), 2, "each asked once, as it is no failure of the endpoint")
		tried++
	}
	require.Zero(t, trap.Hits())

	// A redirect to itself, three times over and without an end, is not followed either.
	loop := llmtest.NewServer(t, func(llmtest.Request) llmtest.Answer {
		return llmtest.Answer{Write: func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, r.URL.Path+"?again", http.StatusTemporaryRedirect)
		}}
	})
	_, err := ask(t, open(t, config(loop.BaseURL())))
	require.ErrorIs(t, err, ports.ErrModelRefused)
	require.Len(t, loop.Requests(), 1)

	// A proxy of the environment gets nothing, not even where the endpoint's name is unknown.
	c := config("http://" + llmtest.TrapName + "/v1")
	c.Key, c.Retries = "", 0
	_, err = ask(t, open(t, c))
	require.ErrorIs(t, err, ports.ErrModelUnavailable)
	require.Positive(t, trap.Hits(), "the endpoint's own name is looked up: the trap works")
	require.Zero(t, proxied.Load())

	// What is no http(s) endpoint is no setting.
	for _, bad := range []string{"file:///etc/passwd", "gopher://127.0.0.1/", "unix:///run/s", "//127.0.0.1/v1", "http://a@127.0.0.1/v1", "http://127.0.0.1/\r\nX: y", "http://127.0.0.1/v1?x=1"} {
		_, err := openaillm.New(config(bad))
		require.Error(t, err, bad)
	}
	sheet.Record(t, "U9", tried, "redirects in 40 forms to loopback, metadata, private addresses, names and sockets: canary hits 0, look-ups 0, proxy 0", "canary hits 0, 40/40")
}

// endless writes until the client is gone, and gives how much.
func endless(w io.Writer, piece []byte, most int64) (n int64) {
	for n < most {
		m, err := w.Write(piece)
		if n += int64(m); err != nil {
			return n
		}
	}
	return n
}

// raw is a server of bytes: what it does with a connection is the test's.
func raw(t *testing.T, serve func(net.Conn)) string {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	var all sync.WaitGroup
	over, end := context.WithCancel(context.Background())
	t.Cleanup(func() {
		_ = l.Close()
		end() // closes what a client still holds open
		all.Wait()
	})
	all.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			all.Go(func() {
				defer context.AfterFunc(over, func() { _ = c.Close() })()
				defer c.Close()
				serve(c)
			})
		}
	})
	return "http://" + l.Addr().String() + "/v1"
}

// request reads the head of a request.
func request(c net.Conn) {
	buf := make([]byte, 64<<10)
	_, _ = c.Read(buf)
}

// Whatever an endpoint answers, a call ends in its time, within its memory, with a typed error (U10).
func TestHostileAnswersAreBounded(t *testing.T) {
	const most = 10 << 30
	sent := new(atomic.Int64)
	big := bytes.Repeat([]byte("x"), 64<<10)
	bomb := new(bytes.Buffer)
	z := gzip.NewWriter(bomb)
	endless(z, make([]byte, 1<<20), 256<<20)
	require.NoError(t, z.Close())
	plain := func(write func(http.ResponseWriter, *http.Request)) string {
		return llmtest.NewServer(t, func(llmtest.Request) llmtest.Answer { return llmtest.Answer{Write: write} }).BaseURL()
	}
	secure := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { llmtest.Stream(w, llmtest.Say("trust me")) }))
	secure.Config.ErrorLog = log.New(io.Discard, "", 0)
	secure.StartTLS()
	t.Cleanup(secure.Close)
	cases := []struct {
		name, url string
		want      error
	}{
		{"10 GB", plain(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			sent.Add(endless(w, big, most))
		}), ports.ErrModelOutput},
		{"10 GB that say they are 10 GB", raw(t, func(c net.Conn) {
			request(c)
			fmt.Fprintf(c, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: %d\r\n\r\n", int64(most))
			sent.Add(endless(c, big, most))
		}), ports.ErrModelOutput},
		{"an endless redirect", plain(func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, r.URL.Path, http.StatusPermanentRedirect)
		}), ports.ErrModelRefused},
		{"drip", raw(t, func(c net.Conn) {
			request(c)
			fmt.Fprint(c, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n")
			tick := time.NewTicker(20 * time.Millisecond)
			defer tick.Stop()
			for range tick.C {
				if _, err := c.Write([]byte(":")); err != nil {
					return
				}
			}
		}), ports.ErrModelUnavailable},
		{"a gzip bomb", plain(func(w http.ResponseWriter, r *http.Request) {
			if !strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
				w.WriteHeader(http.StatusNotAcceptable)
				return
			}
			w.Header().Set("Content-Encoding", "gzip")
			w.Header().Set("Content-Type", "application/json")
			_, _ = w.Write(bomb.Bytes())
		}), ports.ErrModelOutput},
		{"a certificate of nobody", secure.URL + "/v1", ports.ErrModelUnavailable},
		{"TLS that never shakes hands", "https" + strings.TrimPrefix(raw(t, func(c net.Conn) { _, _ = io.Copy(io.Discard, c) }), "http"), ports.ErrModelUnavailable},
		{"endless headers", raw(t, func(c net.Conn) {
			request(c)
			fmt.Fprint(c, "HTTP/1.1 200 OK\r\nX-A: ")
			sent.Add(endless(c, big, most))
		}), ports.ErrModelUnavailable},
		{"what is no HTTP", raw(t, func(c net.Conn) {
			request(c)
			sent.Add(endless(c, []byte("SSH-2.0-hello\r\n"), most))
		}), ports.ErrModelUnavailable},
	}
	for _, c := range cases {
		cfg := config(c.url)
		cfg.Retries, cfg.Timeout, cfg.Idle = 0, time.Second, 500*time.Millisecond
		m := open(t, cfg)
		for _, embed := range []bool{false, true} {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			start := time.Now()
			var err error
			if embed {
				_, err = m.Embed(t.Context(), []string{"x"})
			} else {
				_, err = ask(t, m)
			}
			runtime.ReadMemStats(&after)
			require.ErrorIs(t, err, c.want, c.name)
			require.Less(t, time.Since(start), 10*time.Second, c.name)
			require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(64<<20), c.name)
			require.NotContains(t, fmt.Sprint(err), "test-key")
		}
	}
	require.Less(t, sent.Load(), int64(64<<20), "they are cut, not read to their end")
	sheet.Record(t, "U10", len(cases), fmt.Sprintf("each as a chat and as vectors: typed errors in time, of 10 GB each at most %d MB in all left the servers", sent.Load()>>20+1), "bounded; 8/8")
}
