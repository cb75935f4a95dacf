package agents

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/application/intents"
	"github.com/symphainy/symphainy/domain/agent"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/domain/realm"
	"github.com/symphainy/symphainy/ports"
)

// drawer is a realm of one intent with parameters of every type.
type drawer struct{}

func (drawer) Declaration() realm.Declaration {
	return realm.Declaration{Name: "drawer", Title: "Drawer", Intents: []realm.IntentSpec{{
		Type: "put", Title: "Put", Summary: "Puts.", Permission: identity.PermWrite, Retry: realm.RetryPure, ResultKeys: []string{},
		ParameterAliases: map[string]string{"what": "name"}, Example: []byte(`{"name":"a"}`),
		Schema: []byte(`{"type":"object","additionalProperties":false,"required":["name"],"properties":{"name":{"type":"string","minLength":1,"maxLength":8},
			"n":{"type":"integer","minimum":0,"maximum":9},"yes":{"type":"boolean"},"tags":{"type":"array","maxItems":2,"items":{"enum":["a","b"]}},
			"deep":{"type":"object","additionalProperties":false,"properties":{"x":{"type":"number"}}}}}`),
	}}}
}

func (drawer) Handlers() map[string]ports.IntentHandler {
	return map[string]ports.IntentHandler{"put": func(context.Context, ports.IntentCall) (ports.IntentResult, error) { return ports.IntentResult{}, nil }}
}

func drawerTools(tb testing.TB) *Tools {
	tb.Helper()
	c, err := intents.NewCatalogue(drawer{})
	require.NoError(tb, err)
	tools, err := NewTools(c)
	require.NoError(tb, err)
	return tools
}

// fits judges arguments of the drawer by hand, as its schema means them.
func fits(raw []byte) bool {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var in map[string]any
	if d.Decode(&in) != nil || in == nil {
		return false
	}
	integer := func(v any) bool {
		n, ok := v.(json.Number)
		f, err := n.Float64()
		return ok && err == nil && f == float64(int(f)) && f >= 0 && f <= 9
	}
	for name, v := range in {
		ok := false
		switch name {
		case "name":
			s, is := v.(string)
			ok = is && s != "" && utf8.RuneCountInString(s) <= 8
		case "n":
			ok = integer(v)
		case "yes":
			_, ok = v.(bool)
		case "tags":
			l, is := v.([]any)
			ok = is && len(l) <= 2 && !slices.ContainsFunc(l, func(e any) bool { return e != "a" && e != "b" })
		case "deep":
			m, is := v.(map[string]any)
			_, number := m["x"].(json.Number)
			ok = is && (len(m) == 0 || len(m) == 1 && number)
		}
		if !ok {
			return false
		}
	}
	return in["name"] != nil
}

// Whatever a model writes as arguments: what is let through is one canonical object that fits the schema, also when it is looked at once more.
func FuzzToolArguments(f *testing.F) {
	for _, raw := range []string{
		``, `{}`, `null`, `[]`, `{"name":"a"}`, `{"what":"a"}`, `{"name":"a","what":"b"}`, `{"name":"a","name":"b"}`, `{"name":"a"} {}`, `{"name":"a","n":1.0}`, `{"name":"a","n":1e0}`,
		`{"name":"a","n":10}`, `{"Name":"a"}`, `{"name":"a","admin":true}`, `{"name":"a","tags":["a","c"]}`, `{"name":"a","deep":{"x":1,"y":2}}`, `{"name":"aaaaaaaaa"}`,
		`{"name":"a","deep":{"x":1,"x":"s"}}`, "{\"name\":\"\xff\"}", `{"n\u0061me":"a"}`, `{"name":"a","n":1e400}`, `{"name":null}`,
	} {
		f.Add([]byte(raw))
	}
	tools := drawerTools(f)
	put, _ := tools.Find("put")
	question, found := tools.Find("find_artifacts")
	require.True(f, found)
	f.Fuzz(func(t *testing.T, raw []byte) {
		for _, tool := range []Tool{put, question} {
			exact, err := exactArguments(tool, raw)
			if err != nil {
				require.NotEqual(t, fault.Internal, fault.KindOf(err), err)
				continue
			}
			again, err := exactArguments(tool, exact)
			require.NoError(t, err, "%s", exact)
			require.JSONEq(t, string(exact), string(again))
			require.NotEmpty(t, hashOf(exact))
			require.Equal(t, hashOf(exact), hashOf(again))
			require.NoError(t, intents.Fits(tool.Schema, exact))
			if tool.Name == put.Name {
				require.True(t, fits(exact), "%s", exact)
			}
		}
	})
}

