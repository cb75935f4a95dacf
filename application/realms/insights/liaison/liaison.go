// Package liaison is the insights realm's agent: it speaks about what the session's data is worth and what it says.
package liaison

import (
	"context"
	"fmt"
	"strings"

	"github.com/symphainy/symphainy/application/agents"
	"github.com/symphainy/symphainy/domain/agent"
	"github.com/symphainy/symphainy/ports"
)

// Agent is the builtin insights liaison. It answers from the session's real state only, and starts what it is asked to.
type Agent struct{}

var _ ports.Agent = Agent{}

// Definition says who the liaison is; the platform's definition says the rest.
func (Agent) Definition() agent.Definition {
	return agent.Definition{ID: agent.LiaisonInsights, Type: agent.TypeLiaison, Realm: "insights"}
}

// Respond answers a turn.
func (Agent) Respond(_ context.Context, t ports.Turn, say func(string) error) (agent.Reply, error) {
	if reply, ok := agents.Act(t, agents.Deeds(agents.PillarInsights)); ok {
		return reply, agents.Stream(reply.Text, say)
	}
	g := agents.Overlook(t.Facts).Guide()
	reply := agent.Reply{Text: answer(t), Suggestions: g.Steps, Method: "deterministic", Data: agents.Encode(map[string]any{"recommended_action": g.Action})}
	return reply, agents.Stream(reply.Text, say)
}

// kinds are the results that it can speak about.
func kinds() []string {
	return []string{
		"quality_assessment", "structured_analysis", "unstructured_analysis", "discovery", "interpretation", "matching_result", "relationships", "analysis_report", "query_result",
	}
}

// answer tells what was found out, and what can be.
func answer(t ports.Turn) string {
	if agents.Mentions(t.Text, "wrong", "issue", "problem", "error", "bad", "worst", "fail") {
		return agents.Troubles(agents.Overlook(t.Facts), t.Text)
	}
	if said, ok := agents.Answer(t.Facts, t.Text, kinds()...); ok {
		return said
	}
	var lines []string
	for _, f := range agents.Overlook(t.Facts).Files {
		if f.ParsedID == "" {
			continue
		}
		lines = append(lines, "- "+f.Describe()+".")
		for _, column := range worst(f) {
			lines = append(lines, "  - "+column)
		}
	}
	for _, a := range agents.Things(t.Facts, "structured_analysis", "unstructured_analysis", "discovery", "interpretation", "matching_result", "relationships") {
		lines = append(lines, fmt.Sprintf("- %s: %s", strings.ReplaceAll(a.Type, "_", " "), a.Name))
	}
	if len(lines) == 0 {
		return "There is no parsed data yet, so there is nothing to find out. Upload a file, save it and parse it; then I can assess, analyse and interpret it."
	}
	return "This is what is known of your data:\n" + strings.Join(lines, "\n") +
		"\n\nI can assess the quality of a file, analyse it, or interpret it; say which one."
}

// worst names the columns with the most findings.
func worst(f agents.File) []string {
	count, order := map[string]int{}, []string{}
	for _, i := range f.Issues {
		if i.Column == "" {
			continue
		}
		if count[i.Column] == 0 {
			order = append(order, i.Column)
		}
		count[i.Column]++
	}
	lines := make([]string, 0, len(order))
	for _, c := range order {
		lines = append(lines, fmt.Sprintf("column %s: %s", c, agents.Count(count[c], "issue")))
	}
	return lines
}
