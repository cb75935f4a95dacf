package tour

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/gorilla/websocket"
)

// frame is what the server sends over the socket.
type frame struct {
	Type           string          `json:"type"`
	EventType      string          `json:"event_type"`
	Data           json.RawMessage `json:"data"`
	ExecutionID    string          `json:"execution_id"`
	ConversationID string          `json:"conversation_id"`
	Error          string          `json:"error"`
	Code           string          `json:"code"`
}

// socket is an open agent socket.
type socket struct{ conn *websocket.Conn }

// dial opens the agent socket of a session.
func dial(ctx context.Context, base, sessionID string, who caller) (_ *socket, err error) {
	u, err := url.Parse(base)
	if err != nil {
		return nil, err
	}
	u.Scheme = strings.Replace(u.Scheme, "http", "ws", 1)
	u.Path, u.RawQuery = "/api/runtime/agent", url.Values{"session_id": {sessionID}}.Encode()
	header := http.Header{}
	who.sign(header)
	dialer := websocket.Dialer{HandshakeTimeout: 10 * time.Second, Subprotocols: []string{"agent.v1"}}
	conn, res, err := dialer.DialContext(ctx, u.String(), header)
	if err != nil {
		if res == nil {
			return nil, fmt.Errorf("open the socket: %w", err)
		}
		defer func() { err = errors.Join(err, res.Body.Close()) }()
		body, _ := io.ReadAll(io.LimitReader(res.Body, 4<<10)) // what can be read of the reason is enough
		return nil, answer{res.StatusCode, res.Header, body}.decode("WS "+u.Path, nil)
	}
	if deadline, ok := ctx.Deadline(); ok {
		if err := errors.Join(conn.SetReadDeadline(deadline), conn.SetWriteDeadline(deadline)); err != nil {
			return nil, errors.Join(err, conn.Close())
		}
	}
	return &socket{conn}, nil
}

func (s *socket) send(v any) error { return s.conn.WriteJSON(v) }

// until reads frames until one of the wanted event type, which it gives. seen gets all others; an error frame ends the wait.
func (s *socket) until(eventType string, seen func(frame)) (frame, error) {
	for {
		var f frame
		if err := s.conn.ReadJSON(&f); err != nil {
			return f, fmt.Errorf("waiting for %s on the socket: %w", eventType, err)
		}
		switch {
		case f.Type == "error":
			return f, fmt.Errorf("the server refused a message: %s (%s)", f.Error, f.Code)
		case f.EventType == eventType:
			return f, nil
		case f.EventType == "agent.failed" || f.EventType == "execution.failed":
			return f, fmt.Errorf("%s: %.300s", f.EventType, f.Data)
		case seen != nil:
			seen(f)
		}
	}
}

// close says goodbye.
func (s *socket) close() error {
	err := s.conn.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(websocket.CloseNormalClosure, ""), time.Now().Add(time.Second))
	return errors.Join(err, s.conn.Close())
}
