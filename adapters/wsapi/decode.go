package wsapi

import (
	"errors"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/symphainy/symphainy/adapters/internal/wire"
	"github.com/symphainy/symphainy/domain/fault"
)

// The client's frames (contract.md §4). Field names are matched exactly; unknown, repeated and case-twin ones are refused.
type (
	messageFrame struct {
		Type      string         `json:"type"`
		Text      string         `json:"text"`
		Context   messageContext `json:"context"`
		MessageID string         `json:"message_id"`
		WhenBusy  string         `json:"when_busy"`
	}
	messageContext struct {
		Surface        string `json:"surface"`
		ProjectID      string `json:"project_id"`
		ConversationID string `json:"conversation_id"`
	}
	cancelFrame struct {
		Type        string `json:"type"`
		ExecutionID string `json:"execution_id"`
	}
	decisionFrame struct {
		Type          string         `json:"type"`
		ExecutionID   string         `json:"execution_id"`
		Decision      string         `json:"decision"`
		Response      jsontext.Value `json:"response"`
		ArgumentsHash string         `json:"arguments_hash"`
	}
	resumeFrame struct {
		Type           string `json:"type"`
		ExecutionID    string `json:"execution_id"`
		ConversationID string `json:"conversation_id"`
		Epoch          int    `json:"epoch"`
		AfterSeq       int64  `json:"after_seq"`
	}
	refreshFrame struct {
		Type        string `json:"type"`
		AccessToken string `json:"access_token"`
	}
	upgradeFrame struct {
		Type          string `json:"type"`
		AccessToken   string `json:"access_token"`
		SessionSecret string `json:"session_secret"`
	}
	pingFrame struct {
		Type string `json:"type"`
	}
)

// The types of client frames.
const (
	frameMessage  = "agent.message"
	frameCancel   = "agent.cancel"
	frameDecision = "agent.decision"
	frameResume   = "stream.resume"
	frameRefresh  = "auth.refresh"
	frameUpgrade  = "session.upgrade"
	framePing     = "ping"
)

// Errors of frames. The connection stays open after each of them.
var (
	errInvalidJSON = fault.New(fault.Malformed, "invalid_json", "A message is one JSON object without repeated fields.")
	errUnknownType = fault.New(fault.Malformed, "unknown_message_type", "There is no message of this type here; /api/asyncapi.json lists them.")
	errField       = fault.New(fault.Malformed, "unknown_field", "The message has a field that its type does not know.")
	errValue       = fault.New(fault.Invalid, "invalid_parameters", "The message has a wrong value.")
)

// frameType checks that data is one strict JSON object and reads its type.
func frameType(data []byte) (string, error) {
	if err := wire.Check(data); err != nil {
		return "", errInvalidJSON.Because(err)
	}
	var head struct {
		Type *string `json:"type"`
	}
	if err := json.Unmarshal(data, &head); err != nil || head.Type == nil {
		return "", errUnknownType.WithMsg("A message has a type, a string.")
	}
	return *head.Type, nil
}

// decode reads a frame that frameType has passed, in either of its two forms: fields beside the type, or inside a payload.
func decode(data []byte, into any) error {
	err := wire.Unmarshal(unfold(data), into)
	if err == nil {
		return nil
	}
	said := errValue
	if errors.Is(err, wire.ErrUnknownField) {
		said = errField
	}
	if fields := fault.As(err).Fields; len(fields) > 0 {
		return said.WithMsg("%s (%s)", said.Msg, fields[0].Pointer).Because(err)
	}
	return said.Because(err)
}

// unfold gives {"type": …, "payload": {…}} its flat form. A payload beside other fields, or one that is no object or has a type of its
// own, stays as it is, and the strict decoder refuses it.
func unfold(data []byte) []byte {
	var outer map[string]jsontext.Value
	var inner map[string]jsontext.Value
	if json.Unmarshal(data, &outer) != nil || len(outer) != 2 || outer["payload"].Kind() != '{' {
		return data
	}
	if err := json.Unmarshal(outer["payload"], &inner); err != nil || inner["type"] != nil {
		return data
	}
	inner["type"] = outer["type"]
	flat, err := json.Marshal(inner)
	if err != nil {
		return data
	}
	return flat
}
