package natsbus_test

import (
	"context"
	"io"
	"log/slog"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/symphainy/symphainy/adapters/natsbus"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/ports"
	"github.com/symphainy/symphainy/test/bustest"
	"github.com/symphainy/symphainy/test/natstest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	patience = 20 * time.Second
	tick     = 10 * time.Millisecond
)

func open(t *testing.T, url string) *natsbus.Bus {
	t.Helper()
	b, err := natsbus.New(natsbus.Config{URL: url, Queue: 1 << 14, Logger: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	t.Cleanup(b.Close)
	return b
}

// across publishes in one process and subscribes in another.
type across struct{ here, there *natsbus.Bus }

func (a across) Publish(ctx context.Context, h ports.Hint) error { return a.here.Publish(ctx, h) }

func (a across) Subscribe(topic string) (<-chan ports.Hint, func(), error) {
	return a.there.Subscribe(topic)
}

func TestBus(t *testing.T) {
	t.Parallel()
	t.Run("within a process", func(t *testing.T) {
		t.Parallel()
		server := natstest.New(t, nil)
		bustest.Run(t, func(t *testing.T) ports.EventBus { return open(t, server.URL()) })
	})
	t.Run("between processes", func(t *testing.T) {
		t.Parallel()
		server := natstest.New(t, nil)
		bustest.Run(t, func(t *testing.T) ports.EventBus { return across{open(t, server.URL()), open(t, server.URL())} })
	})
	t.Run("without a server", func(t *testing.T) {
		t.Parallel()
		server := natstest.New(t, nil)
		server.Stop()
		bustest.Run(t, func(t *testing.T) ports.EventBus { return open(t, server.URL()) })
	})
}

func subscribe(t *testing.T, b *natsbus.Bus, topic string) <-chan ports.Hint {
	t.Helper()
	hints, cancel, err := b.Subscribe(topic)
	require.NoError(t, err)
	t.Cleanup(cancel)
	return hints
}

func next(t *testing.T, hints <-chan ports.Hint) ports.Hint {
	t.Helper()
	select {
	case h := <-hints:
		return h
	case <-time.After(patience):
		require.Fail(t, "no hint came")
		return ports.Hint{}
	}
}

// A hint reaches its own process directly, every other one over NATS, and nobody twice. Any number of subscribers is one subscription.
func TestOnceEverywhere(t *testing.T) {
	t.Parallel()
	server := natstest.New(t, nil)
	a, b, c := open(t, server.URL()), open(t, server.URL()), open(t, server.URL())
	topic := ports.TopicSession("ses_1")
	at := map[*natsbus.Bus]<-chan ports.Hint{a: subscribe(t, a, topic), b: subscribe(t, b, topic), c: subscribe(t, c, topic)}
	for i := range 1000 {
		subscribe(t, b, ports.TopicSession("ses_more"+string(rune('a'+i%26))))
	}
	require.Equal(t, 3, server.Clients())
	require.Equal(t, 3, server.Subscriptions()-systemSubscriptions(t), "one for each process, however many sockets it has")

	require.NoError(t, a.Publish(t.Context(), ports.Hint{SessionID: "ses_1", LastSeq: 1}))
	require.Len(t, at[a], 1, "no way over the network")
	for _, from := range []*natsbus.Bus{b, c} {
		require.Equal(t, int64(1), next(t, at[from]).LastSeq)
	}
	// What comes after would come after a second copy of the first.
	require.NoError(t, a.Publish(t.Context(), ports.Hint{SessionID: "ses_1", LastSeq: 2}))
	require.NoError(t, b.Publish(t.Context(), ports.Hint{SessionID: "ses_1", LastSeq: 3}))
	require.Equal(t, int64(1), next(t, at[a]).LastSeq)
	require.Equal(t, int64(2), next(t, at[a]).LastSeq)
	require.Equal(t, int64(3), next(t, at[a]).LastSeq)
	var seen []int64
	for range 2 {
		seen = append(seen, next(t, at[c]).LastSeq)
	}
	require.ElementsMatch(t, []int64{2, 3}, seen)
	for _, bus := range []*natsbus.Bus{a, b, c} {
		require.NoError(t, bus.Check(t.Context()))
		require.Empty(t, at[c])
	}
}

// systemSubscriptions is what a server without clients has of its own.
func systemSubscriptions(t *testing.T) int {
	t.Helper()
	return natstest.New(t, nil).Subscriptions()
}

// Without a server a process starts and works alone; it finds the others when there is one, again after each loss.
func TestServerComesAndGoes(t *testing.T) {
	t.Parallel()
	server := natstest.New(t, nil)
	server.Stop()
	a, b := open(t, server.URL()), open(t, server.URL())
	mine, theirs := subscribe(t, a, ports.TopicControl), subscribe(t, b, ports.TopicControl)
	for round := range int64(2) {
		require.ErrorIs(t, a.Check(t.Context()), fault.ErrUnavailable)
		require.NoError(t, a.Publish(t.Context(), ports.Hint{Control: true, LastSeq: -round}))
		require.Equal(t, -round, next(t, mine).LastSeq, "its own subscribers need no server")

		server.Start()
		connected := func() bool { return a.Check(t.Context()) == nil && b.Check(t.Context()) == nil }
		require.Eventually(t, connected, patience, tick)
		require.NoError(t, a.Publish(t.Context(), ports.Hint{Control: true, LastSeq: round + 1}))
		require.Equal(t, round+1, next(t, theirs).LastSeq, "nothing old comes before")
		require.Equal(t, round+1, next(t, mine).LastSeq)
		server.Stop()
		lost := func() bool { return a.Check(t.Context()) != nil && b.Check(t.Context()) != nil }
		require.Eventually(t, lost, patience, tick)
	}
}

// What was published before Close is sent.
func TestCloseSendsWhatIsQueued(t *testing.T) {
	t.Parallel()
	server := natstest.New(t, nil)
	a, b := open(t, server.URL()), open(t, server.URL())
	hints := subscribe(t, b, ports.TopicExecution("exe_1"))
	for seq := range int64(10) {
		require.NoError(t, a.Publish(t.Context(), ports.Hint{ExecutionID: "exe_1", LastSeq: seq + 1}))
	}
	a.Close()
	a.Close()
	for seq := range int64(10) {
		require.Equal(t, seq+1, next(t, hints).LastSeq)
	}
	require.NoError(t, a.Publish(t.Context(), ports.Hint{ExecutionID: "exe_1", LastSeq: 11}), "late hints do no harm")
	require.Error(t, a.Check(t.Context()))
}

// stall is a way to a server that can stop carrying anything from the client, without ending the connection.
func stall(t *testing.T, to string) (address string, stalled *atomic.Bool) {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = listener.Close() }) // it may be closed already
	stalled = &atomic.Bool{}
	ctx := t.Context() // ends before the cleanups run
	carry := func(dst, src net.Conn, up bool) {
		defer dst.Close()
		defer context.AfterFunc(ctx, func() { _ = src.Close() })()
		buffer := make([]byte, 4096)
		for {
			n, err := src.Read(buffer)
			if up && stalled.Load() {
				<-ctx.Done()
			}
			if err != nil {
				return
			}
			if _, err := dst.Write(buffer[:n]); err != nil {
				return
			}
		}
	}
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			server, err := (&net.Dialer{}).DialContext(ctx, "tcp", to)
			if err != nil {
				_ = client.Close() // the client tries again
				continue
			}
			go carry(server, client, true)
			go carry(client, server, false)
		}
	}()
	return listener.Addr().String(), stalled
}

