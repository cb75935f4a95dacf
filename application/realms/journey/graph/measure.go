package graph

import (
	"slices"

	"github.com/symphainy/symphainy/domain/document"
)

// Target is where a way leads: to a step, or, with Step −1, to the end of the process.
type Target struct{ Step int }

// Reached are the steps that a way leads to, past the events between; nothing more to do is a target too.
func (g *Graph) Reached(e Edge) []Target {
	var found []Target
	add := func(t Target) {
		if !slices.Contains(found, t) {
			found = append(found, t)
		}
	}
	seen := map[int]bool{}
	todo := []int{e.To}
	for len(todo) > 0 {
		n := todo[0]
		todo = todo[1:]
		switch {
		case seen[n]:
		case g.step(n):
			add(Target{n})
		case len(g.out[n]) == 0:
			add(Target{-1})
		default:
			for _, i := range g.out[n] {
				todo = append(todo, g.Edges[i].To)
			}
		}
		seen[n] = true
	}
	return found
}

// Dependencies are the flows that lead directly from one step to another.
func (g *Graph) Dependencies() []Edge {
	var found []Edge
	for _, e := range g.Edges {
		if e.Flow >= 0 && g.step(e.From) && g.step(e.To) {
			found = append(found, e)
		}
	}
	return found
}

// Rework are the edges that lead back.
func (g *Graph) Rework() []Edge {
	var found []Edge
	for _, e := range g.Edges {
		if e.Back {
			found = append(found, e)
		}
	}
	return found
}

// HandOffs are the dependencies whose steps have different actors, both known.
func (g *Graph) HandOffs() []Edge {
	var found []Edge
	for _, e := range g.Dependencies() {
		a, b := g.Nodes[e.From].Actor, g.Nodes[e.To].Actor
		if a != b && a != document.Unassigned && b != document.Unassigned {
			found = append(found, e)
		}
	}
	return found
}

// LongestPath is the way with the most steps, without going back; of equals the first in order.
func (g *Graph) LongestPath() []int {
	length, before := make([]int, len(g.Nodes)), make([]int, len(g.Nodes))
	best := -1
	for _, n := range g.Order {
		before[n] = -1
		for _, i := range g.in[n] {
			if e := g.Edges[i]; !e.Back && (before[n] < 0 || length[e.From] > length[before[n]]) {
				before[n] = e.From
			}
		}
		if before[n] >= 0 {
			length[n] = length[before[n]]
		}
		if g.step(n) {
			length[n]++
		}
		if best < 0 || length[n] > length[best] {
			best = n
		}
	}
	var path []int
	for n := best; n >= 0; n = before[n] {
		if g.step(n) {
			path = append(path, n)
		}
	}
	slices.Reverse(path)
	return path
}

// DeadEnds are the steps that no edge leaves, although the process has an end that they could lead to.
func (g *Graph) DeadEnds() []int {
	if !slices.ContainsFunc(g.Nodes, func(n document.Node) bool { return n.Kind == "endEvent" }) {
		return nil
	}
	var found []int
	for _, n := range g.Steps {
		if len(g.out[n]) == 0 {
			found = append(found, n)
		}
	}
	return found
}

// Unreachable are the nodes that no start leads to.
func (g *Graph) Unreachable() []int {
	seen := make([]bool, len(g.Nodes))
	todo := slices.Clone(g.Starts())
	for _, n := range todo {
		seen[n] = true
	}
	for len(todo) > 0 {
		n := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		for _, i := range g.out[n] {
			if to := g.Edges[i].To; !seen[to] {
				seen[to] = true
				todo = append(todo, to)
			}
		}
	}
	var found []int
	for n := range g.Nodes {
		if !seen[n] {
			found = append(found, n)
		}
	}
	return found
}

// Layers gives each node's column: one more than the farthest of those that lead to it.
func (g *Graph) Layers() []int {
	layer := make([]int, len(g.Nodes))
	for _, n := range g.Order {
		for _, i := range g.in[n] {
			if e := g.Edges[i]; !e.Back {
				layer[n] = max(layer[n], layer[e.From]+1)
			}
		}
	}
	return layer
}

// Kinds are the places of the events of a kind.
func (g *Graph) Kinds(kind string) []int {
	var found []int
	for i, n := range g.Nodes {
		if n.Kind == kind {
			found = append(found, i)
		}
	}
	return found
}

// Actors are who acts in the steps, in order; Unassigned is not among them.
func (g *Graph) Actors() []string {
	var found []string
	for _, n := range g.Steps {
		if a := g.Nodes[n].Actor; a != document.Unassigned && a != "" && !slices.Contains(found, a) {
			found = append(found, a)
		}
	}
	return found
}
