// Package blueprint plans how people and AI assistance share the steps of a process. Everything follows from the graph and the classes of its
// steps; how long a phase takes is the caller's to say.
package blueprint

import (
	"fmt"
	"slices"
	"time"

	"github.com/symphainy/symphainy/application/realms/journey/classify"
	"github.com/symphainy/symphainy/application/realms/journey/diagram"
	"github.com/symphainy/symphainy/application/realms/journey/graph"
	"github.com/symphainy/symphainy/application/realms/journey/process"
	"github.com/symphainy/symphainy/application/realms/say"
	"github.com/symphainy/symphainy/domain/document"
	"github.com/symphainy/symphainy/domain/fault"
)

// ErrNoPoint is a process of which no step's name says that AI assistance could help.
var ErrNoPoint = fault.New(fault.Invalid, "insufficient_data",
	"No step of the workflow has a friction or a hybrid word in its name, so there is nothing to plan.")

// Assistant is the actor of what AI assistance does.
const Assistant = "Symphainy"

// Plan is how long the phases of the roadmap take.
type Plan struct {
	Start                                      time.Time
	FoundationWeeks, PhaseWeeks, HandoverWeeks int
}

// DefaultPlan is the plan when the caller says nothing: it starts in a week.
func DefaultPlan(now time.Time) Plan {
	return Plan{Start: now.UTC().AddDate(0, 0, 7).Truncate(24 * time.Hour), FoundationWeeks: 2, PhaseWeeks: 4, HandoverWeeks: 2}
}

// Details is what the caller knows beyond the workflow. Systems are named by the step's id or name.
type Details struct {
	Title, Description string
	Systems            map[string][]string
}

// Phase is a part of the roadmap. End is its last day.
type Phase struct {
	Name, Objective          string
	Addressed, Deliverables  []string
	Criteria                 []string
	HumanValue, Augmentation string
	Weeks                    int
	Start, End               time.Time
}

// Row says who takes part in a step.
type Row struct {
	StepID, Step       string
	Human, AI, Systems []string
}

// Kind is what becomes of a step in the coexistence state.
type Kind string

// The kinds of parts.
const (
	Assisted  Kind = "assisted"
	Oversight Kind = "oversight"
	Unchanged Kind = "unchanged"
)

// Part is a step of the coexistence state.
type Part struct {
	ID   string
	Kind Kind
}

// Blueprint is the plan.
type Blueprint struct {
	Title, Description        string
	Current, Future           *document.Workflow
	CurrentGraph, FutureGraph *graph.Graph
	CurrentText, FutureText   string
	Classes                   *classify.Result
	// Points are the friction and hybrid steps in the order of the flow.
	Points      []classify.Step
	Parts       []Part
	Phases      []Phase
	Matrix      []Row
	Assumptions []string

	target *graph.Graph
}

// Points counts the steps of a process that a blueprint has something to say about.
func Points(g *graph.Graph) int { return len(points(classify.Classify(g))) }

func points(c *classify.Result) (found []classify.Step) {
	for _, s := range c.Steps {
		if s.Class == classify.FrictionRemoval || s.Class == classify.Hybrid {
			found = append(found, s)
		}
	}
	return found
}

// New plans for the target workflow, seen from the current one. A target without points is ErrNoPoint, a system of an unknown step an error of the
// parameters.
func New(current, target *document.Workflow, plan Plan, details Details) (*Blueprint, error) {
	g := graph.New(target)
	b := &Blueprint{
		Title: process.Clean(details.Title, process.NameMost), Description: process.Clean(details.Description, process.DescriptionMost),
		Current: current, CurrentGraph: graph.New(current), Classes: classify.Classify(g), target: g,
	}
	if b.Points = points(b.Classes); len(b.Points) == 0 {
		return nil, ErrNoPoint
	}
	if b.Title == "" {
		b.Title = process.Clean("Blueprint for "+target.Name, process.NameMost)
	}
	systems, err := b.systems(details.Systems)
	if err != nil {
		return nil, err
	}
	b.Future = b.coexist(target)
	b.FutureGraph = graph.New(b.Future)
	b.matrix(systems)
	b.roadmap(plan)
	b.describe()
	if slices.ContainsFunc(b.Points, func(s classify.Step) bool { return s.Node.Actor == document.Unassigned }) {
		b.Assumptions = append(b.Assumptions, "Where the workflow names nobody, the person who oversees is still to be named.")
	}
	return b, nil
}

