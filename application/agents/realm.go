package agents

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/symphainy/symphainy/application/intents"
	"github.com/symphainy/symphainy/domain/agent"
	"github.com/symphainy/symphainy/domain/event"
	"github.com/symphainy/symphainy/domain/execution"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/domain/realm"
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
	// gate and model are nil until Equip: agents then answer, and can do nothing.
	gate  *Gate
	model ports.LanguageModel
	rules *rulebook
	uow   ports.UnitOfWork
	price Prices
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

// Equipment is what agents need for more than answers.
type Equipment struct {
	Catalogue *intents.Catalogue
	Grants    ports.Grants
	// Posture gives the deployment's posture, which tenants can narrow; nil is the default.
	Posture func(ctx context.Context, tx ports.Tx, tenantID string) (agent.Posture, error)
	// Model is nil where the builtin agents answer.
	Model ports.LanguageModel
	// Models are those that a tenant may choose instead of the deployment's.
	Models []string
	Prices Prices
	// UnitOfWork is where what a model may use up is reserved.
	UnitOfWork ports.UnitOfWork
}

// Prices are the cost of a million tokens, in the currency in which budgets are counted.
type Prices struct{ Input, Output float64 }

// Equip gives the agents their definitions, tools and model, before the first turn. It comes after NewRealm because the catalogue, from
// which tools are made, has this realm in it.
func (r *Realm) Equip(e Equipment) error {
	definitions, err := Definitions()
	if err != nil {
		return fmt.Errorf("agents: %w", err)
	}
	tools, err := NewTools(e.Catalogue)
	if err != nil {
		return fmt.Errorf("agents: %w", err)
	}
	if e.Posture == nil {
		e.Posture = func(context.Context, ports.Tx, string) (agent.Posture, error) { return agent.DefaultPosture(), nil }
	}
	r.model, r.uow, r.price = e.Model, e.UnitOfWork, e.Prices
	r.rules = &rulebook{tools: tools, definitions: definitions, base: e.Posture, offered: e.Models}
	r.gate = &Gate{Tools: tools, Grants: e.Grants, Rules: r.rules.of, Clock: r.clock, IDs: r.ids}
	return nil
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

// Declaration says that the realm has internal intents only.
func (r *Realm) Declaration() realm.Declaration {
	return realm.Declaration{
		Name: "agents", Title: "Agents", Agents: []string{string(agent.Guide)},
		Intents: []realm.IntentSpec{{
			Type: TurnIntent, Title: "Answer a message", Summary: "One turn of an agent in a conversation.", Tier: 1, Internal: true, Anonymous: true,
			Permission: identity.PermWrite, Retry: realm.RetryExternal, ResultKeys: []string{},
			Events: []string{event.AgentStarted, event.AgentToken, event.AgentToolCall, event.AgentToolResult, event.AgentWaiting, event.AgentCompleted},
			Schema: []byte(`{"type":"object","additionalProperties":false,
				"required":["agent_id","conversation_id","message_id","text","surface"],
				"properties":{"agent_id":{"type":"string","maxLength":64},"conversation_id":{"type":"string","maxLength":64},
				"message_id":{"type":"string","maxLength":64},"text":{"type":"string","minLength":1,"maxLength":65536},
				"surface":{"type":"string","maxLength":64}}}`),
			Example: []byte(`{"agent_id":"guide","conversation_id":"con_00000000000000000000000000","message_id":"msg_00000000000000000000000000","text":"Hello","surface":""}`),
		}, {
			Type: ToolIntent, Title: "Use a tool", Summary: "One tool call of an agent from outside.", Tier: 1, Internal: true, Anonymous: true,
			Permission: identity.PermRead, Retry: realm.RetryExternal, ResultKeys: []string{},
			Events: []string{event.AgentToolCall, event.AgentToolResult, event.AgentWaiting},
			Schema: []byte(`{"type":"object","additionalProperties":false,"required":["tool","arguments"],
				"properties":{"tool":{"type":"string","maxLength":128},"arguments":{}}}`),
			Example: []byte(`{"tool":"find_artifacts","arguments":{}}`),
		}},
	}
}

// Handlers gives the handlers of turns and of calls from outside.
func (r *Realm) Handlers() map[string]ports.IntentHandler {
	return map[string]ports.IntentHandler{TurnIntent: r.turn, ToolIntent: r.tool}
}

// FailureEvents tells a conversation that its message found no answer.
func (r *Realm) FailureEvents(s execution.Snapshot, code, message string) []event.Draft {
	var p TurnParameters
	if s.Intent.Type != TurnIntent || json.Unmarshal(s.Intent.Parameters, &p) != nil {
		return nil
	}
	return []event.Draft{{Type: event.AgentFailed, Data: Encode(map[string]any{
		"agent_id": p.AgentID, "conversation_id": p.ConversationID, "execution_id": s.ID, "error": message, "code": code,
	})}}
}
