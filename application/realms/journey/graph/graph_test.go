package graph_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/symphainy/symphainy/application/realms/journey/graph"
	"github.com/symphainy/symphainy/domain/document"
)

func workflow(nodes []string, flows ...[2]string) *document.Workflow {
	w := &document.Workflow{}
	for _, id := range nodes {
		w.Nodes = append(w.Nodes, document.Node{ID: id, Name: id, Type: document.NodeTask, Kind: "task", Actor: document.Unassigned})
	}
	for i, f := range flows {
		w.Flows = append(w.Flows, document.Flow{ID: fmt.Sprint("f", i), Source: f[0], Target: f[1]})
	}
	return w
}

func names(g *graph.Graph, places []int) (ids []string) {
	for _, at := range places {
		ids = append(ids, g.Nodes[at].ID)
	}
	return ids
}

func TestOrderIsOfTheFlowThenOfTheSource(t *testing.T) {
	g := graph.New(workflow([]string{"d", "c", "b", "a"}, [2]string{"a", "b"}, [2]string{"a", "c"}, [2]string{"b", "d"}, [2]string{"c", "d"}, [2]string{"d", "b"}))
	require.Equal(t, []string{"a", "c", "b", "d"}, names(g, g.Steps))
	require.Len(t, g.Rework(), 1)
	require.Equal(t, []string{"a", "b", "d"}, names(g, g.LongestPath()))
}

func TestACircleWithoutAStart(t *testing.T) {
	g := graph.New(workflow([]string{"a", "b"}, [2]string{"a", "b"}, [2]string{"b", "a"}, [2]string{"b", "b"}))
	require.Equal(t, []string{"a", "b"}, names(g, g.Steps))
	require.Len(t, g.Rework(), 2)
	require.Len(t, g.Unreachable(), 2, "nothing says where it starts")
}

func TestDetailsCountForTheirSubProcess(t *testing.T) {
	w := workflow([]string{"a", "sub", "in", "b"}, [2]string{"a", "in"}, [2]string{"in", "b"}, [2]string{"sub", "in"}, [2]string{"in", "in"})
	w.Nodes[2].Parent = "sub"
	g := graph.New(w)
	require.Equal(t, []string{"a", "sub", "b"}, names(g, g.Steps))
	require.Len(t, g.Dependencies(), 2)
	require.Empty(t, g.Rework())
}

// Every graph has an order in which each node comes after all that lead to it, except for the marked edges.
func TestEveryGraphHasAnOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 12).Draw(t, "nodes")
		ids := make([]string, n)
		for i := range ids {
			ids[i] = fmt.Sprint("n", i)
		}
		var flows [][2]string
		for range rapid.IntRange(0, 30).Draw(t, "flows") {
			flows = append(flows, [2]string{rapid.SampledFrom(ids).Draw(t, "from"), rapid.SampledFrom(ids).Draw(t, "to")})
		}
		g := graph.New(workflow(ids, flows...))
		require.Len(t, g.Order, n)
		place := map[int]int{}
		for i, at := range g.Order {
			place[at] = i
		}
		require.Len(t, place, n)
		for _, e := range g.Edges {
			if !e.Back {
				require.Less(t, place[e.From], place[e.To])
			}
		}
		require.LessOrEqual(t, len(g.LongestPath()), n)
		layers := g.Layers()
		for _, e := range g.Edges {
			if !e.Back {
				require.Less(t, layers[e.From], layers[e.To])
			}
		}
	})
}
