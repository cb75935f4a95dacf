package wsapi

import (
	"bufio"
	"context"
	"encoding/base64"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"github.com/gorilla/websocket"
	"go.opentelemetry.io/otel/trace"
	"golang.org/x/time/rate"

	"github.com/symphainy/symphainy/adapters/internal/wire"
)

// subprotocol is the only one that is ever echoed.
const subprotocol = "agent.v1"

// conn is one upgraded socket: the only place that knows the WebSocket library.
type conn struct {
	cfg   Config
	ws    *websocket.Conn
	check *frameCheck
	out   outbox
	// ctx ends with the socket; its cause is an ending, or the network's error.
	ctx    context.Context //nolint:containedctx // the life of the socket, shared by its goroutines
	cancel context.CancelCauseFunc
	// guarded runs a part of the socket; a panic ends the socket and nothing else.
	guarded func(part string, fn func())
	// pinged is when the last ping was asked for; it is the watch's alone.
	pinged time.Time
	// quiet is set when the peer is gone, so that no close frame is worth writing.
	quiet atomic.Bool
	// heard is when a message came or a frame went out, in Unix nanoseconds, for the idle sweep.
	heard atomic.Int64
}

// handshakeProblem tells what makes a request no WebSocket handshake; "" if it is one.
func handshakeProblem(r *http.Request) string {
	key, err := base64.StdEncoding.DecodeString(r.Header.Get("Sec-Websocket-Key"))
	switch {
	case r.Method != http.MethodGet || !websocket.IsWebSocketUpgrade(r):
		return "This address speaks WebSocket only."
	case r.Header.Get("Sec-Websocket-Version") != "13":
		return "Sec-WebSocket-Version must be 13."
	case err != nil || len(key) != 16:
		return "Sec-WebSocket-Key must be 16 bytes in base64."
	}
	return ""
}

// readBuffer is small, because every open socket holds one and most messages are; a larger message is read past it.
const readBuffer = 256

// upgrade answers 101 with header. Whatever goes wrong after this point is the socket's own. On an error nothing was answered and
// the caller writes the problem, unless the connection is gone.
func upgrade(w http.ResponseWriter, r *http.Request, header http.Header, cfg Config, buffers, batches *sync.Pool) (*conn, error) {
	hijacker := &hijacker{ResponseWriter: w, cfg: cfg, batches: batches}
	up := websocket.Upgrader{
		HandshakeTimeout: cfg.Handshake, ReadBufferSize: readBuffer, WriteBufferSize: 4096, WriteBufferPool: buffers, Subprotocols: []string{subprotocol},
		EnableCompression: false,
		CheckOrigin:       func(*http.Request) bool { return true }, // checked before, with the rule for a missing one
		Error:             func(http.ResponseWriter, *http.Request, int, error) {},
	}
	ws, err := up.Upgrade(hijacker, r, header)
	if err != nil {
		return nil, err
	}
	ws.SetReadLimit(cfg.MaxMessage)
	c := &conn{cfg: cfg, ws: ws, check: hijacker.check, out: outbox{maxBytes: cfg.QueueBytes, maxFrames: cfg.QueueFrames}, pinged: hostNow()}
	// Of the request only its trace outlives it: everything else would be kept for the life of the socket.
	traced := trace.ContextWithSpanContext(context.Background(), trace.SpanContextFromContext(r.Context()))
	c.ctx, c.cancel = context.WithCancelCause(wire.WithTrace(traced, wire.TraceOn(r.Context())))
	c.heard.Store(c.pinged.UnixNano())
	ws.SetPingHandler(func(data string) error {
		c.startIf(c.out.control([]byte(data)))
		return nil
	})
	return c, nil
}

// hijacker puts a frameCheck between the socket and the library.
type hijacker struct {
	http.ResponseWriter
	cfg     Config
	batches *sync.Pool
	check   *frameCheck
}

// Hijack implements http.Hijacker.
func (h *hijacker) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	c, rw, err := http.NewResponseController(h.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, err
	}
	h.check = newFrameCheck(c, h.cfg, h.batches)
	return h.check, rw, nil
}

// idle gives how long nothing was said in either direction.
func (c *conn) idle() time.Duration { return hostNow().Sub(time.Unix(0, c.heard.Load())) }

// read reads messages and hands them to handle, until the socket ends. It ends the socket with the reason itself.
func (c *conn) read(handle func(data []byte)) {
	messages := rate.NewLimiter(rate.Limit(float64(c.cfg.MessagesPerMinute)/60), c.cfg.MessagesPerMinute)
	for c.ctx.Err() == nil {
		kind, body, err := c.ws.NextReader()
		if err != nil {
			c.end(c.readEnding(err))
			return
		}
		if kind != websocket.TextMessage {
			c.end(ending{closeBinary, "text frames only"})
			return
		}
		data, err := io.ReadAll(body)
		switch {
		case err != nil:
			c.end(c.readEnding(err))
			return
		case !utf8.Valid(data):
			c.end(ending{closeBadUTF8, "text is not UTF-8"})
			return
		case !messages.Allow():
			c.end(ending{closeRateLimited, "too many messages"})
			return
		}
		c.heard.Store(hostNow().UnixNano())
		handle(data)
		c.check.touch()
	}
}

// readEnding gives what a failed read means.
func (c *conn) readEnding(err error) error {
	var closed *websocket.CloseError
	switch {
	case c.check.verdict != nil:
		return *c.check.verdict
	case errors.Is(err, websocket.ErrReadLimit):
		return ending{closeTooBig, "message too big"}
	case errors.As(err, &closed) && closed.Code != websocket.CloseAbnormalClosure:
		return ending{closeNormal, "closed by the client"} // the library has answered with the same code
	case strings.HasPrefix(err.Error(), "websocket: "):
		return ending{closeProtocol, "protocol error"} // the library has sent the close frame
	}
	if c.ctx.Err() == nil {
		c.quiet.Store(true)
	}
	return err
}

// ending gives why the socket ended; a network error counts as an ordinary end.
func (c *conn) ending() ending {
	var e ending
	if errors.As(context.Cause(c.ctx), &e) {
		return e
	}
	return ending{closeNormal, "connection lost"}
}

// end ends the socket for a reason, which is the first one's: a read that waits is interrupted, and the last words are said.
func (c *conn) end(cause error) {
	c.cancel(cause)
	c.check.interrupt()
	c.startIf(c.out.end())
}

// kill closes the connection at once, whatever its goroutines do.
func (c *conn) kill() {
	c.quiet.Store(true)
	_ = c.ws.Close()
}

// release closes the connection after the goroutines have ended. It first waits shortly for the peer's close frame and takes what
// arrives: closing a socket with unread bytes would make the kernel drop our close frame on its way.
func (c *conn) release() {
	defer func() { _ = c.ws.Close() }()
	if c.quiet.Load() {
		return
	}
	raw := c.check.Conn
	if half, ok := raw.(interface{ CloseWrite() error }); ok {
		_ = half.CloseWrite()
	}
	if err := raw.SetReadDeadline(hostNow().Add(c.cfg.Linger)); err != nil {
		return
	}
	_, _ = io.Copy(io.Discard, raw)
}
