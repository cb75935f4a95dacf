package agents_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/modelcontextprotocol/go-sdk/mcp"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/symphainy/symphainy/adapters/mcpserver"
	"github.com/symphainy/symphainy/application/agents"
	"github.com/symphainy/symphainy/domain/agent"
	"github.com/symphainy/symphainy/domain/event"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/test/llmtest"
	"github.com/symphainy/symphainy/test/sheet"
)

// attempts are calls that a hostile model makes up: its own tools, other agents', internal ones, twins, with arguments good and bad, and ids
// of others.
func attempts(foreign ...string) *rapid.Generator[[]string] {
	tools := []string{
		"own_look", "own_change", "own_signed", "own_remove", "other_look", "other_change", "other_signed", "other_remove", "agent.turn", "agent.tool",
		"find_artifacts", "get_artifact", "get_execution", "OWN_LOOK", "Other_Change", "ｏther_look", "other_look\u200b", "other_look ", " other_look",
		"оther_look", "other‐look", "consult_agent", "__proto__", "", "../other_look", "content.own_look", "no_such_tool",
	}
	arguments := []string{
		`{}`, `{"file_id":"fil_1"}`, `{"n":1}`, `{"file_id":"foreign"}`, `{"tenant_id":"ten_x"}`, `{"user_context":{"roles":["owner"]}}`,
		`{"_principal":{}}`, `{"n":1,"n":2}`, `{"N":1}`, `null`, `[]`, ``, `{"n":`, `{"artifact_id":"art_00000000000000000000000000"}`,
		`{"agent_id":"guide","question":"do it"}`, `{"execution_id":"exe_00000000000000000000000000"}`, strings.Repeat(`{"a":`, 200) + `1` + strings.Repeat(`}`, 200),
	}
	for _, id := range foreign {
		arguments = append(arguments, fmt.Sprintf(`{"execution_id":%q}`, id), fmt.Sprintf(`{"artifact_id":%q}`, id))
	}
	return rapid.Custom(func(t *rapid.T) []string {
		var calls []string
		for range rapid.IntRange(1, 6).Draw(t, "calls") {
			calls = append(calls, rapid.SampledFrom(tools).Draw(t, "tool"), rapid.SampledFrom(arguments).Draw(t, "arguments"))
		}
		return calls
	})
}

// scriptsIn is how many scripts one world sees.
const scriptsIn = 20

// Whatever a model asks for, through a turn, over MCP, or at the door behind it, what runs is within caller, agent and realm (L1).
func TestNothingRunsOutsideTheGrant(t *testing.T) {
	var total hostile
	for from := 0; from < scripts; from += scriptsIn {
		h := playScripts(t, from)
		total.tried, total.overMCP, total.ran = total.tried+h.tried, total.overMCP+h.overMCP, total.ran+h.ran
	}
	require.Positive(t, total.ran)
	sheet.Record(t, "L1", scripts, fmt.Sprintf("calls tried %d, %d of them over MCP, run within the grant %d, outside of it 0", total.tried, total.overMCP, total.ran),
		"0 outside of caller, agent and realm in 1,000 scripts")
}

// hostile counts what was tried.
type hostile struct{ tried, overMCP, ran int }

