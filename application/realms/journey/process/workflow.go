package process

import (
	"fmt"

	"github.com/symphainy/symphainy/application/realms/journey/diagram"
	"github.com/symphainy/symphainy/application/realms/journey/graph"
	"github.com/symphainy/symphainy/domain/document"
)

// Workflow makes the graph of a procedure: a task or a decision of each step, a start before the first and an end.
func (p *Procedure) Workflow() *document.Workflow {
	w := &document.Workflow{ProcessID: "process", Name: p.Title}
	taken := map[string]bool{"start": true, "end": true}
	ids := make([]string, len(p.Steps))
	for i, s := range p.Steps {
		ids[i] = s.ID
		if s.ID == "" || taken[s.ID] {
			ids[i] = fmt.Sprintf("step_%d", i+1)
		}
		for n := 1; taken[ids[i]]; n++ {
			ids[i] = fmt.Sprintf("step_%d_%d", i+1, n)
		}
		taken[ids[i]] = true
	}
	w.Nodes = append(w.Nodes, document.Node{ID: "start", Name: first(p.Before), Type: document.NodeEvent, Kind: "startEvent", Actor: document.Unassigned})
	for i, s := range p.Steps {
		w.Nodes = append(w.Nodes, s.node(ids[i]))
		w.Nodes = append(w.Nodes, s.details(ids[i], taken)...)
	}
	w.Nodes = append(w.Nodes, document.Node{ID: "end", Name: first(p.After), Type: document.NodeEvent, Kind: "endEvent", Actor: document.Unassigned})
	flow := func(from string, to int, condition string) {
		target := "end"
		if to != End {
			target = ids[to-1]
		}
		w.Flows = append(w.Flows, document.Flow{ID: fmt.Sprintf("flow_%d", len(w.Flows)+1), Source: from, Target: target, Condition: condition})
	}
	if len(ids) > 0 {
		flow("start", 1, "")
	}
	for i, s := range p.Steps {
		for _, b := range s.Branches {
			flow(ids[i], b.To, b.Condition)
			if b.Condition == Otherwise {
				setDefault(w, ids[i], w.Flows[len(w.Flows)-1].ID)
			}
		}
		for _, to := range p.Follow(i + 1) {
			flow(ids[i], to, "")
		}
	}
	for _, n := range w.Nodes {
		if n.Kind == "subProcess" {
			inner(w, n.ID)
		}
	}
	return w
}

func setDefault(w *document.Workflow, id, flow string) {
	for i := range w.Nodes {
		if w.Nodes[i].ID == id {
			w.Nodes[i].DefaultFlow = flow
		}
	}
}

// inner connects the details of a sub-process, one after the other.
func inner(w *document.Workflow, parent string) {
	last := ""
	for _, n := range w.Nodes {
		if n.Parent != parent {
			continue
		}
		if last != "" {
			w.Flows = append(w.Flows, document.Flow{ID: fmt.Sprintf("flow_%d", len(w.Flows)+1), Source: last, Target: n.ID})
		}
		last = n.ID
	}
}

func (s Step) node(id string) document.Node {
	n := document.Node{ID: id, Name: s.Name, Type: document.NodeTask, Kind: s.Kind, Description: s.Description, Actor: s.Actor}
	if s.Decision {
		n.Type = document.NodeDecision
	}
	switch {
	case n.Kind != "":
	case s.Decision:
		n.Kind = "exclusiveGateway"
	case len(s.Details) > 0:
		n.Kind = "subProcess"
	default:
		n.Kind = "task"
	}
	if n.Actor == "" {
		n.Actor = document.Unassigned
	}
	return n
}

func (s Step) details(id string, taken map[string]bool) []document.Node {
	if s.Decision || s.Kind != "" && s.Kind != "subProcess" {
		return nil
	}
	nodes := make([]document.Node, 0, len(s.Details))
	for i, name := range s.Details {
		inner := fmt.Sprintf("%s_%d", id, i+1)
		for n := 1; taken[inner]; n++ {
			inner = fmt.Sprintf("%s_%d_%d", id, i+1, n)
		}
		taken[inner] = true
		nodes = append(nodes, document.Node{ID: inner, Name: name, Type: document.NodeTask, Kind: "task", Actor: document.Unassigned, Parent: id})
	}
	return nodes
}

func first(list []string) string {
	if len(list) > 0 {
		return list[0]
	}
	return ""
}

// FromGraph writes a workflow down as a procedure, its steps in order.
func FromGraph(w *document.Workflow, g *graph.Graph) *Procedure {
	p := &Procedure{Title: w.Name}
	details := map[string][]string{}
	for _, n := range w.Nodes {
		if n.Parent != "" && n.Type != document.NodeEvent {
			details[n.Parent] = append(details[n.Parent], diagram.Label(n))
		}
	}
	for _, at := range g.Steps {
		n := g.Nodes[at]
		s := Step{ID: n.ID, Name: diagram.Label(n), Kind: n.Kind, Description: n.Description, Decision: n.Type == document.NodeDecision, Details: details[n.ID]}
		if n.Actor != document.Unassigned {
			s.Actor = n.Actor
		}
		s.lead(g, at)
		p.Steps = append(p.Steps, s)
		if s.Decision && n.Name != "" {
			p.During = append(p.During, n.Name)
		}
	}
	for _, n := range g.Nodes {
		switch {
		case n.Name == "":
		case n.Kind == "startEvent":
			p.Before = append(p.Before, n.Name)
		case n.Kind == "endEvent":
			p.After = append(p.After, n.Name)
		}
	}
	return p
}

// lead notes where a step leads to.
func (s *Step) lead(g *graph.Graph, at int) {
	edges := g.Out(at)
	var next []int
	number := func(t graph.Target) int {
		if t.Step < 0 {
			return End
		}
		return g.Position(t.Step)
	}
	for _, e := range edges {
		for _, t := range g.Reached(e) {
			switch {
			case s.Decision:
				condition := e.Condition
				if condition == "" && e.Flow >= 0 && len(edges) > 1 && s.exclusive() {
					condition = Otherwise
				}
				s.Branches = append(s.Branches, Branch{condition, number(t)})
			case e.Flow < 0 || e.Condition != "":
				condition := e.Condition
				if condition == "" {
					condition = diagram.Label(g.Nodes[e.To])
				}
				s.Branches = append(s.Branches, Branch{condition, number(t)})
			default:
				next = append(next, number(t))
			}
		}
	}
	follows := len(next) == 1 && next[0] == g.Position(at)+1 && len(g.Steps) > g.Position(at)
	if !follows && !s.Decision {
		s.Next = next
		if len(next) == 0 && len(s.Branches) == 0 {
			s.Next = []int{End}
		}
	}
}

// exclusive says whether of a decision's ways one is taken, rather than all.
func (s *Step) exclusive() bool { return s.Kind != "parallelGateway" && s.Kind != "eventBasedGateway" }
