package ports

import (
	"context"

	"github.com/symphainy/symphainy/domain/agent"
	"github.com/symphainy/symphainy/domain/fault"
)

// Errors of a language model. All are Unavailable, so that whoever asked can go on without one; the reason is in the cause, for the log.
var (
	// ErrModelUnavailable is a model that does not answer: network, time-out, 429 and 5xx after all retries, an open circuit.
	ErrModelUnavailable = fault.New(fault.Unavailable, "llm_unavailable", "The language model does not answer just now.")
	// ErrModelRefused is a model that refuses the request itself: key, name of the model, content. Asking again does not help.
	ErrModelRefused = fault.New(fault.Unavailable, "llm_refused", "The language model refuses the request.")
	// ErrModelOutput is an answer that is none: cut off, not the wire format, or over the limit.
	ErrModelOutput = fault.New(fault.Unavailable, "llm_bad_output", "The language model gave an answer that cannot be read.")
)

// ChatRole says who speaks in a chat with a model.
type ChatRole string

// The roles of a chat. What a person wrote and what a tool returned never gets RoleSystem.
const (
	ChatSystem    ChatRole = "system"
	ChatUser      ChatRole = "user"
	ChatAssistant ChatRole = "assistant"
	ChatTool      ChatRole = "tool"
)

// ChatMessage is one message of a chat.
type ChatMessage struct {
	Role ChatRole
	Text string
	// Calls are what an assistant's message asked for.
	Calls []agent.ToolCall
	// CallID is the call that a tool's message answers.
	CallID string
}

// ToolSpec describes a tool to a model.
type ToolSpec struct {
	Name        string
	Description string
	// Schema is a JSON Schema of the arguments, an object.
	Schema []byte
}

// ChatRequest asks a model to go on with a chat.
type ChatRequest struct {
	// Model is the name of the model; empty is the adapter's default.
	Model string
	// Temperature is the model's own default if nil.
	Temperature *float64
	// MaxTokens bounds the answer; 0 is the adapter's default.
	MaxTokens int
	Messages  []ChatMessage
	Tools     []ToolSpec
}

// ChatReply is a model's whole answer.
type ChatReply struct {
	Text string
	// Calls are what the model asks for, in its order. Names and arguments are the model's words: neither need exist, fit or be JSON. IDs
	// are made here, unique within the reply, whatever the model sent.
	Calls []agent.ToolCall
	// Cut tells that the answer ended at MaxTokens.
	Cut   bool
	Model string
	Usage agent.Usage
}

// LanguageModel is a model that speaks and calls tools.
type LanguageModel interface {
	// Chat gives the model's answer; say gets its text piece by piece as it comes, and its error ends the call and is returned. When ctx
	// ends the request to the model ends at once, and the error is ctx's cause. All other errors are of those above. Usage is estimated
	// where the model tells none, and never 0 for an answer. Nothing that was said is said again by a retry.
	Chat(ctx context.Context, r ChatRequest, say func(text string) error) (ChatReply, error)
	// Embed gives a vector for each text, in order and all of one length.
	Embed(ctx context.Context, texts []string) (Embeddings, error)
}

// Embeddings are vectors of texts.
type Embeddings struct {
	Vectors [][]float32
	Model   string
	Usage   agent.Usage
}
