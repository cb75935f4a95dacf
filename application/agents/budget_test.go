package agents_test

import (
	"context"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/application/agents"
	"github.com/symphainy/symphainy/domain/agent"
	"github.com/symphainy/symphainy/domain/event"
	"github.com/symphainy/symphainy/domain/execution"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/ports"
	"github.com/symphainy/symphainy/test/llmtest"
	"github.com/symphainy/symphainy/test/sheet"
)

// perCall is what llmtest's model says it has used in a call, and its cost under prices.
const (
	tokensPerCall = 120
	costPerCall   = 100*2 + 20*10
)

// stingy is a posture under which one limit is tight; used says what of it a number of calls has used.
type stingy struct {
	name  string
	set   func(p *agent.Posture)
	limit int64
	used  func(models, tools int64) int64
	step  int64
	// turns tells that the limit is of each turn.
	turns bool
}

func limits() []stingy {
	tokens := func(models, _ int64) int64 { return models * tokensPerCall }
	cost := func(models, _ int64) int64 { return models * costPerCall }
	calls := func(models, _ int64) int64 { return models }
	steps := func(models, tools int64) int64 { return models + tools }
	return []stingy{
		{"turn calls", func(p *agent.Posture) { p.Limits.ModelCalls = 3 }, 3, calls, 1, true},
		{"turn tokens", func(p *agent.Posture) { p.Limits.Tokens = 4000 }, 4000, tokens, tokensPerCall, true},
		{"turn cost", func(p *agent.Posture) { p.Limits.Cost = 8000 }, 8000, cost, costPerCall, true},
		{"session tokens", func(p *agent.Posture) { p.Session.Tokens = 5000 }, 5000, tokens, tokensPerCall, false},
		{"session cost", func(p *agent.Posture) { p.Session.Cost = 9000 }, 9000, cost, costPerCall, false},
		{"session steps", func(p *agent.Posture) { p.Session.Steps = 9 }, 9, steps, 1, false},
		{"day tokens", func(p *agent.Posture) { p.Day.Tokens = 6000 }, 6000, tokens, tokensPerCall, false},
		{"day cost", func(p *agent.Posture) { p.Day.Cost = 10_000 }, 10_000, cost, costPerCall, false},
		{"day steps", func(p *agent.Posture) { p.Day.Steps = 11 }, 11, steps, 1, false},
		{"everything", func(p *agent.Posture) { p.Limits.ModelCalls, p.Session.Steps, p.Day.Tokens = 4, 7, 7000 }, 7, steps, 1, false},
	}
}

// greed is how a hostile model uses things up.
func greed() map[string]func(llmtest.Request) llmtest.Answer {
	bomb := make([]string, 0, 40)
	for range 20 {
		bomb = append(bomb, "consult_agent", `{"agent_id":"liaison.content","question":"again?"}`)
	}
	fork := append(slices.Clone(bomb), slices.Repeat([]string{"own_look", `{}`}, 10)...)
	return map[string]func(llmtest.Request) llmtest.Answer{
		"runaway loop": func(llmtest.Request) llmtest.Answer { return llmtest.Use("own_look", `{}`) },
		"many at once": func(llmtest.Request) llmtest.Answer {
			return llmtest.Use(slices.Repeat([]string{"own_look", `{}`}, 30)...)
		},
		"ping-pong": func(llmtest.Request) llmtest.Answer { return llmtest.Use(bomb[:2]...) },
		"fork bomb": func(llmtest.Request) llmtest.Answer { return llmtest.Use(fork...) },
		"loop with text": func(llmtest.Request) llmtest.Answer {
			a := llmtest.Use("own_look", `{}`)
			a.Pieces = []string{"More. "}
			return a
		},
	}
}

// killed is a model whose process dies after each third call, before anything of the call is recorded.
type killed struct {
	ports.LanguageModel
	calls *atomic.Int64
}

func (k killed) Chat(ctx context.Context, r ports.ChatRequest, say func(string) error) (ports.ChatReply, error) {
	reply, err := k.LanguageModel.Chat(ctx, r, say)
	if k.calls.Add(1)%3 == 0 {
		return ports.ChatReply{}, context.DeadlineExceeded
	}
	return reply, err
}

// However a model behaves, and also if processes die in the middle, no limit is broken by more than one step (L8).
func TestBudgetsHold(t *testing.T) {
	cases, most := 0, 0.0
	for _, l := range limits() {
		for name, script := range greed() {
			for _, dies := range []bool{false, true} {
				over := spend(t, l, fmt.Sprintf("%s, %s, dies %v", l.name, name, dies), script, dies)
				most, cases = max(most, over), cases+1
			}
		}
	}
	require.Equal(t, 100, cases)
	sheet.Record(t, "L8", cases, fmt.Sprintf("overshoot at most %.2f steps", most), "100/100 with at most 1 step")
}

