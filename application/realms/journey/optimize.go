package journey

import (
	"context"
	"fmt"
	"strings"

	"github.com/symphainy/symphainy/application/artifacts"
	"github.com/symphainy/symphainy/application/realms/journey/classify"
	"github.com/symphainy/symphainy/application/realms/journey/diagram"
	"github.com/symphainy/symphainy/application/realms/journey/graph"
	"github.com/symphainy/symphainy/application/realms/say"
	"github.com/symphainy/symphainy/application/realms/steps"
	"github.com/symphainy/symphainy/domain/artifact"
	"github.com/symphainy/symphainy/domain/document"
	"github.com/symphainy/symphainy/domain/event"
	"github.com/symphainy/symphainy/domain/realm"
	"github.com/symphainy/symphainy/domain/typeid"
	"github.com/symphainy/symphainy/ports"
)

const schemaOptimization = "optimization_v1"

const optimizeSchema = `{"type":"object","additionalProperties":false,"required":["workflow_id"],
"properties":{"workflow_id":` + idSchema + `,
 "optimization_options":{"type":"object","additionalProperties":false,"properties":{
  "ai_automation":{"type":"boolean"},"human_retention":{"type":"boolean"}}}}}`

func optimizeSpec() realm.IntentSpec {
	return realm.IntentSpec{
		Type: optimizeProcess, Title: "Optimize a process", Tier: 2,
		Summary: "Says which steps AI assistance can take up and which stay with people, and measures the flow: longest path, rework, hand-offs, " +
			"fan-out, dead ends.",
		Schema: []byte(optimizeSchema), Retry: realm.RetryPure,
		ResultKeys: []string{keyOptimization, keyOptimized}, Events: []string{eventOptimized},
		Example: []byte(`{"workflow_id":"art_01jd8h0000exampe0000000000","optimization_options":{"human_retention":false}}`),
	}
}

type optimizeParameters struct {
	WorkflowID string `json:"workflow_id"`
	Options    struct {
		AI    *bool `json:"ai_automation"`
		Human *bool `json:"human_retention"`
	} `json:"optimization_options"`
}

func (r *Realm) optimizeProcess(ctx context.Context, call ports.IntentCall) (ports.IntentResult, error) {
	in, err := steps.Parameters[optimizeParameters](call)
	if err != nil {
		return ports.IntentResult{}, err
	}
	source, w, err := r.workflow(ctx, call, "workflow_id", in.WorkflowID)
	if err != nil {
		return ports.IntentResult{}, err
	}
	done, err := steps.Run(ctx, call, "measure", func(context.Context, string) (made, error) { return r.optimization(source, w, in) })
	if err != nil {
		return ports.IntentResult{}, err
	}
	return ports.IntentResult{
		Artifacts: []ports.ResultArtifact{{
			Key: keyOptimization, Aliases: []string{keyOptimized}, Artifact: outcome(call, keyOptimization, schemaOptimization, done, source),
		}},
		Values: map[string]string{"optimization_id": done.ID},
		Events: []event.Draft{{Type: eventOptimized, Data: done.Event}},
	}, nil
}

func (r *Realm) optimization(source artifact.Snapshot, w *document.Workflow, in optimizeParameters) (made, error) {
	g := graph.New(w)
	c := classify.Classify(g)
	id := r.IDs.NewID(typeid.Artifact)
	recommendations, lines := recommendations(c, in)
	payload := flowFigures(g)
	observed := observations(g)
	payload["optimization_id"], payload["workflow_id"], payload["workflow_name"] = id, source.ID, w.Name
	payload["recommendations"], payload["automation_potential"], payload["observations"] = recommendations, share(c.Potential), texts(observed)
	raw := artifacts.Encode(payload)
	if len(raw) > artifact.MaxPayload {
		return made{}, tooLarge("bytes of an optimization", artifact.MaxPayload, len(raw))
	}
	var b strings.Builder
	fmt.Fprintf(&b, "# Optimization of %s\n\n## Recommendations\n\n", say.Markdown(w.Name))
	for _, line := range lines {
		fmt.Fprintf(&b, "- %s\n", say.Markdown(line))
	}
	if len(lines) == 0 {
		b.WriteString("No step's name has a word that the classifier knows.\n")
	}
	b.WriteString("\n## The flow\n\n")
	for _, line := range observed {
		fmt.Fprintf(&b, "- %s\n", say.Markdown(line))
	}
	renderings := map[string]any{}
	warnings := put(renderings, "markdown", []byte(b.String()), structure(g))
	warnings = put(renderings, "svg", diagram.New(g).SVG("Optimization of "+w.Name, classShade(c), classLegend()...), warnings)
	return made{
		ID: id, Name: source.Name, Payload: raw, Renderings: artifacts.Encode(renderings),
		Metadata: described(schemaOptimization, []string{"Steps are classified by the words of their names alone; effort counts the actors that a recommendation touches."}, warnings),
		Event: artifacts.Encode(map[string]any{
			"optimization_id": id, "workflow_id": source.ID, "automation_potential": share(c.Potential), "recommendations": len(recommendations),
		}),
	}, nil
}

