package agents_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/domain/agent"
	"github.com/symphainy/symphainy/domain/event"
	"github.com/symphainy/symphainy/domain/execution"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/ports"
	"github.com/symphainy/symphainy/test/llmtest"
)

func TestAModelAnswersAndUsesTools(t *testing.T) {
	w := newWorld(t, obedient("own_look", `{"file_id":"fil_1"}`, "own_change", `{"n":1}`))
	p := w.person(identity.RoleMember)
	s := w.ask(p, "please")
	require.Equal(t, execution.Completed, s.State, s.ErrorMessage)
	require.Equal(t, []string{`own_look {"file_id":"fil_1"}`, `own_change {"n":1}`}, w.own.done())
	require.Equal(t, "I did what I was told.", w.response(p, s.ID))
	require.Equal(t, "I did what I was told.", strings.TrimPrefix(w.said(p, s.ID), ""))
	require.Equal(t, "llm", w.data(p, s.ID, event.AgentCompleted)[0]["method"])
	require.Len(t, w.data(p, s.ID, event.AgentStarted), 1)
	require.Len(t, w.data(p, s.ID, event.AgentToolCall), 2)
	results := w.data(p, s.ID, event.AgentToolResult)
	require.Len(t, results, 2)
	require.Equal(t, true, results[0]["ok"])
	require.NotEmpty(t, results[0]["tool_execution_id"], "a tool call is an execution like any")
	second := w.server.Requests()[len(w.server.Requests())-1]
	require.Contains(t, second.Last("tool").Content, `"done":"own_change"`)
}

func TestWithoutAModelTheBuiltinAnswersAsBefore(t *testing.T) {
	w := newWorld(t, nil)
	p := w.visitor()
	s := w.ask(p, "hello")
	require.Equal(t, execution.Completed, s.State, s.ErrorMessage)
	require.Equal(t, "I am built in.", w.response(p, s.ID))
	var types []string
	for _, e := range w.events(p, s.ID) {
		types = append(types, e.Type)
	}
	require.Equal(t, []string{
		event.ExecutionAccepted, event.ExecutionStarted, event.StepStarted, event.StepCompleted, event.AgentStarted,
		event.AgentToken, event.AgentToken, event.AgentToken, event.AgentToken, event.AgentCompleted, event.ExecutionCompleted,
	}, types)
}

func TestWhenTheModelFailsTheBuiltinAnswersAndSaysSo(t *testing.T) {
	for name, answer := range map[string]llmtest.Answer{
		"500": llmtest.Status(http.StatusInternalServerError), "401": llmtest.Status(http.StatusUnauthorized),
		"half a stream": {Write: func(w http.ResponseWriter, _ *http.Request) { llmtest.Begin(w)(llmtest.Piece("Hel")) }},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, func(llmtest.Request) llmtest.Answer { return answer })
			p := w.person(identity.RoleMember)
			s := w.ask(p, "hello")
			require.Equal(t, execution.Completed, s.State, s.ErrorMessage)
			require.Contains(t, w.response(p, s.ID), "The language model does not answer")
			require.Contains(t, w.response(p, s.ID), "I am built in.")
			require.Equal(t, "deterministic", w.data(p, s.ID, event.AgentCompleted)[0]["method"])
		})
	}
}

// A model that fails after it has used a tool loses nothing: what was done is not done again.
func TestTheBuiltinGoesOnFromWhereTheModelFailed(t *testing.T) {
	w := newWorld(t, func(r llmtest.Request) llmtest.Answer {
		if r.Last("tool").Role == "" {
			return llmtest.Use("own_change", `{}`)
		}
		return llmtest.Status(http.StatusBadGateway)
	})
	p := w.person(identity.RoleMember)
	s := w.ask(p, "change it")
	require.Equal(t, execution.Completed, s.State)
	require.Len(t, w.own.done(), 1)
	require.Contains(t, w.response(p, s.ID), "I am built in.")
}

