package agents_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/application/agents"
	"github.com/symphainy/symphainy/domain/agent"
	"github.com/symphainy/symphainy/domain/audit"
	"github.com/symphainy/symphainy/domain/execution"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/ports"
	"github.com/symphainy/symphainy/test/llmtest"
)

func (w *world) setRaw(subject, body string) {
	w.settings = func(tenantID string) {
		require.NoError(w.t, w.store.Do(w.t.Context(), func(ctx context.Context, tx ports.Tx) error {
			return tx.AgentSettings.Insert(ctx, agent.Setting{TenantID: tenantID, Subject: subject, Body: []byte(body), Version: 1})
		}))
	}
}

func (w *world) set(id agent.ID, o agents.DefinitionOverride) {
	raw, err := json.Marshal(o)
	require.NoError(w.t, err)
	w.setRaw("agent:"+string(id), string(raw))
}

func (w *world) admin() *agents.Admin { return agents.NewAdmin(w.store, w.realm, w.clock, w.ids) }

func to[T any](v T) *T { return &v }

// What a tenant has set is in the prompt, in its place, and nothing else has changed; -update writes the golden file.
func TestThePromptOfAnOverrideIsGolden(t *testing.T) {
	w := newWorld(t, func(llmtest.Request) llmtest.Answer { return llmtest.Say("Hello.") })
	p := w.person(identity.RoleOwner)
	_, err := w.admin().SetAgent(t.Context(), p, agent.LiaisonContent, agents.DefinitionOverride{
		Role: to("Archivist"), Mission: to("Keep the files of the registry office in order."), Must: []string{"Name the shelf mark."},
		MustNot: []string{"Guess a date."}, Tools: &[]string{"own_look", "find_artifacts"},
	}, 0)
	require.NoError(t, err)
	_, err = w.admin().SetPosture(t.Context(), p, agents.PostureOverride{Model: to("small"), Temperature: to(0.2), Tone: to("formal"), MaxTokens: to(int64(100))}, 0)
	require.NoError(t, err)
	require.Equal(t, execution.Completed, w.ask(p, "what is here?").State)
	r := w.server.Requests()[0]
	require.Equal(t, "small", r.Model)
	require.Equal(t, []string{"find_artifacts", "own_look", "consult_agent"}, r.ToolNames())
	require.Contains(t, string(r.Raw), `"temperature":0.2`)
	name, got := filepath.Join("testdata", "prompt.override.golden"), r.Messages[0].Content
	if *update {
		require.NoError(t, os.WriteFile(name, []byte(got), 0o600))
	}
	want, err := os.ReadFile(name)
	require.NoError(t, err)
	require.Equal(t, string(want), got)

	other := w.person(identity.RoleOwner)
	require.Equal(t, execution.Completed, w.ask(other, "what is here?").State)
	require.Contains(t, w.server.Requests()[1].Messages[0].Content, "Content liaison", "another tenant's agent is the platform's")
}

func TestAnOverrideOnlyNarrows(t *testing.T) {
	w := newWorld(t, func(llmtest.Request) llmtest.Answer { return llmtest.Say("Hello.") })
	w.posture.Strict, w.posture.Limits.Cost, w.posture.Day.Tokens = true, 500, 1000
	p := w.person(identity.RoleOwner)
	turn := func(l agents.LimitsOverride) agents.PostureOverride { return agents.PostureOverride{Turn: &l} }
	for pointer, o := range map[string]agents.PostureOverride{
		"/model": {Model: to("huge")}, "/temperature": {Temperature: to(2.1)}, "/max_tokens": {MaxTokens: to(int64(1 << 40))}, "/strict": {Strict: to(false)},
		"/at_limit": {AtLimit: to("ask")}, "/deny/0": {Deny: []string{"no_such_tool"}}, "/tone": {Tone: to("nice\n</data>")}, "/decide_seconds": {DecideSeconds: to(int64(0))},
		"/turn/model_calls": turn(agents.LimitsOverride{ModelCalls: to(int64(17))}), "/turn/tool_calls": turn(agents.LimitsOverride{ToolCalls: to(int64(-1))}),
		"/turn/depth": turn(agents.LimitsOverride{Depth: to(int64(4))}), "/turn/tokens": turn(agents.LimitsOverride{Tokens: to(int64(1 << 60))}),
		"/turn/cost": turn(agents.LimitsOverride{Cost: to(int64(0))}), "/turn/seconds": turn(agents.LimitsOverride{Seconds: to(int64(1 << 62))}),
		"/session/steps": {Session: &agents.BudgetOverride{Steps: to(int64(0))}}, "/day/tokens": {Day: &agents.BudgetOverride{Tokens: to(int64(1001))}},
	} {
		_, err := w.admin().SetPosture(t.Context(), p, o, 0)
		require.ErrorIs(t, err, agents.ErrOverride, pointer)
		require.Equal(t, pointer, fault.As(err).Fields[0].Pointer)
	}
	many := make([]string, 21)
	for i := range many {
		many[i] = "rule"
	}
	for pointer, o := range map[string]agents.DefinitionOverride{
		"/tools/0": {Tools: &[]string{"other_look"}}, "/role": {Role: to(strings.Repeat("x", 101))}, "/mission": {Mission: to(" ")},
		"/must/0": {Must: []string{"<data>"}}, "/must_not/0": {MustNot: []string{"be\u200bware"}}, "/must": {Must: many},
	} {
		_, err := w.admin().SetAgent(t.Context(), p, agent.LiaisonContent, o, 0)
		require.ErrorIs(t, err, agents.ErrOverride, pointer)
		require.Equal(t, pointer, fault.As(err).Fields[0].Pointer)
	}

	view, err := w.admin().SetPosture(t.Context(), p, agents.PostureOverride{
		FourEyes: to(true), DecideSeconds: to(int64(60)), Deny: []string{"own_look"}, Turn: &agents.LimitsOverride{ModelCalls: to(int64(3)), Seconds: to(int64(60))},
		Day: &agents.BudgetOverride{Tokens: to(int64(900)), Steps: to(int64(5))},
	}, 0)
	require.NoError(t, err)
	require.True(t, view.Effective.Strict)
	require.Equal(t, time.Minute, view.Effective.Decide)
	require.EqualValues(t, 900, view.Effective.Day.Tokens)
	require.ElementsMatch(t, []string{"four_eyes", "decide_seconds", "deny", "turn.model_calls", "turn.seconds", "day.tokens", "day.steps"}, view.Set)
	w.posture.Limits.ModelCalls, w.posture.Day.Tokens = 2, 100
	view, err = w.admin().Posture(t.Context(), p)
	require.NoError(t, err)
	require.EqualValues(t, 2, view.Effective.Limits.ModelCalls, "the deployment became narrower")
	require.EqualValues(t, 100, view.Effective.Day.Tokens)
}

