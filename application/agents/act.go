package agents

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/symphainy/symphainy/domain/agent"
	"github.com/symphainy/symphainy/domain/event"
	"github.com/symphainy/symphainy/domain/execution"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/ports"
)

// act carries a call out, if it may be: checked, decided about by a person where that is due, checked again, run. Whatever becomes of it is
// a result that the agent reads; an error ends the run of the turn.
func (t *turn) act(ctx context.Context, s *speaker, c agent.ToolCall) (agent.ToolResult, error) {
	if c.Name == consultTool && s.chat != nil {
		return t.consult(ctx, s, c)
	}
	if t.realm.gate == nil {
		return refusedResult(c, errTool), nil
	}
	pass, err := t.check(ctx, s, c, "check "+c.ID, false)
	if err != nil {
		return agent.ToolResult{}, err
	}
	if err := t.proposed(ctx, c, pass); err != nil {
		return agent.ToolResult{}, err
	}
	result := agent.ToolResult{Call: c, Code: pass.Code, Text: pass.Text}
	if pass.Code == "" {
		if result, err = t.permitted(ctx, s, c, pass); err != nil {
			return agent.ToolResult{}, err
		}
		if err := t.resulted(ctx, s, c, result); err != nil {
			return agent.ToolResult{}, err
		}
	}
	return result, t.log.once(ctx, event.AgentToolResult, c.ID, t.common(map[string]any{
		"tool": shorten(c.Name), "ok": result.Code == "", "error_code": result.Code, "error": result.Text, "tool_execution_id": result.ExecutionID,
	}))
}

func refusedResult(c agent.ToolCall, f *fault.Error) agent.ToolResult {
	return agent.ToolResult{Call: c, Code: f.Code, Text: f.Msg}
}

// check asks the gate, as a recorded step.
func (t *turn) check(ctx context.Context, s *speaker, c agent.ToolCall, name string, again bool) (Pass, error) {
	var pass Pass
	raw, err := t.call.Transact(ctx, name, func(ctx context.Context, tx ports.Tx, now execution.Snapshot) ([]byte, error) {
		pass, err := t.realm.gate.Check(ctx, tx, now, Request{Agent: s.definition.ID, Grant: s.grant, Call: c, Used: t.used.ToolCalls, Tainted: t.tainted, Again: again})
		if err != nil {
			return nil, err
		}
		return json.Marshal(pass)
	})
	if err != nil {
		return pass, err
	}
	if err := json.Unmarshal(raw, &pass); err != nil {
		return pass, fault.As(fmt.Errorf("step %s: %w", name, err))
	}
	return pass, nil
}

// resulted puts into the audit, once, what became of a call that passed the gate; of one that did not, the gate's own record tells.
func (t *turn) resulted(ctx context.Context, s *speaker, c agent.ToolCall, r agent.ToolResult) error {
	_, err := t.call.Transact(ctx, "result "+c.ID, func(ctx context.Context, tx ports.Tx, now execution.Snapshot) ([]byte, error) {
		return []byte("null"), tx.Audit.Append(ctx, t.realm.gate.result(now, s.definition.ID, c, r))
	})
	return err
}

// proposed tells what the agent asks for.
func (t *turn) proposed(ctx context.Context, c agent.ToolCall, p Pass) error {
	data := map[string]any{"tool": shorten(c.Name), "allowed": p.Code == "", "needs_decision": p.Ask}
	if p.Code == "" {
		data["arguments"] = p.Arguments
	}
	return t.log.once(ctx, event.AgentToolCall, c.ID, t.common(data))
}

// permitted runs a call that passed the gate. After a decision the gate is asked again: what was allowed when it was asked about need not
// be allowed when it is answered.
func (t *turn) permitted(ctx context.Context, s *speaker, c agent.ToolCall, p Pass) (agent.ToolResult, error) {
	if p.Ask {
		exact, refused, err := t.decided(ctx, s, c, p)
		if err != nil || refused != nil {
			return refusedIf(c, refused), err
		}
		again := c
		again.Arguments = exact
		now, err := t.check(ctx, s, again, "recheck "+c.ID, true)
		if err != nil {
			return agent.ToolResult{}, err
		}
		if now.Code != "" {
			return agent.ToolResult{Call: c, Code: now.Code, Text: now.Text}, nil
		}
		p = now
	}
	tool, ok := t.realm.gate.Tools.Find(p.Tool)
	switch {
	case !ok || tool.Fingerprint() != p.Fingerprint:
		return refusedResult(c, errPinned), nil
	case tool.query != nil:
		return t.answered(ctx, c, tool, p)
	}
	return t.run(ctx, c, tool, p)
}

func refusedIf(c agent.ToolCall, f *fault.Error) agent.ToolResult {
	if f == nil {
		return agent.ToolResult{}
	}
	return refusedResult(c, f)
}

