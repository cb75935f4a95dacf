package agents

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/symphainy/symphainy/application/intents"
	"github.com/symphainy/symphainy/domain/agent"
	"github.com/symphainy/symphainy/domain/audit"
	"github.com/symphainy/symphainy/domain/execution"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/domain/typeid"
	"github.com/symphainy/symphainy/ports"
)

// Reasons for which a call is refused; the agent reads code and text.
var (
	// errTool stands for tools that do not exist and for those that this agent may not use: it does not learn which.
	errTool       = fault.New(fault.Denied, "unknown_tool", "You have no tool of this name.")
	errArguments  = fault.New(fault.Invalid, "invalid_parameters", "The arguments must be one JSON object that fits the tool's schema.")
	errCaller     = fault.New(fault.Denied, "permission_denied", "The person for whom you work may not do this.")
	errPinned     = fault.New(fault.Denied, "tool_changed", "The tool has changed since it was approved; an admin has to approve it again.")
	errCallLimit  = fault.New(fault.Denied, "limit_reached", "You have used all tool calls of this turn; answer with what you know.")
	errRejected   = fault.New(fault.Denied, "rejected", "The person who was asked has rejected this.")
	errUndecided  = fault.New(fault.Denied, "decision_expired", "Nobody decided about this in time.")
	errDelegation = fault.New(fault.Denied, "depth_reached", "Agents may not ask each other any deeper.")
)

// Gate decides whether a call is carried out: what the caller, the agent and the realm allow together, at the time of the call, whatever
// a model says. Everything that cannot be read denies.
type Gate struct {
	Tools  *Tools
	Grants ports.Grants
	// Rules gives what holds for the tenant's agents now.
	Rules func(ctx context.Context, tx ports.Tx, tenantID string) (Rules, error)
	Clock ports.Clock
	IDs   ports.IDs
}

// Pass is a call that may be carried out.
type Pass struct {
	Tool string `json:"tool"`
	// Arguments are validated and canonical: exactly what is carried out.
	Arguments json.RawMessage `json:"arguments"`
	// Ask tells that a person decides first, FourEyes that it must be another one.
	Ask         bool   `json:"ask,omitempty"`
	FourEyes    bool   `json:"four_eyes,omitempty"`
	Fingerprint string `json:"fingerprint"`
	// Code and Text say why it is refused; Code is empty if it is not.
	Code string `json:"code,omitempty"`
	Text string `json:"text,omitempty"`
}

// Request is a call in its circumstances.
type Request struct {
	Agent agent.ID
	// Grant are the tools of this agent in this turn.
	Grant []string
	Call  agent.ToolCall
	// Used counts the turn's tool calls before this one.
	Used int64
	// Tainted tells that what somebody said or made before the sign-in is in front of the agent.
	Tainted bool
	// Again tells that the call was let through before, and is looked at once more after a decision.
	Again bool
}

// Check decides, and records the decision in the same transaction: a decision that cannot be recorded is none. An error is trouble of
// ours; a refusal is a Pass with a Code.
func (g *Gate) Check(ctx context.Context, tx ports.Tx, now execution.Snapshot, r Request) (Pass, error) {
	pass, err := g.decide(ctx, tx, now, r)
	var refused *fault.Error
	if err != nil && (!errors.As(err, &refused) || refused.Kind == fault.Unavailable || refused.Kind == fault.Internal) {
		return Pass{}, err
	}
	if err != nil {
		pass = Pass{Tool: r.Call.Name, Code: refused.Code, Text: refusal(refused)}
	}
	return pass, tx.Audit.Append(ctx, g.record(now, r, pass))
}

// refusal is what an agent reads: the message, and which parameters are wrong.
func refusal(f *fault.Error) string {
	text := f.Msg
	for _, field := range f.Fields {
		text += " " + field.Pointer + ": " + field.Message
	}
	return text
}

func (g *Gate) decide(ctx context.Context, tx ports.Tx, now execution.Snapshot, r Request) (pass Pass, err error) {
	defer func() {
		if p := recover(); p != nil {
			pass, err = Pass{}, agent.ErrPolicy.Because(fmt.Errorf("panic: %v", p))
		}
	}()
	rules, err := g.Rules(ctx, tx, now.TenantID)
	if err != nil {
		return Pass{}, err
	}
	posture := rules.Posture
	tool, ok := g.Tools.Find(r.Call.Name)
	if !ok || !granted(r.Grant, tool.Name) || !granted(rules.grant(r.Agent), tool.Name) || tool.Entry.Spec.Internal {
		return Pass{}, errTool
	}
	if r.Used >= posture.Limits.ToolCalls {
		return Pass{}, errCallLimit
	}
	caller, err := g.caller(ctx, now.Principal)
	if err != nil {
		return Pass{}, err
	}
	if !caller.May(tool.Permission) || caller.Anonymous() && !tool.Anonymous {
		return Pass{}, errCaller
	}
	exact, err := exactArguments(tool, r.Call.Arguments)
	if err != nil {
		return Pass{}, err
	}
	if err := g.pinned(ctx, tx, now, tool); err != nil {
		return Pass{}, err
	}
	if !r.Again {
		if err := chargeTool(ctx, tx, now, posture, g.Clock.Now()); err != nil {
			return Pass{}, err
		}
	}
	return Pass{
		Tool: tool.Name, Arguments: exact, Fingerprint: tool.Fingerprint(), FourEyes: posture.FourEyes,
		Ask: tool.Privileged() || posture.Strict && tool.Changes() || r.Tainted && !tool.Anonymous,
	}, nil
}

