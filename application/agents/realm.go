package agents

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/symphainy/symphainy/domain/agent"
	"github.com/symphainy/symphainy/domain/event"
	"github.com/symphainy/symphainy/domain/execution"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/domain/realm"
	"github.com/symphainy/symphainy/domain/typeid"
	"github.com/symphainy/symphainy/ports"
)

// TurnIntent is the intent of one agent's turn. It is internal: only the conversation starts it.
const TurnIntent = "agent.turn"

// maxToken bounds one agent.token event in bytes (runtime.md §3).
const maxToken = 1024

// TurnParameters are the parameters of TurnIntent.
type TurnParameters struct {
	AgentID        agent.ID `json:"agent_id"`
	ConversationID string   `json:"conversation_id"`
	// MessageID is the message that is answered.
	MessageID string `json:"message_id"`
	Text      string `json:"text"`
	Surface   string `json:"surface"`
}

// Realm runs agents' turns.
type Realm struct {
	agents map[agent.ID]ports.Agent
	clock  ports.Clock
	ids    ports.IDs
}

var (
	_ ports.Realm           = (*Realm)(nil)
	_ ports.FailureReporter = (*Realm)(nil)
)

// NewRealm makes the realm of the given agents.
func NewRealm(clock ports.Clock, ids ports.IDs, agents ...ports.Agent) *Realm {
	r := &Realm{agents: map[agent.ID]ports.Agent{}, clock: clock, ids: ids}
	for _, a := range agents {
		r.agents[a.Definition().ID] = a
	}
	return r
}

// Has reports whether the agent is on this server.
func (r *Realm) Has(id agent.ID) bool { return r.agents[id] != nil }

// Type gives the type of an agent, such as "guide"; "" for one that is not here.
func (r *Realm) Type(id agent.ID) string {
	if a := r.agents[id]; a != nil {
		return a.Definition().Type
	}
	return ""
}

// Declaration says that the realm has one internal intent.
func (r *Realm) Declaration() realm.Declaration {
	return realm.Declaration{
		Name: "agents", Title: "Agents", Agents: []string{string(agent.Guide)},
		Intents: []realm.IntentSpec{{
			Type: TurnIntent, Title: "Answer a message", Summary: "One turn of an agent in a conversation.", Tier: 1, Internal: true, Anonymous: true,
			Permission: identity.PermWrite, Retry: realm.RetryExternal, ResultKeys: []string{},
			Events: []string{event.AgentStarted, event.AgentToken, event.AgentCompleted},
			Schema: []byte(`{"type":"object","additionalProperties":false,
				"required":["agent_id","conversation_id","message_id","text","surface"],
				"properties":{"agent_id":{"type":"string","maxLength":64},"conversation_id":{"type":"string","maxLength":64},
				"message_id":{"type":"string","maxLength":64},"text":{"type":"string","minLength":1,"maxLength":65536},
				"surface":{"type":"string","maxLength":64}}}`),
			Example: []byte(`{"agent_id":"guide","conversation_id":"con_00000000000000000000000000","message_id":"msg_00000000000000000000000000","text":"Hello","surface":""}`),
		}},
	}
}

// Handlers gives the turn's handler.
func (r *Realm) Handlers() map[string]ports.IntentHandler {
	return map[string]ports.IntentHandler{TurnIntent: r.turn}
}

// FailureEvents tells a conversation that its message found no answer.
func (r *Realm) FailureEvents(s execution.Snapshot, code, message string) []event.Draft {
	var p TurnParameters
	if json.Unmarshal(s.Intent.Parameters, &p) != nil {
		return nil
	}
	return []event.Draft{{Type: event.AgentFailed, Data: Encode(map[string]any{
		"agent_id": p.AgentID, "conversation_id": p.ConversationID, "execution_id": s.ID, "error": message, "code": code,
	})}}
}

// answer is what the recorded step of a turn keeps, so that a repeated attempt says the same.
type answer struct {
	Reply  agent.Reply `json:"reply"`
	Tokens []string    `json:"tokens"`
}