// narrower fails where the tenant's posture allows what the deployment's does not. A bound of zero is none where none is allowed to be set.
func narrower(t *testing.T, base, now agent.Posture) {
	t.Helper()
	most := func(what string, before, after int64, zeroIsNone bool) {
		if zeroIsNone && before == 0 {
			require.GreaterOrEqual(t, after, int64(0), what)
			return
		}
		require.LessOrEqual(t, after, before, what)
		require.False(t, after < 0 || zeroIsNone && after == 0, "%s: %d", what, after)
	}
	most("max_tokens", int64(base.MaxTokens), int64(now.MaxTokens), true)
	most("model calls", base.Limits.ModelCalls, now.Limits.ModelCalls, false)
	most("tool calls", base.Limits.ToolCalls, now.Limits.ToolCalls, false)
	most("depth", int64(base.Limits.Depth), int64(now.Limits.Depth), false)
	most("tokens", base.Limits.Tokens, now.Limits.Tokens, false)
	most("cost", base.Limits.Cost, now.Limits.Cost, true)
	most("time", int64(base.Limits.Time), int64(now.Limits.Time), true)
	most("decide", int64(base.Decide), int64(now.Decide), true)
	for i, b := range []agent.Budget{base.Session, base.Day} {
		n := []agent.Budget{now.Session, now.Day}[i]
		most("budget of tokens", b.Tokens, n.Tokens, true)
		most("budget of cost", b.Cost, n.Cost, true)
		most("budget of steps", b.Steps, n.Steps, true)
		most("budget of time", int64(b.Time), int64(n.Time), true)
	}
	require.False(t, base.Strict && !now.Strict || base.FourEyes && !now.FourEyes)
	require.False(t, base.AtLimit == agent.AtLimitEnd && now.AtLimit != agent.AtLimitEnd)
	require.Subset(t, now.Deny, base.Deny)
	require.Contains(t, []string{base.Model, "small"}, now.Model)
	require.NoError(t, now.Check())
}

// Whatever a tenant has set, its agents may at most what the deployment's may: no limit is higher, no tool more, no switch off again.
func FuzzPolicyNeverWider(f *testing.F) {
	for _, raw := range []string{
		`{}`, `{"strict":false,"four_eyes":false}`, `{"turn":{"model_calls":99,"tool_calls":-1,"depth":0,"tokens":0,"cost":0,"seconds":0}}`, `{"deny":["put"]}`,
		`{"turn":{"model_calls":1,"seconds":1}}`, `{"session":{"tokens":5,"seconds":9223372036854775807}}`, `{"day":{"steps":0}}`, `{"at_limit":"ask"}`, `{"model":"large"}`,
		`{"model":"small","temperature":1.5}`, `{"tools":["put","find_artifacts"]}`, `{"tools":[]}`, `{"tools":["drop"]}`, `{"enabled":true}`, `{"decide_seconds":1}`, `{"max_tokens":1e3}`,
		`{"decide_seconds":5000000000}`, `{"deny":null}`, `{"Strict":false}`, `null`,
	} {
		f.Add([]byte(raw), uint8(3), true)
		f.Add([]byte(raw), uint8(0), false)
	}
	tools := drawerTools(f)
	offered := []string{"small"}
	f.Fuzz(func(t *testing.T, raw []byte, scale uint8, strict bool) {
		n := int64(scale)
		base := agent.Posture{
			Model: "own", MaxTokens: int(n) * 10, Tone: "brief", Strict: strict, FourEyes: strict, AtLimit: agent.AtLimitEnd, Deny: []string{"remove"},
			Limits:  agent.Limits{ModelCalls: n, ToolCalls: n, Depth: int(n), Tokens: n * 100, Cost: n, Time: time.Duration(n) * 700 * time.Millisecond},
			Session: agent.Budget{Tokens: n, Cost: n, Steps: n, Time: time.Duration(n) * time.Second}, Day: agent.Budget{Steps: n}, Decide: time.Duration(n) * time.Second,
		}
		before := base
		before.Deny = slices.Clone(base.Deny)
		definition := agent.Definition{ID: agent.Guide, Tools: []string{"put"}, Must: []string{"be kind"}, MustNot: []string{"lie"}}
		b := rulebook{tools: tools, offered: offered}
		grant := tools.Grant(definition)
		rules := Rules{Posture: base, agents: map[agent.ID]ruled{agent.Guide: {definition: definition, grant: grant}}}
		had := rules.grant(agent.Guide)
		if b.add(&rules, agent.Setting{Subject: postureSubject, Body: raw}) == nil {
			narrower(t, before, rules.Posture)
		}
		if b.add(&rules, agent.Setting{Subject: agentSubject + string(agent.Guide), Body: raw}) == nil {
			d := rules.agents[agent.Guide].definition
			require.Subset(t, d.Must, definition.Must)
			require.Subset(t, d.MustNot, definition.MustNot)
		}
		require.Subset(t, had, rules.grant(agent.Guide))
		require.Empty(t, rules.grant(agent.LiaisonContent), "an agent that nobody defined has nothing")
		require.Equal(t, before, base, "the deployment's own posture stays")
	})
}
