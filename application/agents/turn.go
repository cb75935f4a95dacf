package agents

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/symphainy/symphainy/domain/agent"
	"github.com/symphainy/symphainy/domain/event"
	"github.com/symphainy/symphainy/domain/execution"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/domain/typeid"
	"github.com/symphainy/symphainy/ports"
)

// turn is one run of a turn's handler. After a crash or a wait it runs again from the beginning: what is recorded gives its stored result,
// so it comes to where it was and goes on.
type turn struct {
	realm *Realm
	call  ports.IntentCall
	in    TurnParameters
	ports.Turn
	log *log
	// used is what the recorded steps have used up, over all agents of the turn.
	used    agent.Usage
	rules   Rules
	posture agent.Posture
	// tainted tells that something from before the sign-in is in front of the agent.
	tainted bool
}

// speaker is an agent at work: the one that was asked, or one that it asks.
type speaker struct {
	definition agent.Definition
	builtin    ports.Agent
	grant      []string
	// path is put before the names of its steps; depth counts the agents above it.
	path  string
	depth int
	// chat is the conversation with the model; nil if the builtin agent answers.
	chat []ports.ChatMessage
	// fallen is why the builtin agent took over from the model; "" if it did not.
	fallen  string
	results []agent.ToolResult
}

// move is what an agent does next, as its step records it.
type move struct {
	Reply agent.Reply
	Usage agent.Usage
	// Failed is the code of the model's failure; the builtin agent then goes on.
	Failed string
	// Limit is the limit that is used up, and Scope and Subject are whose; nothing was asked of anybody then.
	Limit   string
	Scope   string
	Subject string
	// Held is what was reserved for it, nil if nothing was.
	Held *hold
}

func (r *Realm) turn(ctx context.Context, call ports.IntentCall) (ports.IntentResult, error) {
	t := &turn{realm: r, call: call}
	if err := json.Unmarshal(call.Execution().Intent.Parameters, &t.in); err != nil {
		return ports.IntentResult{}, fault.As(fmt.Errorf("turn parameters: %w", err))
	}
	builtin := r.agents[t.in.AgentID]
	if builtin == nil {
		return ports.IntentResult{}, agent.ErrNoSuchAgent
	}
	var err error
	if t.Turn, err = r.assemble(ctx, call, t.in); err != nil {
		return ports.IntentResult{}, err
	}
	t.log, t.tainted = newLog(call, t.fresh()), tainted(t.Turn)
	if err = t.readRules(ctx); err != nil {
		return ports.IntentResult{}, err
	}
	s, err := t.speaker(t.in.AgentID, builtin)
	if err != nil {
		return ports.IntentResult{}, err
	}
	reply, err := t.converse(ctx, s)
	if err != nil {
		return ports.IntentResult{}, err
	}
	return t.conclude(ctx, s, reply)
}

// tainted reports whether a person who has signed in speaks to an agent that sees what was said or made before.
func tainted(t ports.Turn) bool {
	if t.Facts.Anonymous {
		return false
	}
	if agent.Tainted(t.Conversation.Summary) {
		return true
	}
	for _, m := range t.History {
		if m.Origin == anonymous {
			return true
		}
	}
	for _, list := range [][]string{origins(t.Facts)} {
		if slices.Contains(list, anonymous) {
			return true
		}
	}
	return false
}

// anonymous is the origin of what was said and made before a sign-in.
const anonymous = "anonymous"

func origins(f ports.SessionFacts) []string {
	var list []string
	for _, a := range slices.Concat(f.Files, f.Parsed, f.Quality, f.Others) {
		list = append(list, a.Origin)
	}
	return list
}

// speaker is an agent as the tenant has it; one that the tenant has taken away is agent.ErrNoSuchAgent.
func (t *turn) speaker(id agent.ID, builtin ports.Agent) (*speaker, error) {
	s := &speaker{definition: builtin.Definition(), builtin: builtin, grant: t.rules.grant(id)}
	if d, ok := t.rules.agents[id]; ok {
		s.definition = d.definition
		if d.off {
			return nil, agent.ErrNoSuchAgent
		}
	}
	return s, nil
}