func (r *Realm) turn(ctx context.Context, call ports.IntentCall) (ports.IntentResult, error) {
	ex := call.Execution()
	var p TurnParameters
	if err := json.Unmarshal(ex.Intent.Parameters, &p); err != nil {
		return ports.IntentResult{}, fault.As(fmt.Errorf("turn parameters: %w", err))
	}
	speaker := r.agents[p.AgentID]
	if speaker == nil {
		return ports.IntentResult{}, agent.ErrNoSuchAgent
	}
	turn, err := r.assemble(ctx, call, p)
	if err != nil {
		return ports.IntentResult{}, err
	}
	raw, err := call.Transact(ctx, "answer", func(ctx context.Context, tx ports.Tx, now execution.Snapshot) ([]byte, error) {
		return r.answer(ctx, tx, now, speaker, turn)
	})
	if err != nil {
		return ports.IntentResult{}, err
	}
	var a answer
	if err := json.Unmarshal(raw, &a); err != nil {
		return ports.IntentResult{}, fault.As(fmt.Errorf("stored answer: %w", err))
	}
	return ports.IntentResult{
		Values: map[string]string{"response": a.Reply.Text, "conversation_id": p.ConversationID, "agent_id": string(p.AgentID)},
		Events: r.events(ex, p, speaker.Definition(), a),
	}, nil
}

// answer lets the builtin agent speak and stores its message with the step's record. A builtin agent computes in memory, so it may
// run inside the transaction; an agent that calls out must not.
func (r *Realm) answer(ctx context.Context, tx ports.Tx, now execution.Snapshot, speaker ports.Agent, turn ports.Turn) ([]byte, error) {
	var a answer
	var pending string
	reply, err := speaker.Respond(ctx, turn, func(text string) error {
		if len(pending)+len(text) > maxToken && pending != "" {
			a.Tokens, pending = append(a.Tokens, pending), ""
		}
		if pending += text; len(a.Tokens) < firstTokens {
			a.Tokens, pending = append(a.Tokens, pending), ""
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if pending != "" {
		a.Tokens = append(a.Tokens, pending)
	}
	a.Reply = reply
	origin := "authenticated"
	if now.Principal.Anonymous() {
		origin = "anonymous"
	}
	_, err = tx.Messages.Append(ctx, agent.Message{
		ID: r.ids.NewID(typeid.Message), TenantID: now.TenantID, ConversationID: turn.Conversation.ID, Role: agent.RoleAssistant,
		Text: reply.Text, AgentID: speaker.Definition().ID, ExecutionID: now.ID, Origin: origin, CreatedAt: r.clock.Now(),
	})
	if err != nil {
		return nil, err
	}
	if _, err = tx.Messages.Trim(ctx, now.TenantID, turn.Conversation.ID, agent.MaxMessages); err != nil {
		return nil, err
	}
	return json.Marshal(a)
}

// firstTokens is how many words are events of their own before an answer is coalesced: a reader sees it begin at once, and a long answer
// does not become hundreds of rows.
const firstTokens = 20

func (r *Realm) events(ex execution.Snapshot, p TurnParameters, d agent.Definition, a answer) []event.Draft {
	common := func(more map[string]any) []byte {
		more["agent_id"], more["conversation_id"] = p.AgentID, p.ConversationID
		return Encode(more)
	}
	drafts := []event.Draft{{Type: event.AgentStarted, Data: common(map[string]any{"agent_type": d.Type, "execution_id": ex.ID})}}
	for _, t := range a.Tokens {
		drafts = append(drafts, event.Draft{Type: event.AgentToken, Data: common(map[string]any{"token": t})})
	}
	suggestions := make([]map[string]any, len(a.Reply.Suggestions))
	for i, s := range a.Reply.Suggestions {
		suggestions[i] = map[string]any{"label": s.Label}
		if s.IntentType != "" {
			suggestions[i]["intent_type"], suggestions[i]["parameters"] = s.IntentType, json.RawMessage(s.Parameters)
		}
		if s.Message != "" {
			suggestions[i]["message"] = s.Message
		}
	}
	done := map[string]any{
		"execution_id": ex.ID, "response": a.Reply.Text, "artifacts": map[string]any{}, "suggestions": suggestions, "method": a.Reply.Method,
	}
	if a.Reply.Data != nil {
		done["data"] = json.RawMessage(a.Reply.Data)
	}
	return append(drafts, event.Draft{Type: event.AgentCompleted, Data: common(done)})
}