// recommendations says of each group of steps what to do with it.
func recommendations(c *classify.Result, in optimizeParameters) (list []any, lines []string) {
	on := func(b *bool) bool { return b == nil || *b }
	list = []any{}
	add := func(kind string, class classify.Class, text string) {
		found := c.Of(class)
		if len(found) == 0 {
			return
		}
		tasks, names, actors := []any{}, []string{}, map[string]bool{}
		for _, s := range found {
			tasks = append(tasks, map[string]any{"step_id": s.Node.ID, "step_name": diagram.Label(s.Node), "actor": s.Node.Actor})
			if len(names) < 5 {
				names = append(names, say.Quote(diagram.Label(s.Node)))
			}
			actors[s.Node.Actor] = true
		}
		line := fmt.Sprintf(text, say.Join(names, len(found)))
		lines = append(lines, line)
		list = append(list, map[string]any{
			"type": kind, "class": string(class), "description": line, "tasks": tasks,
			"impact": share(float64(len(found)) / float64(len(c.Steps))), "effort": len(actors),
		})
	}
	if on(in.Options.AI) {
		add("ai_automation", classify.FrictionRemoval, "Remove friction with AI assistance, under human oversight, in %s.")
		add("ai_automation", classify.Hybrid, "Let AI assistance prepare %s; a person acts on it.")
	}
	if on(in.Options.Human) {
		add("human_retention", classify.HumanFocus, "Keep the human focus on %s.")
	}
	return list, lines
}

// flowFigures measures how the process flows.
func flowFigures(g *graph.Graph) map[string]any {
	ids := func(places []int) []string {
		out := []string{}
		for _, at := range places {
			out = append(out, g.Nodes[at].ID)
		}
		return out
	}
	path := g.LongestPath()
	rework, handOffs, fanOut := []any{}, []any{}, []any{}
	for _, e := range g.Rework() {
		rework = append(rework, map[string]any{"source": g.Nodes[e.From].ID, "target": g.Nodes[e.To].ID, "condition": nullable(e.Condition)})
	}
	for _, e := range g.HandOffs() {
		handOffs = append(handOffs, map[string]any{
			"source": g.Nodes[e.From].ID, "target": g.Nodes[e.To].ID, "from_actor": g.Nodes[e.From].Actor, "to_actor": g.Nodes[e.To].Actor,
		})
	}
	for _, at := range g.Steps {
		if n := len(g.Out(at)); n > 1 {
			fanOut = append(fanOut, map[string]any{"step_id": g.Nodes[at].ID, "step_name": diagram.Label(g.Nodes[at]), "ways": n})
		}
	}
	return map[string]any{
		"longest_path": map[string]any{"length": len(path), "steps": ids(path)}, "rework_loops": rework, "hand_offs": handOffs, "fan_out": fanOut,
		"dead_ends": ids(g.DeadEnds()), "unreachable": ids(g.Unreachable()), "total_steps": len(g.Steps), "actors": texts(g.Actors()),
	}
}

// observations are the figures in sentences.
func observations(g *graph.Graph) []string {
	name := func(at int) string { return say.Quote(diagram.Label(g.Nodes[at])) }
	path := g.LongestPath()
	lines := []string{fmt.Sprintf("The longest way through takes %d of %s.", len(path), say.Plural(len(g.Steps), "step", "steps"))}
	for _, e := range g.Rework() {
		lines = append(lines, fmt.Sprintf("Rework: %s leads back to %s.", name(e.From), name(e.To)))
	}
	for _, e := range g.HandOffs() {
		lines = append(lines, fmt.Sprintf("Hand-off: from %s (%s) to %s (%s).", name(e.From), who(g.Nodes[e.From].Actor), name(e.To), who(g.Nodes[e.To].Actor)))
	}
	for _, at := range g.DeadEnds() {
		lines = append(lines, fmt.Sprintf("Dead end: nothing follows %s.", name(at)))
	}
	return lines[:min(len(lines), 200)]
}