// pinned holds the tool to what it was when the tenant first used or last approved it. A visitor has no admin who could approve anything: for
// them a tool is as it comes with the platform.
func (g *Gate) pinned(ctx context.Context, tx ports.Tx, now execution.Snapshot, t Tool) error {
	if now.Principal.Anonymous() {
		return nil
	}
	pin, err := tx.ToolPins.Keep(ctx, agent.Pin{TenantID: now.TenantID, Tool: t.Name, Fingerprint: t.Fingerprint(), PinnedAt: g.Clock.Now()})
	if err == nil && pin.Fingerprint != t.Fingerprint() {
		err = errPinned
	}
	return err
}

// caller is the person for whom the turn runs, with the rights of the submission that still hold.
func (g *Gate) caller(ctx context.Context, p identity.Principal) (identity.Principal, error) {
	today, err := g.Grants.Current(ctx, p)
	if err != nil {
		return identity.Principal{}, err
	}
	p.Roles = slices.DeleteFunc(slices.Clone(p.Roles), func(r identity.Role) bool { return !slices.Contains(today, r) })
	return p, nil
}

// exactArguments validates what the agent wrote and gives its canonical form.
func exactArguments(t Tool, raw []byte) ([]byte, error) {
	if len(raw) == 0 {
		raw = []byte("{}")
	}
	if len(raw) > maxArguments {
		return nil, errArguments
	}
	if _, err := arguments(raw); err != nil {
		return nil, err
	}
	if t.query != nil {
		return questionArguments(t, raw)
	}
	return t.Entry.Parameters(raw)
}

func questionArguments(t Tool, raw []byte) ([]byte, error) {
	if err := intents.Fits(t.Schema, raw); err != nil {
		return nil, errArguments
	}
	object, err := arguments(raw)
	if err != nil {
		return nil, err
	}
	return json.Marshal(object)
}

// hashOf is the hex SHA-256 of what a person is asked about, as the Runtime computes it: keys sorted, nothing escaped that need not be.
func hashOf(raw []byte) string {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var value any
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	if d.Decode(&value) != nil || enc.Encode(value) != nil {
		return ""
	}
	sum := sha256.Sum256(bytes.TrimRight(out.Bytes(), "\n"))
	return hex.EncodeToString(sum[:])
}

// maxArguments bounds a call's arguments in bytes.
const maxArguments = 64 << 10

// record is the audit record of a decision about a call.
func (g *Gate) record(now execution.Snapshot, r Request, p Pass) audit.Record {
	hash, result := sha256.Sum256(r.Call.Arguments), audit.Denied
	if p.Code == "" {
		hash, result = sha256.Sum256(p.Arguments), audit.Allowed
	}
	return audit.Record{
		ID: g.IDs.NewID(typeid.AuditRecord), TenantID: now.TenantID, Actor: now.Principal.Actor(), Action: "agent.tool_call", Target: now.ID,
		IntentType: shorten(p.Tool), ArgumentsHash: hex.EncodeToString(hash[:]), PolicyVersion: "builtin_1.0", Result: result,
		Detail:  Encode(map[string]any{"agent_id": r.Agent, "call_id": r.Call.ID, "ask": p.Ask, "code": p.Code, "session_id": now.SessionID}),
		TraceID: now.TraceID, At: g.Clock.Now(),
	}
}

// result is the audit record of what became of a call: the execution that did it, or why nothing was done.
func (g *Gate) result(now execution.Snapshot, id agent.ID, c agent.ToolCall, r agent.ToolResult) audit.Record {
	hash, result := sha256.Sum256(r.Data), audit.Completed
	if r.Code != "" {
		result = audit.Failed
	}
	return audit.Record{
		ID: g.IDs.NewID(typeid.AuditRecord), TenantID: now.TenantID, Actor: now.Principal.Actor(), Action: "agent.tool_result", Target: now.ID,
		IntentType: shorten(c.Name), PolicyVersion: "builtin_1.0", Result: result,
		Detail: Encode(map[string]any{
			"agent_id": id, "call_id": c.ID, "code": r.Code, "tool_execution_id": r.ExecutionID, "result_hash": hex.EncodeToString(hash[:]), "session_id": now.SessionID,
		}),
		TraceID: now.TraceID, At: g.Clock.Now(),
	}
}
