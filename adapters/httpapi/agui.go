package httpapi

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gin-gonic/gin"

	"github.com/symphainy/symphainy/adapters/internal/wire"
	"github.com/symphainy/symphainy/application/conversation"
	"github.com/symphainy/symphainy/domain/event"
	"github.com/symphainy/symphainy/domain/execution"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/ports"
)

// agInput is an AG-UI RunAgentInput. What a client says of its state, tools and context is not taken: the platform knows its own.
type agInput struct {
	ThreadID string `json:"threadId"`
	RunID    string `json:"runId"`
	Messages []struct {
		ID      string          `json:"id"`
		Role    string          `json:"role"`
		Content json.RawMessage `json:"content"`
	} `json:"messages"`
	ForwardedProps struct {
		Surface string `json:"surface"`
	} `json:"forwardedProps"`
	Resume []struct {
		InterruptID string          `json:"interruptId"`
		Status      string          `json:"status"`
		Payload     json.RawMessage `json:"payload"`
	} `json:"resume"`
}

var (
	errNoMessage = fault.New(fault.Invalid, "invalid_parameters", "The messages must end with one of a user, with text.")
	errNoResume  = fault.New(fault.Invalid, "invalid_parameters", "resume must answer one interrupt of an earlier run.")
	errNoControl = fault.New(fault.Unsupported, "unsupported", "This server takes no decisions.")
)

// question gives the last message, which must be a person's: text, or parts with text.
func (in agInput) question() (id, text string, err error) {
	if len(in.Messages) == 0 || in.Messages[len(in.Messages)-1].Role != "user" {
		return "", "", errNoMessage
	}
	m := in.Messages[len(in.Messages)-1]
	if json.Unmarshal(m.Content, &text) == nil {
		return m.ID, text, nil
	}
	var parts []struct {
		Type string `json:"type"`
		Text string `json:"text"`
	}
	if json.Unmarshal(m.Content, &parts) != nil {
		return "", "", errNoMessage
	}
	for _, p := range parts {
		text += p.Text
	}
	return m.ID, text, nil
}

// mcpPath is where outside agents find the tools.
const mcpPath = "/mcp"

func (s *Server) aguiRoutes() {
	s.plain(huma.Operation{Method: http.MethodPost, Path: "/api/agui", Summary: "Talk to an agent as AG-UI events", Tags: []string{"agents"},
		Description: "Takes an AG-UI RunAgentInput and streams its events. An interrupt is a decision that the run waits for; the next run answers it in resume.",
		RequestBody: &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{"application/json": {Schema: &huma.Schema{Type: huma.TypeObject, AdditionalProperties: true}}}},
		Responses: map[string]*huma.Response{"200": {Description: "AG-UI events", Content: map[string]*huma.MediaType{
			eventStream: {Schema: &huma.Schema{Type: huma.TypeString, Description: "Each event's data is an AG-UI event"}},
		}}}}, s.agui)
	if s.d.MCP != nil {
		s.plain(huma.Operation{Method: http.MethodPost, Path: mcpPath, Summary: "The tools over the Model Context Protocol", Tags: []string{"agents"},
			Description: "Streamable HTTP without sessions; the credential is that of every other route.",
			RequestBody: &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{"application/json": {Schema: &huma.Schema{Type: huma.TypeObject, AdditionalProperties: true}}}},
			Responses: map[string]*huma.Response{"200": {Description: "A JSON-RPC answer", Content: map[string]*huma.MediaType{
				"application/json": {Schema: &huma.Schema{Type: huma.TypeObject, AdditionalProperties: true}},
			}}, "202": {Description: "A notification was taken"}}}, func(c *gin.Context) {
			who := callerOf(c.Request.Context())
			s.d.MCP(c.Writer, c.Request, who.principal, who.session.ID())
		})
	}
}

// agui runs a turn, or goes on with one that waited, and tells it as AG-UI events.
func (s *Server) agui(c *gin.Context) {
	who, ctx := callerOf(c.Request.Context()), c.Request.Context()
	var in agInput
	if err := json.NewDecoder(c.Request.Body).Decode(&in); err != nil {
		s.fail(c, errInvalidBody)
		return
	}
	run := &agRun{input: in}
	var err error
	if len(in.Resume) > 0 {
		err = s.agResume(ctx, who, run)
	} else {
		err = s.agSend(ctx, who, run)
	}
	if err == nil {
		err = untimed(c.Writer)
	}
	if err != nil {
		s.fail(c, err)
		return
	}
	s.agStream(c, who.principal, run)
}

var errInvalidBody = fault.New(fault.Malformed, "invalid_json", "The body must be an AG-UI RunAgentInput.")

