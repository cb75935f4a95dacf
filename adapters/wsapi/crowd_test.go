package wsapi_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/adapters/wsapi"
	"github.com/symphainy/symphainy/test/sheet"
)

// pings gives how long each of n pings on a socket takes, sorted.
func (c *client) pings(n int) []time.Duration {
	c.t.Helper()
	took := make([]time.Duration, n)
	for i := range took {
		start := time.Now()
		c.sync()
		took[i] = time.Since(start)
	}
	slices.Sort(took)
	return took
}

// W20: beyond the cap of a process the answer is 503 before 101, and who is inside notices little.
func TestBeyondTheCap(t *testing.T) {
	limit := sheet.Cases(2000, 300, 100)
	w := newWorld(t, func(_ *wsapi.Deps, c *wsapi.Config) {
		c.PerProcess, c.PerAddress, c.PerSession, c.MessagesPerMinute = limit, 10*limit, 10*limit, 1_000_000
	})
	visit := w.Anonymous()
	inside := make([]*client, limit)
	for i := range inside {
		inside[i] = w.open(agentPath(), secret(visit))
	}
	probe := inside[limit/2]
	probe.event("connection.established")
	before := probe.pings(300)
	var refused, other atomic.Int64
	var group sync.WaitGroup
	work := make(chan struct{})
	for range 2 {
		group.Go(func() {
			for range work {
				_, res, err := websocket.DefaultDialer.DialContext(t.Context(), "ws"+strings.TrimPrefix(w.server.URL, "http")+agentPath(), secret(visit))
				if errors.Is(err, websocket.ErrBadHandshake) && res.StatusCode == 503 && res.Header.Get("Retry-After") != "" {
					refused.Add(1)
				} else {
					other.Add(1)
				}
			}
		})
	}
	during := make(chan []time.Duration)
	go func() { during <- probe.pings(300) }()
	for range limit {
		work <- struct{}{}
	}
	close(work)
	group.Wait()
	under := <-during
	require.Equal(t, limit, w.hub.Open())
	require.Equal(t, int64(limit), refused.Load())
	require.Zero(t, other.Load())
	require.NotEmpty(t, under)
	sheet.Record(t, "W20", 2*limit, fmt.Sprintf("%d open, %d more refused with 503 and Retry-After before 101; a ping inside p99 %s before and %s under it (2 at once on the same cores)",
		limit, limit, before[297].Round(time.Microsecond), under[297].Round(time.Microsecond)), "503 + Retry-After before 101; the times are printed")
}

// W7: many readers that do not read, each with more waiting than its queue holds: each is cut, and who reads notices nothing.
func TestManySlowReaders(t *testing.T) {
	readers := sheet.Cases(100, 100, 10)
	w := newWorld(t, func(_ *wsapi.Deps, c *wsapi.Config) { c.DrainWait, c.Write = 100*time.Millisecond, patience })
	visit := w.Anonymous()
	work := w.begin(guest(visit), visit.Session.ID())
	other := w.Anonymous()
	good, _ := w.agent(other.Session.ID(), secret(other))
	dialer := websocket.Dialer{NetDialContext: (&net.Dialer{Control: smallReceiveBuffer}).DialContext}
	slow := make([]*websocket.Conn, readers)
	for i := range slow {
		ws, _, err := dialer.DialContext(t.Context(), "ws"+strings.TrimPrefix(w.server.URL, "http")+agentPath(), secret(visit))
		require.NoError(t, err)
		defer ws.Close()
		slow[i] = ws
	}
	good.sync()
	before := good.pings(20)
	fat := strings.Repeat("f", 256<<10)
	start := time.Now()
	for range 40 { // 10 MiB for each
		w.emitText(work, fat)
	}
	require.Eventually(t, func() bool { return w.hub.Lasting() == 1 }, patience, time.Millisecond, "each of them is cut")
	cut := time.Since(start)
	after := good.pings(20)
	for _, ws := range slow {
		require.Equal(t, 4413, closedBy(ws))
	}
	require.Less(t, cut, patience)
	sheet.Record(t, "W7", readers, fmt.Sprintf("10 MiB of events for each who does not read: all cut with 4413 within %s of the first; a ping of who reads, median %s before and %s after",
		cut.Round(time.Millisecond), before[10].Round(time.Microsecond), after[10].Round(time.Microsecond)), "all 4413; within 10 s where the machine is free, the times are printed")
}