func TestRefusalsAreResultsThatTheModelReads(t *testing.T) {
	for name, c := range map[string]struct{ tool, arguments, code string }{
		"unknown tool":         {"nothing_like_it", `{}`, "unknown_tool"},
		"another agent's tool": {"other_look", `{}`, "unknown_tool"},
		"an internal intent":   {"agent.turn", `{}`, "unknown_tool"},
		"case":                 {"OWN_LOOK", `{}`, "unknown_tool"},
		"full width":           {"ｏwn_look", `{}`, "unknown_tool"},
		"extra field":          {"own_look", `{"tenant_id":"ten_x"}`, "unknown_field"},
		"principal":            {"own_look", `{"_principal":{"roles":["owner"]}}`, "unknown_field"},
		"wrong type":           {"own_look", `{"n":"many"}`, "invalid_parameters"},
		"no JSON":              {"own_look", `{"n":`, "invalid_parameters"},
		"a key twice":          {"own_look", `{"n":1,"n":2}`, "invalid_parameters"},
		"two objects":          {"own_look", `{}{}`, "invalid_parameters"},
		"a list":               {"own_look", `[]`, "invalid_parameters"},
		"a foreign id":         {"own_look", `{"file_id":"foreign"}`, "not_found"},
		"a foreign artifact":   {"get_artifact", `{"artifact_id":"art_00000000000000000000000000"}`, "not_found"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, obedient(c.tool, c.arguments))
			p := w.person(identity.RoleMember)
			s := w.ask(p, "go")
			require.Equal(t, execution.Completed, s.State, s.ErrorMessage)
			require.Empty(t, w.own.done())
			require.Empty(t, w.other.done())
			results := w.data(p, s.ID, event.AgentToolResult)
			require.Len(t, results, 1)
			require.Equal(t, c.code, results[0]["error_code"])
			require.Contains(t, w.server.Requests()[1].Last("tool").Content, c.code)
		})
	}
}

func TestACallerLendsOnlyWhatTheyMay(t *testing.T) {
	for name, c := range map[string]struct {
		who  func(w *world) identity.Principal
		tool string
		code string
	}{
		"a visitor looks":           {(*world).visitor, "own_look", ""},
		"a visitor, signed in only": {(*world).visitor, "own_signed", "permission_denied"},
		"a member removes":          {func(w *world) identity.Principal { return w.person(identity.RoleMember) }, "own_remove", "permission_denied"},
		"a member changes":          {func(w *world) identity.Principal { return w.person(identity.RoleMember) }, "own_change", ""},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, obedient(c.tool, `{}`))
			p := c.who(w)
			s := w.ask(p, "go")
			require.Equal(t, execution.Completed, s.State, s.ErrorMessage)
			code := w.data(p, s.ID, event.AgentToolResult)[0]["error_code"]
			require.Equal(t, c.code, code)
			require.Equal(t, c.code == "", len(w.own.done()) == 1)
		})
	}
}

// decide takes the decision that a turn waits for.
func (w *world) decide(by identity.Principal, id string, verdict execution.Verdict, hash string, response ...byte) error {
	var raw []byte
	if len(response) > 0 {
		raw = response
	}
	_, err := w.engine.Decide(w.t.Context(), by, id, ports.DecisionCommand{Verdict: verdict, ArgumentsHash: hash, Response: raw})
	return err
}

func (w *world) waitingHash(p identity.Principal, id string) string {
	w.t.Helper()
	waits := w.data(p, id, event.AgentWaiting)
	require.NotEmpty(w.t, waits)
	return waits[len(waits)-1]["arguments_hash"].(string)
}

