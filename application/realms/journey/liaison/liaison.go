// Package liaison is the journey realm's agent: it speaks about workflows, procedures and where they have friction, and writes a procedure together with a person.
package liaison

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/symphainy/symphainy/application/agents"
	"github.com/symphainy/symphainy/domain/agent"
	"github.com/symphainy/symphainy/ports"
)

// Agent is the builtin journey liaison. It answers from the session's real state only, and starts what it is asked to.
type Agent struct{}

var _ ports.Agent = Agent{}

// Definition says who the liaison is; the platform's definition says the rest.
func (Agent) Definition() agent.Definition {
	return agent.Definition{ID: agent.LiaisonJourney, Type: agent.TypeLiaison, Realm: "journey"}
}

// Respond answers a turn.
func (Agent) Respond(_ context.Context, t ports.Turn, say func(string) error) (agent.Reply, error) {
	if reply, ok := wizard(t); ok {
		return reply, agents.Stream(reply.Text, say)
	}
	if reply, ok := agents.Act(t, agents.Deeds(agents.PillarJourney)); ok {
		return reply, agents.Stream(reply.Text, say)
	}
	g := agents.Overlook(t.Facts).Guide()
	reply := agent.Reply{Text: answer(t), Suggestions: g.Steps, Method: "deterministic", Data: agents.Encode(map[string]any{"recommended_action": g.Action})}
	return reply, agents.Stream(reply.Text, say)
}

// wizard goes on with the SOP that the person is telling, until it is done or given up: what they say goes to it.
func wizard(t ports.Turn) (agent.Reply, bool) {
	chats := agents.Things(t.Facts, "chat_session")
	if len(chats) == 0 || len(t.Results) > 0 || !slices.Contains(t.Tools, "sop_chat_message") {
		return agent.Reply{}, false
	}
	newest := chats[len(chats)-1]
	var chat struct {
		Status string `json:"status"`
	}
	if json.Unmarshal(newest.Payload, &chat) != nil || chat.Status != "chat_active" {
		return agent.Reply{}, false
	}
	return agent.Reply{Method: "deterministic", Calls: []agent.ToolCall{{
		Name: "sop_chat_message", Arguments: agents.Encode(map[string]any{"session_id": newest.ID, "message": t.Text}),
	}}}, true
}

// answer tells what there is of processes, and what can be made.
func answer(t ports.Turn) string {
	kinds := []string{"workflow", "sop", "coexistence_analysis", "optimization", "blueprint"}
	if agents.Mentions(t.Text, "wrong", "friction", "conflict", "problem", "issue") {
		return agents.Explain(t.Facts, t.Text, "coexistence_analysis")
	}
	if said, ok := agents.Answer(t.Facts, t.Text, kinds...); ok {
		return said
	}
	var lines []string
	for _, a := range agents.Things(t.Facts, kinds...) {
		lines = append(lines, fmt.Sprintf("- %s: %s%s", strings.ReplaceAll(a.Type, "_", " "), a.Name, figures(a)))
	}
	if len(lines) == 0 {
		return "There is no workflow yet. Save a BPMN file or a procedure and say \"create a workflow of it\", or say \"write an SOP together\" and tell me how the work is done, step by step."
	}
	return "This is what there is of your processes:\n" + strings.Join(lines, "\n") +
		"\n\nI can create a workflow, write its SOP, analyse the coexistence of people and AI assistance in it, or create a blueprint; say which."
}

// figures gives the numbers of a process.
func figures(a agents.Thing) string {
	var p struct {
		Tasks    *int     `json:"total_tasks"`
		Steps    *int     `json:"total_steps"`
		Friction *float64 `json:"friction_removal_potential"`
	}
	if json.Unmarshal(a.Payload, &p) != nil {
		return ""
	}
	switch {
	case p.Friction != nil:
		return fmt.Sprintf(" (friction removal potential %.0f %%)", 100**p.Friction)
	case p.Steps != nil:
		return fmt.Sprintf(" (%s)", agents.Count(*p.Steps, "step"))
	case p.Tasks != nil:
		return fmt.Sprintf(" (%s)", agents.Count(*p.Tasks, "task"))
	}
	return ""
}
