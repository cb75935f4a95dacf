package agents_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/application/agents"
)

func TestAnalyseFollowsTheTable(t *testing.T) {
	cases := []struct {
		text, category string
		pillar         agents.Pillar
		confidence     float64
		clarify        bool
		requirements   []string
	}{
		{"I want to upload a file", "content_management", agents.PillarContent, 0.8, false, []string{"file_upload"}},
		{"Uploading my data", "content_management", agents.PillarContent, 0.8, false, []string{"file_upload"}},
		{"check the quality of the file", "data_analysis", agents.PillarInsights, 0.8, false, []string{}},
		{"ANALYZING insights", "data_analysis", agents.PillarInsights, 0.8, false, []string{"data_analysis"}},
		{"two analyses please", "data_analysis", agents.PillarInsights, 0.8, false, []string{"data_analysis"}},
		{"draw our workflows and processes", "process_management", agents.PillarJourney, 0.8, false, []string{"process_optimization"}},
		{"planning the roadmap", "solution_planning", agents.PillarOutcomes, 0.8, false, []string{"solution_planning"}},
		{"What can you do?", "navigation", "", 0.9, false, []string{}},
		{"hello there", "general", "", 0.7, true, []string{}},
		{"", "general", "", 0.7, true, []string{}},
		{"a profile of the planet", "general", "", 0.7, true, []string{}}, // whole words only
		{"quality of the workflow", "data_analysis", agents.PillarInsights, 0.7, true, []string{"process_optimization"}},
	}
	for _, c := range cases {
		t.Run(c.text, func(t *testing.T) {
			a := agents.Analyse(c.text)
			require.Equal(t, c.category, a.Category)
			require.Equal(t, c.pillar, a.Pillar)
			require.InDelta(t, c.confidence, a.Confidence, 1e-9)
			require.Equal(t, c.clarify, a.NeedsClarification)
			require.Equal(t, c.requirements, a.Requirements)
		})
	}
	require.Equal(t, []agents.Pillar{agents.PillarJourney}, agents.Analyse("quality of the workflow").Alternatives)
	require.Equal(t, agents.PillarJourney, agents.Analyse("workflow quality").Pillar, "a tie goes to the first word")
}
