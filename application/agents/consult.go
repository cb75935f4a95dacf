package agents

import (
	"context"
	"encoding/json"

	"github.com/symphainy/symphainy/application/intents"
	"github.com/symphainy/symphainy/domain/agent"
	"github.com/symphainy/symphainy/domain/event"
	"github.com/symphainy/symphainy/ports"
)

// consultTool is the tool by which one agent asks another.
const consultTool = "consult_agent"

func consultation() ports.ToolSpec {
	return ports.ToolSpec{
		Name: consultTool, Description: "Asks another agent, who may do at most what you may: guide, liaison.content, liaison.insights, liaison.journey, liaison.outcomes.",
		Schema: []byte(`{"type":"object","additionalProperties":false,"required":["agent_id","question"],"properties":{
			"agent_id":{"type":"string","maxLength":64},"question":{"type":"string","minLength":1,"maxLength":8192}}}`),
	}
}

// consult lets another agent answer within this turn: with this agent's tools at most, under the same limits, one level deeper.
func (t *turn) consult(ctx context.Context, s *speaker, c agent.ToolCall) (agent.ToolResult, error) {
	var in struct {
		Agent    agent.ID `json:"agent_id"`
		Question string   `json:"question"`
	}
	switch {
	case len(s.grant) == 0:
		return refusedResult(c, errTool), nil
	case s.depth >= t.posture.Limits.Depth:
		return refusedResult(c, errDelegation), nil
	case t.used.ToolCalls >= t.posture.Limits.ToolCalls:
		return refusedResult(c, errCallLimit), nil
	}
	fits := intents.Fits(consultation().Schema, c.Arguments) == nil && json.Unmarshal(c.Arguments, &in) == nil
	if !fits {
		return refusedResult(c, errArguments), nil
	}
	builtin := t.realm.agents[in.Agent]
	if builtin == nil {
		return refusedResult(c, agent.ErrNoSuchAgent), nil
	}
	if err := t.log.once(ctx, event.AgentToolCall, c.ID, t.common(map[string]any{
		"tool": consultTool, "allowed": true, "arguments": map[string]any{"agent_id": in.Agent, "question": shorten(in.Question)},
	})); err != nil {
		return agent.ToolResult{}, err
	}
	other, err := t.speaker(in.Agent, builtin)
	if err != nil {
		return refusedResult(c, agent.ErrNoSuchAgent), nil //nolint:nilerr // the agent reads it
	}
	other.grant, other.depth, other.path = Within(other.grant, s.grant), s.depth+1, c.ID+"/"
	deeper := *t
	deeper.Text, deeper.History = in.Question, nil
	reply, err := deeper.converse(ctx, other)
	t.used = deeper.used
	if err != nil {
		return agent.ToolResult{}, err
	}
	return agent.ToolResult{Call: c, Data: Encode(map[string]any{"answer": reply.Text, "method": reply.Method})}, nil
}
