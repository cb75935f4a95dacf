package agents_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/application/agents"
)

func TestDiscoverReadsWhatPeopleSayOfTheirBusiness(t *testing.T) {
	found := agents.Discover("We are an insurer with 3,000 policyholders. We use Guidewire, SAP and an old mainframe. Our goal is to cut rework by half; we use sap.")
	require.Equal(t, []string{"insurance"}, found.Industries)
	require.Equal(t, []string{"Guidewire", "SAP", "an old mainframe"}, found.Systems)
	require.Equal(t, []string{"cut rework by half"}, found.Goals)
	require.NoError(t, found.Check())
	require.True(t, agents.Discover("Hello there").Empty())
}

func TestDiscoverStaysWithinBounds(t *testing.T) {
	found := agents.Discover(strings.Repeat("we use é"+strings.Repeat("ü", 150)+". ", 40) + "we want " + strings.Repeat("x", 5000))
	require.NoError(t, found.Check())
	require.NotEmpty(t, found.Systems)
}

func TestACommittedContextIsKeptInTheMetadata(t *testing.T) {
	b := agents.BusinessContext{Industries: []string{"banking"}, Systems: []string{"SAP"}, Goals: []string{"less paper"}}
	kept, err := agents.WithContext([]byte(`{"theme":"dark"}`), b)
	require.NoError(t, err)
	require.Equal(t, b, agents.CommittedContext(kept))
	require.Contains(t, string(kept), `"theme":"dark"`)
	require.True(t, agents.CommittedContext([]byte(`{"business_context":7}`)).Empty())
	require.True(t, agents.CommittedContext(nil).Empty())
	require.ErrorIs(t, agents.BusinessContext{Goals: []string{strings.Repeat("g", 201)}}.Check(), agents.ErrContext)
}
