package storetest

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/domain/artifact"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/typeid"
	"github.com/symphainy/symphainy/ports"
)

// renderedArtifacts checks which artifacts the sweep of cached renderings is given.
func (s *suite) renderedArtifacts(t *testing.T, h, v home) {
	t.Helper()
	kind, before := "rendered_"+id(typeid.Artifact), s.at(10)
	add := func(of home, created int, edit func(*artifact.Snapshot)) string {
		a := s.artifact(of, created, func(r *artifact.Snapshot) {
			r.Type, r.Renderings = kind, []byte(`{"svg":"<svg/>"}`)
			if edit != nil {
				edit(r)
			}
		})
		require.NoError(t, s.insertArtifact(t, a))
		return a.ID()
	}
	exact, old := add(h, 10, nil), add(v, 1, nil)
	add(h, 11, nil)
	add(h, 2, func(r *artifact.Snapshot) { r.Renderings = nil })
	add(h, 3, func(r *artifact.Snapshot) { r.State = artifact.Deleted })
	add(h, 4, func(r *artifact.Snapshot) { r.Type = kind + "_other" })
	rendered := func(limit int, types ...string) []string {
		return ids(get(t, s, func(ctx context.Context, tx ports.Tx) ([]artifact.Artifact, error) {
			return tx.Artifacts.Rendered(ctx, types, before, limit)
		}), artifact.Artifact.ID)
	}
	require.Equal(t, []string{old, exact}, rendered(100, kind, "none"))
	require.Equal(t, []string{old}, rendered(1, kind))
	require.Empty(t, rendered(100))

	all := get(t, s, func(ctx context.Context, tx ports.Tx) ([]artifact.Artifact, error) {
		return tx.Artifacts.Rendered(ctx, []string{kind}, before, 1)
	})
	all[0].DropRenderings(s.at(20))
	require.NoError(t, s.saveArtifact(t, all[0]))
	require.Equal(t, []string{exact}, rendered(100, kind), "what has none any more is not given again")
	require.ErrorIs(t, s.saveArtifact(t, all[0]), fault.ErrStale)
}