func TestAStrictPostureAsksAPerson(t *testing.T) {
	w := newWorld(t, obedient("own_look", `{}`, "own_change", `{"n":1}`))
	w.posture.Strict = true
	p := w.person(identity.RoleMember)
	s := w.ask(p, "go")
	require.Equal(t, execution.Waiting, s.State)
	require.Equal(t, []string{"own_look {}"}, w.own.done(), "what only reads is not asked about")
	hash := w.waitingHash(p, s.ID)
	require.ErrorIs(t, w.decide(p, s.ID, execution.Approve, "another"), execution.ErrArgumentsChanged)
	require.Error(t, w.decide(w.person(identity.RoleOwner), s.ID, execution.Approve, hash), "another tenant")
	require.NoError(t, w.decide(p, s.ID, execution.Approve, hash))
	w.work()
	require.Equal(t, execution.Completed, w.get(p, s.ID).State)
	require.Equal(t, []string{"own_look {}", `own_change {"n":1}`}, w.own.done())
	require.NoError(t, errors.Join(w.decide(p, s.ID, execution.Approve, hash)), "again, the same")
	w.work()
	require.Len(t, w.own.done(), 2, "taken once")
	require.Len(t, w.server.Requests(), 2, "no step of the model is repeated by waiting")
}

func TestRejectedEditedAndExpired(t *testing.T) {
	ask := func(t *testing.T) (*world, identity.Principal, execution.Snapshot) {
		w := newWorld(t, obedient("own_change", `{"n":1}`))
		w.posture.Strict = true
		p := w.person(identity.RoleMember)
		return w, p, w.ask(p, "go")
	}
	t.Run("rejected", func(t *testing.T) {
		w, p, s := ask(t)
		require.NoError(t, w.decide(p, s.ID, execution.Reject, w.waitingHash(p, s.ID)))
		w.work()
		require.Empty(t, w.own.done())
		require.Equal(t, "rejected", w.data(p, s.ID, event.AgentToolResult)[0]["error_code"])
	})
	t.Run("edited", func(t *testing.T) {
		w, p, s := ask(t)
		require.NoError(t, w.decide(p, s.ID, execution.Edit, w.waitingHash(p, s.ID), []byte(`{"n":2}`)...))
		w.work()
		require.Equal(t, []string{`own_change {"n":2}`}, w.own.done())
	})
	t.Run("edited into what does not fit", func(t *testing.T) {
		w, p, s := ask(t)
		require.Error(t, w.decide(p, s.ID, execution.Edit, w.waitingHash(p, s.ID), []byte(`{"tenant_id":"x"}`)...))
		w.work()
		require.Empty(t, w.own.done())
		require.Equal(t, execution.Waiting, w.get(p, s.ID).State)
	})
	t.Run("expired", func(t *testing.T) {
		w, p, s := ask(t)
		w.clock.Advance(8 * 24 * time.Hour)
		require.NoError(t, w.desk.handle(t.Context(), s.ID))
		w.work()
		require.Empty(t, w.own.done())
		require.Equal(t, "decision_expired", w.data(p, s.ID, event.AgentToolResult)[0]["error_code"])
	})
	t.Run("cancelled", func(t *testing.T) {
		w, p, s := ask(t)
		hash := w.waitingHash(p, s.ID)
		_, err := w.engine.Cancel(t.Context(), p, s.ID)
		require.NoError(t, err)
		require.Error(t, w.decide(p, s.ID, execution.Approve, hash))
		w.work()
		require.Empty(t, w.own.done())
	})
	t.Run("rights gone meanwhile", func(t *testing.T) {
		w, p, s := ask(t)
		require.NoError(t, w.decide(p, s.ID, execution.Approve, w.waitingHash(p, s.ID)))
		w.grants.roles = []identity.Role{identity.RoleViewer}
		w.work()
		require.Empty(t, w.own.done())
	})
	t.Run("four eyes", func(t *testing.T) {
		w := newWorld(t, obedient("own_change", `{"n":1}`))
		w.posture.Strict, w.posture.FourEyes = true, true
		p := w.person(identity.RoleMember)
		s := w.ask(p, "go")
		hash := w.waitingHash(p, s.ID)
		require.Error(t, w.decide(p, s.ID, execution.Approve, hash), "not the one for whom it runs")
		colleague := p
		colleague.UserID, colleague.SessionID = "usr_colleague", "ses_colleague"
		require.NoError(t, w.decide(colleague, s.ID, execution.Approve, hash))
		w.work()
		require.Len(t, w.own.done(), 1)
	})
}

