package httpapi

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/symphainy/symphainy/application/agents"
	"github.com/symphainy/symphainy/domain/agent"
	"github.com/symphainy/symphainy/domain/fault"
)

type agentShape struct {
	AgentID      string            `json:"agent_id"`
	Type         string            `json:"type"`
	Version      int               `json:"version" doc:"Of the platform's definition"`
	Enabled      bool              `json:"enabled"`
	Role         string            `json:"role"`
	Mission      string            `json:"mission"`
	Must         []string          `json:"must"`
	MustNot      []string          `json:"must_not"`
	Capabilities []string          `json:"capabilities"`
	Tools        []string          `json:"tools" doc:"What it may ask for now"`
	Origin       map[string]string `json:"origin" doc:"platform or tenant, for each part"`
	Override     jsonObject        `json:"override" doc:"What the tenant has set"`
	Revision     int               `json:"revision" doc:"Of the override, 0 without one; the ETag"`
}

type agentList struct {
	Agents []agentShape `json:"agents"`
	Total  int          `json:"total"`
}

type budgetShape struct {
	Tokens  int64 `json:"tokens" doc:"0 is no bound"`
	Cost    int64 `json:"cost" doc:"In millionths; 0 is no bound"`
	Steps   int64 `json:"steps" doc:"0 is no bound"`
	Seconds int64 `json:"seconds" doc:"0 is no bound"`
}

type turnShape struct {
	ModelCalls int64 `json:"model_calls"`
	ToolCalls  int64 `json:"tool_calls"`
	Depth      int   `json:"depth"`
	Tokens     int64 `json:"tokens"`
	Cost       int64 `json:"cost" doc:"In millionths; 0 is no bound"`
	Seconds    int64 `json:"seconds" doc:"0 is no bound"`
}

type postureValues struct {
	Model         string      `json:"model" doc:"Empty is the deployment's"`
	Temperature   *float64    `json:"temperature" doc:"null is the model's own"`
	MaxTokens     int         `json:"max_tokens"`
	Tone          string      `json:"tone"`
	Strict        bool        `json:"strict"`
	FourEyes      bool        `json:"four_eyes"`
	AtLimit       string      `json:"at_limit" enum:"end,ask"`
	Deny          []string    `json:"deny"`
	DecideSeconds int64       `json:"decide_seconds" doc:"0 is the platform's default"`
	Turn          turnShape   `json:"turn"`
	Session       budgetShape `json:"session"`
	Day           budgetShape `json:"day"`
}

type postureShape struct {
	Effective  postureValues     `json:"effective"`
	Deployment postureValues     `json:"deployment" doc:"What an override can narrow"`
	Models     []string          `json:"models" doc:"Those that can be chosen"`
	Origin     map[string]string `json:"origin" doc:"tenant for what the tenant has set; all else is the deployment's"`
	Override   jsonObject        `json:"override"`
	Revision   int               `json:"revision" doc:"Of the override, 0 without one; the ETag"`
}

type toolShape struct {
	Name        string    `json:"name"`
	Description string    `json:"description"`
	Schema      jsonValue `json:"schema" doc:"JSON Schema of the arguments"`
	Permission  string    `json:"permission"`
	Fingerprint string    `json:"fingerprint" doc:"Of the tool as it is now"`
	State       string    `json:"state" enum:"unused,approved,changed" doc:"changed tools are refused until they are approved"`
	ApprovedBy  *string   `json:"approved_by" doc:"null for the first use"`
}

type toolList struct {
	Tools []toolShape `json:"tools"`
	Total int         `json:"total"`
}

type usedShape struct {
	Tokens     int64 `json:"tokens"`
	Cost       int64 `json:"cost"`
	ModelCalls int64 `json:"model_calls"`
	ToolCalls  int64 `json:"tool_calls"`
	Seconds    int64 `json:"seconds"`
	Granted    int64 `json:"granted" doc:"How often the bounds were given again"`
}

type budgetView struct {
	Day   string      `json:"day"`
	Used  usedShape   `json:"used"`
	Bound budgetShape `json:"bound"`
}

// revised is an answer whose ETag is a revision.
type revised[T any] struct {
	ETag string `header:"ETag"`
	Body T
}

func tagged[T any](revision int, v T) *revised[T] {
	return &revised[T]{strconv.Quote(strconv.Itoa(revision)), v}
}

// revision reads an If-Match; without one the object must not exist yet.
func revision(ifMatch string) (int, error) {
	if ifMatch == "" {
		return 0, nil
	}
	n, err := strconv.Atoi(strings.Trim(ifMatch, `"`))
	if err != nil || n < 0 {
		return 0, fault.New(fault.Malformed, "invalid_if_match", "If-Match has to be the ETag that was read.")
	}
	return n, nil
}

