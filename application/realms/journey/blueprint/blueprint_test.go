package blueprint_test

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/symphainy/symphainy/application/realms/journey/blueprint"
	"github.com/symphainy/symphainy/application/realms/journey/classify"
	"github.com/symphainy/symphainy/application/realms/journey/graph"
	"github.com/symphainy/symphainy/application/realms/journey/process"
	"github.com/symphainy/symphainy/domain/document"
)

// Other steps, other figures: nothing is constant, each point is in one phase, and the phases follow one another without a gap.
func TestFiguresFollowTheProcess(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		names := rapid.SliceOfN(rapid.SampledFrom([]string{"Extract it", "Verify it", "Approve it", "Load it"}), 1, 9).Draw(t, "steps")
		spec := process.Spec{Name: "P"}
		count := map[string]int{}
		conflicts := 0
		for i, name := range names {
			spec.Steps = append(spec.Steps, process.SpecStep{Name: name, Actor: rapid.SampledFrom([]string{"", "A", "B"}).Draw(t, "actor")})
			count[name]++
			if i > 0 && name == "Extract it" {
				conflicts++
			}
		}
		w, err := spec.Workflow()
		require.NoError(t, err)
		c := classify.Classify(graph.New(w))
		require.Equal(t, map[classify.Class]int{
			classify.FrictionRemoval: count["Extract it"], classify.Hybrid: count["Verify it"], classify.HumanFocus: count["Approve it"],
			classify.Unclassified: count["Load it"],
		}, c.Counts)
		require.InDelta(t, float64(count["Extract it"])/float64(len(names)), c.Potential, 1e-9)
		require.Len(t, c.Conflicts, conflicts)
		require.Len(t, c.Dependencies, len(names)-1)

		now := time.Date(2026, 1, 1, 23, 30, 0, 0, time.FixedZone("west", -8*3600))
		b, err := blueprint.New(w, w, blueprint.DefaultPlan(now), blueprint.Details{})
		points := count["Extract it"] + count["Verify it"]
		if points == 0 {
			require.ErrorIs(t, err, blueprint.ErrNoPoint)
			return
		}
		require.NoError(t, err)
		require.Len(t, b.Phases, min(max(points+2, 3), 5))
		require.Equal(t, "2026-01-09", b.Phases[0].Start.Format(time.DateOnly), "a week after the day in UTC")
		addressed := 0
		for i, p := range b.Phases {
			addressed += len(p.Addressed)
			require.InDelta(t, 7*p.Weeks-1, math.Round(p.End.Sub(p.Start).Hours()/24), 0)
			if i > 0 {
				require.Equal(t, b.Phases[i-1].End.AddDate(0, 0, 1), p.Start)
			}
		}
		require.Equal(t, points, addressed)
		require.Len(t, b.Matrix, len(names))
		tasks, _ := b.Future.Steps()
		require.Equal(t, len(names)+points, tasks)
		require.Empty(t, graph.New(b.Future).Unreachable())
	})
}

// A decision stays a decision, and what leads to it leads to what prepares it; a made-up id meets none that is there.
func TestCoexistenceOfADecision(t *testing.T) {
	spec := process.Spec{
		Name:        "P",
		Steps:       []process.SpecStep{{ID: "a", Name: "Load"}, {ID: "d", Name: "Data good?", Type: document.NodeDecision}, {ID: "d_ai", Name: "Archive"}},
		Transitions: []process.Transition{{From: "a", To: "d"}, {From: "d", To: "d_ai", Condition: "Yes"}, {From: "d", To: "a", Condition: "No"}},
	}
	w, err := spec.Workflow()
	require.NoError(t, err)
	b, err := blueprint.New(w, w, blueprint.DefaultPlan(time.Unix(0, 0)), blueprint.Details{Systems: map[string][]string{"Archive": {"DMS", "DMS"}}})
	require.NoError(t, err)
	g := b.FutureGraph
	at, ok := g.Find("d_ai_")
	require.True(t, ok)
	require.Equal(t, "AI-assisted Data good?", g.Nodes[at].Name)
	require.Equal(t, blueprint.Assistant, g.Nodes[at].Actor)
	require.Equal(t, "a", g.Nodes[g.In(at)[0].From].ID)
	require.Equal(t, "d", g.Nodes[g.Out(at)[0].To].ID)
	require.Len(t, g.Rework(), 1)
	require.Equal(t, []string{"DMS"}, b.Matrix[2].Systems)
}
