package riverqueue_test

import (
	"context"
	"io"
	"net"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/ports"
)

// wire is the way to the server, which a test can cut and mend.
type wire struct {
	server   string
	listener net.Listener
	copying  sync.WaitGroup

	mu    sync.Mutex
	down  bool
	conns []net.Conn
}

// through gives a URL that leads to the database over a wire.
func through(t *testing.T, dsn string) (string, *wire) {
	t.Helper()
	u, err := url.Parse(dsn)
	require.NoError(t, err)
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	w := &wire{server: u.Host, listener: l}
	w.copying.Go(w.serve)
	t.Cleanup(func() {
		require.NoError(t, l.Close())
		w.cut()
		w.copying.Wait()
	})
	u.Host = l.Addr().String()
	return u.String(), w
}

func (w *wire) serve() {
	for {
		client, err := w.listener.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("tcp", w.server)
		if err != nil {
			_ = client.Close()
			continue
		}
		if !w.keep(client, server) {
			_, _ = client.Close(), server.Close()
			continue
		}
		for _, ends := range [][2]net.Conn{{client, server}, {server, client}} {
			w.copying.Go(func() {
				_, _ = io.Copy(ends[0], ends[1])
				_, _ = ends[0].Close(), ends[1].Close()
			})
		}
	}
}

// keep remembers connections, unless the wire is cut.
func (w *wire) keep(conns ...net.Conn) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.down {
		w.conns = append(w.conns, conns...)
	}
	return !w.down
}

// cut breaks every connection; new ones break at once until mend.
func (w *wire) cut() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.down = true
	for _, c := range w.conns {
		_ = c.Close()
	}
	w.conns = nil
}

func (w *wire) mend() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.down = false
}

func TestWorkGoesOnAfterAnOutage(t *testing.T) {
	t.Parallel()
	dsn := database(t)
	weak, w := through(t, dsn)
	q, seen := open(t, weak), make(chan string, 10)
	require.NoError(t, q.Start(t.Context(), tell(seen)))
	require.NoError(t, enqueue(t.Context(), q, dsn, nil, []ports.Job{{ExecutionID: "before"}}))
	require.Equal(t, "before", <-seen)
	w.cut()
	require.NoError(t, enqueue(t.Context(), q, dsn, nil, []ports.Job{{ExecutionID: "during"}}))
	q.Wake("woken")
	require.Equal(t, "woken", <-seen, "a wake-up needs no database")
	w.mend()
	require.Equal(t, "during", <-seen)
	require.NoError(t, q.Stop(t.Context()))
}

func TestStopDuringAnOutage(t *testing.T) {
	t.Parallel()
	dsn := database(t)
	weak, w := through(t, dsn)
	q := open(t, weak)
	entered, leave := make(chan struct{}), make(chan struct{})
	require.NoError(t, q.Start(t.Context(), func(context.Context, string) error {
		close(entered)
		<-leave
		return nil
	}))
	require.NoError(t, enqueue(t.Context(), q, dsn, nil, []ports.Job{{ExecutionID: "one"}}))
	<-entered
	w.cut()
	close(leave)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	began := time.Now()
	require.ErrorIs(t, q.Stop(ctx), context.DeadlineExceeded)
	require.Less(t, time.Since(began), 25*time.Second)
}
