package wsapi

import (
	"context"
	"errors"
	"time"

	"github.com/gorilla/websocket"
)

// errSlow is a queue that stayed full.
var errSlow = ending{closeSlowReader, "slow reader"}

// say queues a frame without waiting; a full queue ends the socket as a slow reader's.
func (c *conn) say(frame []byte) {
	if !c.offer(frame) {
		c.end(errSlow)
	}
}

// offer queues a frame if there is room.
func (c *conn) offer(frame []byte) bool { return c.offerAll([][]byte{frame}) == 1 }

// offerAll queues frames as far as there is room, and gives how many that were.
func (c *conn) offerAll(frames [][]byte) int {
	n, start := c.out.put(frames...)
	c.startIf(start)
	return n
}

// sayWait queues a frame, waiting for room: a burst longer than the queue goes out as fast as the peer reads.
func (c *conn) sayWait(ctx context.Context, frame []byte) error {
	if c.offer(frame) {
		return nil
	}
	timer := time.NewTimer(c.cfg.DrainWait)
	defer timer.Stop()
	for {
		if room := c.out.space(); room != nil {
			select {
			case <-ctx.Done():
				return context.Cause(ctx)
			case <-timer.C:
				return errSlow
			case <-room:
			}
		}
		if c.offer(frame) {
			return nil
		}
	}
}

// beat asks for a ping if one is due.
func (c *conn) beat(now time.Time) {
	if now.Sub(c.pinged) >= c.cfg.Ping {
		c.pinged = now
		c.startIf(c.out.control(nil))
	}
}

func (c *conn) startIf(start bool) {
	if start {
		go func() { c.guarded("writer", c.write) }()
	}
}

// write is the one writer: frames from the queue, pings, pongs, and at the end the close frame.
func (c *conn) write() {
	orderly := false
	defer func() {
		if !orderly { // a panic
			c.out.finish()
		}
	}()
	for {
		d, more := c.out.next()
		if !more {
			break
		}
		if d.last {
			c.goodbye()
			c.out.finish()
			break
		}
		c.put(d)
	}
	orderly = true
}

// put writes what is due. After an error the socket is over, and what follows is the last words.
func (c *conn) put(d due) {
	if len(d.frames) > 0 && !c.texts(d.frames) {
		return
	}
	if d.pong != nil && !c.frame(websocket.PongMessage, d.pong) {
		return
	}
	if d.ping {
		c.frame(websocket.PingMessage, nil)
	}
}

// texts writes messages, at once where they are several.
func (c *conn) texts(frames [][]byte) bool {
	if len(frames) == 1 {
		if !c.frame(websocket.TextMessage, frames[0]) {
			return false
		}
	} else {
		c.check.cork()
		var err error
		for _, f := range frames {
			if err = c.ws.WriteMessage(websocket.TextMessage, f); err != nil {
				break
			}
		}
		if !c.wrote(errors.Join(err, c.check.uncork())) {
			return false
		}
	}
	c.heard.Store(hostNow().UnixNano())
	return true
}

// frame writes one frame under the write deadline; false if the socket is over.
func (c *conn) frame(kind int, data []byte) bool {
	err := c.ws.SetWriteDeadline(hostNow().Add(c.cfg.Write))
	if err == nil {
		err = c.ws.WriteMessage(kind, data)
	}
	return c.wrote(err)
}

func (c *conn) wrote(err error) bool {
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
		frames := c.out.rest()
		if len(frames) == 0 {
			break
		}
		if !c.texts(frames) {
			return
		}
	}
	_ = c.frame(websocket.CloseMessage, websocket.FormatCloseMessage(e.code, e.reason)) // refused when the library has sent one
}

// silent waits until the last words are said.
func (c *conn) silent() {
	if done := c.out.finished(); done != nil {
		<-done
	}
}
