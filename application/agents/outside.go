package agents

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/symphainy/symphainy/application/intents"
	"github.com/symphainy/symphainy/domain/agent"
	"github.com/symphainy/symphainy/domain/execution"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/domain/intent"
	"github.com/symphainy/symphainy/domain/typeid"
	"github.com/symphainy/symphainy/ports"
)

// ToolIntent is the intent of one tool call of an agent that is not ours. It is internal: only Outside starts it.
const ToolIntent = "agent.tool"

// outsideID names agents that come from outside in audit records and events.
const outsideID agent.ID = "outside"

// ToolParameters are the parameters of ToolIntent.
type ToolParameters struct {
	Tool      string          `json:"tool"`
	Arguments json.RawMessage `json:"arguments"`
}

// outside is the definition of agents that are not ours: they may ask for everything, and get what their caller may.
func outside() agent.Definition {
	return agent.Definition{
		ID: outsideID, Version: 1, Role: "An outside agent",
		Tools: []string{"realm:content", "realm:insights", "realm:journey", "realm:outcomes"},
	}
}

// tool carries out one call through the same gate as the platform's own agents.
func (r *Realm) tool(ctx context.Context, call ports.IntentCall) (ports.IntentResult, error) {
	var in ToolParameters
	if err := json.Unmarshal(call.Execution().Intent.Parameters, &in); err != nil {
		return ports.IntentResult{}, fault.As(fmt.Errorf("tool parameters: %w", err))
	}
	if r.gate == nil {
		return ports.IntentResult{}, agent.ErrNoSuchAgent
	}
	t := &turn{realm: r, call: call, log: newLog(call, false), in: TurnParameters{AgentID: outsideID}}
	if err := t.readRules(ctx); err != nil {
		return ports.IntentResult{}, err
	}
	s := &speaker{definition: t.rules.agents[outsideID].definition, grant: t.rules.grant(outsideID)}
	result, err := t.act(ctx, s, agent.ToolCall{ID: "call_1", Name: in.Tool, Arguments: in.Arguments})
	if err != nil {
		return ports.IntentResult{}, err
	}
	return ports.IntentResult{Values: map[string]string{
		"tool": in.Tool, "error_code": result.Code, "error": result.Text, "tool_execution_id": result.ExecutionID, "result": string(bounded(result.Data)),
	}}, nil
}

// Outside lets agents that are not ours use the tools, under the same governance.
type Outside struct {
	Realm     *Realm
	Runtime   ports.Runtime
	Catalogue *intents.Catalogue
	IDs       ports.IDs
}

// Tools gives what a caller's agent may ask for.
func (o Outside) Tools(p identity.Principal) []Tool {
	if o.Realm.gate == nil {
		return nil
	}
	var list []Tool
	for _, name := range o.Realm.gate.Tools.Grant(outside()) {
		tool, ok := o.Realm.gate.Tools.Find(name)
		if ok && p.May(tool.Permission) && (!p.Anonymous() || tool.Anonymous) {
			list = append(list, tool)
		}
	}
	return list
}

// Call submits a call and waits for its end at most so long. The execution that comes back may go on; its result is there when it has
// completed. The session has been resolved for the principal before.
func (o Outside) Call(ctx context.Context, p identity.Principal, sessionID, tool string, arguments []byte, wait time.Duration) (execution.Snapshot, error) {
	if len(arguments) == 0 {
		arguments = []byte("{}")
	}
	entry, err := o.Catalogue.Find(ToolIntent)
	if err != nil {
		return execution.Snapshot{}, err
	}
	raw, err := json.Marshal(ToolParameters{Tool: tool, Arguments: arguments})
	if err != nil {
		return execution.Snapshot{}, errArguments
	}
	parameters, err := entry.Parameters(raw)
	if err != nil {
		return execution.Snapshot{}, err
	}
	receipt, err := o.Runtime.Submit(ctx, ports.Submission{
		Intent: intent.Intent{
			ID: o.IDs.NewID(typeid.Intent), Type: ToolIntent, Parameters: parameters, Metadata: []byte("{}"), SolutionID: intent.DefaultSolution,
		},
		Spec: entry.Spec, Realm: entry.Realm, Principal: p, SessionID: sessionID,
	})
	if err != nil {
		return execution.Snapshot{}, err
	}
	page, err := o.Runtime.Wait(ctx, p.Scope(), receipt.Execution.ID, wait)
	return page.Execution, err
}

// ResultOf reads the result of a call that has completed.
func ResultOf(s execution.Snapshot) (agent.ToolResult, error) {
	var v struct {
		Code        string `json:"error_code"`
		Text        string `json:"error"`
		ExecutionID string `json:"tool_execution_id"`
		Result      string `json:"result"`
	}
	if err := json.Unmarshal(s.Artifacts, &v); err != nil {
		return agent.ToolResult{}, fault.As(fmt.Errorf("result of %s: %w", s.ID, err))
	}
	return agent.ToolResult{Code: v.Code, Text: v.Text, ExecutionID: v.ExecutionID, Data: []byte(v.Result)}, nil
}
