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
	"sync/atomic"
	"time"
	"unicode/utf8"

	"github.com/gorilla/websocket"
	"golang.org/x/time/rate"
)

// subprotocol is the only one that is ever echoed.
const subprotocol = "agent.v1"

// conn is one upgraded socket: the only place that knows the WebSocket library.
type conn struct {
	cfg   Config
	ws    *websocket.Conn
	check *frameCheck
	out   *outbox
	// ctx ends with the socket; its cause is an ending, or the network's error.
	ctx context.Context //nolint:containedctx // the life of the socket, shared by its goroutines
	end context.CancelCauseFunc
	// pong asks the writer for an answer to a ping; it holds the newest one.
	pong chan []byte
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

// readBuffer is small, because every open socket holds one and most messages are.
const readBuffer = 1024

// upgrade answers 101 with header. Whatever goes wrong after this point is the socket's own. On an error nothing was answered and
// the caller writes the problem, unless the connection is gone.
func upgrade(w http.ResponseWriter, r *http.Request, header http.Header, cfg Config, buffers websocket.BufferPool) (*conn, error) {
	hijacker := &hijacker{ResponseWriter: w, cfg: cfg}
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
	c := &conn{cfg: cfg, ws: ws, check: hijacker.check, out: newOutbox(cfg.QueueBytes, cfg.QueueFrames), pong: make(chan []byte, 1)}
	c.ctx, c.end = context.WithCancelCause(context.WithoutCancel(r.Context()))
	c.heard.Store(hostNow().UnixNano())
	ws.SetPingHandler(func(data string) error {
		select { // only the newest ping needs an answer (RFC 6455 §5.5.3)
		case <-c.pong:
		default:
		}
		c.pong <- []byte(data)
		return nil
	})
	return c, nil
}

// hijacker puts a frameCheck between the socket and the library.
type hijacker struct {
	http.ResponseWriter
	cfg   Config
	check *frameCheck
}

// Hijack implements http.Hijacker.
func (h *hijacker) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	c, rw, err := http.NewResponseController(h.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, err
	}
	h.check = newFrameCheck(c, h.cfg)
	return h.check, rw, nil
}

// idle gives how long nothing was said in either direction.
func (c *conn) idle() time.Duration { return hostNow().Sub(time.Unix(0, c.heard.Load())) }

// say queues a frame without waiting; a full queue ends the socket as a slow reader's.
func (c *conn) say(frame []byte) {
	if !c.out.put(frame) {
		c.end(errSlow)
	}
}

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

// write is the one writer: frames from the queue, pings, pongs, and at the end the close frame.
func (c *conn) write() {
	ping := time.NewTicker(c.cfg.Ping)
	defer ping.Stop()
	for {
		for frame := c.out.take(); frame != nil; frame = c.out.take() {
			if !c.frame(websocket.TextMessage, frame) {
				return
			}
			c.heard.Store(hostNow().UnixNano())
			if c.ctx.Err() != nil {
				break
			}
		}
		select {
		case <-c.ctx.Done():
			c.goodbye()
			return
		case <-c.out.more:
		case data := <-c.pong:
			if !c.frame(websocket.PongMessage, data) {
				return
			}
		case <-ping.C:
			if !c.frame(websocket.PingMessage, nil) {
				return
			}
		}
	}
}

// frame writes one frame under the write deadline; false if the socket is over.
func (c *conn) frame(kind int, data []byte) bool {
	err := c.ws.SetWriteDeadline(hostNow().Add(c.cfg.Write))
	if err == nil {
		err = c.ws.WriteMessage(kind, data)
	}
	if err != nil {
		if !errors.Is(err, websocket.ErrCloseSent) {
			c.quiet.Store(true)
		}
		c.end(err)
	}
	return err == nil
}

// goodbye writes what may still be seen, and the close frame.
func (c *conn) goodbye() {
	if c.quiet.Load() {
		return
	}
	e := c.ending()
	for e.flushes() {
		frame := c.out.take()
		if frame == nil {
			break
		}
		if !c.frame(websocket.TextMessage, frame) {
			return
		}
	}
	c.out.clear()
	_ = c.frame(websocket.CloseMessage, websocket.FormatCloseMessage(e.code, e.reason)) // refused when the library has sent one
}

// ending gives why the socket ended; a network error counts as an ordinary end.
func (c *conn) ending() ending {
	var e ending
	if errors.As(context.Cause(c.ctx), &e) {
		return e
	}
	return ending{closeNormal, "connection lost"}
}

// unread interrupts a read that waits, once the socket has ended.
func (c *conn) unread() { c.check.interrupt() }

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