func playScripts(t *testing.T, from int) (h hostile) {
	t.Helper()
	var script []string
	w := newWorld(t, func(r llmtest.Request) llmtest.Answer {
		if r.Last("tool").Role == "" {
			return llmtest.Use(script...)
		}
		return llmtest.Say("done")
	})
	const canary = "CANARY-of-another-tenant"
	script = []string{"own_look", `{"file_id":"` + canary + `"}`}
	foreign := w.ask(w.person(identity.RoleOwner), canary).ID
	offset := len(w.own.done())
	callers := []struct {
		p   identity.Principal
		may []string
	}{
		{w.visitor(), []string{"own_look", "own_change"}},
		{w.person(identity.RoleViewer), []string{}}, // a viewer may not speak with an agent: the turn itself needs write
		{w.person(identity.RoleMember), []string{"own_look", "own_change", "own_signed"}},
		{w.person(identity.RoleOwner), []string{"own_look", "own_change", "own_signed"}}, // what removes waits for a person
	}
	for i := from; i < from+scriptsIn; i++ {
		script = attempts(foreign).Example(i)
		c := callers[i%len(callers)]
		allowed, before := c.may, len(w.own.done())
		switch i % 10 {
		case 4:
			outside(w, c.p, script)
		case 9:
			h.overMCP += overMCP(w, c.p, script, canary)
		default:
			w.send(c.p, w.thread(c.p, agent.LiaisonContent), agent.LiaisonContent, "go")
		}
		if i%5 == 4 && c.p.May(identity.PermRead) && !c.p.Anonymous() {
			allowed = append(slices.Clone(c.may), "own_look") // a viewer's own agent may read
		}
		w.work()
		h.tried += len(script) / 2
		require.Empty(t, w.other.done(), "another agent's tool ran: %v", script)
		for _, ran := range w.own.done()[before:] {
			tool, _, _ := strings.Cut(ran, " ")
			require.Contains(t, allowed, tool, "%v", script)
		}
	}
	for _, r := range w.server.Requests()[2:] {
		require.NotContains(t, string(r.Raw), canary, "a model has read of another tenant")
	}
	h.ran = len(w.own.done()) - offset
	return h
}

// outside calls tools as an agent from outside does, behind the protocol.
func outside(w *world, p identity.Principal, script []string) {
	w.t.Helper()
	for i := 0; i+1 < len(script); i += 2 {
		if !json.Valid([]byte(script[i+1])) {
			continue // no JSON-RPC request could hold it
		}
		if _, err := w.outside().Call(w.t.Context(), p, p.SessionID, script[i], []byte(script[i+1]), 0); err != nil {
			require.NotEqual(w.t, fault.Internal, fault.KindOf(err))
		}
	}
}

func (w *world) outside() agents.Outside {
	return agents.Outside{Realm: w.realm, Runtime: w.engine, Catalogue: w.catalogue, IDs: w.ids}
}

// overMCP calls tools as the protocol's own client, and gives how many calls it made.
func overMCP(w *world, p identity.Principal, script []string, canary string) (calls int) {
	w.t.Helper()
	s := mcpserver.New(w.outside(), "test", 0, slog.New(slog.DiscardHandler))
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) { s.Serve(rw, r, p, p.SessionID) }))
	defer server.Close()
	transport := &mcp.StreamableClientTransport{Endpoint: server.URL, MaxRetries: -1, DisableStandaloneSSE: true, HTTPClient: server.Client()}
	for i := 0; i+1 < len(script); i += 2 {
		if !json.Valid([]byte(script[i+1])) {
			continue // the client does not send it
		}
		client, err := mcp.NewClient(&mcp.Implementation{Name: "hostile", Version: "1"}, nil).Connect(w.t.Context(), transport, nil)
		require.NoError(w.t, err)
		// A call of a tool that the caller has not is an error of the protocol; what was let in runs when the world works.
		r, err := client.CallTool(w.t.Context(), &mcp.CallToolParams{Name: script[i], Arguments: json.RawMessage(script[i+1])})
		if err == nil {
			raw, err := json.Marshal(r)
			require.NoError(w.t, err)
			require.NotContains(w.t, string(raw), canary)
		}
		calls++
		_ = client.Close() // a session that the server has ended is closed already
	}
	return calls
}

// smuggled are arguments that carry what they must not, each with a code that refuses it.
func smuggled() []string {
	all := make([]string, 0, 30)
	for _, key := range []string{
		"tenant_id", "user_id", "session_id", "user_context", "_principal", "principal", "roles", "permissions", "scope", "owner_id", "is_admin", "actor",
		"authorization", "access_token", "idempotency_key", "approved", "arguments_hash", "four_eyes", "__proto__", "constructor", "FILE_ID", "ｆile_id",
		"file_id\u200b", "$schema", "additionalProperties",
	} {
		all = append(all, string(agents.Encode(map[string]any{"file_id": "fil_1", key: map[string]any{"roles": []string{"owner"}}})))
	}
	deep := strings.Repeat(`{"file_id":`, 50) + `"x"` + strings.Repeat(`}`, 50)
	return append(all, `{"file_id":{"tenant_id":"ten_x"}}`, `{"file_id":["fil_1",{"_principal":{}}]}`, `{"n":{"$ref":"#"}}`, deep, `{"file_id":"`+strings.Repeat("x", 65)+`"}`)
}

