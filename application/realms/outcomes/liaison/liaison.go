// Package liaison is the outcomes realm's agent: it speaks about plans: what is ready for one, what is missing, and what was made.
package liaison

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/symphainy/symphainy/application/agents"
	"github.com/symphainy/symphainy/domain/agent"
	"github.com/symphainy/symphainy/ports"
)

// Agent is the builtin outcomes liaison. It answers from the session's real state only, and starts what it is asked to.
type Agent struct{}

var _ ports.Agent = Agent{}

// Definition says who the liaison is; the platform's definition says the rest.
func (Agent) Definition() agent.Definition {
	return agent.Definition{ID: agent.LiaisonOutcomes, Type: agent.TypeLiaison, Realm: "outcomes"}
}

// Respond answers a turn.
func (Agent) Respond(_ context.Context, t ports.Turn, say func(string) error) (agent.Reply, error) {
	if reply, ok := agents.Act(t, agents.Deeds(agents.PillarOutcomes)); ok {
		return reply, agents.Stream(reply.Text, say)
	}
	g := agents.Overlook(t.Facts).Guide()
	reply := agent.Reply{Text: answer(t), Suggestions: g.Steps, Method: "deterministic", Data: agents.Encode(map[string]any{"recommended_action": g.Action})}
	return reply, agents.Stream(reply.Text, say)
}

// answer tells what is ready, what is missing, and what was made.
func answer(t ports.Turn) string {
	kinds := []string{"synthesis", "roadmap", "poc", "solution", "export"}
	if said, ok := agents.Answer(t.Facts, t.Text, kinds...); ok {
		return said
	}
	o := agents.Overlook(t.Facts)
	var lines []string
	for _, p := range []agents.Pillar{agents.PillarContent, agents.PillarInsights, agents.PillarJourney} {
		state := "nothing yet"
		if slices.Contains(o.CompletedPillars(), p) {
			state = "ready"
		}
		lines = append(lines, fmt.Sprintf("- %s: %s", p.Title(), state))
	}
	for _, a := range agents.Things(t.Facts, kinds...) {
		lines = append(lines, fmt.Sprintf("- %s: %s", a.Type, a.Name))
	}
	return "For plans there is:\n" + strings.Join(lines, "\n") +
		"\n\nI can synthesise what was found, make a roadmap (say its goals), write a proof of concept, create a solution of one, and export each."
}