// systems resolves the steps that systems are named for.
func (b *Blueprint) systems(named map[string][]string) (map[string][]string, error) {
	byStep := map[string][]string{}
	for step, list := range named {
		found := ""
		for _, s := range b.Classes.Steps {
			if s.Node.ID == step || s.Node.Name == step && found == "" {
				found = s.Node.ID
			}
		}
		if found == "" {
			const place, message = "blueprint_data/external_systems", "a step that is named there is not in the workflow."
			return nil, fault.New(fault.Invalid, "invalid_parameters", place+": "+message).
				WithFields(fault.Field{Pointer: "/parameters/" + place, Code: "unknown_step", Message: message})
		}
		for _, s := range list {
			if s = process.Clean(s, process.NameMost); s != "" && !slices.Contains(byStep[found], s) {
				byStep[found] = append(byStep[found], s)
			}
		}
		slices.Sort(byStep[found])
	}
	return byStep, nil
}

// coexist makes the workflow in which AI assistance does or prepares the points, each right before the person who oversees it or acts on it.
func (b *Blueprint) coexist(target *document.Workflow) *document.Workflow {
	w := &document.Workflow{ProcessID: target.ProcessID, Name: process.Clean(target.Name+" with AI assistance", process.NameMost)}
	taken := map[string]bool{}
	for _, n := range target.Nodes {
		taken[n.ID] = true
	}
	entry := map[string]string{}
	for _, n := range target.Nodes {
		class := classify.Unclassified
		if s, ok := b.Classes.Find(n.ID); ok {
			class = s.Class
		}
		if class != classify.FrictionRemoval && class != classify.Hybrid {
			w.Nodes = append(w.Nodes, n)
			b.Parts = append(b.Parts, Part{n.ID, Unchanged})
			continue
		}
		helper := document.Node{
			ID: n.ID + "_ai", Name: assistedName(class, n), Type: document.NodeTask, Kind: "serviceTask", Actor: Assistant,
		}
		for taken[helper.ID] {
			helper.ID += "_"
		}
		taken[helper.ID], entry[n.ID] = true, helper.ID
		if class == classify.FrictionRemoval {
			n.Name = process.Clean(diagram.Label(n)+" (human oversight)", process.NameMost)
		}
		if n.Type == document.NodeTask && n.Kind != "subProcess" {
			n.Kind = "userTask"
		}
		w.Nodes = append(w.Nodes, helper, n)
		b.Parts = append(b.Parts, Part{helper.ID, Assisted}, Part{n.ID, Oversight})
	}
	for _, f := range target.Flows {
		if id, ok := entry[f.Target]; ok {
			f.Target = id
		}
		w.Flows = append(w.Flows, f)
	}
	ids := map[string]bool{}
	for _, f := range w.Flows {
		ids[f.ID] = true
	}
	for _, n := range target.Nodes {
		if id, ok := entry[n.ID]; ok {
			flow := id + "_flow"
			for ids[flow] {
				flow += "_"
			}
			ids[flow] = true
			w.Flows = append(w.Flows, document.Flow{ID: flow, Source: id, Target: n.ID})
		}
	}
	return w
}

func assistedName(class classify.Class, n document.Node) string {
	if class == classify.Hybrid {
		return process.Clean("AI prepares "+diagram.Label(n), process.NameMost)
	}
	return process.Clean("AI-assisted "+diagram.Label(n), process.NameMost)
}

// matrix says who takes part in each step of today's process.
func (b *Blueprint) matrix(systems map[string][]string) {
	for _, s := range b.Classes.Steps {
		row := Row{StepID: s.Node.ID, Step: diagram.Label(s.Node), Human: []string{s.Node.Actor}, Systems: systems[s.Node.ID]}
		switch s.Class {
		case classify.FrictionRemoval, classify.Hybrid:
			row.AI = []string{assistedName(s.Class, s.Node)}
		case classify.HumanFocus, classify.Unclassified:
		}
		b.Matrix = append(b.Matrix, row)
	}
}