func (s *Server) agentRoutes() {
	tags := []string{"admin"}
	op := func(method, path, summary, description string) huma.Operation {
		return huma.Operation{Method: method, Path: path, Summary: summary, Description: description, Tags: tags}
	}
	route(s, op(http.MethodGet, "/api/admin/agents", "The agents as the tenant has them", ""), s.listAgents)
	route(s, op(http.MethodGet, "/api/admin/agents/{id}", "One agent, and where each part comes from", ""), s.getAgent)
	route(s, op(http.MethodPut, "/api/admin/agents/{id}", "Set what is different for the tenant",
		"Other words, more rules, fewer tools. If-Match is the ETag that was read; without it there must be no override yet."), s.putAgent)
	route(s, op(http.MethodDelete, "/api/admin/agents/{id}", "Back to the platform's definition", ""), s.deleteAgent)
	route(s, op(http.MethodGet, "/api/admin/agent-posture", "How the tenant's agents work", ""), s.getPosture)
	route(s, op(http.MethodPut, "/api/admin/agent-posture", "Narrow how the tenant's agents work",
		"What would allow more than the deployment is refused. If-Match is the ETag that was read; without it there must be no override yet."), s.putPosture)
	route(s, op(http.MethodDelete, "/api/admin/agent-posture", "Back to the deployment's posture", ""), s.deletePosture)
	route(s, op(http.MethodGet, "/api/admin/agent-tools", "The tools, and whether they are as they were approved", ""), s.listTools)
	route(s, op(http.MethodPost, "/api/admin/agent-tools/approve", "Approve tools as they are now", ""), s.approveTools)
	route(s, op(http.MethodGet, "/api/admin/agent-budget", "What agents have used up today, and its bounds",
		"The bounds are set with the posture."), s.getBudget)
}

func originOf(set []string, parts ...string) map[string]string {
	origin := map[string]string{}
	for _, part := range parts {
		origin[part] = "platform"
	}
	for _, part := range set {
		origin[part] = "tenant"
	}
	return origin
}

func agentOf(v agents.AgentView) agentShape {
	d := v.Definition
	shape := agentShape{
		AgentID: string(d.ID), Type: d.Type, Version: d.Version, Enabled: v.Enabled, Role: d.Role, Mission: d.Mission, Must: d.Must, MustNot: d.MustNot,
		Capabilities: d.Capabilities, Tools: append([]string{}, v.Tools...), Revision: v.Version,
		Origin: originOf(v.Set, "enabled", "role", "mission", "must", "must_not", "capabilities", "tools"),
	}
	if v.Version > 0 {
		shape.Override = agents.Encode(v.Override)
	}
	return shape
}

func (s *Server) listAgents(ctx context.Context, _ *none) (*body[agentList], error) {
	list, err := s.d.Agents.Agents(ctx, callerOf(ctx).principal)
	out := agentList{Agents: make([]agentShape, len(list)), Total: len(list)}
	for i, v := range list {
		out.Agents[i] = agentOf(v)
	}
	return &body[agentList]{out}, err
}

type agentPath struct {
	ID string `path:"id" maxLength:"64"`
}

type agentPut struct {
	ID      string `path:"id" maxLength:"64"`
	IfMatch string `header:"If-Match" maxLength:"32"`
	Body    agents.DefinitionOverride
}

type agentDelete struct {
	ID      string `path:"id" maxLength:"64"`
	IfMatch string `header:"If-Match" maxLength:"32"`
	Body    *nothing
}

func (s *Server) getAgent(ctx context.Context, in *agentPath) (*revised[agentShape], error) {
	v, err := s.d.Agents.Agent(ctx, callerOf(ctx).principal, agent.ID(in.ID))
	return tagged(v.Version, agentOf(v)), err
}

func (s *Server) putAgent(ctx context.Context, in *agentPut) (*revised[agentShape], error) {
	version, err := revision(in.IfMatch)
	if err != nil {
		return nil, err
	}
	v, err := s.d.Agents.SetAgent(ctx, callerOf(ctx).principal, agent.ID(in.ID), in.Body, version)
	return tagged(v.Version, agentOf(v)), err
}

func (s *Server) deleteAgent(ctx context.Context, in *agentDelete) (*revised[agentShape], error) {
	version, err := revision(in.IfMatch)
	if err != nil {
		return nil, err
	}
	p := callerOf(ctx).principal
	if err := s.d.Agents.DropAgent(ctx, p, agent.ID(in.ID), version); err != nil {
		return nil, err
	}
	v, err := s.d.Agents.Agent(ctx, p, agent.ID(in.ID))
	return tagged(v.Version, agentOf(v)), err
}

