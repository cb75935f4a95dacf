package insights_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/domain/artifact"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/ports"
)

func at(t *testing.T, doc map[string]any, path ...any) any {
	t.Helper()
	var v any = doc
	for _, p := range path {
		switch key := p.(type) {
		case string:
			m, ok := v.(map[string]any)
			require.True(t, ok, "%v of %v", key, path)
			v = m[key]
		case int:
			l, ok := v.([]any)
			require.True(t, ok && key < len(l), "%v of %v", key, path)
			v = l[key]
		}
	}
	return v
}

func TestStructuredAnalysisFindsThePlantedOutlier(t *testing.T) {
	w := world(t)
	p := w.Visitor(t)
	orders := fixture(t, "orders-240.csv")
	planted := strings.Replace(orders, ",22.30,open\n", ",9999.50,open\n", 1)
	require.NotEqual(t, orders, planted)
	fileID, parsedID := parsed(t, w, p, "orders-240.csv", planted)
	o := w.Must(t, p, "analyze_structured_data", params{"parsed_result_id": parsedID})
	require.Equal(t, []string{"structured_data_analyzed"}, o.Events())
	doc := o.Artifact("structured_analysis")
	require.Equal(t, doc, o.Artifact("analysis"))
	require.Equal(t, o.Value("analysis_id"), doc["artifact_id"])
	require.Equal(t, []any{parsedID}, doc["parent_artifacts"])
	require.Equal(t, fileID, at(t, doc, "lineage", "root_artifact_id"))
	require.Equal(t, "draft", doc["lifecycle_state"])
	found := false
	for i := range doc["anomalies"].([]any) {
		if at(t, doc, "anomalies", i, "field") == "unit_price" {
			require.Equal(t, []any{0.0}, at(t, doc, "anomalies", i, "rows"))
			require.Equal(t, []any{9999.5}, at(t, doc, "anomalies", i, "outlier_values"))
			found = true
		}
	}
	require.True(t, found)
	text, err := json.Marshal(doc["insights"])
	require.NoError(t, err)
	require.Contains(t, string(text), `9999.5 in row 1 (line 2 of the file)`)

	report := o.Artifact("analysis_report")
	require.Equal(t, []any{doc["artifact_id"], parsedID}, report["parent_artifacts"])
	require.Contains(t, at(t, report, "renderings", "markdown"), "# Analysis of orders-240.csv")
	require.Equal(t, doc["insights"], report["insights"])

	again := w.Must(t, w.Upgrade(t, p), "analyze_structured_data", params{"parsed_file_id": parsedID})
	require.Equal(t, doc["numeric"], again.Artifact("analysis")["numeric"])
}

func TestStructuredOptionsAndTables(t *testing.T) {
	w := world(t)
	p := w.User(t)
	_, id := parsed(t, w, p, "two.json", `{"staff":[{"id":1,"pay":10},{"id":2,"pay":20}],"rooms":[{"no":1},{"no":2},{"no":3}]}`)
	doc := w.Must(t, p, "analyze_structured_data", params{"parsed_file_id": id, "table": "staff", "analysis_options": params{"trends": false, "anomalies": false}}).Artifact("analysis")
	require.Equal(t, "staff", doc["table"])
	require.InDelta(t, 15, at(t, doc, "numeric", 1, "mean"), 0)
	require.NotContains(t, doc, "trends")
	require.NotContains(t, doc, "anomalies")
	doc = w.Must(t, p, "analyze_structured_data", params{"parsed_file_id": id}).Artifact("analysis")
	require.Equal(t, "rooms", doc["table"])
	require.Contains(t, fmt.Sprint(at(t, doc, "metadata", "assumptions")), "2 tables")
}

func TestStructuredRefusals(t *testing.T) {
	w := world(t)
	p := w.User(t)
	fileID, one := parsed(t, w, p, "a.csv", "id,name\n1,Ada\n")
	_, empty := parsed(t, w, p, "empty.csv", fixture(t, "header-only.csv"))
	_, text := parsed(t, w, p, "permit.txt", fixture(t, "permit.txt"))
	off := params{"statistical": false, "patterns": false, "anomalies": false, "trends": false}
	for name, c := range map[string]struct {
		in   params
		code string
	}{
		"nothing":       {params{}, "invalid_parameters"},
		"a file":        {params{"parsed_file_id": fileID}, "not_found"},
		"unknown":       {params{"parsed_file_id": "par_none"}, "not_found"},
		"no rows":       {params{"parsed_file_id": empty}, "insufficient_data"},
		"text":          {params{"parsed_file_id": text}, "insufficient_data"},
		"no such table": {params{"parsed_file_id": one, "table": "b"}, "invalid_parameters"},
		"all off":       {params{"parsed_file_id": one, "analysis_options": off}, "invalid_parameters"},
		"unknown field": {params{"parsed_file_id": one, "deep": true}, "unknown_field"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := w.Submit(t, p, "analyze_structured_data", c.in)
			require.Error(t, err)
			require.Equal(t, c.code, fault.As(err).Code, "%v", err)
		})
	}
	_, err := w.Submit(t, w.User(t), "analyze_structured_data", params{"parsed_file_id": one})
	require.Equal(t, fault.ErrNotFound, err)
	require.NoError(t, w.Store.View(t.Context(), func(ctx context.Context, tx ports.Tx) error {
		_, n, err := tx.Artifacts.List(ctx, p.Scope(), ports.ArtifactFilter{Types: []string{"structured_analysis", "analysis_report"}}, ports.Window{Limit: 1})
		require.Zero(t, n)
		return err
	}))
}

// Hundreds of columns, each of them as talkative as can be, and numbers beyond what a float holds when they are added up.
func TestStructuredPayloadStaysInItsBounds(t *testing.T) {
	w := world(t)
	p := w.User(t)
	var s strings.Builder
	for i := range 120 {
		fmt.Fprintf(&s, "%s%d <&>\u0001é|,", strings.Repeat("n", 200), i)
	}
	s.WriteString("huge,day\n")
	for r := range 40 {
		for i := range 120 {
			if i%2 == 0 {
				fmt.Fprintf(&s, "%d,", (r*7+i)%13*(i+1))
			} else {
				fmt.Fprintf(&s, "%s <b>%d,", strings.Repeat("v", 150), r%20)
			}
		}
		fmt.Fprintf(&s, "1.5e308,2024-%02d-01\n", r%12+1)
	}
	_, id := parsed(t, w, p, "wide.csv", s.String())
	o := w.Must(t, p, "analyze_structured_data", params{"parsed_file_id": id})
	for _, a := range o.Stored {
		require.LessOrEqual(t, len(a.Payload), artifact.MaxPayload)
		require.Greater(t, len(a.Payload), 1000, "a payload that does not encode reads as {}")
	}
	doc := o.Artifact("analysis")
	require.Equal(t, true, doc["truncated"])
	require.NotContains(t, at(t, o.Artifact("analysis_report"), "renderings", "markdown"), "<b>")
}
