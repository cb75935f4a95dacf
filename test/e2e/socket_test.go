package e2e_test

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/require"
)

// socket is an open agent socket.
type socket struct {
	t    *testing.T
	conn *websocket.Conn
	doc  *frames
}

// frame is what the server sends.
type frame struct {
	Type           string         `json:"type"`
	EventType      string         `json:"event_type"`
	Data           map[string]any `json:"data"`
	ExecutionID    string         `json:"execution_id"`
	ConversationID string         `json:"conversation_id"`
	Epoch          int            `json:"epoch"`
	Seq            int64          `json:"seq"`
	Error          string         `json:"error"`
	Code           string         `json:"code"`
}

// dial tries to open the agent socket; without success the answer tells why.
func (a *api) dial(who caller, query url.Values, more http.Header) (*socket, response) {
	a.t.Helper()
	header := more.Clone()
	if header == nil {
		header = http.Header{}
	}
	if who.secret != "" {
		header.Set("X-Session-Secret", who.secret)
	}
	if who.token != "" {
		header.Set("Authorization", "Bearer "+who.token)
	}
	address := strings.Replace(a.base, "http", "ws", 1) + "/api/runtime/agent?" + query.Encode()
	dialer := websocket.Dialer{HandshakeTimeout: waitTime, Subprotocols: []string{"agent.v1"}}
	conn, res, err := dialer.DialContext(a.t.Context(), address, header)
	if errors.Is(err, websocket.ErrBadHandshake) {
		body, readErr := io.ReadAll(res.Body)
		require.NoError(a.t, readErr)
		return nil, response{t: a.t, what: "WS /api/runtime/agent", status: res.StatusCode, header: res.Header, body: body}
	}
	require.NoError(a.t, err)
	a.t.Cleanup(func() { _ = conn.Close() }) // often closed by the server already
	require.NoError(a.t, conn.SetReadDeadline(time.Now().Add(2*waitTime)))
	return &socket{t: a.t, conn: conn, doc: loadFrames(a.t, a)}, response{t: a.t, status: res.StatusCode, header: res.Header}
}

// open opens the socket of a session and checks the greeting.
func (a *api) open(who caller, sessionID string) *socket {
	a.t.Helper()
	s, refused := a.dial(who, url.Values{"session_id": {sessionID}}, nil)
	require.NotNil(a.t, s, "refused with %d: %s", refused.status, refused.body)
	hello := s.until("connection.established", nil)
	require.Equal(a.t, sessionID, hello.Data["session_id"])
	return s
}

func (s *socket) send(v any) {
	s.t.Helper()
	require.NoError(s.t, s.conn.WriteJSON(v))
}

// next reads one frame and holds it against the AsyncAPI document.
func (s *socket) next() (frame, error) {
	s.t.Helper()
	kind, raw, err := s.conn.ReadMessage()
	if err != nil {
		return frame{}, err
	}
	require.Equal(s.t, websocket.TextMessage, kind)
	s.doc.check(s.t, raw)
	var f frame
	require.NoError(s.t, json.Unmarshal(raw, &f))
	return f, nil
}

// until reads up to the first frame of an event type. seen gets the ones before.
func (s *socket) until(eventType string, seen func(frame)) frame {
	s.t.Helper()
	for {
		f, err := s.next()
		require.NoError(s.t, err, "waiting for %s", eventType)
		if f.EventType == eventType {
			return f
		}
		require.NotEqual(s.t, "error", f.Type, "%s: %s", f.Code, f.Error)
		if seen != nil {
			seen(f)
		}
	}
}

// refusal reads up to the next error frame.
func (s *socket) refusal() frame {
	s.t.Helper()
	for {
		f, err := s.next()
		require.NoError(s.t, err)
		if f.Type == "error" {
			return f
		}
	}
}

// closed reads up to the end and gives the close code and the event types before it.
func (s *socket) closed() (code int, before []string) {
	s.t.Helper()
	for {
		f, err := s.next()
		if err == nil {
			before = append(before, f.EventType)
			continue
		}
		var end *websocket.CloseError
		require.ErrorAs(s.t, err, &end)
		return end.Code, before
	}
}

// ask sends a message and gives the answer with its execution; the order of events is checked.
func (s *socket) ask(surface, text, agent string) (answer, executionID string) {
	s.t.Helper()
	s.send(map[string]any{"type": "agent.message", "text": text, "context": map[string]any{"surface": surface}})
	started := s.until("agent.started", nil)
	require.Equal(s.t, agent, started.Data["agent_id"])
	var tokens strings.Builder
	done := s.until("agent.completed", func(f frame) {
		if f.EventType == "agent.token" {
			tokens.WriteString(f.Data["token"].(string))
		}
	})
	require.Equal(s.t, agent, done.Data["agent_id"])
	require.Equal(s.t, started.ExecutionID, done.ExecutionID)
	require.Equal(s.t, tokens.String(), done.Data["response"])
	require.NotEmpty(s.t, tokens.String())
	return tokens.String(), started.ExecutionID
}