func TestLimitsEndATurn(t *testing.T) {
	runaway := func(llmtest.Request) llmtest.Answer { return llmtest.Use("own_look", `{}`) }
	for name, limit := range map[string]func(*agent.Limits){
		"model calls": func(l *agent.Limits) { l.ModelCalls = 3 }, "tool calls": func(l *agent.Limits) { l.ToolCalls, l.ModelCalls = 2, 5 },
		"tokens": func(l *agent.Limits) { l.Tokens = 3000 }, "nothing at all": func(l *agent.Limits) { *l = agent.Limits{} },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, runaway)
			limit(&w.posture.Limits)
			p := w.person(identity.RoleMember)
			s := w.ask(p, "go")
			require.Equal(t, execution.Completed, s.State, s.ErrorMessage)
			require.Contains(t, w.response(p, s.ID), "limit")
			require.LessOrEqual(t, int64(len(w.server.Requests())), w.posture.Limits.ModelCalls)
			require.LessOrEqual(t, int64(len(w.own.done())), w.posture.Limits.ToolCalls)
		})
	}
	t.Run("a person gives more", func(t *testing.T) {
		w := newWorld(t, runaway)
		w.posture.Limits.ModelCalls, w.posture.AtLimit = 2, agent.AtLimitAsk
		p := w.person(identity.RoleMember)
		s := w.ask(p, "go")
		require.Equal(t, execution.Waiting, s.State)
		require.Len(t, w.server.Requests(), 2)
		require.NoError(t, w.decide(p, s.ID, execution.Approve, hashIn(t, w.data(p, s.ID, event.ExecutionWaiting))))
		w.work()
		require.Len(t, w.server.Requests(), 4)
		require.NoError(t, w.decide(p, s.ID, execution.Reject, hashIn(t, w.data(p, s.ID, event.ExecutionWaiting))))
		w.work()
		require.Len(t, w.server.Requests(), 4)
		require.Equal(t, execution.Completed, w.get(p, s.ID).State)
	})
}

func hashIn(t *testing.T, waits []map[string]any) string {
	t.Helper()
	for i := len(waits) - 1; i >= 0; i-- {
		if hash, ok := waits[i]["arguments_hash"].(string); ok {
			return hash
		}
		if w, ok := waits[i]["waiting"].(map[string]any); ok {
			if hash, ok := w["arguments_hash"].(string); ok {
				return hash
			}
		}
	}
	t.Fatalf("no hash in %v", waits)
	return ""
}

func TestAgentsAskEachOther(t *testing.T) {
	w := newWorld(t, func(r llmtest.Request) llmtest.Answer {
		if strings.Contains(r.Messages[0].Content, "You are the Content liaison") { // asks itself for ever
			return llmtest.Use("consult_agent", `{"agent_id":"liaison.content","question":"and you?"}`)
		}
		return llmtest.Say("unreachable")
	})
	p := w.person(identity.RoleMember)
	s := w.ask(p, "go")
	require.Equal(t, execution.Completed, s.State, s.ErrorMessage)
	require.LessOrEqual(t, int64(len(w.server.Requests())), w.posture.Limits.ModelCalls, "all agents of a turn share its limits")
}

func TestCancelReachesTheModel(t *testing.T) {
	asked, ended := make(chan struct{}), make(chan struct{})
	w := newWorld(t, func(llmtest.Request) llmtest.Answer {
		return llmtest.Answer{Write: func(w http.ResponseWriter, r *http.Request) {
			llmtest.Begin(w)(llmtest.Piece("Hel"))
			close(asked)
			<-r.Context().Done()
			close(ended)
		}}
	})
	p := w.person(identity.RoleMember)
	id := w.send(p, w.thread(p, agent.LiaisonContent), agent.LiaisonContent, "go")
	done := make(chan struct{})
	go func() { defer close(done); w.work() }()
	<-asked
	_, err := w.engine.Cancel(t.Context(), p, id)
	require.NoError(t, err)
	select {
	case <-ended:
	case <-time.After(5 * time.Second): // an idle machine takes a few milliseconds
		t.Fatal("the model still works")
	}
	<-done
	require.Equal(t, execution.Cancelled, w.get(p, id).State)
}