// roadmap divides the points, in the order of the flow, over the phases between Foundation and Handover.
func (b *Blueprint) roadmap(plan Plan) {
	n := min(max(len(b.Points)+2, 3), 5)
	at := plan.Start
	add := func(p Phase) {
		p.Start, p.End = at, at.AddDate(0, 0, 7*p.Weeks-1)
		at = at.AddDate(0, 0, 7*p.Weeks)
		b.Phases = append(b.Phases, p)
	}
	people := b.people()
	add(b.foundation(plan.FoundationWeeks, people))
	middle := n - 2
	for i := range middle {
		from, to := i*len(b.Points)/middle, (i+1)*len(b.Points)/middle
		add(b.middle(b.Points[from:to], plan.PhaseWeeks))
	}
	add(b.handover(plan.HandoverWeeks, people))
}

// people are who works on the points.
func (b *Blueprint) people() string {
	var actors []string
	for _, s := range b.Points {
		if a := s.Node.Actor; a != document.Unassigned && !slices.Contains(actors, say.Quote(a)) {
			actors = append(actors, say.Quote(a))
		}
	}
	if len(actors) == 0 {
		return "the people of the process"
	}
	return say.Join(actors[:min(len(actors), 5)], len(actors))
}

func quoted(list []classify.Step) (names []string) {
	for _, s := range list {
		names = append(names, say.Quote(diagram.Label(s.Node)))
	}
	return names
}

func few(names []string) string { return say.Join(names[:min(len(names), 5)], len(names)) }

func (b *Blueprint) foundation(weeks int, people string) Phase {
	return Phase{
		Name: "Foundation", Objective: fmt.Sprintf("Agree on how AI assistance comes to %s, and measure how the process runs today.", say.Plural(len(b.Points), "step", "steps")),
		Deliverables: []string{"The responsibility matrix, agreed with " + people, "A baseline of the steps that change: " + few(quoted(b.Points))},
		Criteria: []string{
			fmt.Sprintf("Each of the %d rows of the responsibility matrix has a named person.", len(b.Matrix)),
			fmt.Sprintf("%s settled in writing.", say.Plural(len(b.Classes.Conflicts), "hand-over to friction steps is", "hand-overs to friction steps are")),
		},
		HumanValue: "Those who do the work today decide what help they want.", Augmentation: "None yet: the process runs as it does today.", Weeks: weeks,
	}
}

func (b *Blueprint) middle(list []classify.Step, weeks int) Phase {
	names := quoted(list)
	p := Phase{
		Name: process.Clean("Assist "+few(plain(list)), process.NameMost), Objective: "Bring AI assistance to " + few(names) + ".", Weeks: weeks,
		HumanValue: "People keep the decision and get time back from repeated work in " + few(names) + ".",
	}
	var does, prepares []string
	for _, s := range list {
		name := say.Quote(diagram.Label(s.Node))
		p.Addressed = append(p.Addressed, diagram.Label(s.Node))
		if s.Class == classify.Hybrid {
			prepares = append(prepares, name)
			p.Deliverables = append(p.Deliverables, "AI assistance that prepares "+name)
			p.Criteria = append(p.Criteria, "A person acts on every prepared "+name+".")
			continue
		}
		does = append(does, name)
		p.Deliverables = append(p.Deliverables, "AI assistance in "+name+", with human oversight")
		p.Criteria = append(p.Criteria, "A person has overseen every result of "+name+", and can stop it.")
	}
	switch {
	case len(does) > 0 && len(prepares) > 0:
		p.Augmentation = "AI assistance does the repeated work of " + few(does) + " and prepares " + few(prepares) + "."
	case len(does) > 0:
		p.Augmentation = "AI assistance does the repeated work of " + few(does) + "."
	default:
		p.Augmentation = "AI assistance prepares " + few(prepares) + "."
	}
	return p
}

func plain(list []classify.Step) (names []string) {
	for _, s := range list {
		names = append(names, diagram.Label(s.Node))
	}
	return names
}

func (b *Blueprint) handover(weeks int, people string) Phase {
	return Phase{
		Name: "Handover", Objective: "Hand the process with AI assistance over to " + people + ".",
		Deliverables: []string{"The coexistence workflow in operation", "A standard operating procedure of it"},
		Criteria: []string{
			fmt.Sprintf("All %d steps of the coexistence workflow run with their people.", len(b.FutureGraph.Steps)), "The baseline is measured again and compared.",
		},
		HumanValue: "People run the process and change it themselves.", Augmentation: "AI assistance works in " + few(quoted(b.Points)) + ".", Weeks: weeks,
	}
}
