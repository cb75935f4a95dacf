// Package llmtest is a language model for tests: a local HTTP server that speaks the wire format of OpenAI's chat completions as a script
// says, well or badly; and the conformance suite that every ports.LanguageModel passes against it.
package llmtest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
)

// Request is what a client asked for.
type Request struct {
	Header   http.Header `json:"-"`
	Path     string      `json:"-"`
	Model    string      `json:"model"`
	Stream   bool        `json:"stream"`
	Messages []Message   `json:"messages"`
	Tools    []struct {
		Type     string `json:"type"`
		Function struct {
			Name        string          `json:"name"`
			Description string          `json:"description"`
			Parameters  json.RawMessage `json:"parameters"`
		} `json:"function"`
	} `json:"tools"`
	Input []string `json:"input"`
	// Raw is the body as it came.
	Raw []byte `json:"-"`
}

// Message is one message of a request.
type Message struct {
	Role       string `json:"role"`
	Content    string `json:"content"`
	ToolCallID string `json:"tool_call_id"`
	ToolCalls  []struct {
		ID       string `json:"id"`
		Function struct {
			Name      string `json:"name"`
			Arguments string `json:"arguments"`
		} `json:"function"`
	} `json:"tool_calls"`
}

// Last gives the last message of a role; empty if there is none.
func (r Request) Last(role string) Message {
	for i := len(r.Messages) - 1; i >= 0; i-- {
		if r.Messages[i].Role == role {
			return r.Messages[i]
		}
	}
	return Message{}
}

// ToolNames gives the names of the tools that the model may see.
func (r Request) ToolNames() []string {
	names := make([]string, len(r.Tools))
	for i, t := range r.Tools {
		names[i] = t.Function.Name
	}
	return names
}

// Call is a tool call of an answer.
type Call struct{ ID, Name, Arguments string }

// Answer is what the model says: pieces of text, then calls. Write, if set, writes the whole response instead.
type Answer struct {
	Pieces []string
	Calls  []Call
	// NoUsage leaves out the count of tokens.
	NoUsage bool
	Write   func(w http.ResponseWriter, r *http.Request)
}

// Say is an answer of text.
func Say(pieces ...string) Answer { return Answer{Pieces: pieces} }

// Use is an answer that calls tools: pairs of a name and its arguments.
func Use(namesAndArguments ...string) Answer {
	var a Answer
	for i := 0; i+1 < len(namesAndArguments); i += 2 {
		a.Calls = append(a.Calls, Call{fmt.Sprintf("call_x%d", i), namesAndArguments[i], namesAndArguments[i+1]})
	}
	return a
}

// Status is an answer that is an HTTP error, to be asked again at once.
func Status(code int) Answer {
	return Answer{Write: func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Retry-After-Ms", "1")
		w.WriteHeader(code)
		fmt.Fprintf(w, `{"error":{"message":"scripted %d","type":"scripted","code":"scripted"}}`, code)
	}}
}

// Server is a model that answers as its script says. The script is called by many requests at once.
type Server struct {
	*httptest.Server

	mu       sync.Mutex
	script   func(Request) Answer
	requests []Request
}

// NewServer starts a server that ends with the test.
func NewServer(t testing.TB, script func(Request) Answer) *Server {
	t.Helper()
	s := &Server{script: script}
	s.Server = httptest.NewServer(http.HandlerFunc(s.serve))
	t.Cleanup(func() {
		s.CloseClientConnections()
		s.Close()
	})
	return s
}

// BaseURL is what a client is configured with.
func (s *Server) BaseURL() string { return s.URL + "/v1" }

// Script changes what the model says from now on.
func (s *Server) Script(script func(Request) Answer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.script = script
}

// Requests gives what was asked until now.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Request(nil), s.requests...)
}

func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	raw := make([]byte, 0, 4096)
	body := http.MaxBytesReader(w, r.Body, 64<<20)
	for buffer := make([]byte, 32<<10); ; {
		n, err := body.Read(buffer)
		raw = append(raw, buffer[:n]...)
		if err != nil {
			break
		}
	}
	request := Request{Header: r.Header, Path: r.URL.Path, Raw: raw}
	if err := json.Unmarshal(raw, &request); err != nil {
		http.Error(w, `{"error":{"message":"this is no request"}}`, http.StatusBadRequest)
		return
	}
	s.mu.Lock()
	s.requests = append(s.requests, request)
	script := s.script
	s.mu.Unlock()
	answer := script(request)
	if answer.Write != nil {
		answer.Write(w, r)
		return
	}
	Stream(w, answer)
}

// Begin writes the head of a stream and gives a writer of its chunks.
func Begin(w http.ResponseWriter) (chunk func(data string)) {
	w.Header().Set("Content-Type", "text/event-stream")
	w.WriteHeader(http.StatusOK)
	rc := http.NewResponseController(w)
	return func(data string) {
		fmt.Fprintf(w, "data: %s\n\n", data)
		_ = rc.Flush() // a client that is gone is what some scripts are about
	}
}

// Stream writes an answer as a well-behaved endpoint does.
func Stream(w http.ResponseWriter, a Answer) {
	chunk := Begin(w)
	for _, p := range a.Pieces {
		chunk(Piece(p))
	}
	finish := "stop"
	for i, c := range a.Calls {
		finish = "tool_calls"
		half := len(c.Arguments) / 2
		chunk(delta(map[string]any{"tool_calls": []any{map[string]any{
			"index": i, "id": c.ID, "type": "function", "function": map[string]any{"name": c.Name, "arguments": c.Arguments[:half]},
		}}}, ""))
		chunk(delta(map[string]any{"tool_calls": []any{map[string]any{"index": i, "function": map[string]any{"arguments": c.Arguments[half:]}}}}, ""))
	}
	chunk(delta(map[string]any{}, finish))
	if !a.NoUsage {
		chunk(`{"id":"x","object":"chat.completion.chunk","model":"scripted","choices":[],"usage":{"prompt_tokens":100,"completion_tokens":20,"total_tokens":120}}`)
	}
	chunk("[DONE]")
}

// Piece is a chunk of text.
func Piece(text string) string { return delta(map[string]any{"content": text}, "") }

func delta(d map[string]any, finish string) string {
	choice := map[string]any{"index": 0, "delta": d, "finish_reason": nil}
	if finish != "" {
		choice["finish_reason"] = finish
	}
	raw, err := json.Marshal(map[string]any{"id": "x", "object": "chat.completion.chunk", "model": "scripted", "choices": []any{choice}})
	if err != nil {
		panic(err)
	}
	return string(raw)
}
