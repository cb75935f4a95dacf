package journey

import (
	"context"
	"fmt"
	"math"
	"strings"

	"github.com/symphainy/symphainy/application/artifacts"
	"github.com/symphainy/symphainy/application/realms/journey/classify"
	"github.com/symphainy/symphainy/application/realms/journey/diagram"
	"github.com/symphainy/symphainy/application/realms/journey/graph"
	"github.com/symphainy/symphainy/application/realms/journey/process"
	"github.com/symphainy/symphainy/application/realms/say"
	"github.com/symphainy/symphainy/application/realms/steps"
	"github.com/symphainy/symphainy/domain/artifact"
	"github.com/symphainy/symphainy/domain/document"
	"github.com/symphainy/symphainy/domain/event"
	"github.com/symphainy/symphainy/domain/realm"
	"github.com/symphainy/symphainy/domain/typeid"
	"github.com/symphainy/symphainy/ports"
)

const schemaCoexistence = "coexistence_analysis_v1"

const coexistenceSchema = `{"type":"object","additionalProperties":false,
"properties":{"workflow_id":` + idSchema + `,"sop_id":` + idSchema + `}}`

func coexistenceSpec() realm.IntentSpec {
	return realm.IntentSpec{
		Type: analyzeCoexistence, Title: "Analyze coexistence", Tier: 1,
		Summary: "Finds the steps of a process where AI assistance removes friction, those where a person and AI work together, and those that need " +
			"human focus; and where what helps has to fit what comes before.",
		Schema: []byte(coexistenceSchema), Retry: realm.RetryPure,
		ResultKeys: []string{keyCoexistence}, Events: []string{eventCoexistence},
		Example: []byte(`{"workflow_id":"art_01jd8h0000exampe0000000000"}`),
	}
}

type coexistenceParameters struct {
	WorkflowID string `json:"workflow_id"`
	SOPID      string `json:"sop_id"`
}

func (r *Realm) analyzeCoexistence(ctx context.Context, call ports.IntentCall) (ports.IntentResult, error) {
	in, err := steps.Parameters[coexistenceParameters](call)
	if err != nil {
		return ports.IntentResult{}, err
	}
	source, w, err := r.processFor(ctx, call, in)
	if err != nil {
		return ports.IntentResult{}, err
	}
	done, err := steps.Run(ctx, call, "classify", func(context.Context, string) (made, error) { return r.coexistence(source, w) })
	if err != nil {
		return ports.IntentResult{}, err
	}
	return ports.IntentResult{
		Artifacts: []ports.ResultArtifact{{Key: keyCoexistence, Artifact: outcome(call, keyCoexistence, schemaCoexistence, done, source)}},
		Values:    map[string]string{"analysis_id": done.ID},
		Events:    []event.Draft{{Type: eventCoexistence, Data: done.Event}},
	}, nil
}

// processFor reads the one process that is named.
func (r *Realm) processFor(ctx context.Context, call ports.IntentCall, in coexistenceParameters) (artifact.Snapshot, *document.Workflow, error) {
	switch {
	case in.WorkflowID != "" && in.SOPID != "":
		return artifact.Snapshot{}, nil, wrong("sop_id", "conflicting_source", "only one of workflow_id and sop_id may be given.")
	case in.WorkflowID != "":
		return r.workflow(ctx, call, "workflow_id", in.WorkflowID)
	case in.SOPID != "":
		sop, err := r.find(ctx, call, keySOP, in.SOPID)
		if err != nil {
			return artifact.Snapshot{}, nil, named("sop_id", err)
		}
		p, err := procedureOf(sop)
		if err != nil {
			return artifact.Snapshot{}, nil, err
		}
		return sop, p.Workflow(), nil
	}
	return artifact.Snapshot{}, nil, wrong("workflow_id", "missing", "workflow_id or sop_id is needed.")
}

