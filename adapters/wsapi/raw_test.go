package wsapi_test

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/adapters/wsapi"
	"github.com/symphainy/symphainy/application/trafficcop"
	"github.com/symphainy/symphainy/test/sheet"
)

// wire is a client without a library: it writes what it likes.
type wire struct {
	t    *testing.T
	conn net.Conn
	in   *bufio.Reader
}

// raw opens an agent socket and reads past connection.established.
func (w *world) raw(visit trafficcop.Created, extra ...string) *wire {
	w.t.Helper()
	conn, err := (&net.Dialer{}).DialContext(w.t.Context(), "tcp", w.server.Listener.Addr().String())
	require.NoError(w.t, err)
	w.t.Cleanup(func() { _ = conn.Close() })
	require.NoError(w.t, conn.SetDeadline(time.Now().Add(patience)))
	lines := append([]string{
		"GET " + agentPath() + " HTTP/1.1", "Host: " + w.server.Listener.Addr().String(), "Connection: Upgrade", "Upgrade: websocket",
		"Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "X-Session-Secret: " + visit.Secret,
	}, extra...)
	_, err = io.WriteString(conn, strings.Join(lines, "\r\n")+"\r\n\r\n")
	require.NoError(w.t, err)
	r := &wire{t: w.t, conn: conn, in: bufio.NewReader(conn)}
	res, err := http.ReadResponse(r.in, nil)
	require.NoError(w.t, err)
	require.Equal(w.t, 101, res.StatusCode)
	require.Equal(w.t, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", res.Header.Get("Sec-WebSocket-Accept"))
	require.Empty(w.t, res.Header.Get("Sec-WebSocket-Extensions"), "compression is never negotiated")
	op, _ := r.frame()
	require.EqualValues(w.t, 1, op)
	return r
}

// frame reads one frame of the server.
func (r *wire) frame() (op byte, payload []byte) {
	r.t.Helper()
	head := make([]byte, 2)
	_, err := io.ReadFull(r.in, head)
	require.NoError(r.t, err)
	size := uint64(head[1])
	switch size {
	case 126:
		ext := make([]byte, 2)
		_, err = io.ReadFull(r.in, ext)
		size = uint64(binary.BigEndian.Uint16(ext))
	case 127:
		ext := make([]byte, 8)
		_, err = io.ReadFull(r.in, ext)
		size = binary.BigEndian.Uint64(ext)
	}
	require.NoError(r.t, err)
	payload = make([]byte, size)
	_, err = io.ReadFull(r.in, payload)
	require.NoError(r.t, err)
	return head[0] & 0x0f, payload
}

// code reads up to the close frame and gives its code.
func (r *wire) code() int {
	r.t.Helper()
	for {
		op, payload := r.frame()
		if op != 8 {
			continue
		}
		if len(payload) < 2 {
			return 1005
		}
		return int(binary.BigEndian.Uint16(payload))
	}
}

func (r *wire) write(b []byte) {
	r.t.Helper()
	_, err := r.conn.Write(b)
	require.NoError(r.t, err)
}

// masked makes a client's frame with a mask of zeros.
func masked(first byte, payload []byte) []byte {
	var out []byte
	switch n := len(payload); {
	case n < 126:
		out = []byte{first, 0x80 | byte(n)}
	case n < 1<<16:
		out = binary.BigEndian.AppendUint16([]byte{first, 0x80 | 126}, uint16(n))
	default:
		out = binary.BigEndian.AppendUint64([]byte{first, 0x80 | 127}, uint64(n))
	}
	return append(append(out, 0, 0, 0, 0), payload...)
}

func closing(code int, text string) []byte {
	return masked(0x88, append(binary.BigEndian.AppendUint16(nil, uint16(code)), text...))
}

// W6, W5, W3: frames that the protocol forbids end the socket with the code that names the fault; the process is none the worse.
func TestProtocolViolations(t *testing.T) {
	sheet.Record(t, "W3", 1, "sizes and lengths end the socket with their code", "as the row says")
	sheet.Record(t, "W5", 1, "compression is not negotiated, RSV1 is 1002", "as the row says")
	sheet.Record(t, "W6", 1, "forbidden frames end the socket with their code", "as the row says")
	w := newWorld(t)
	visit := w.Anonymous()
	ping := []byte(`{"type":"ping"}`)
	for name, try := range map[string]struct {
		bytes []byte
		codes []int
	}{
		"unmasked":            {append([]byte{0x81, byte(len(ping))}, ping...), []int{1002}},
		"RSV1":                {masked(0xc1, ping), []int{1002}},
		"RSV2":                {masked(0xa1, ping), []int{1002}},
		"RSV3":                {masked(0x91, ping), []int{1002}},
		"opcode 3":            {masked(0x83, ping), []int{1002}},
		"opcode 4":            {masked(0x84, ping), []int{1002}},
		"opcode 5":            {masked(0x85, ping), []int{1002}},
		"opcode 6":            {masked(0x86, ping), []int{1002}},
		"opcode 7":            {masked(0x87, ping), []int{1002}},
		"opcode B":            {masked(0x8b, ping), []int{1002}},
		"opcode F":            {masked(0x8f, ping), []int{1002}},
		"control > 125":       {masked(0x89, bytes.Repeat([]byte("a"), 126)), []int{1002}},
		"fragmented ping":     {masked(0x09, ping), []int{1002}},
		"continuation alone":  {masked(0x80, ping), []int{1002}},
		"data before the end": {append(masked(0x01, ping), masked(0x81, ping)...), []int{1002}},
		"close 0":             {closing(0, ""), []int{1002}},
		"close 999":           {closing(999, ""), []int{1002}},
		"close 1004":          {closing(1004, ""), []int{1002}},
		"close 1005":          {closing(1005, ""), []int{1002}},
		"close 1006":          {closing(1006, ""), []int{1002}},
		"close 1015":          {closing(1015, ""), []int{1002}},
		"close 5000":          {closing(5000, ""), []int{1002}},
		"one byte of close":   {masked(0x88, []byte{3}), []int{1002}},
		"bad UTF-8 in close":  {closing(1000, "\xff\xfe"), []int{1002, 1007}},
		"bad UTF-8":           {masked(0x81, []byte("{\"type\":\"\xff\"}")), []int{1007}},
		"half a character":    {append(masked(0x01, []byte("\xc3")), masked(0x80, []byte("x"))...), []int{1007}},
		"binary":              {masked(0x82, ping), []int{1003}},
		"64 KiB + 1":          {masked(0x81, bytes.Repeat([]byte(" "), 64<<10+1)), []int{1009}},
		"in two parts":        {append(masked(0x01, bytes.Repeat([]byte(" "), 40<<10)), masked(0x80, bytes.Repeat([]byte(" "), 40<<10))...), []int{1009}},
		"1 GiB announced":     {binary.BigEndian.AppendUint64([]byte{0x81, 0xff}, 1<<30), []int{1009}},
		"2^63-1":              {binary.BigEndian.AppendUint64([]byte{0x81, 0xff}, 1<<63-1), []int{1009}},
		"2^64-1":              {binary.BigEndian.AppendUint64([]byte{0x81, 0xff}, 1<<64-1), []int{1002, 1009}},
		"16 bits for 5":       {append([]byte{0x81, 0xfe, 0, 5, 0, 0, 0, 0}, "12345"...), []int{1002}},
		"64 bits for 5":       {append(binary.BigEndian.AppendUint64([]byte{0x81, 0xff}, 5), "\x00\x00\x00\x0012345"...), []int{1002}},
		"close":               {closing(1000, "bye"), []int{1000}},
		"close without code":  {masked(0x88, nil), []int{1000, 1005}},
	} {
		r := w.raw(visit, "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits")
		whole := try.bytes
		if strings.HasPrefix(name, "1 GiB") || strings.HasPrefix(name, "2^") {
			whole = append(whole, 0, 0, 0, 0)
		}
		r.write(whole)
		require.Contains(t, try.codes, r.code(), name)
		_ = r.conn.Close()
	}
	w.raw(visit).write(masked(0x81, ping))
}

// A message in parts with control frames between, and one of exactly the limit, are fine.
func TestGoodFrames(t *testing.T) {
	w := newWorld(t)
	r := w.raw(w.Anonymous())
	r.write(masked(0x01, []byte(`{"type":`)))
	r.write(masked(0x89, []byte("between")))
	op, payload := r.frame()
	require.EqualValues(t, 10, op)
	require.Equal(t, "between", string(payload))
	r.write(masked(0x00, nil))
	r.write(masked(0x80, []byte(`"ping"}`)))
	_, payload = r.frame()
	require.Contains(t, string(payload), `"pong"`)
	full := append([]byte(`{"type":"ping"}`), bytes.Repeat([]byte(" "), 64<<10-15)...)
	for _, b := range masked(0x81, full)[:20] { // byte by byte, then the rest
		r.write([]byte{b})
	}
	r.write(masked(0x81, full)[20:])
	_, payload = r.frame()
	require.Contains(t, string(payload), `"pong"`)
}

// W4: neither endless fragments nor a message that never ends hold anything for long.
func TestEndlessMessages(t *testing.T) {
	sheet.Record(t, "W4", 1, "closed, nothing held", "as the row says")
	w := newWorld(t, func(_ *wsapi.Deps, c *wsapi.Config) { c.MessageTime = 100 * time.Millisecond })
	visit := w.Anonymous()
	r := w.raw(visit)
	r.write(masked(0x01, []byte("{")))
	flood(r.conn, masked(0x00, nil), 1_000_000)
	require.Contains(t, []int{1009, 4429}, r.code())
	slow := w.raw(visit)
	slow.write(masked(0x01, []byte("{")))
	slow.write(masked(0x8a, nil)) // a pong is no excuse
	require.Equal(t, 4429, slow.code())
	half := w.raw(visit)
	half.write([]byte{0x81})
	require.Equal(t, 4429, half.code())
}

// flood writes a frame again and again until the server stops reading.
func flood(conn net.Conn, frame []byte, times int) {
	batch := bytes.Repeat(frame, 1000)
	for range times / 1000 {
		if _, err := conn.Write(batch); err != nil {
			return
		}
	}
}

// W11: a client that floods is closed, by messages as by control frames.
func TestFloods(t *testing.T) {
	sheet.Record(t, "W11", 1, "closed with 4429", "as the row says")
	w := newWorld(t)
	visit := w.Anonymous()
	for name, frame := range map[string][]byte{
		"messages": masked(0x81, []byte(`{"type":"ping"}`)), "bad messages": masked(0x81, []byte(`x`)),
		"pings": masked(0x89, nil), "pongs": masked(0x8a, nil),
	} {
		r := w.raw(visit)
		for range 101 {
			r.write(frame)
		}
		require.Equal(t, 4429, r.code(), name)
	}
}

// W7: a reader that does not read is cut with its own code, and holds no more than its queue; the others notice nothing.
func TestSlowReader(t *testing.T) {
	sheet.Record(t, "W7", 1, "closed with 4413, the others notice nothing", "as the row says")
	w := newWorld(t, func(_ *wsapi.Deps, c *wsapi.Config) { c.DrainWait, c.Write = 100*time.Millisecond, patience })
	visit := w.Anonymous()
	work := w.begin(guest(visit), visit.Session.ID())
	dialer := websocket.Dialer{NetDialContext: (&net.Dialer{Control: smallReceiveBuffer}).DialContext}
	slow, _, err := dialer.DialContext(t.Context(), "ws"+strings.TrimPrefix(w.server.URL, "http")+agentPath(), secret(visit))
	require.NoError(t, err)
	defer slow.Close()
	good, _ := w.agent(visit.Session.ID(), secret(visit))
	good.sync()

	const following = 3 // the engine, the watch of the session, and what follows it for both sockets
	require.Eventually(t, func() bool { return w.bus.subscribers() == following }, patience, time.Millisecond)
	fat := strings.Repeat("f", 256<<10)
	for range 16 { // 4 MiB: the queue is 1 MiB, and the network holds less than another one
		w.emitText(work, fat)
		good.event("work_moved")
	}
	require.Eventually(t, func() bool { return w.hub.Lasting() == 1 }, patience, time.Millisecond, "it is cut")
	got := 0
	for {
		require.NoError(t, slow.SetReadDeadline(time.Now().Add(patience)))
		_, frame, err := slow.ReadMessage()
		if err != nil {
			require.True(t, websocket.IsCloseError(err, 4413), err)
			break
		}
		got += len(frame)
	}
	require.Less(t, got, 3<<20, "what waited is dropped")
	good.sync()
}

// smallReceiveBuffer keeps the network from holding everything.
func smallReceiveBuffer(_, _ string, c syscall.RawConn) error {
	return c.Control(func(fd uintptr) { _ = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVBUF, 128<<10) })
}

// A reader that is only behind gets everything, although it is more than the queue holds.
func TestALongLogReachesAReaderThatReads(t *testing.T) {
	w := newWorld(t)
	visit := w.Anonymous()
	work := w.begin(guest(visit), visit.Session.ID())
	w.emit(work, 700)
	last := w.end(guest(visit), work).LastSeq
	c := w.open(streamPath(work), secret(visit))
	c.event("connection.established")
	frames := c.until("execution.completed")
	numbered(t, frames, work, 1)
	require.Equal(t, last, frames[len(frames)-1].Seq)
	require.Equal(t, 1000, c.closed())
}
