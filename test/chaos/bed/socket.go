package bed

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/gorilla/websocket"

	"github.com/symphainy/symphainy/test/chaos/history"
)

// ErrHandshake is a socket that could not be opened.
var ErrHandshake = errors.New("the socket could not be opened")

// socketPatience bounds a silent socket: the server's pings come sooner.
const socketPatience = 60 * time.Second

// ReadSocket reads the stream socket of an execution from w.After on until it is closed, into w. It gives the close code, 0 if the
// connection broke without one.
func (c *Client) ReadSocket(ctx context.Context, base string, w *history.Watch, epoch int64) (code int, err error) {
	header := http.Header{}
	c.credentials(header)
	address := fmt.Sprintf("%s/api/execution/%s/stream?after_seq=%d", strings.Replace(base, "http", "ws", 1), w.Execution, w.After)
	if epoch != 0 {
		address += fmt.Sprintf("&epoch=%d", epoch)
	}
	dialer := websocket.Dialer{HandshakeTimeout: 20 * time.Second, Subprotocols: []string{"agent.v1"}}
	conn, res, err := dialer.DialContext(ctx, address, header)
	if err != nil {
		if res != nil && res.StatusCode < http.StatusInternalServerError && res.StatusCode != http.StatusTooManyRequests {
			return 0, fmt.Errorf("the socket of %s is refused with %d", w.Execution, res.StatusCode)
		}
		return 0, errors.Join(ErrHandshake, err)
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
	pings := conn.PingHandler()
	conn.SetPingHandler(func(data string) error {
		return errors.Join(conn.SetReadDeadline(time.Now().Add(socketPatience)), pings(data))
	})
	for {
		if err := conn.SetReadDeadline(time.Now().Add(socketPatience)); err != nil {
			return 0, nil // the connection is gone, which is an outcome and no error
		}
		_, raw, err := conn.ReadMessage()
		var closed *websocket.CloseError
		if errors.As(err, &closed) {
			return closed.Code, ctx.Err()
		}
		if err != nil {
			return 0, ctx.Err()
		}
		if err := takeFrame(w, raw); err != nil {
			return 0, err
		}
	}
}

func takeFrame(w *history.Watch, raw []byte) error {
	var f struct {
		EventType   string    `json:"event_type"`
		ExecutionID string    `json:"execution_id"`
		Epoch       int       `json:"epoch"`
		Seq         int64     `json:"seq"`
		Timestamp   time.Time `json:"timestamp"`
		Data        struct {
			Recovered *bool  `json:"recovered"`
			Reason    string `json:"reason"`
		} `json:"data"`
	}
	if err := json.Unmarshal(raw, &f); err != nil {
		return fmt.Errorf("a frame is no JSON: %w", err)
	}
	switch {
	case f.EventType == "stream.resumed" && f.Data.Recovered != nil:
		w.Recovered, w.Reason = *f.Data.Recovered, f.Data.Reason
	case f.Seq > 0 && f.EventType != "connection.established":
		w.Events = append(w.Events, history.Seen{Execution: f.ExecutionID, Epoch: f.Epoch, Seq: f.Seq, Type: f.EventType, Lag: time.Since(f.Timestamp), Live: true})
		switch f.EventType {
		case "execution.completed", "execution.failed", "execution.cancelled":
			w.Ended = true
		}
	}
	return nil
}

// Socket follows an execution on sockets until its log ends, going on at another replica when one is closed. closed hears every code.
func (c *Client) Socket(ctx context.Context, watcher, id string, closed func(code int)) error {
	var after int64
	for connection := 1; ; connection++ {
		w := history.Watch{Watcher: watcher, Connection: connection, Execution: id, After: after, Recovered: true}
		code, err := c.ReadSocket(ctx, c.bed.Any(), &w, 0)
		if n := len(w.Events); n > 0 {
			after = w.Events[n-1].Seq
		}
		switch {
		case errors.Is(err, ErrHandshake):
		case err != nil:
			return err
		default:
			c.bed.History.Saw(w)
			closed(code)
		}
		if w.Ended {
			return nil
		}
		pause := time.NewTimer(20 * time.Millisecond)
		select {
		case <-ctx.Done():
			pause.Stop()
			return ctx.Err()
		case <-pause.C:
		}
	}
}