// agSend hands the last message to the agent of the thread.
func (s *Server) agSend(ctx context.Context, who *caller, run *agRun) error {
	id, text, err := run.input.question()
	if err != nil {
		return err
	}
	sent, err := s.d.Conversations.Send(ctx, who.principal, conversation.MessageCommand{
		SessionID: who.session.ID(), Text: text, Surface: run.input.ForwardedProps.Surface, ConversationID: run.input.ThreadID, MessageID: id, TraceID: wire.TraceID(ctx),
	})
	run.execution = sent.Execution.ID
	return err
}

// agResume takes the decision that an earlier run has ended with. Its interrupt is named by execution, place in the log and arguments.
func (s *Server) agResume(ctx context.Context, who *caller, run *agRun) error {
	entry := run.input.Resume[0]
	parts := strings.Split(entry.InterruptID, ":")
	if len(run.input.Resume) != 1 || len(parts) != 3 {
		return errNoResume
	}
	seq, err := number[int64](parts[1], 1, 1<<53)
	if err != nil {
		return errNoResume
	}
	if s.d.Control == nil {
		return errNoControl
	}
	d := ports.DecisionCommand{Verdict: execution.Reject, ArgumentsHash: parts[2]}
	if entry.Status == "resolved" {
		var payload struct {
			Approved  *bool           `json:"approved"`
			Arguments json.RawMessage `json:"arguments"`
		}
		if json.Unmarshal(entry.Payload, &payload) != nil || payload.Approved == nil {
			return errNoResume
		}
		switch {
		case *payload.Approved && len(payload.Arguments) > 0:
			d.Verdict, d.Response = execution.Edit, payload.Arguments
		case *payload.Approved:
			d.Verdict = execution.Approve
		}
	}
	run.execution, run.from = parts[0], seq
	_, err = s.d.Control.Decide(ctx, who.principal, parts[0], d)
	return err
}

// errInterrupted ends the following of a run that waits for a person.
var errInterrupted = errors.New("the run waits for a person")

// agStream tells an execution's log as AG-UI events until it ends or waits for a person.
func (s *Server) agStream(c *gin.Context, p identity.Principal, run *agRun) {
	c.Header("Content-Type", eventStream)
	c.Header("X-Accel-Buffering", "no")
	c.Status(http.StatusOK)
	out := &sse{w: c.Writer, rc: http.NewResponseController(c.Writer), slow: s.cfg.SlowWrite}
	ctx, stop := context.WithCancelCause(c.Request.Context())
	var beat sync.WaitGroup
	beat.Go(func() { stop(s.guarded(ctx, func() error { return s.watch(ctx, p, out) })) })
	if out.send(agEvent("RUN_STARTED", map[string]any{"threadId": run.input.ThreadID, "runId": run.input.RunID})) == nil {
		err := s.d.Feed.Follow(ctx, p.Scope(), run.execution, ports.Position{Seq: run.from}, func(batch []event.Event) error {
			for _, e := range batch {
				text, over := run.tell(e)
				if text != "" {
					if err := out.send(text); err != nil {
						return err
					}
				}
				if over {
					return errInterrupted
				}
			}
			return nil
		})
		if err != nil && !errors.Is(err, errInterrupted) && ctx.Err() == nil {
			f := fault.As(err)
			// A reader who is gone is told nothing.
			_ = out.send(agEvent("RUN_ERROR", map[string]any{"message": f.Msg, "code": f.Code}))
		}
	}
	stop(context.Canceled)
	beat.Wait()
}

// agEvent writes one event.
func agEvent(kind string, fields map[string]any) string {
	fields["type"] = kind
	raw, err := json.Marshal(fields)
	if err != nil {
		return ""
	}
	return "data: " + string(raw) + "\n\n"
}

// agRun turns the log of one turn into AG-UI events.
type agRun struct {
	input     agInput
	execution string
	from      int64
	// message is the open text message, "" if none is; messages counts them, and length is what the open one holds.
	message  string
	segment  string
	messages int
	length   int
}