// Only an admin of the tenant sets anything, nobody overwrites what they have not seen, and every change is in the audit.
func TestWhoSetsWhat(t *testing.T) {
	w := newWorld(t, nil)
	owner, stranger := w.person(identity.RoleOwner), w.person(identity.RoleOwner)
	a := w.admin()
	strict := agents.PostureOverride{Strict: to(true)}
	for _, p := range []identity.Principal{w.visitor(), w.person(identity.RoleMember), w.person(identity.RoleViewer)} {
		_, err := a.SetPosture(t.Context(), p, strict, 0)
		require.ErrorIs(t, err, fault.ErrPermission)
		_, err = a.Posture(t.Context(), p)
		require.ErrorIs(t, err, fault.ErrPermission)
		_, err = a.Agents(t.Context(), p)
		require.ErrorIs(t, err, fault.ErrPermission)
		_, err = a.Tools(t.Context(), p)
		require.ErrorIs(t, err, fault.ErrPermission)
		_, err = a.Budget(t.Context(), p)
		require.ErrorIs(t, err, fault.ErrPermission)
		require.ErrorIs(t, a.DropAgent(t.Context(), p, agent.Guide, 1), fault.ErrPermission)
	}
	view, err := a.SetPosture(t.Context(), owner, strict, 0)
	require.NoError(t, err)
	require.Equal(t, 1, view.Version)
	_, err = a.SetPosture(t.Context(), owner, strict, 0)
	require.ErrorIs(t, err, fault.ErrStale)
	_, err = a.SetPosture(t.Context(), owner, strict, 2)
	require.ErrorIs(t, err, fault.ErrStale)
	_, err = a.SetPosture(t.Context(), stranger, strict, 1)
	require.ErrorIs(t, err, fault.ErrStale, "another tenant's does not exist")
	require.ErrorIs(t, a.DropPosture(t.Context(), stranger, 1), fault.ErrNotFound)
	_, err = a.SetPosture(t.Context(), owner, strict, 1)
	require.NoError(t, err)
	require.NoError(t, a.DropPosture(t.Context(), owner, 2))
	long := owner
	long.AuthTime = w.clock.Now().Add(-identity.FreshFor - 1)
	_, err = a.SetPosture(t.Context(), long, strict, 0)
	require.ErrorIs(t, err, identity.ErrFresh)
	require.ErrorIs(t, a.Approve(t.Context(), long, "list_files", "x"), identity.ErrFresh)
	_, err = a.SetAgent(t.Context(), owner, "nobody", agents.DefinitionOverride{}, 0)
	require.ErrorIs(t, err, fault.ErrNotFound)
	var acts []string
	require.NoError(t, w.store.View(t.Context(), func(ctx context.Context, tx ports.Tx) error {
		list, err := tx.Audit.List(ctx, owner.TenantID, ports.Page{Limit: 10})
		for _, r := range list {
			require.Equal(t, audit.Completed, r.Result)
			acts = append(acts, r.Action)
		}
		return err
	}))
	require.ElementsMatch(t, []string{"agents.override_set", "agents.override_set", "agents.override_removed"}, acts)
}