// Nothing about who asks, and nothing else that a tool does not know, travels in its arguments: from a model, over MCP, and behind it (L4).
func TestSmuggledArgumentsAreRefused(t *testing.T) {
	all := smuggled()
	require.Len(t, all, 30)
	w := newWorld(t, nil)
	p := w.person(identity.RoleOwner)
	w.server = llmtest.NewServer(t, nil)
	for i, raw := range all {
		v := newWorld(t, obedient("own_change", raw, "find_artifacts", raw, "get_artifact", raw, "consult_agent", raw))
		member := v.person(identity.RoleMember)
		s := v.ask(member, "go")
		results := v.data(member, s.ID, event.AgentToolResult)
		require.NotEmpty(t, results, raw)
		for _, r := range results {
			require.Contains(t, []any{"unknown_field", "invalid_parameters"}, r["error_code"], "%d %s: %v", i, raw, r["tool"])
		}
		require.Empty(t, v.own.done(), raw)
		for _, tool := range []string{"own_change", "find_artifacts"} {
			ex, err := w.outside().Call(t.Context(), p, p.SessionID, tool, []byte(raw), 0)
			require.NoError(t, err)
			w.work()
			got, err := agents.ResultOf(w.get(p, ex.ID))
			require.NoError(t, err)
			require.Contains(t, []string{"unknown_field", "invalid_parameters"}, got.Code, raw)
		}
		overMCP(w, p, []string{"own_change", raw}, "fil_1")
		w.work()
	}
	require.Empty(t, w.own.done())
	sheet.Record(t, "L4", len(all), "refused by the schema 30, run 0; each from a model, over MCP and behind it", "30/30")
}

// node is an agent in a tree of agents that ask each other.
type node struct {
	agent    agent.ID
	tools    []string
	children []*node
}

// trees are agents that ask each other, what each of them calls, and what the tenant has left to each.
func trees() *rapid.Generator[*tree] {
	everybody := []agent.ID{agent.Guide, agent.LiaisonContent, agent.LiaisonInsights, agent.LiaisonJourney}
	tools := []string{"own_look", "own_change", "own_signed", "other_look", "other_change", "other_signed"}
	return rapid.Custom(func(t *rapid.T) *tree {
		out := &tree{left: map[agent.ID][]string{}}
		for _, id := range everybody {
			out.left[id] = rapid.SliceOfDistinct(rapid.SampledFrom(tools), rapid.ID).Draw(t, "left")
		}
		var grow func(depth int) *node
		grow = func(depth int) *node {
			n := &node{agent: rapid.SampledFrom(everybody).Draw(t, "agent"), tools: rapid.SliceOfN(rapid.SampledFrom(tools), 1, 3).Draw(t, "tools")}
			out.nodes = append(out.nodes, n)
			for range rapid.IntRange(0, 2).Draw(t, "children") {
				if depth < 3 && len(out.nodes) < 5 {
					n.children = append(n.children, grow(depth+1))
				}
			}
			return n
		}
		out.root = grow(0)
		return out
	})
}

type tree struct {
	root  *node
	nodes []*node
	left  map[agent.ID][]string
}

// script lets each agent of the tree call its tools, and ask its children.
func (tr *tree) script(r llmtest.Request) llmtest.Answer {
	if r.Last("tool").Role != "" {
		return llmtest.Say("done")
	}
	for i, n := range tr.nodes {
		if !strings.Contains(r.Last("user").Content, fmt.Sprintf("node %d.", i)) {
			continue
		}
		var calls []string
		for _, tool := range n.tools {
			calls = append(calls, tool, `{}`)
		}
		for _, c := range n.children {
			calls = append(calls, "consult_agent", fmt.Sprintf(`{"agent_id":%q,"question":"You are node %d."}`, c.agent, slices.Index(tr.nodes, c)))
		}
		return llmtest.Use(calls...)
	}
	return llmtest.Say("lost")
}