func budgetOf(b agent.Budget) budgetShape {
	return budgetShape{b.Tokens, b.Cost, b.Steps, int64(b.Time / time.Second)}
}

func postureOf(p agent.Posture) postureValues {
	l := p.Limits
	return postureValues{
		Model: p.Model, Temperature: p.Temperature, MaxTokens: p.MaxTokens, Tone: p.Tone, Strict: p.Strict, FourEyes: p.FourEyes, AtLimit: string(p.AtLimit),
		Deny: append([]string{}, p.Deny...), DecideSeconds: int64(p.Decide / time.Second),
		Turn:    turnShape{l.ModelCalls, l.ToolCalls, l.Depth, l.Tokens, l.Cost, int64(l.Time / time.Second)},
		Session: budgetOf(p.Session), Day: budgetOf(p.Day),
	}
}

func postureShapeOf(v agents.PostureView) postureShape {
	shape := postureShape{
		Effective: postureOf(v.Effective), Deployment: postureOf(v.Deployment), Models: append([]string{}, v.Models...), Origin: originOf(v.Set), Revision: v.Version,
	}
	if v.Version > 0 {
		shape.Override = agents.Encode(v.Override)
	}
	return shape
}

func (s *Server) getPosture(ctx context.Context, _ *none) (*revised[postureShape], error) {
	v, err := s.d.Agents.Posture(ctx, callerOf(ctx).principal)
	return tagged(v.Version, postureShapeOf(v)), err
}

func (s *Server) putPosture(ctx context.Context, in *struct {
	IfMatch string `header:"If-Match" maxLength:"32"`
	Body    agents.PostureOverride
}) (*revised[postureShape], error) {
	version, err := revision(in.IfMatch)
	if err != nil {
		return nil, err
	}
	v, err := s.d.Agents.SetPosture(ctx, callerOf(ctx).principal, in.Body, version)
	return tagged(v.Version, postureShapeOf(v)), err
}

func (s *Server) deletePosture(ctx context.Context, in *struct {
	IfMatch string `header:"If-Match" maxLength:"32"`
	Body    *nothing
}) (*revised[postureShape], error) {
	version, err := revision(in.IfMatch)
	if err != nil {
		return nil, err
	}
	p := callerOf(ctx).principal
	if err := s.d.Agents.DropPosture(ctx, p, version); err != nil {
		return nil, err
	}
	v, err := s.d.Agents.Posture(ctx, p)
	return tagged(v.Version, postureShapeOf(v)), err
}

func (s *Server) tools(ctx context.Context) (*body[toolList], error) {
	list, err := s.d.Agents.Tools(ctx, callerOf(ctx).principal)
	out := toolList{Tools: make([]toolShape, len(list)), Total: len(list)}
	for i, v := range list {
		t := toolShape{
			Name: v.Tool.Name, Description: v.Tool.Description, Schema: v.Tool.Schema, Permission: string(v.Tool.Permission),
			Fingerprint: v.Tool.Fingerprint(), State: "unused",
		}
		switch v.Pin.Fingerprint {
		case "":
		case t.Fingerprint:
			t.State = "approved"
		default:
			t.State = "changed"
		}
		if v.Pin.PinnedBy != "" {
			t.ApprovedBy = &v.Pin.PinnedBy
		}
		out.Tools[i] = t
	}
	return &body[toolList]{out}, err
}

func (s *Server) listTools(ctx context.Context, _ *none) (*body[toolList], error) {
	return s.tools(ctx)
}

func (s *Server) approveTools(ctx context.Context, in *struct {
	Body struct {
		Tools []struct {
			Name        string `json:"name" maxLength:"128"`
			Fingerprint string `json:"fingerprint" maxLength:"64" doc:"As it was read"`
		} `json:"tools" minItems:"1" maxItems:"200"`
	}
}) (*body[toolList], error) {
	for i, t := range in.Body.Tools {
		if err := s.d.Agents.Approve(ctx, callerOf(ctx).principal, t.Name, t.Fingerprint); err != nil {
			f := fault.As(err)
			return nil, f.WithFields(fault.Field{Pointer: fmt.Sprintf("/tools/%d", i), Code: f.Code, Message: f.Msg})
		}
	}
	return s.tools(ctx)
}

func (s *Server) getBudget(ctx context.Context, _ *none) (*body[budgetView], error) {
	v, err := s.d.Agents.Budget(ctx, callerOf(ctx).principal)
	return &body[budgetView]{budgetView{
		Day: v.Day, Bound: budgetOf(v.Bound),
		Used: usedShape{v.Used.Tokens, v.Used.Cost, v.Used.ModelCalls, v.Used.ToolCalls, int64(v.Used.Time / time.Second), v.Used.Granted},
	}}, err
}
