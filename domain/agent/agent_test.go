package agent_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/domain/agent"
)

func TestSurfacesReachTheirAgents(t *testing.T) {
	for surface, want := range map[string]agent.ID{
		"content_pillar": agent.LiaisonContent, "content": agent.LiaisonContent,
		"insights_pillar": agent.LiaisonInsights, "insights": agent.LiaisonInsights,
		"journey_pillar": agent.LiaisonJourney, "operations_pillar": agent.LiaisonJourney, "operations": agent.LiaisonJourney,
		"outcomes_pillar": agent.LiaisonOutcomes, "business_outcomes_pillar": agent.LiaisonOutcomes,
		"": agent.Guide, "landing_page": agent.Guide, "CONTENT_PILLAR": agent.Guide, "content_pillar ": agent.Guide,
	} {
		require.Equal(t, want, agent.ForSurface(surface), surface)
	}
}
