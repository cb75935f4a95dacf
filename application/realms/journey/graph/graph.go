// Package graph puts the steps of a process in order and measures how it flows. It knows the process itself: what stands inside a
// sub-process is detail, and a flow from or to a detail counts for the sub-process that it is in.
package graph

import (
	"github.com/symphainy/symphainy/domain/document"
)

// Edge leads from one node to another. From and To are places in Graph.Nodes.
type Edge struct {
	// Flow is the place of the flow in the workflow; −1 for the way from a task to an event on its boundary.
	Flow      int
	From, To  int
	Condition string
	// Back marks an edge that leads back to a node on the way to it: rework.
	Back bool
}

// Graph is a process whose nodes are in order. It is not changed after New.
type Graph struct {
	// Nodes are the nodes of the process itself, in the order of the source.
	Nodes []document.Node
	// Edges are in the order of the workflow's flows; the ways to boundary events come last.
	Edges []Edge
	// Order is the places of all nodes, each after those that lead to it; the first in the source comes first.
	Order []int
	// Steps is the places of the tasks and decisions, in order.
	Steps []int

	byID      map[string]int
	out, in   [][]int // node → edges
	positions []int   // node → position from 1, 0 for events
}

// New orders a workflow whose flows all have both ends.
func New(w *document.Workflow) *Graph {
	g := &Graph{byID: map[string]int{}}
	parents := make(map[string]string, len(w.Nodes))
	for _, n := range w.Nodes {
		parents[n.ID] = n.Parent
		if n.Parent == "" {
			g.byID[n.ID] = len(g.Nodes)
			g.Nodes = append(g.Nodes, n)
		}
	}
	g.connect(w, parents)
	g.markBackEdges()
	g.sort()
	g.positions = make([]int, len(g.Nodes))
	for _, n := range g.Order {
		if g.Nodes[n].IsStep() {
			g.Steps = append(g.Steps, n)
			g.positions[n] = len(g.Steps)
		}
	}
	return g
}

func (g *Graph) connect(w *document.Workflow, parents map[string]string) {
	top := func(id string) int {
		// A chain of parents that comes back to itself cannot be longer than there are nodes.
		for range len(parents) + 1 {
			up, known := parents[id]
			if !known || up == "" {
				break
			}
			id = up
		}
		if n, ok := g.byID[id]; ok {
			return n
		}
		return -1
	}
	for i, f := range w.Flows {
		from, to := top(f.Source), top(f.Target)
		detail := from == to && (f.Source != f.Target || parents[f.Source] != "")
		if from >= 0 && to >= 0 && !detail {
			g.Edges = append(g.Edges, Edge{Flow: i, From: from, To: to, Condition: f.Condition})
		}
	}
	for i, n := range g.Nodes {
		if at, ok := g.byID[n.AttachedTo]; ok && n.AttachedTo != "" && at != i {
			g.Edges = append(g.Edges, Edge{Flow: -1, From: at, To: i})
		}
	}
	g.out, g.in = make([][]int, len(g.Nodes)), make([][]int, len(g.Nodes))
	for i, e := range g.Edges {
		g.out[e.From] = append(g.out[e.From], i)
		g.in[e.To] = append(g.in[e.To], i)
	}
}

// Starts are the places where the process begins: its start events, or else the nodes that no edge enters.
func (g *Graph) Starts() []int {
	var events, entered []int
	for i, n := range g.Nodes {
		if n.Kind == "startEvent" {
			events = append(events, i)
		}
		if len(g.in[i]) == 0 {
			entered = append(entered, i)
		}
	}
	if len(events) > 0 {
		return events
	}
	return entered
}

// markBackEdges walks depth-first from the starts, in the order of the source; what no start reaches comes after.
func (g *Graph) markBackEdges() {
	const (
		unseen = iota
		open
		done
	)
	state := make([]int, len(g.Nodes))
	type place struct{ node, next int }
	walk := func(root int) {
		if state[root] != unseen {
			return
		}
		state[root] = open
		stack := []place{{node: root}}
		for len(stack) > 0 {
			at := &stack[len(stack)-1]
			if at.next == len(g.out[at.node]) {
				state[at.node] = done
				stack = stack[:len(stack)-1]
				continue
			}
			e := &g.Edges[g.out[at.node][at.next]]
			at.next++
			switch state[e.To] {
			case open:
				e.Back = true
			case unseen:
				state[e.To] = open
				stack = append(stack, place{node: e.To})
			}
		}
	}
	for _, n := range g.Starts() {
		walk(n)
	}
	for n := range g.Nodes {
		walk(n)
	}
}

// sort is Kahn's algorithm over the edges that do not lead back; of the ready nodes the first in the source comes next.
func (g *Graph) sort() {
	waiting := make([]int, len(g.Nodes))
	for _, e := range g.Edges {
		if !e.Back {
			waiting[e.To]++
		}
	}
	ready := &heap{}
	for n, count := range waiting {
		if count == 0 {
			ready.push(n)
		}
	}
	for len(*ready) > 0 {
		n := ready.pop()
		g.Order = append(g.Order, n)
		for _, i := range g.out[n] {
			e := g.Edges[i]
			if e.Back {
				continue
			}
			if waiting[e.To]--; waiting[e.To] == 0 {
				ready.push(e.To)
			}
		}
	}
}

// heap gives the smallest of its numbers first.
type heap []int

func (h *heap) push(n int) {
	*h = append(*h, n)
	s := *h
	for i := len(s) - 1; i > 0; {
		up := (i - 1) / 2
		if s[up] <= s[i] {
			return
		}
		s[up], s[i] = s[i], s[up]
		i = up
	}
}

func (h *heap) pop() int {
	s := *h
	first, last := s[0], len(s)-1
	s[0] = s[last]
	s = s[:last]
	for i := 0; ; {
		least := i
		for _, child := range [...]int{2*i + 1, 2*i + 2} {
			if child < len(s) && s[child] < s[least] {
				least = child
			}
		}
		if least == i {
			break
		}
		s[i], s[least] = s[least], s[i]
		i = least
	}
	*h = s
	return first
}

// Find gives the place of a node by its id.
func (g *Graph) Find(id string) (int, bool) {
	n, ok := g.byID[id]
	return n, ok
}

// Position is the number of a step, from 1; 0 for an event.
func (g *Graph) Position(node int) int { return g.positions[node] }

// Out are the edges that leave a node, In those that enter it, in the order of the source.
func (g *Graph) Out(node int) []Edge { return g.pick(g.out[node]) }

// In are the edges that enter a node, in the order of the source.
func (g *Graph) In(node int) []Edge { return g.pick(g.in[node]) }

func (g *Graph) pick(list []int) []Edge {
	edges := make([]Edge, 0, len(list))
	for _, i := range list {
		edges = append(edges, g.Edges[i])
	}
	return edges
}

// step says whether a node is a task or a decision.
func (g *Graph) step(node int) bool { return g.positions[node] > 0 }