// A server that takes nothing any more stops no publisher, and costs the end of the process seconds at most.
func TestStalledServer(t *testing.T) {
	t.Parallel()
	server := natstest.New(t, nil)
	address, stalled := stall(t, server.Address())
	a := open(t, "nats://"+address)
	mine := subscribe(t, a, ports.TopicSession("ses_1"))
	stalled.Store(true)
	longest := time.Duration(0)
	for range 200_000 {
		began := time.Now()
		require.NoError(t, a.Publish(t.Context(), ports.Hint{SessionID: "ses_1", ExecutionID: "exe_1", LastSeq: 1}))
		longest = max(longest, time.Since(began))
	}
	require.Less(t, longest, 900*time.Millisecond, "less than the time-out of a write, which a publisher must not wait for")
	require.NotEmpty(t, mine)
	began := time.Now()
	require.Error(t, a.Check(t.Context()))
	require.Less(t, time.Since(began), 5*time.Second)
	a.Close()
	require.Less(t, time.Since(began), 15*time.Second)
}

// What others say on the subject and is no hint harms nobody.
func TestHostileMessages(t *testing.T) {
	t.Parallel()
	server := natstest.New(t, nil)
	a := open(t, server.URL())
	hints := subscribe(t, a, ports.TopicControl)
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", server.Address())
	require.NoError(t, err)
	defer conn.Close()
	say := func(body string) {
		_, err := io.WriteString(conn, "PUB symphainy "+itoa(len(body))+"\r\n"+body+"\r\n")
		require.NoError(t, err)
	}
	_, err = io.WriteString(conn, "CONNECT {\"verbose\":false}\r\n")
	require.NoError(t, err)
	for _, body := range []string{"", "null", "[]", "{", `{"s":7}`, `{"n":1e99}`, string(make([]byte, 5000)), `{"s":"` + string(make([]byte, 100)) + `"}`} {
		say(body)
	}
	say(`{"e":"exe_9","n":9,"c":true,"later":{"x":1}}`)
	require.Equal(t, ports.Hint{ExecutionID: "exe_9", LastSeq: 9, Control: true}, next(t, hints))
}