// decided asks a person about exactly these arguments, and gives those that were approved: the same, or, of an edit, others.
func (t *turn) decided(ctx context.Context, s *speaker, c agent.ToolCall, p Pass) (exact []byte, refused *fault.Error, err error) {
	tool, ok := t.realm.gate.Tools.Find(p.Tool)
	if !ok {
		return nil, errTool, nil
	}
	what := asked(s, p, c.ID)
	prompt := fmt.Sprintf("%s wants to use %s. Allow exactly this?", s.definition.Role, p.Tool)
	err = t.log.once(ctx, event.AgentWaiting, c.ID, t.common(map[string]any{
		"execution_id": t.call.Execution().ID, "tool": p.Tool, "arguments": p.Arguments, "prompt": prompt, "arguments_hash": hashOf(what), "four_eyes": p.FourEyes,
	}))
	if err != nil {
		return nil, nil, err
	}
	deciders := execution.Deciders{Owner: true}
	if p.FourEyes {
		deciders = execution.Deciders{Permission: identity.PermWrite, FourEyes: true}
	}
	d, err := t.call.AwaitDecision(ctx, "approve "+c.ID, execution.DecisionRequest{
		Prompt: prompt, Arguments: what, ResponseSchema: editSchema(tool), Deciders: deciders, Within: t.posture.Decide,
	})
	switch {
	case errors.Is(err, execution.ErrDecisionExpired):
		return nil, errUndecided, nil
	case err != nil:
		return nil, nil, err
	case d.Verdict == execution.Reject:
		return nil, errRejected, nil
	case d.Verdict == execution.Edit:
		exact, err := exactArguments(tool, d.Response)
		if err != nil {
			return nil, errArguments, nil
		}
		return exact, nil, nil
	}
	return p.Arguments, nil, nil
}

// editSchema lets a person give other arguments instead: nothing, or what fits the tool. A schema that refers to its own parts cannot stand
// inside another; such a tool's calls are approved or rejected as they are.
func editSchema(t Tool) []byte {
	if bytes.Contains(t.Schema, []byte(`"$ref"`)) {
		return nil
	}
	return Encode(map[string]any{"anyOf": []any{map[string]any{"type": "null"}, json.RawMessage(t.Schema)}})
}

// answered asks the store.
func (t *turn) answered(ctx context.Context, c agent.ToolCall, tool Tool, p Pass) (agent.ToolResult, error) {
	result := agent.ToolResult{Call: c}
	raw, err := t.call.Step(ctx, "run "+c.ID, func(ctx context.Context, _ string) ([]byte, error) {
		var out any
		err := t.call.Read(ctx, func(ctx context.Context, tx ports.Tx, scope identity.Scope) (err error) {
			out, err = tool.query(ctx, tx, scope, p.Arguments)
			return err
		})
		if f := (*fault.Error)(nil); errors.As(err, &f) && f.Kind != fault.Unavailable && f.Kind != fault.Internal {
			return json.Marshal(agent.ToolResult{Code: f.Code, Text: f.Msg})
		}
		if err != nil {
			return nil, err
		}
		return json.Marshal(agent.ToolResult{Data: bounded(Encode(out))})
	})
	if err != nil {
		return result, err
	}
	if err := json.Unmarshal(raw, &result); err != nil {
		return result, fault.As(fmt.Errorf("step run %s: %w", c.ID, err))
	}
	result.Call = c
	return result, nil
}

// run submits the intent as a child of the turn, and waits for its end without a worker.
func (t *turn) run(ctx context.Context, c agent.ToolCall, tool Tool, p Pass) (agent.ToolResult, error) {
	children, err := t.call.Children(ctx, "run "+c.ID, []ports.ChildSpec{{IntentType: tool.Entry.Spec.Type, Parameters: p.Arguments}}, 1)
	var f *fault.Error
	switch {
	case errors.As(err, &f) && f.Kind != fault.Unavailable && f.Kind != fault.Internal && ctx.Err() == nil:
		return agent.ToolResult{Call: c, Code: f.Code, Text: refusal(f)}, nil
	case err != nil:
		return agent.ToolResult{}, err
	}
	child := children[0]
	result := agent.ToolResult{Call: c, ExecutionID: child.ID}
	if child.State != execution.Completed {
		result.Code, result.Text = child.ErrorCode, child.ErrorMessage
		if result.Code == "" {
			result.Code, result.Text = string(child.State), "It was not completed."
		}
		return result, nil
	}
	result.Data = child.Artifacts
	return result, nil
}

// bounded keeps a result readable: of one that is too large, its beginning, as text.
func bounded(raw []byte) []byte {
	if len(raw) <= maxResultText {
		return raw
	}
	return Encode(map[string]any{"cut": true, "bytes": len(raw), "beginning": shortenTo(string(raw), maxResultText)})
}
