package openaillm

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/packages/param"
	"github.com/openai/openai-go/v3/shared"

	"github.com/symphainy/symphainy/domain/agent"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/ports"
)

// maxCalls bounds the tool calls of one answer.
const maxCalls = 32

// Chat streams an answer.
func (m *Model) Chat(ctx context.Context, r ports.ChatRequest, say func(string) error) (ports.ChatReply, error) {
	params, err := m.params(r)
	if err != nil {
		return ports.ChatReply{}, err
	}
	var reply ports.ChatReply
	err = m.guarded(ctx, func(ctx context.Context) (err error) {
		reply, err = m.stream(ctx, params, say)
		return err
	})
	if err != nil {
		return ports.ChatReply{}, err
	}
	reply.Usage.ModelCalls = 1
	if reply.Usage.Tokens() == 0 {
		raw, err := json.Marshal(params)
		if err != nil {
			return ports.ChatReply{}, fault.As(err)
		}
		reply.Usage.InputTokens, reply.Usage.OutputTokens = estimate(len(raw)), estimate(len(reply.Text)+size(reply.Calls))
	}
	reply.Usage = m.priced(reply.Usage)
	return reply, nil
}

func size(calls []agent.ToolCall) (n int) {
	for _, c := range calls {
		n += len(c.Name) + len(c.Arguments)
	}
	return n
}

func (m *Model) params(r ports.ChatRequest) (openai.ChatCompletionNewParams, error) {
	p := openai.ChatCompletionNewParams{
		Model: m.cfg.Model, StreamOptions: openai.ChatCompletionStreamOptionsParam{IncludeUsage: param.NewOpt(true)},
	}
	if r.Model != "" {
		p.Model = r.Model
	}
	if r.Temperature != nil {
		p.Temperature = param.NewOpt(*r.Temperature)
	}
	limit := int64(m.cfg.MaxTokens)
	if r.MaxTokens > 0 {
		limit = int64(r.MaxTokens)
	}
	if m.completionTokens {
		p.MaxCompletionTokens = param.NewOpt(limit)
	} else {
		p.MaxTokens = param.NewOpt(limit)
	}
	for _, msg := range r.Messages {
		p.Messages = append(p.Messages, message(msg))
	}
	for _, t := range r.Tools {
		var schema map[string]any
		if err := json.Unmarshal(t.Schema, &schema); err != nil {
			return p, fault.As(fmt.Errorf("schema of tool %s: %w", t.Name, err))
		}
		p.Tools = append(p.Tools, openai.ChatCompletionFunctionTool(shared.FunctionDefinitionParam{
			Name: t.Name, Description: param.NewOpt(t.Description), Parameters: schema,
		}))
	}
	return p, nil
}

func message(m ports.ChatMessage) openai.ChatCompletionMessageParamUnion {
	switch m.Role {
	case ports.ChatSystem:
		return openai.SystemMessage(m.Text)
	case ports.ChatTool:
		return openai.ToolMessage(m.Text, m.CallID)
	case ports.ChatAssistant:
		a := openai.ChatCompletionAssistantMessageParam{}
		if m.Text != "" || len(m.Calls) == 0 {
			a.Content.OfString = param.NewOpt(m.Text)
		}
		for _, c := range m.Calls {
			a.ToolCalls = append(a.ToolCalls, openai.ChatCompletionMessageToolCallUnionParam{
				OfFunction: &openai.ChatCompletionMessageFunctionToolCallParam{
					ID: c.ID, Function: openai.ChatCompletionMessageFunctionToolCallFunctionParam{Name: c.Name, Arguments: string(c.Arguments)},
				},
			})
		}
		return openai.ChatCompletionMessageParamUnion{OfAssistant: &a}
	case ports.ChatUser:
	}
	return openai.UserMessage(m.Text)
}

// stream reads an answer chunk by chunk. One that ends without saying why it ended is half of one.
func (m *Model) stream(ctx context.Context, params openai.ChatCompletionNewParams, say func(string) error) (ports.ChatReply, error) {
	var reply ports.ChatReply
	s := m.chats.NewStreaming(ctx, params)
	defer func() { _ = s.Close() }() // what counts of the answer has been read by then
	var text strings.Builder
	var calls calls
	finish := ""
	for s.Next() {
		chunk := s.Current()
		if reply.Model == "" {
			reply.Model = chunk.Model
		}
		if chunk.Usage.TotalTokens > 0 {
			reply.Usage = agent.Usage{InputTokens: chunk.Usage.PromptTokens, OutputTokens: chunk.Usage.CompletionTokens}
		}
		if len(chunk.Choices) == 0 {
			continue
		}
		choice := chunk.Choices[0]
		if choice.FinishReason != "" {
			finish = choice.FinishReason
		}
		if piece := strings.ToValidUTF8(choice.Delta.Content+choice.Delta.Refusal, "\uFFFD"); piece != "" {
			text.WriteString(piece)
			if err := say(piece); err != nil {
				return reply, &stoppedError{err}
			}
		}
		for _, c := range choice.Delta.ToolCalls {
			if err := calls.add(c); err != nil {
				return reply, err
			}
		}
	}
	if err := s.Err(); err != nil {
		return reply, midway(err)
	}
	if finish == "" {
		return reply, ports.ErrModelOutput.Because(errors.New("the stream ended in the middle"))
	}
	reply.Text, reply.Calls, reply.Cut = text.String(), calls.list, finish == "length"
	return reply, nil
}

// midway gives an error inside a stream its meaning: what is neither an answer of the endpoint nor an end of the connection is no wire
// format.
func midway(err error) error {
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) || errors.Is(err, bufio.ErrTooLong) {
		return ports.ErrModelOutput.Because(err)
	}
	return err
}

// calls puts tool calls together. Endpoints differ in what they repeat: a call is its index, and, where an index comes again with another
// id, a new call.
type calls struct {
	list  []agent.ToolCall
	index []int64
	ids   []string
}

func (c *calls) add(d openai.ChatCompletionChunkChoiceDeltaToolCall) error {
	at := -1
	for i := range c.list {
		if c.index[i] == d.Index && (d.ID == "" || c.ids[i] == "" || c.ids[i] == d.ID) {
			at = i
		}
	}
	if at < 0 {
		if len(c.list) == maxCalls {
			return ports.ErrModelOutput.Because(errors.New("too many tool calls"))
		}
		at = len(c.list)
		c.list = append(c.list, agent.ToolCall{ID: fmt.Sprintf("call_%d", at+1)})
		c.index, c.ids = append(c.index, d.Index), append(c.ids, d.ID)
	}
	call := &c.list[at]
	call.Name += d.Function.Name
	call.Arguments = append(call.Arguments, d.Function.Arguments...)
	return nil
}
