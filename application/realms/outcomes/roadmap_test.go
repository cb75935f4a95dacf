package outcomes_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/symphainy/symphainy/domain/fault"
)

func TestRoadmapHasWhatGoalsAndFindingsAskFor(t *testing.T) {
	w := world(t)
	p := w.User(t)
	m := fill(t, w, p)
	o := w.Must(t, p, "generate_roadmap", params{
		"goals":           []string{"Move the policies to the new platform", "Cut rework of beneficiary changes by 20 %"},
		"roadmap_options": params{"title": "Policies", "timeline": "6 months", "start_date": "2026-01-05"},
	})
	require.Equal(t, []string{"roadmap_generated"}, o.Events())
	doc := o.Artifact("roadmap")
	require.Equal(t, o.Value("roadmap_id"), doc["roadmap_id"])
	require.Equal(t, 4, count(t, doc, "phases"))
	for i, name := range []string{"Remediation", "Move the policies to the new platform", "Cut rework of beneficiary changes by 20 %", "Adoption"} {
		require.Equal(t, name, at(t, doc, "phases", i, "name"))
		require.Equal(t, "planned", at(t, doc, "phases", i, "status"))
	}
	require.Contains(t, at(t, doc, "phases", 0, "objective"), "policies.csv")
	require.Equal(t, "2026-01-05", at(t, doc, "phases", 0, "start_date"))
	require.Equal(t, "2026-07-04", at(t, doc, "phases", 3, "end_date"))
	require.Contains(t, fmt.Sprint(at(t, doc, "phases", 1, "findings")), "missing values", "the goal speaks of the policies")
	require.Contains(t, fmt.Sprint(at(t, doc, "phases", 2, "deliverables")), "Beneficiary Change")
	require.Contains(t, fmt.Sprint(at(t, doc, "phases", 2, "success_criteria")), "20 %")
	require.Contains(t, fmt.Sprint(at(t, doc, "phases", 3, "deliverables")), "Validate New Beneficiary")
	require.Equal(t, 8, count(t, doc, "milestones"))
	var severities []any
	for i := range count(t, doc, "risks") {
		severities = append(severities, at(t, doc, "risks", i, "severity"))
		require.Contains(t, []any{m.quality, m.coexistence, m.matching}, at(t, doc, "risks", i, "source_artifact_id"))
	}
	require.Equal(t, []any{"high", "high", "medium"}, severities)
	require.Equal(t, 2, count(t, doc, "strategic_plan", "goals"))
	require.Contains(t, doc["executive_summary"], "4 phases, from 2026-01-05 to 2026-07-04")
	require.Contains(t, at(t, doc, "renderings", "svg"), "2. Move the")
	show(t, "gantt.svg", at(t, doc, "renderings", "svg").(string))
}

func TestRoadmapOfAnEmptySessionIsItsGoals(t *testing.T) {
	w := world(t)
	p := w.User(t)
	doc := w.Must(t, p, "generate_roadmap", params{"goals": []string{" Open a branch ", "open a branch"}}).Artifact("roadmap")
	require.Equal(t, []any{"Open a branch"}, doc["goals"])
	require.Equal(t, 1, count(t, doc, "phases"))
	require.Equal(t, 0, count(t, doc, "risks"))
	require.InDelta(t, 30, at(t, doc, "phases", 0, "duration_days"), 0)
	require.Contains(t, fmt.Sprint(at(t, doc, "metadata", "assumptions")), "30 days")
	for name, in := range map[string]params{
		"no goals":  {},
		"empty":     {"goals": []string{}},
		"blank":     {"goals": []string{"  "}},
		"too many":  {"goals": make([]string, 21)},
		"timeline":  {"goals": []string{"a"}, "roadmap_options": params{"timeline": "soon"}},
		"date":      {"goals": []string{"a"}, "roadmap_options": params{"start_date": "tomorrow"}},
		"too short": {"goals": []string{"a", "b", "c", "d", "e", "f", "g", "h"}, "roadmap_options": params{"timeline": "1 week"}},
	} {
		_, err := w.Submit(t, p, "generate_roadmap", in)
		require.Equal(t, "invalid_parameters", fault.As(err).Code, name)
	}
}

// The phases follow each other without a gap, fill the time exactly, and never are more than eight.
func TestPhasesFillTheTime(t *testing.T) {
	w := world(t)
	bare, full := w.User(t), w.User(t)
	fill(t, w, full)
	rapid.Check(t, func(rt *rapid.T) {
		goals := make([]string, rapid.IntRange(1, 20).Draw(rt, "goals"))
		for i := range goals {
			goals[i] = fmt.Sprintf("goal %c", 'a'+i)
		}
		unit := rapid.SampledFrom([]string{"weeks", "month", "years"}).Draw(rt, "unit")
		n := rapid.IntRange(2, 30).Draw(rt, "n")
		start := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, rapid.IntRange(0, 1500).Draw(rt, "day"))
		p := bare
		if rapid.Bool().Draw(rt, "findings") {
			p = full
		}
		doc := w.Must(t, p, "generate_roadmap", params{
			"goals": goals, "roadmap_options": params{"timeline": fmt.Sprint(n, " ", unit), "start_date": start.Format(time.DateOnly)},
		}).Artifact("roadmap")
		phases := count(t, doc, "phases")
		require.LessOrEqual(rt, phases, 8)
		day, inPhases := start, 0
		for i := range phases {
			require.Equal(rt, day.Format(time.DateOnly), at(t, doc, "phases", i, "start_date"))
			days := int(at(t, doc, "phases", i, "duration_days").(float64))
			require.Positive(rt, days)
			day = day.AddDate(0, 0, days)
			require.Equal(rt, day.AddDate(0, 0, -1).Format(time.DateOnly), at(t, doc, "phases", i, "end_date"))
			inPhases += count(t, doc, "phases", i, "goals")
		}
		want := map[string]time.Time{"weeks": start.AddDate(0, 0, 7*n), "month": start.AddDate(0, n, 0), "years": start.AddDate(n, 0, 0)}[unit]
		require.Equal(rt, want, day)
		require.Equal(rt, len(goals), inPhases, "each goal has its place")
	})
}
