package wsapi

import (
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/symphainy/symphainy/domain/event"
	"github.com/symphainy/symphainy/domain/fault"
)

// The events that only sockets know; all others come from the log.
const (
	eventEstablished = "connection.established"
	eventResumed     = "stream.resumed"
	eventUpgraded    = "session.upgraded"
	eventGoAway      = "server.goaway"
	eventPong        = "pong"
)

// runtimeEvent is every frame to the client but errors.
type runtimeEvent struct {
	Type           string         `json:"type"`
	EventType      string         `json:"event_type"`
	Data           jsontext.Value `json:"data"`
	ExecutionID    string         `json:"execution_id,omitzero"`
	ConversationID string         `json:"conversation_id,omitzero"`
	Epoch          int            `json:"epoch,omitzero"`
	Seq            int64          `json:"seq,omitzero"`
	Timestamp      time.Time      `json:"timestamp"`
}

// errorFrame answers a bad message.
type errorFrame struct {
	Type      string    `json:"type"`
	Error     string    `json:"error"`
	Code      string    `json:"code"`
	Timestamp time.Time `json:"timestamp"`
}

type established struct {
	SessionID   string     `json:"session_id"`
	UserID      *string    `json:"user_id"`
	IsAnonymous bool       `json:"is_anonymous"`
	Position    []position `json:"position"`
}

type position struct {
	ExecutionID    string `json:"execution_id"`
	ConversationID string `json:"conversation_id,omitzero"`
	Epoch          int    `json:"epoch"`
	Seq            int64  `json:"seq"`
}

type resumed struct {
	Recovered bool   `json:"recovered"`
	Reason    string `json:"reason,omitzero"`
	FromSeq   int64  `json:"from_seq"`
}

type upgraded struct {
	SessionID   string     `json:"session_id"`
	UserID      string     `json:"user_id"`
	TenantID    string     `json:"tenant_id"`
	Epoch       int        `json:"epoch"`
	IsAnonymous bool       `json:"is_anonymous"`
	AccessToken string     `json:"access_token,omitzero"`
	ExpiresAt   *time.Time `json:"expires_at,omitzero"`
}

type goAway struct {
	Deadline time.Time `json:"deadline"`
}

// encode writes v as JSON. What is encoded here is made of strings, numbers and times, and of JSON that was stored as JSON.
func encode(v any) ([]byte, error) {
	return json.Marshal(v, jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true), jsontext.EscapeForHTML(false))
}

// logged gives the frame of an event of the log.
func logged(e event.Event, conversationID string) ([]byte, error) {
	data := jsontext.Value(e.Data)
	if len(data) == 0 {
		data = jsontext.Value("{}")
	}
	return encode(runtimeEvent{
		Type: "runtime_event", EventType: e.Type, Data: data, ExecutionID: e.ExecutionID, ConversationID: conversationID,
		Epoch: e.Epoch, Seq: e.Seq, Timestamp: e.Time.UTC(),
	})
}

// own gives the frame of an event of the socket itself; frame brings ids and position where they apply.
func own(kind string, data any, frame runtimeEvent, now time.Time) ([]byte, error) {
	raw, err := encode(data)
	if err != nil {
		return nil, err
	}
	frame.Type, frame.EventType, frame.Data, frame.Timestamp = "runtime_event", kind, raw, now.UTC()
	return encode(frame)
}

// failure gives the frame of an error. An error without a meaning for the client says nothing of itself.
func failure(err error, now time.Time) ([]byte, error) {
	f := fault.As(err)
	frame := errorFrame{Type: "error", Error: f.Msg, Code: f.Code, Timestamp: now.UTC()}
	if len(f.Fields) > 0 {
		frame.Error += " " + f.Fields[0].Message
	}
	if f.Kind == fault.Internal {
		frame.Error, frame.Code = "Something went wrong on our side.", "internal"
	}
	return encode(frame)
}
