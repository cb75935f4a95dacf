// Package agent holds the agents that talk to people: who they are, which surface reaches which, and the conversations they keep.
package agent

import (
	"time"

	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/identity"
)

// ID names an agent.
type ID string

// The agents of the platform.
const (
	Guide           ID = "guide"
	LiaisonContent  ID = "liaison.content"
	LiaisonInsights ID = "liaison.insights"
	LiaisonJourney  ID = "liaison.journey"
	LiaisonOutcomes ID = "liaison.outcomes"
	TypeGuide          = "guide"
	TypeLiaison        = "liaison"
)

// Definition is the platform's layer of an agent (agents.md §1): who it is and what it may use.
type Definition struct {
	ID ID
	// Version rises with every change of what the agent is.
	Version int
	Type    string
	Role    string
	Mission string
	// Must and MustNot are its constitution.
	Must    []string
	MustNot []string
	// Capabilities say to people what it can do.
	Capabilities []string
	// Realm is the realm it speaks for; empty for the guide.
	Realm string
	// Tools are the intent types it may propose; none means none. "realm:x" stands for all open intents of the realm x.
	Tools []string
	// Permission is what a caller needs to speak with it.
	Permission identity.Permission
}

// ForSurface gives the agent that a surface reaches (contract.md §4): a pillar's liaison, anything else the guide.
func ForSurface(surface string) ID {
	switch surface {
	case "content_pillar", "content":
		return LiaisonContent
	case "insights_pillar", "insights":
		return LiaisonInsights
	case "journey_pillar", "operations_pillar", "journey", "operations":
		return LiaisonJourney
	case "outcomes_pillar", "business_outcomes_pillar", "outcomes", "business_outcomes":
		return LiaisonOutcomes
	}
	return Guide
}

// ErrNoSuchAgent is a message for an agent that this deployment does not have.
var ErrNoSuchAgent = fault.New(fault.Unavailable, "capability_unavailable", "This agent is not available on this server.")

// Bounds of a stored conversation (agents.md §6).
const (
	MaxMessages = 200
	MaxHistory  = 256 << 10
)

// Conversation is a thread of one session, about one surface, with its pinned agent.
type Conversation struct {
	ID        string
	TenantID  string
	OwnerID   string
	SessionID string
	// ClientID is the conversation id that the client chose; it is namespaced by session, so it never meets another's.
	ClientID string
	Surface  string
	AgentID  ID
	// Messages counts the stored messages.
	Messages int
	// Summary is what is left of those that were over the bounds.
	Summary   string
	Version   int
	CreatedAt time.Time
	UpdatedAt time.Time
}

// MessageRole says who speaks.
type MessageRole string

// The roles of messages.
const (
	RoleUser      MessageRole = "user"
	RoleAssistant MessageRole = "assistant"
)

// Message is one stored message of a conversation.
type Message struct {
	ID             string
	TenantID       string
	ConversationID string
	// Seq counts the messages of a conversation from 1.
	Seq         int64
	Role        MessageRole
	Text        string
	AgentID     ID
	ExecutionID string
	// Origin is "anonymous" for what was said before the session's upgrade, else "authenticated".
	Origin    string
	CreatedAt time.Time
}

// Suggestion is a next step that a frontend can show as a button: an intent with its parameters, or a message to send.
type Suggestion struct {
	Label      string
	IntentType string
	// Parameters is a JSON object.
	Parameters []byte
	Message    string
}

// Reply is what an agent's turn ends with.
type Reply struct {
	Text        string
	Suggestions []Suggestion
	// Calls are what the agent asks for before it says more; an agent that asks is asked again with the results. Empty ends the turn.
	Calls []ToolCall
	// Data is a JSON object with the facts behind the text (counts, ids, routing); nil without.
	Data []byte
	// Method is "deterministic" or "llm".
	Method string
}