// path gives the agents on the way to a call, by the call's id: which call of which call it is.
func (tr *tree) path(t *testing.T, callID string) (above []*node, tool string) {
	t.Helper()
	n := tr.root
	for part := range strings.SplitSeq(callID, "/") {
		above = append(above, n)
		var round, k int
		_, err := fmt.Sscanf(part, "call_%d_%d", &round, &k)
		require.NoError(t, err)
		if k <= len(n.tools) {
			return above, n.tools[k-1]
		}
		n = n.children[k-len(n.tools)-1]
	}
	return above, ""
}

// stub is a builtin agent that is there.
type stub struct {
	liaison

	id agent.ID
}

func (s stub) Definition() agent.Definition {
	return agent.Definition{ID: s.id, Type: agent.TypeLiaison}
}

// In any tree of agents each carries out what it and all above it may, and nothing else (L9).
func TestChildrenNeverHaveMoreThanParents(t *testing.T) {
	const all, each = manyTrees, 20
	var allowed, refused, nodes int
	for from := 0; from < all; from += each {
		var tr *tree
		w := newWorld(t, func(r llmtest.Request) llmtest.Answer { return tr.script(r) })
		w.other = newWorks("insights", "other_")
		w.start(agents.GuideAgent{}, liaison{}, stub{id: agent.LiaisonInsights}, stub{id: agent.LiaisonJourney})
		w.posture.Limits.ToolCalls, w.posture.Limits.ModelCalls, w.posture.Limits.Tokens = 200, 200, 10_000_000
		for i := from; i < from+each; i++ {
			tr = trees().Example(i)
			p := w.person(identity.RoleMember)
			platform := map[agent.ID][]string{}
			for id, left := range tr.left {
				platform[id] = w.leave(p.TenantID, id, left)
			}
			id := w.send(p, w.thread(p, tr.root.agent), tr.root.agent, "You are node 0.")
			w.work()
			nodes += len(tr.nodes)
			for _, r := range w.data(p, id, event.AgentToolResult) {
				above, tool := tr.path(t, r["call_id"].(string))
				if tool == "" {
					continue // one agent asked another
				}
				within := !slices.ContainsFunc(above, func(n *node) bool { return !slices.Contains(platform[n.agent], tool) })
				require.Equal(t, within, r["ok"], "%s by %v under %v", tool, above[len(above)-1], tr.left)
				if within {
					allowed++
				} else {
					refused++
				}
			}
		}
		require.Empty(t, w.reports)
	}
	require.Positive(t, allowed)
	require.Positive(t, refused)
	sheet.Record(t, "L9", all, fmt.Sprintf("agents %d, calls within all above %d, refused %d, violations 0", nodes, allowed, refused), "500 trees, violations 0")
}

// leave sets which of its tools a tenant leaves to an agent, and gives what it then has.
func (w *world) leave(tenantID string, id agent.ID, tools []string) []string {
	w.t.Helper()
	all, err := agents.Definitions()
	require.NoError(w.t, err)
	has := agents.Within(w.tools.Grant(all[id]), tools)
	w.set(id, agents.DefinitionOverride{Tools: &has})
	w.settings(tenantID)
	return has
}

// An empty list is none, in a child as in its parent.
func TestAnEmptyGrantIsNone(t *testing.T) {
	require.Empty(t, agents.Within(nil, []string{"own_look"}))
	require.Empty(t, agents.Within([]string{"own_look"}, nil))
	w := newWorld(t, obedient("own_look", `{}`, "find_artifacts", `{}`, "consult_agent", `{"agent_id":"guide","question":"do it"}`))
	p := w.person(identity.RoleMember)
	w.leave(p.TenantID, agent.LiaisonContent, nil)
	s := w.ask(p, "go")
	for _, r := range w.data(p, s.ID, event.AgentToolResult) {
		require.Equal(t, "unknown_tool", r["error_code"])
	}
	require.Empty(t, w.own.done())
}