func (t *turn) readRules(ctx context.Context) error {
	if t.realm.gate == nil {
		t.posture = agent.DefaultPosture()
		return nil
	}
	err := t.call.Read(ctx, func(ctx context.Context, tx ports.Tx, scope identity.Scope) (err error) {
		t.rules, err = t.realm.gate.Rules(ctx, tx, scope.TenantID)
		return err
	})
	t.posture = t.rules.Posture
	return err
}

// converse lets an agent move until it has nothing more to ask for.
func (t *turn) converse(ctx context.Context, s *speaker) (agent.Reply, error) {
	if t.realm.model != nil {
		if err := t.started(ctx, s); err != nil {
			return agent.Reply{}, err
		}
		s.chat = Prompt(s.definition, t.posture, t.Turn)
	}
	for round := 1; ; round++ {
		m, err := t.move(ctx, s, round)
		if err != nil {
			return agent.Reply{}, err
		}
		t.used = t.used.Plus(m.Usage)
		switch {
		case m.Limit != "":
			return limited(m), nil
		case m.Failed != "":
			s.fallen = m.Failed
			continue
		case len(m.Reply.Calls) == 0:
			return m.Reply, nil
		}
		if s.chat != nil && s.fallen == "" {
			s.chat = append(s.chat, ports.ChatMessage{Role: ports.ChatAssistant, Text: m.Reply.Text, Calls: m.Reply.Calls})
		}
		for i, c := range m.Reply.Calls {
			c.ID = fmt.Sprintf("%scall_%d_%d", s.path, round, i+1)
			result, err := t.act(ctx, s, c)
			if err != nil {
				return agent.Reply{}, err
			}
			s.results = append(s.results, result)
			t.used.ToolCalls++
			if s.chat != nil {
				s.chat = append(s.chat, ports.ChatMessage{Role: ports.ChatTool, CallID: m.Reply.Calls[i].ID, Text: resultText(result)})
			}
		}
	}
}

// limited is the end of a turn that has used up what it may.
func limited(m move) agent.Reply {
	return agent.Reply{
		Text:   fmt.Sprintf("I stop here: this %s has used up its limit of %s. What was done until now stays done.", m.Scope, m.Limit),
		Method: methodDeterministic, Data: Encode(map[string]any{"limit": m.Limit, "scope": m.Scope}),
	}
}

// started tells the conversation, once, that its agent is at work.
func (t *turn) started(ctx context.Context, s *speaker) error {
	if s.depth > 0 {
		return nil
	}
	return t.log.once(ctx, event.AgentStarted, "", t.common(map[string]any{"agent_type": s.definition.Type, "execution_id": t.call.Execution().ID}))
}

// common adds to an event's data what all events of the turn tell.
func (t *turn) common(more map[string]any) map[string]any {
	more["agent_id"], more["conversation_id"] = t.in.AgentID, t.in.ConversationID
	return more
}

// conclude stores the answer in the conversation and tells it: in a first run together with the end of the execution. Text of the builtin agent is told here, in pieces; the model's was told as
// it came.
func (t *turn) conclude(ctx context.Context, s *speaker, reply agent.Reply) (ports.IntentResult, error) {
	last := &ports.LastStep{Name: "answer", Do: func(ctx context.Context, tx ports.Tx, now execution.Snapshot) error {
		return t.realm.remember(ctx, tx, now, t.Conversation.ID, s.definition.ID, reply.Text)
	}}
	if !t.fresh() {
		if err := t.stored(ctx, last, &reply); err != nil {
			return ports.IntentResult{}, err
		}
		last = nil
	}
	var drafts []event.Draft
	told, err := t.log.has(ctx, event.AgentStarted, "")
	if err != nil {
		return ports.IntentResult{}, err
	}
	if !told {
		drafts = append(drafts, event.Draft{Type: event.AgentStarted, Data: Encode(t.common(map[string]any{"agent_type": s.definition.Type, "execution_id": t.call.Execution().ID}))})
	}
	if reply.Method == methodDeterministic {
		for _, piece := range pieces(reply.Text) {
			drafts = append(drafts, event.Draft{Type: event.AgentToken, Data: Encode(t.common(map[string]any{"token": piece}))})
		}
	}
	return ports.IntentResult{
		Values: map[string]string{"response": reply.Text, "conversation_id": t.in.ConversationID, "agent_id": string(t.in.AgentID)},
		Events: append(drafts, t.completed(reply)), Last: last,
	}, nil
}

