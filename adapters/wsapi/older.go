package wsapi

import (
	"context"
	"maps"
	"strings"
	"sync"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/symphainy/symphainy/application/conversation"
	"github.com/symphainy/symphainy/domain/event"
)

// The frames of clients that speak the older dialect (contract.md §4). Who sends one is answered in it from then on.
type (
	intentFrame struct {
		Type   string `json:"type"`
		Intent string `json:"intent"`
		// SessionID is the client's name of the conversation; sessions come with the handshake.
		SessionID string         `json:"session_id"`
		AgentType string         `json:"agent_type"`
		Metadata  jsontext.Value `json:"metadata"`
	}
	intentMetadata struct {
		Pillar string `json:"pillar"`
	}
)

const (
	frameIntent = "intent"
	frameSafety = "safety_response"
)

// The older dialect's types of server frames.
const (
	olderEstablished = "CONNECTION_ESTABLISHED"
	olderStarted     = "EXECUTION_STARTED"
	olderStep        = "STEP_STARTED"
	olderStepDone    = "STEP_COMPLETED"
	olderResponse    = "AGENT_RESPONSE"
	olderCompleted   = "EXECUTION_COMPLETED"
	olderFailed      = "EXECUTION_FAILED"
	olderApproval    = "SAFETY_APPROVAL_PENDING"
)

// older is whether, and how, a socket speaks the older dialect.
type older struct {
	mu sync.Mutex
	on bool
	// greeted tells that the dialect's greeting is out.
	greeted bool
	// names are the client's names of conversations, by their ids.
	names map[string]string
}

func (o *older) speaks() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.on
}

// set turns the dialect on or off: a socket answers as it was last spoken to.
func (o *older) set(on bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.on = on
}

// greet tells that the greeting is still to be said; only once.
func (o *older) greet() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	first := !o.greeted
	o.greeted = true
	return first
}

func (o *older) call(conversationID, name string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.names == nil {
		o.names = map[string]string{}
	}
	if len(o.names) < maxOlderNames {
		o.names[conversationID] = name
	}
}

// maxOlderNames bounds what a client can make its socket remember.
const maxOlderNames = 1000

// name gives the client's name of a conversation, or its id.
func (o *older) name(conversationID string) string {
	o.mu.Lock()
	defer o.mu.Unlock()
	if name := o.names[conversationID]; name != "" {
		return name
	}
	return conversationID
}

// surfaceOf gives the surface of an agent as older clients name it; everything else is the guide.
func surfaceOf(agentType, pillar string) string {
	if agentType == "guide" {
		return ""
	}
	switch strings.TrimSuffix(strings.ToLower(pillar), "liaisonagent") {
	case "content":
		return "content_pillar"
	case "insights":
		return "insights_pillar"
	case "journey", "operations":
		return "journey_pillar"
	case "businessoutcomes", "business_outcomes", "outcomes":
		return "outcomes_pillar"
	}
	return ""
}

// intent passes an older client's text on to the agent that it names.
func (s *agentSocket) intent(ctx context.Context, data []byte) error {
	var f intentFrame
	if err := decode(data, &f); err != nil {
		return err
	}
	var m intentMetadata
	if f.Metadata.Kind() == '{' && json.Unmarshal(f.Metadata, &m) != nil {
		return errValue.WithMsg("metadata.pillar is a string.")
	}
	who := s.caller()
	s.older.set(true)
	s.greetOlder()
	sent, err := s.hub.Conversations.Send(ctx, who.principal, conversation.MessageCommand{
		SessionID: who.session.ID(), Text: f.Intent, Surface: surfaceOf(f.AgentType, m.Pillar), ConversationID: f.SessionID, TraceID: s.trace,
	})
	if err == nil && f.SessionID != "" {
		s.older.call(sent.ConversationID, f.SessionID)
	}
	return err
}

// greetOlder says the dialect's greeting if it has not been said.
func (s *agentSocket) greetOlder() {
	if !s.older.greet() {
		return
	}
	who := s.caller()
	raw, err := s.olderFrame(olderEstablished, map[string]any{
		"session_id": who.session.ID(), "user_id": orNull(who.principal.UserID), "is_anonymous": who.principal.Anonymous(),
	})
	if err != nil {
		s.bug(err)
		return
	}
	s.conn.say(raw)
}

func orNull(text string) any {
	if text == "" {
		return nil
	}
	return text
}

// olderFrame writes a frame of the dialect. Its clients read the fields beside the type or inside data, so they are in both places.
func (s *socket) olderFrame(kind string, fields map[string]any) ([]byte, error) {
	frame := maps.Clone(fields)
	frame["type"], frame["data"], frame["timestamp"] = kind, fields, s.hub.Clock.Now().UTC()
	return json.Marshal(frame, json.Deterministic(true), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
}

// translated gives the frame of an event of the log in the older dialect; nil for one that it does not know.
func (s *socket) translated(e event.Event, conversationID string) ([]byte, error) {
	var d struct {
		Attempt    int            `json:"attempt"`
		Step       string         `json:"step"`
		IntentType string         `json:"intent_type"`
		AgentID    string         `json:"agent_id"`
		Response   string         `json:"response"`
		Error      string         `json:"error"`
		Code       string         `json:"error_code"`
		Values     jsontext.Value `json:"values"`
		Suggested  jsontext.Value `json:"suggestions"`
		Artifacts  jsontext.Value `json:"artifacts"`
		Waiting    *asked         `json:"waiting"`
	}
	if err := json.Unmarshal(e.Data, &d, jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true)); err != nil {
		return nil, nil //nolint:nilerr // an event of another shape is not one of the dialect's
	}
	fields := map[string]any{"execution_id": e.ExecutionID}
	if conversationID != "" {
		fields["conversation_id"] = s.older.name(conversationID)
	}
	switch e.Type {
	case event.ExecutionStarted:
		fields["attempt"] = d.Attempt
		return s.olderFrame(olderStarted, fields)
	case event.StepStarted:
		fields["step"] = d.Step
		return s.olderFrame(olderStep, fields)
	case event.StepCompleted:
		fields["step"] = d.Step
		return s.olderFrame(olderStepDone, fields)
	case event.AgentCompleted:
		pillar, liaison := strings.CutPrefix(d.AgentID, "liaison.")
		fields["message"], fields["agent_type"], fields["pillar"] = d.Response, "guide", nil
		if liaison {
			fields["agent_type"], fields["pillar"] = "liaison", pillar
		}
		fields["suggestions"], fields["artifacts"] = d.Suggested, d.Artifacts
		return s.olderFrame(olderResponse, fields)
	case event.ExecutionWaiting:
		if !d.Waiting.decision() {
			return nil, nil // nobody is asked
		}
		d.Waiting.describe(fields, e.ExecutionID)
		return s.olderFrame(olderApproval, fields)
	case event.ExecutionCompleted:
		fields["status"], fields["intent_type"], fields["values"] = "completed", d.IntentType, d.Values
		return s.olderFrame(olderCompleted, fields)
	case event.ExecutionFailed, event.ExecutionCancelled:
		fields["status"], fields["error"], fields["error_code"] = strings.TrimPrefix(e.Type, "execution."), orNull(d.Error), orNull(d.Code)
		return s.olderFrame(olderFailed, fields)
	}
	return nil, nil // nothing to say
}