// tell gives what an event of the log means, and whether the run is over for this client.
func (r *agRun) tell(e event.Event) (text string, over bool) {
	var d agData
	if json.Unmarshal(e.Data, &d) != nil {
		return "", false
	}
	switch e.Type {
	case event.AgentToken:
		return r.token(d), false
	case event.AgentToolCall:
		return r.toolCall(d), false
	case event.AgentToolResult:
		return agEvent("TOOL_CALL_RESULT", map[string]any{
			"messageId": r.execution + "-" + d.CallID, "toolCallId": d.CallID, "role": "tool", "content": string(e.Data),
		}), false
	case event.AgentCompleted:
		out := r.end()
		if len(d.Suggestions) > 0 && string(d.Suggestions) != "[]" {
			out += agEvent("CUSTOM", map[string]any{"name": "suggestions", "value": d.Suggestions})
		}
		return out, false
	case event.ExecutionWaiting:
		if d.Waiting.For != execution.ForDecision {
			return "", false
		}
		return r.end() + r.interrupt(e, d), true
	case event.ExecutionCompleted:
		return r.end() + r.finished(map[string]any{"type": "success"}), true
	case event.ExecutionCancelled:
		return r.end() + r.finished(map[string]any{"type": "cancelled"}), true
	case event.ExecutionFailed:
		return r.end() + agEvent("RUN_ERROR", map[string]any{"message": d.Error, "code": d.ErrorCode}), true
	}
	return "", false
}

// agData is what the events of a turn hold.
type agData struct {
	Token       string          `json:"token"`
	Segment     string          `json:"segment"`
	Offset      *int            `json:"offset"`
	CallID      string          `json:"call_id"`
	Tool        string          `json:"tool"`
	Arguments   json.RawMessage `json:"arguments"`
	Suggestions json.RawMessage `json:"suggestions"`
	Error       string          `json:"error"`
	ErrorCode   string          `json:"error_code"`
	Waiting     struct {
		For           execution.WaitKind `json:"for"`
		Prompt        string             `json:"prompt"`
		Arguments     json.RawMessage    `json:"arguments"`
		ArgumentsHash string             `json:"arguments_hash"`
		Until         string             `json:"until"`
	} `json:"waiting"`
}

// token goes on with the open message, or begins one: another part of the answer, or one that was begun anew.
func (r *agRun) token(d agData) string {
	out := ""
	if r.message != "" && (d.Segment != r.segment || d.Offset != nil && *d.Offset != r.length) {
		out = r.end()
	}
	if r.message == "" {
		r.messages++
		r.message, r.segment, r.length = r.execution+"-text-"+strconv.Itoa(r.messages), d.Segment, 0
		if d.Offset != nil {
			r.length = *d.Offset
		}
		out += agEvent("TEXT_MESSAGE_START", map[string]any{"messageId": r.message, "role": "assistant"})
	}
	r.length += len(d.Token)
	if d.Token == "" {
		return out
	}
	return out + agEvent("TEXT_MESSAGE_CONTENT", map[string]any{"messageId": r.message, "delta": d.Token})
}

func (r *agRun) end() string {
	if r.message == "" {
		return ""
	}
	out := agEvent("TEXT_MESSAGE_END", map[string]any{"messageId": r.message})
	r.message = ""
	return out
}

func (r *agRun) toolCall(d agData) string {
	arguments := string(d.Arguments)
	if arguments == "" {
		arguments = "{}"
	}
	return r.end() + agEvent("TOOL_CALL_START", map[string]any{"toolCallId": d.CallID, "toolCallName": d.Tool}) +
		agEvent("TOOL_CALL_ARGS", map[string]any{"toolCallId": d.CallID, "delta": arguments}) +
		agEvent("TOOL_CALL_END", map[string]any{"toolCallId": d.CallID})
}

// interrupt ends the run with what a person has to decide.
func (r *agRun) interrupt(e event.Event, d agData) string {
	one := map[string]any{
		"id": r.execution + ":" + strconv.FormatInt(e.Seq, 10) + ":" + d.Waiting.ArgumentsHash, "reason": "decision_required", "message": d.Waiting.Prompt,
		"responseSchema": map[string]any{
			"type": "object", "required": []string{"approved"},
			"properties": map[string]any{"approved": map[string]any{"type": "boolean"}, "arguments": map[string]any{"type": "object"}},
		},
		"metadata": map[string]any{"execution_id": r.execution, "arguments": d.Waiting.Arguments, "arguments_hash": d.Waiting.ArgumentsHash},
	}
	var about struct {
		CallID string `json:"call_id"`
	}
	if json.Unmarshal(d.Waiting.Arguments, &about) == nil && about.CallID != "" {
		one["toolCallId"] = about.CallID
	}
	if d.Waiting.Until != "" {
		one["expiresAt"] = d.Waiting.Until
	}
	return r.finished(map[string]any{"type": "interrupt", "interrupts": []any{one}})
}

func (r *agRun) finished(outcome map[string]any) string {
	return agEvent("RUN_FINISHED", map[string]any{"threadId": r.input.ThreadID, "runId": r.input.RunID, "outcome": outcome})
}