// W17: whatever is made of an envelope, the answer is an error frame or an effect, never a bug of ours.
func TestMutatedEnvelopes(t *testing.T) {
	total := sheet.Cases(1_000_000, 20_000, 3_000)
	w := newWorld(t, func(_ *wsapi.Deps, c *wsapi.Config) { c.MessagesPerMinute, c.ControlPerMinute = 1<<30, 1<<30 })
	seeds := []string{
		`{"type":"ping"}`, `{"type":"agent.message","text":"hello","conversation_id":"c","message_id":"m"}`, `{"type":"auth.refresh","access_token":"x"}`,
		`{"type":"session.upgrade","access_token":"x","session_secret":"sas_x"}`, `{"type":"execution.subscribe","execution_id":"exe_01jd8h0000exampe0000000000","after_seq":1}`,
		`{"type":"execution.cancel","execution_id":"exe_01jd8h0000exampe0000000000"}`, `{"type":"intent","intent":"x","data":{"a":[1,2,{"b":null}]}}`, `{"type":"user_message","text":"x"}`,
	}
	random := rand.New(rand.NewPCG(17, 17))
	visit := w.Anonymous()
	ws := w.open(agentPath(), secret(visit)).ws
	handled, ended := make(chan struct{}), make(chan int, 1)
	ws.SetPongHandler(func(string) error { handled <- struct{}{}; return nil })
	answers := 0
	go func() { ended <- drain(ws, &answers) }()
	const together = 50
	for range total / together {
		for range together {
			require.NoError(t, ws.WriteMessage(websocket.TextMessage, mutate(random, seeds[random.IntN(len(seeds))])))
		}
		require.NoError(t, ws.WriteControl(websocket.PingMessage, nil, time.Now().Add(patience)))
		select {
		case <-handled: // all before it were
		case code := <-ended:
			require.Fail(t, "closed", "with %d", code)
		}
	}
	require.NoError(t, ws.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(1000, ""), time.Now().Add(patience)))
	require.Equal(t, 1000, <-ended, "it stood all of it")
	require.Greater(t, answers, total/2)
	// The process lives, and so does another socket.
	_, _ = w.agent(visit.Session.ID(), secret(visit))
	sheet.Record(t, "W17", total, fmt.Sprintf("on one socket, which answered with %d frames and stayed open: 1011 0, panics 0", answers), "1011 0, panics 0")
}

// drain reads to the end of a socket, counts the frames and gives its close code.
func drain(ws *websocket.Conn, frames *int) int {
	for {
		_, _, err := ws.ReadMessage()
		var closed *websocket.CloseError
		switch {
		case errors.As(err, &closed):
			return closed.Code
		case err != nil:
			return 0
		}
		*frames++
	}
}

// mutate changes an envelope in one to four places.
func mutate(random *rand.Rand, seed string) []byte {
	raw := []byte(seed)
	bits := []string{`"`, `{`, `}`, `[`, `]`, `:`, `,`, `null`, `true`, `-1`, `1e999`, `9223372036854775808`, `\u0000`, `\ud800`, "\x00", "\xff", "é", `"type":"ping"`, `"type":1`, strings.Repeat("[", 70), strings.Repeat("a", 500)}
	for range 1 + random.IntN(4) {
		at := random.IntN(len(raw) + 1)
		end := min(len(raw), at+random.IntN(6))
		switch random.IntN(4) {
		case 0:
			raw = slices.Delete(raw, at, end)
		case 1:
			raw = slices.Insert(raw, at, []byte(bits[random.IntN(len(bits))])...)
		case 2:
			raw = slices.Insert(raw, at, raw[at:end]...)
		case 3:
			if at < len(raw) {
				raw[at] ^= 1 << random.IntN(8)
			}
		}
		if len(raw) == 0 {
			raw = []byte("x")
		}
	}
	return bytes.ToValidUTF8(raw, []byte("?")) // what is no text ends the socket at once: W6
}