// stored stores the answer as a step of its own: a run before this one may have stored it, and then that one counts.
func (t *turn) stored(ctx context.Context, last *ports.LastStep, reply *agent.Reply) error {
	raw, err := t.call.Transact(ctx, last.Name, func(ctx context.Context, tx ports.Tx, now execution.Snapshot) ([]byte, error) {
		if err := last.Do(ctx, tx, now); err != nil {
			return nil, err
		}
		return json.Marshal(reply)
	})
	if err != nil {
		return err
	}
	if err := json.Unmarshal(raw, reply); err != nil {
		return fault.As(fmt.Errorf("stored answer: %w", err))
	}
	return nil
}

// remember appends an agent's message to its conversation, which stays within its bounds.
func (r *Realm) remember(ctx context.Context, tx ports.Tx, now execution.Snapshot, conversationID string, id agent.ID, text string) error {
	origin := "authenticated"
	if now.Principal.Anonymous() {
		origin = anonymous
	}
	if _, err := tx.Messages.Append(ctx, agent.Message{
		ID: r.ids.NewID(typeid.Message), TenantID: now.TenantID, ConversationID: conversationID, Role: agent.RoleAssistant,
		Text: text, AgentID: id, ExecutionID: now.ID, Origin: origin, CreatedAt: r.clock.Now(),
	}); err != nil {
		return err
	}
	return shortened(ctx, tx, now.Scope(), conversationID)
}

// shortened removes messages that are over the conversation's bounds, and keeps their summary.
func shortened(ctx context.Context, tx ports.Tx, scope identity.Scope, conversationID string) error {
	list, err := tx.Messages.Before(ctx, scope.TenantID, conversationID, 0, 2*agent.MaxMessages)
	if err != nil {
		return err
	}
	kept := agent.Kept(list)
	if kept == len(list) {
		return nil
	}
	c, err := tx.Conversations.ByID(ctx, scope, conversationID)
	if err != nil {
		return err
	}
	gone := list[:len(list)-kept]
	for page := list; len(page) == 2*agent.MaxMessages; gone = append(page, gone...) { // turns that failed left theirs
		if page, err = tx.Messages.Before(ctx, scope.TenantID, conversationID, page[0].Seq, 2*agent.MaxMessages); err != nil {
			return err
		}
	}
	c.Summary = agent.Fold(c.Summary, gone)
	switch err := tx.Conversations.Save(ctx, c); {
	case errors.Is(err, fault.ErrStale):
		return nil // somebody moves it to another surface just now: the next answer does it
	case err != nil:
		return err
	}
	_, err = tx.Messages.Trim(ctx, scope.TenantID, conversationID, kept)
	return err
}

// firstTokens is how many words are events of their own before an answer is coalesced: a reader sees it begin at once, and a long answer
// does not become hundreds of rows.
const firstTokens = 20

// pieces divides a text into what its events carry.
func pieces(text string) []string {
	var list []string
	pending := ""
	for _, word := range strings.SplitAfter(text, " ") {
		if len(pending)+len(word) > maxToken && pending != "" {
			list, pending = append(list, pending), ""
		}
		if pending += word; len(list) < firstTokens {
			list, pending = append(list, pending), ""
		}
	}
	if pending != "" {
		list = append(list, pending)
	}
	return list
}

// completed is the event of a finished turn.
func (t *turn) completed(reply agent.Reply) event.Draft {
	suggestions := make([]map[string]any, len(reply.Suggestions))
	for i, s := range reply.Suggestions {
		suggestions[i] = map[string]any{"label": s.Label}
		if s.IntentType != "" {
			suggestions[i]["intent_type"], suggestions[i]["parameters"] = s.IntentType, json.RawMessage(s.Parameters)
		}
		if s.Message != "" {
			suggestions[i]["message"] = s.Message
		}
	}
	done := map[string]any{
		"execution_id": t.call.Execution().ID, "response": reply.Text, "artifacts": map[string]any{}, "suggestions": suggestions, "method": reply.Method,
		"usage": map[string]any{
			"input_tokens": t.used.InputTokens, "output_tokens": t.used.OutputTokens, "model_calls": t.used.ModelCalls, "tool_calls": t.used.ToolCalls,
		},
	}
	if reply.Data != nil {
		done["data"] = json.RawMessage(reply.Data)
	}
	return event.Draft{Type: event.AgentCompleted, Data: Encode(t.common(done))}
}
