package artifacts_test

import (
	"encoding/json"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/application/artifacts"
	"github.com/symphainy/symphainy/domain/artifact"
	"github.com/symphainy/symphainy/domain/fault"
)

// A rendering of up to 256 KiB stands in the artifact; of a larger one there is the place where it is.
func TestLargeRenderingsAreFetched(t *testing.T) {
	w := newWorld(t)
	ctx, scope := t.Context(), w.owner.Scope()
	svg := "<svg>" + strings.Repeat("x", artifacts.MaxRendering) + "</svg>"
	renderings := artifacts.Encode(map[string]any{"svg": svg, "markdown": "# small", "chart_data": map[string]any{"n": json.Number("1.50")}})
	w.insert(t, w.owner, artifact.Snapshot{ID: "art_1", Type: "workflow", Name: "Claims", Renderings: renderings})
	stored, err := w.service.Get(ctx, scope, "art_1")
	require.NoError(t, err)
	doc := document(t, stored)["renderings"].(map[string]any)
	require.Equal(t, "# small", doc["markdown"])
	require.Equal(t, map[string]any{"n": json.Number("1.50")}, doc["chart_data"])
	require.Equal(t, map[string]any{"content_url": "/api/artifacts/art_1/content?rendering=svg", "size": len(svg) + 2}, doc["svg"])

	for name, want := range map[string]artifacts.Content{
		"svg": {Name: "Claims.svg.svg", MediaType: "image/svg+xml"}, "markdown": {Name: "Claims.markdown.md", MediaType: "text/markdown; charset=utf-8"},
		"chart_data": {Name: "Claims.chart_data.json", MediaType: "application/json"},
	} {
		got, err := w.service.Rendering(ctx, scope, "art_1", name)
		require.NoError(t, err)
		raw, err := io.ReadAll(got.Reader)
		require.NoError(t, err)
		require.NoError(t, got.Reader.Close())
		require.Equal(t, []any{want.Name, want.MediaType, int64(len(raw))}, []any{got.Name, got.MediaType, got.Size})
		if name == "svg" {
			require.Equal(t, svg, string(raw))
		}
	}
	for _, c := range [][2]string{{"art_1", "png"}, {"art_none", "svg"}} {
		_, err = w.service.Rendering(ctx, scope, c[0], c[1])
		require.ErrorIs(t, err, fault.ErrNotFound)
	}
	_, err = w.service.Rendering(ctx, w.stranger.Scope(), "art_1", "svg")
	require.ErrorIs(t, err, fault.ErrNotFound, "what is foreign is unknown")

	exact := artifacts.Encode(map[string]any{"svg": svg[:artifacts.MaxRendering-2]})
	require.IsType(t, "", document(t, artifact.Snapshot{ID: "a", Type: "x", Renderings: exact})["renderings"].(map[string]any)["svg"], "the limit passes")
	view := document(t, artifact.Snapshot{Type: "x", Renderings: renderings})["renderings"].(map[string]any)
	require.Equal(t, svg, view["svg"], "a view is not stored, so all of it is shown")
}
