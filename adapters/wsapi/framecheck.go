package wsapi

import (
	"bytes"
	"errors"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"
)

// The opcodes that matter here (RFC 6455 §5.2).
const (
	opContinuation = 0x0
	opClose        = 0x8
)

// frameCheck sits between the socket and the WebSocket library and watches the client's frames go by. It refuses what the library lets
// pass (lengths that are not minimal, a close frame of one byte, endless fragments, floods of control frames) and keeps the deadlines:
// a message is complete within MessageTime of its first byte, whatever pongs come between, and silence ends the socket.
// It is used by the reading goroutine only.
type frameCheck struct {
	net.Conn
	cfg      Config
	controls *rate.Limiter
	// lastHeard is when the peer last sent something, or when we last finished working on a message.
	lastHeard time.Time
	// started is when the message or frame in progress began; zero between messages.
	started time.Time
	// verdict is the ending to give once a read failed by the rules; nil for an ordinary network error.
	verdict *ending
	// over is set from outside to end a read that waits; see interrupt.
	over atomic.Bool
	// batches are the buffers of corked writes. writing guards corked, what was written since cork; nil while nothing is corked.
	batches *sync.Pool
	writing sync.Mutex
	corked  *bytes.Buffer

	header    [14]byte
	have      int
	payload   uint64
	opcode    byte
	final     bool
	fragments int
	inMessage bool
}

func newFrameCheck(c net.Conn, cfg Config, batches *sync.Pool) *frameCheck {
	return &frameCheck{
		Conn: c, cfg: cfg, batches: batches, lastHeard: hostNow(),
		controls: rate.NewLimiter(rate.Limit(float64(cfg.ControlPerMinute)/60), cfg.ControlPerMinute),
	}
}

// interrupt ends the read that waits and all that follow. It may be called from any goroutine: a reader that has just set a later
// deadline looks at over afterwards.
func (c *frameCheck) interrupt() {
	c.over.Store(true)
	_ = c.SetReadDeadline(hostNow())
}

// cork keeps what is written, so that several frames cost one call of the system; see uncork.
func (c *frameCheck) cork() {
	b, ok := c.batches.Get().(*bytes.Buffer)
	if !ok {
		b = &bytes.Buffer{}
	}
	c.writing.Lock()
	defer c.writing.Unlock()
	c.corked = b
}

// uncork writes what was kept, under the write deadline, before anything that comes later.
func (c *frameCheck) uncork() error {
	c.writing.Lock()
	defer c.writing.Unlock()
	b := c.corked
	c.corked = nil
	err := c.Conn.SetWriteDeadline(hostNow().Add(c.cfg.Write))
	if err == nil {
		_, err = c.Conn.Write(b.Bytes())
	}
	if b.Reset(); b.Cap() <= 2*batchBytes { // a larger one was the exception
		c.batches.Put(b)
	}
	return err
}

// Write writes to the socket, or keeps it for later.
func (c *frameCheck) Write(p []byte) (int, error) {
	c.writing.Lock()
	if c.corked != nil {
		defer c.writing.Unlock()
		return c.corked.Write(p)
	}
	c.writing.Unlock()
	return c.Conn.Write(p)
}

// SetWriteDeadline bounds the writes that follow; what is corked has a bound of its own.
func (c *frameCheck) SetWriteDeadline(t time.Time) error {
	c.writing.Lock()
	corked := c.corked != nil
	c.writing.Unlock()
	if corked {
		return nil
	}
	return c.Conn.SetWriteDeadline(t)
}

// touch tells that the peer was not heard because we were busy.
func (c *frameCheck) touch() { c.lastHeard = hostNow() }

// Read reads from the socket under the deadline that holds now.
func (c *frameCheck) Read(p []byte) (int, error) {
	if c.verdict != nil {
		return 0, *c.verdict
	}
	deadline := c.lastHeard.Add(c.cfg.Ping + c.cfg.Pong)
	if !c.started.IsZero() {
		if d := c.started.Add(c.cfg.MessageTime); d.Before(deadline) {
			deadline = d
		}
	}
	if err := c.SetReadDeadline(deadline); err != nil {
		return 0, err
	}
	if c.over.Load() {
		return 0, net.ErrClosed
	}
	n, err := c.Conn.Read(p)
	if n > 0 {
		c.lastHeard = hostNow()
		if bad := c.scan(p[:n]); bad != nil {
			c.verdict = bad
			return 0, *bad
		}
	}
	if errors.Is(err, os.ErrDeadlineExceeded) && !c.over.Load() {
		c.verdict = &ending{closeIdle, "no answer to pings"}
		if !c.started.IsZero() {
			c.verdict = &ending{closeRateLimited, "message too slow"}
		}
	}
	return n, err
}

// scan follows the frames in p.
func (c *frameCheck) scan(p []byte) *ending {
	for len(p) > 0 {
		if c.payload > 0 {
			n := min(c.payload, uint64(len(p)))
			c.payload -= n
			p = p[n:]
			c.finish()
			continue
		}
		if c.started.IsZero() {
			c.started = c.lastHeard
		}
		c.header[c.have] = p[0]
		c.have++
		p = p[1:]
		if c.have < 2 || c.have < headerLength(c.header[1]) {
			continue
		}
		if bad := c.frame(); bad != nil {
			return bad
		}
		c.have = 0
		c.finish()
	}
	return nil
}

// headerLength gives the length of a header whose second byte is b.
func headerLength(b byte) int {
	n := 2
	switch b & 0x7f {
	case 126:
		n += 2
	case 127:
		n += 8
	}
	if b&0x80 != 0 {
		n += 4
	}
	return n
}

// frame judges a complete header and starts its payload.
func (c *frameCheck) frame() *ending {
	c.opcode, c.final = c.header[0]&0x0f, c.header[0]&0x80 != 0
	c.payload = uint64(c.header[1] & 0x7f)
	switch c.payload {
	case 126:
		c.payload = uint64(c.header[2])<<8 | uint64(c.header[3])
		if c.payload < 126 {
			return &ending{closeProtocol, "length not minimal"}
		}
	case 127:
		c.payload = 0
		for _, b := range c.header[2:10] {
			c.payload = c.payload<<8 | uint64(b)
		}
		if c.payload>>63 != 0 || c.payload < 1<<16 {
			return &ending{closeProtocol, "bad length"}
		}
	}
	if c.opcode >= opClose {
		return c.control()
	}
	if c.opcode == opContinuation {
		c.fragments++
	} else {
		c.fragments = 1
	}
	if c.fragments > c.cfg.MaxFragments {
		return &ending{closeRateLimited, "too many fragments"}
	}
	c.inMessage = true
	return nil
}

func (c *frameCheck) control() *ending {
	if c.opcode == opClose && c.payload == 1 {
		return &ending{closeProtocol, "close frame of one byte"}
	}
	if !c.controls.Allow() {
		return &ending{closeRateLimited, "too many control frames"}
	}
	return nil
}

// finish notes the end of a frame, and of a message when it was its last.
func (c *frameCheck) finish() {
	if c.payload > 0 {
		return
	}
	if c.opcode < opClose && c.final {
		c.inMessage = false
	}
	if !c.inMessage {
		c.started = time.Time{}
	}
}