// spend lets two turns of one session run into a limit, and gives by how many steps it was broken.
func spend(t *testing.T, l stingy, name string, script func(llmtest.Request) llmtest.Answer, dies bool) float64 {
	t.Helper()
	w := newWorld(t, script)
	w.prices = agents.Prices{Input: 2, Output: 10}
	if dies {
		w.model = killed{w.model, &atomic.Int64{}}
	}
	w.start()
	w.posture.MaxTokens, w.posture.Limits.ToolCalls = 100, 6
	l.set(&w.posture)
	p := w.person(identity.RoleMember)
	var requests, tools, worst int64
	for range 2 {
		id := w.send(p, w.thread(p, agent.LiaisonContent), agent.LiaisonContent, "go")
		for range 12 { // a process that died is followed by another
			w.work()
			if w.get(p, id).State.Terminal() {
				break
			}
			w.clock.Advance(time.Minute)
			w.desk.Wake(id)
		}
		require.True(t, w.get(p, id).State.Terminal(), name)
		before := requests
		requests, tools = int64(len(w.server.Requests())), int64(len(w.own.done()))
		if l.turns {
			worst = max(worst, l.used(requests-before, 0))
		}
	}
	if !l.turns {
		worst = l.used(requests, tools)
	}
	require.Positive(t, requests, name)
	require.LessOrEqual(t, worst, l.limit+l.step, name)
	return float64(max(worst-l.limit, 0)) / float64(l.step)
}

// At the limit of a day an admin of the tenant is asked, and nobody else; what is given lasts for as much again.
func TestADaysBudgetIsGivenByAnAdmin(t *testing.T) {
	w := newWorld(t, func(llmtest.Request) llmtest.Answer { return llmtest.Use("own_look", `{}`) })
	w.posture.AtLimit, w.posture.Day.Steps = agent.AtLimitAsk, 4
	p := w.person(identity.RoleMember)
	s := w.ask(p, "go")
	require.Equal(t, execution.Waiting, s.State)
	require.Len(t, w.server.Requests(), 2)
	hash := hashIn(t, w.data(p, s.ID, event.ExecutionWaiting))
	require.Error(t, w.decide(p, s.ID, execution.Approve, hash), "a member does not give themselves more")
	owner := p
	owner.UserID, owner.SessionID, owner.Roles = "usr_owner", "ses_owner", []identity.Role{identity.RoleOwner}
	require.NoError(t, w.decide(owner, s.ID, execution.Approve, hash))
	w.work()
	require.Len(t, w.server.Requests(), 4)
	view, err := w.admin().Budget(t.Context(), owner)
	require.NoError(t, err)
	require.EqualValues(t, 8, view.Used.Steps())
	require.EqualValues(t, 1, view.Used.Granted)
	require.EqualValues(t, 4*tokensPerCall, view.Used.Tokens, "what was reserved and not used was given back")

	w.clock.Advance(24 * time.Hour)
	view, err = w.admin().Budget(t.Context(), owner)
	require.NoError(t, err)
	require.Zero(t, view.Used, "a new day")
}

// Two turns at once do not both get what is left for one.
func TestWhatIsReservedIsNotLeftForOthers(t *testing.T) {
	w := newWorld(t, func(llmtest.Request) llmtest.Answer { return llmtest.Say("done") })
	w.posture.Day.Tokens = 4000 // room for the reservation of one call
	p := w.person(identity.RoleMember)
	arrived, leave := make(chan struct{}, 2), make(chan struct{})
	w.server.Script(func(llmtest.Request) llmtest.Answer {
		arrived <- struct{}{}
		<-leave
		return llmtest.Say("done")
	})
	first := w.send(p, w.thread(p, agent.LiaisonContent), agent.LiaisonContent, "one")
	done := make(chan error)
	go func() { done <- w.desk.handle(t.Context(), first) }()
	<-arrived
	second := w.send(p, w.thread(p, agent.LiaisonContent), agent.LiaisonContent, "two")
	require.NoError(t, w.desk.handle(t.Context(), second))
	require.Contains(t, w.response(p, second), "this day has used up its limit of tokens")
	close(leave)
	require.NoError(t, <-done)
	require.Equal(t, "done", w.response(p, first))
}
