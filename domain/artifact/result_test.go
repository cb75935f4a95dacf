package artifact_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/domain/artifact"
)

func TestResultPolicies(t *testing.T) {
	t.Parallel()
	p := artifact.ResultPolicies{"roadmap": artifact.CacheResult, "sop": artifact.DiscardResult, "blueprint": artifact.CacheResult, "poc": artifact.PersistResult}
	require.NoError(t, p.Validate())
	require.Equal(t, artifact.CacheResult, p.Of("roadmap"))
	require.Equal(t, artifact.DiscardResult, p.Of("sop"))
	require.Equal(t, artifact.PersistResult, p.Of("synthesis"), "what is not named persists")
	require.Equal(t, []string{"blueprint", "roadmap"}, p.Cached())
	require.Equal(t, artifact.PersistResult, artifact.ResultPolicies(nil).Of("sop"))
	require.Empty(t, artifact.ResultPolicies(nil).Cached())
	require.Error(t, artifact.ResultPolicies{"sop": "forget"}.Validate())
	require.Error(t, artifact.ResultPolicies{"": artifact.CacheResult}.Validate())
}

func TestDroppingRenderingsLeavesTheRest(t *testing.T) {
	t.Parallel()
	made := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	before := artifact.Snapshot{
		ID: "art_1", Payload: []byte(`{"a":1}`), Renderings: []byte(`{"svg":"<svg/>"}`), Metadata: []byte(`{"b":2}`), Parents: []string{"art_0"},
		Lineage: artifact.Lineage{DerivedFrom: []string{"art_0"}, Generation: 1}, BlobKey: "derived/x", UpdatedAt: made,
	}
	a := artifact.Restore(before)
	a.DropRenderings(made.Add(time.Hour))
	want := before
	want.Renderings, want.UpdatedAt = nil, made.Add(time.Hour)
	require.Equal(t, want, a.Snapshot())
	a.DropRenderings(made.Add(2 * time.Hour))
	require.Equal(t, want, a.Snapshot(), "a second time changes nothing")
}
