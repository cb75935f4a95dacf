package insights_test

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/domain/fault"
)

// wellFormed fails on an SVG that is not XML, and on elements that could do anything but draw.
func wellFormed(t *testing.T, picture string) {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(picture))
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return
		}
		require.NoError(t, err, picture)
		if e, ok := token.(xml.StartElement); ok {
			require.Contains(t, "svg title defs marker path rect text tspan polyline polygon circle g line", e.Name.Local)
		}
	}
}

func TestLineageShowsBothDirections(t *testing.T) {
	w := world(t)
	p := w.Visitor(t)
	hostile := `<a & "b"> '; -- ` + "\u202egnp.csv"
	fileID, parsedID := parsed(t, w, p, hostile, "id,name\n1,Ada\n2,Bob\n")
	w.Must(t, p, "analyze_structured_data", params{"parsed_file_id": parsedID})
	w.Must(t, p, "assess_data_quality", params{"parsed_file_id": parsedID})
	o := w.Must(t, p, "visualize_lineage", params{"file_id": fileID})
	require.Equal(t, []string{"lineage_visualized"}, o.Events())
	doc := o.Artifact("lineage_visualization")
	require.InDelta(t, 5, doc["node_count"], 0)
	require.InDelta(t, 5, doc["edge_count"], 0)
	require.Equal(t, params{"source": fileID, "target": parsedID, "type": "parse_content"}, at(t, doc, "lineage_graph", "edges", 0))
	require.Equal(t, []any{fileID}, doc["parent_artifacts"])
	picture, _ := at(t, doc, "renderings", "svg").(string)
	wellFormed(t, picture)
	require.Contains(t, picture, "Quality assessment")
	require.NotContains(t, picture, "\u202e")
	require.NotContains(t, picture, "<a ")

	// Looking does not change what is seen, and it can be started anywhere.
	again := w.Must(t, p, "visualize_lineage", params{"artifact_id": parsedID})
	require.InDelta(t, 5, again.Artifact("lineage_visualization")["node_count"], 0)
	require.InDelta(t, 1, again.Artifact("lineage_visualization")["parent_count"], 0)
	require.InDelta(t, 3, again.Artifact("lineage_visualization")["child_count"], 0)

	_, err := w.Submit(t, w.User(t), "visualize_lineage", params{"file_id": fileID})
	require.Equal(t, "not_found", fault.As(err).Code)
	_, err = w.Submit(t, p, "visualize_lineage", params{"file_id": "fil_none"})
	require.Equal(t, "not_found", fault.As(err).Code)
}