// coexistence computes what is stored of an analysis.
func (r *Realm) coexistence(source artifact.Snapshot, w *document.Workflow) (made, error) {
	g := graph.New(w)
	if len(g.Steps) == 0 {
		return made{}, errNoStep
	}
	c := classify.Classify(g)
	id := r.IDs.NewID(typeid.Artifact)
	payload := coexistenceFields(g, c)
	payload["analysis_id"], payload["coexistence_analysis_id"], payload["name"] = id, id, source.Name
	payload[source.Type+"_id"] = source.ID
	raw := artifacts.Encode(payload)
	if len(raw) > artifact.MaxPayload {
		return made{}, tooLarge("bytes of an analysis", artifact.MaxPayload, len(raw))
	}
	renderings := map[string]any{}
	warnings := put(renderings, "svg", diagram.New(g).SVG("Coexistence in "+w.Name, classShade(c), classLegend()...), structure(g))
	warnings = put(renderings, "markdown", []byte(coexistenceMarkdown(source.Name, g, c)), warnings)
	return made{
		ID: id, Name: source.Name, Payload: raw, Renderings: artifacts.Encode(renderings),
		Metadata: described(schemaCoexistence, []string{"Steps are classified by the words of their names alone."}, warnings),
		Event: artifacts.Encode(map[string]any{
			"analysis_id": id, source.Type + "_id": source.ID, "opportunities_count": payload["opportunities_count"],
			"conflicts": len(c.Conflicts), "friction_removal_potential": payload["friction_removal_potential"],
		}),
	}, nil
}

func coexistenceFields(g *graph.Graph, c *classify.Result) map[string]any {
	all, friction, human, hybrid := []any{}, []any{}, []any{}, []any{}
	for _, s := range c.Steps {
		entry := map[string]any{
			"step_id": s.Node.ID, "step_name": diagram.Label(s.Node), "position": s.Position, "type": s.Node.Type, "actor": s.Node.Actor,
			"class": string(s.Class), "matched_word": nullable(s.Word),
		}
		all = append(all, entry)
		switch s.Class {
		case classify.FrictionRemoval:
			friction = append(friction, with(entry, "integration_point", integrationPoint(g, s.At), "recommendation", recommendation(s)))
		case classify.HumanFocus:
			human = append(human, with(entry, "recommendation", recommendation(s)))
		case classify.Hybrid:
			hybrid = append(hybrid, with(entry, "recommendation", recommendation(s)))
		case classify.Unclassified:
		}
	}
	dependencies, conflicts := []any{}, []any{}
	for _, e := range c.Dependencies {
		dependencies = append(dependencies, map[string]any{
			"source": g.Nodes[e.From].ID, "target": g.Nodes[e.To].ID, "condition": nullable(e.Condition), "rework": e.Back,
		})
	}
	for _, x := range c.Conflicts {
		conflicts = append(conflicts, conflictOf(x))
	}
	counts := map[string]any{}
	for class, n := range c.Counts {
		counts[string(class)] = n
	}
	return map[string]any{
		"steps": all, "friction_points": friction, "human_focus_areas": human, "hybrid": hybrid, "dependencies": dependencies, "conflicts": conflicts,
		"opportunities_count": c.Counts[classify.FrictionRemoval] + c.Counts[classify.Hybrid], "counts": counts, "total_steps": len(c.Steps),
		"friction_removal_potential": share(c.Potential), "summary": coexistenceSummary(c),
	}
}

func conflictOf(x classify.Conflict) map[string]any {
	before := []any{}
	for _, p := range x.Predecessors {
		before = append(before, map[string]any{
			"step_id": p.Node.ID, "step_name": diagram.Label(p.Node), "class": string(p.Class), "type": p.Node.Type,
		})
	}
	return map[string]any{
		"step_id": x.Step.Node.ID, "step_name": diagram.Label(x.Step.Node), "predecessors": before, "severity": string(x.Severity),
		"description": conflictText(x),
	}
}

func with(entry map[string]any, more ...any) map[string]any {
	out := make(map[string]any, len(entry)+len(more)/2)
	for k, v := range entry {
		out[k] = v
	}
	for i := 0; i+1 < len(more); i += 2 {
		if key, ok := more[i].(string); ok {
			out[key] = more[i+1]
		}
	}
	return out
}

// share is a share as it is stored: four decimals.
func share(f float64) float64 { return math.Round(f*1e4) / 1e4 }

// integrationPoint says where in the flow a step stands.
func integrationPoint(g *graph.Graph, at int) string {
	names := func(edges []graph.Edge, end func(graph.Edge) int, none string) string {
		var list []string
		for _, e := range edges {
			if name := say.Quote(diagram.Label(g.Nodes[end(e)])); len(list) < 5 {
				list = append(list, name)
			}
		}
		if len(list) == 0 {
			return none
		}
		return say.Join(list, len(edges))
	}
	return fmt.Sprintf("after %s, before %s",
		names(g.In(at), func(e graph.Edge) int { return e.From }, "the start"), names(g.Out(at), func(e graph.Edge) int { return e.To }, "the end"))
}

