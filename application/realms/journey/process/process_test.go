package process_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/symphainy/symphainy/application/realms/journey/graph"
	"github.com/symphainy/symphainy/application/realms/journey/process"
)

func TestLine(t *testing.T) {
	for text, want := range map[string]process.Step{
		"1. Open the parcel.":                     {Name: "Open the parcel"},
		"2) Refund it. It takes a day.":           {Name: "Refund it", Description: "Refund it. It takes a day."},
		"- Weigh":                                 {Name: "Weigh"},
		"Is it damaged? If yes, go to step 4":     {Name: "Is it damaged?", Decision: true, Branches: []process.Branch{{Condition: "yes", To: 4}}},
		"If the total differs, return to step 2.": {Name: "The total differs?", Decision: true, Branches: []process.Branch{{Condition: "the total differs", To: 2}}},
		"Ready? If yes go to step 3; otherwise, go to the end": {
			Name: "Ready?", Decision: true, Branches: []process.Branch{{Condition: "yes", To: 3}, {Condition: process.Otherwise, To: process.End}},
		},
		"Decide if it is good": {Name: "Decide if it is good"},
	} {
		require.Equal(t, want, process.Line(text), text)
	}
}

func TestSettle(t *testing.T) {
	p := process.Procedure{Steps: []process.Step{process.Line("Go on? If no, go to step 9"), process.Line("Last? If yes, go to step 1")}}
	require.Equal(t, []int{9}, p.Settle())
	require.Equal(t, []process.Branch{{Condition: process.Otherwise, To: 2}}, p.Steps[0].Branches)
	require.Equal(t, []process.Branch{{Condition: "yes", To: 1}, {Condition: process.Otherwise, To: process.End}}, p.Steps[1].Branches)
}

// A procedure that becomes a workflow and is written down again has the same steps; only their order may be that of the graph.
func TestProceduresSurviveTheGraph(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 8).Draw(t, "steps")
		p := &process.Procedure{Title: "T"}
		for range n {
			s := process.Step{Name: rapid.StringMatching(`[A-Z][a-z]{2,8}`).Draw(t, "name"), Decision: rapid.Bool().Draw(t, "decision")}
			if s.Decision {
				for range rapid.IntRange(1, 3).Draw(t, "branches") {
					s.Branches = append(s.Branches, process.Branch{
						Condition: rapid.StringMatching(`[a-z]{1,5}`).Draw(t, "condition"), To: rapid.IntRange(0, n).Draw(t, "to"),
					})
				}
			}
			p.Steps = append(p.Steps, s)
		}
		p.Settle()
		w := p.Workflow()
		g := graph.New(w)
		back := process.FromGraph(w, g)
		require.Len(t, back.Steps, n)
		names := map[string]int{}
		for i := range p.Steps {
			names[p.Steps[i].Name]++
			names[back.Steps[i].Name]--
			require.LessOrEqual(t, len(back.Steps[i].Branches), 4)
		}
		for name, count := range names {
			require.Zero(t, count, name)
		}
		require.Len(t, back.Workflow().Nodes, len(w.Nodes))
	})
}
