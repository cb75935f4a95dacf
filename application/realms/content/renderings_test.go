package content_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/application/realms/content"
	"github.com/symphainy/symphainy/domain/artifact"
	"github.com/symphainy/symphainy/domain/typeid"
	"github.com/symphainy/symphainy/ports"
)

// Cached renderings go a day after their artifact was made, in more than one batch, and nothing else does.
func TestSweepRemovesCachedRenderings(t *testing.T) {
	config := content.Defaults()
	config.Results = artifact.ResultPolicies{"roadmap": artifact.CacheResult, "sop": artifact.PersistResult}
	k := newKit(t, config)
	p := k.User(t)
	var cached []string
	add := func(kind string) string {
		a := artifact.Snapshot{
			ID: k.IDs.NewID(typeid.Artifact), TenantID: p.TenantID, OwnerID: p.UserID, SessionID: p.SessionID, Type: kind, State: artifact.Draft,
			DataClass: artifact.Outcome, Payload: []byte(`{"n":1}`), Renderings: []byte(`{"svg":"x"}`), Parents: []string{"art_0"}, CreatedAt: k.Clock.Now(),
		}
		require.NoError(t, k.Store.Do(t.Context(), func(ctx context.Context, tx ports.Tx) error { return tx.Artifacts.Insert(ctx, artifact.Restore(a)) }))
		return a.ID
	}
	for range 103 {
		cached = append(cached, add("roadmap"))
	}
	sop := add("sop")
	k.Clock.Advance(artifact.RenderingLife - time.Second)
	young := add("roadmap")
	report, err := k.content.Sweep(t.Context())
	require.NoError(t, err)
	require.Equal(t, content.SweepReport{}, report, "not yet")

	k.Clock.Advance(time.Second)
	report, err = k.content.Sweep(t.Context())
	require.NoError(t, err)
	require.Equal(t, content.SweepReport{RenderingsRemoved: 103}, report)
	for _, id := range cached {
		a := k.artifact(t, p, id)
		require.Nil(t, a.Renderings)
		require.Equal(t, `{"n":1} [art_0]`, fmt.Sprintf("%s %v", a.Payload, a.Parents))
	}
	require.NotNil(t, k.artifact(t, p, sop).Renderings)
	require.NotNil(t, k.artifact(t, p, young).Renderings)
	report, err = k.content.Sweep(t.Context())
	require.NoError(t, err)
	require.Equal(t, content.SweepReport{}, report, "a second sweep finds nothing")
}