func recommendation(s classify.Step) string {
	name := say.Quote(diagram.Label(s.Node))
	switch s.Class {
	case classify.FrictionRemoval:
		return fmt.Sprintf("Remove friction: AI assistance does the repeated work of %s (%q), and %s oversees the result.", name, s.Word, who(s.Node.Actor))
	case classify.Hybrid:
		return fmt.Sprintf("AI assistance prepares %s (%q); %s looks at it and acts.", name, s.Word, who(s.Node.Actor))
	case classify.HumanFocus:
		return fmt.Sprintf("Human focus: %s (%q) stays with %s, who gets what is needed for it at hand.", name, s.Word, who(s.Node.Actor))
	case classify.Unclassified:
	}
	return ""
}

func who(actor string) string {
	if actor == "" || actor == document.Unassigned {
		return "a person"
	}
	return say.Quote(actor)
}

func conflictText(x classify.Conflict) string {
	var list []string
	for _, p := range x.Predecessors {
		list = append(list, say.Quote(diagram.Label(p.Node)))
	}
	name, before := say.Quote(diagram.Label(x.Step.Node)), say.Join(list[:min(len(list), 5)], len(list))
	switch x.Severity {
	case classify.High:
		return fmt.Sprintf("%s depends on what a person or a decision settles in %s: agree on what is handed over, and who may stop it.", name, before)
	case classify.Medium:
		return fmt.Sprintf("%s takes over from %s: agree on the form in which the work arrives.", name, before)
	case classify.Low:
	}
	return fmt.Sprintf("%s follows %s, which AI assistance can take up too: plan them together.", name, before)
}

func coexistenceSummary(c *classify.Result) string {
	return fmt.Sprintf("Of %s, %d can lose friction with AI assistance, %d can be prepared by it, and %d need human focus; %s.",
		say.Plural(len(c.Steps), "step", "steps"), c.Counts[classify.FrictionRemoval], c.Counts[classify.Hybrid], c.Counts[classify.HumanFocus],
		say.Plural(len(c.Conflicts), "place has to fit what comes before", "places have to fit what comes before"))
}

func coexistenceMarkdown(name string, g *graph.Graph, c *classify.Result) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# Coexistence in %s\n\n%s\n\n", say.Markdown(process.Clean(name, process.NameMost)), coexistenceSummary(c))
	b.WriteString("| no. | step | who | class | word |\n|---:|---|---|---|---|\n")
	for _, s := range c.Steps {
		fmt.Fprintf(&b, "| %d | %s | %s | %s | %s |\n", s.Position, say.Markdown(diagram.Label(s.Node)), say.Markdown(s.Node.Actor),
			strings.ReplaceAll(string(s.Class), "_", " "), say.Markdown(s.Word))
	}
	b.WriteString("\n## What to do\n\n")
	for _, s := range c.Steps {
		if text := recommendation(s); text != "" {
			fmt.Fprintf(&b, "- %s\n", say.Markdown(text))
		}
		if s.Class == classify.FrictionRemoval {
			fmt.Fprintf(&b, "  - Where: %s.\n", say.Markdown(integrationPoint(g, s.At)))
		}
	}
	if len(c.Conflicts) > 0 {
		b.WriteString("\n## Where it has to fit\n\n")
		for _, x := range c.Conflicts {
			fmt.Fprintf(&b, "- %s: %s\n", x.Severity, say.Markdown(conflictText(x)))
		}
	}
	return b.String()
}

// The colours of the classes.
func shadeOf(class classify.Class) diagram.Shade {
	switch class {
	case classify.HumanFocus:
		return diagram.Shade{Fill: "#fdeedd", Stroke: "#b4690e"}
	case classify.Hybrid:
		return diagram.Shade{Fill: "#efe7fb", Stroke: "#6b3fa0"}
	case classify.FrictionRemoval:
		return diagram.Shade{Fill: "#dff3e4", Stroke: "#2b7a3f"}
	case classify.Unclassified:
	}
	return diagram.Plain()
}

func classShade(c *classify.Result) func(id string) diagram.Shade {
	classes := map[string]classify.Class{}
	for _, s := range c.Steps {
		classes[s.Node.ID] = s.Class
	}
	return func(id string) diagram.Shade { return shadeOf(classes[id]) }
}

func classLegend() []diagram.Entry {
	return []diagram.Entry{
		{Shade: shadeOf(classify.FrictionRemoval), Text: "AI assistance removes friction"}, {Shade: shadeOf(classify.Hybrid), Text: "AI assistance prepares, a person acts"},
		{Shade: shadeOf(classify.HumanFocus), Text: "human focus"}, {Shade: shadeOf(classify.Unclassified), Text: "not classified"},
	}
}
