package insights_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/domain/artifact"
	"github.com/symphainy/symphainy/domain/fault"
)

func TestQueryData(t *testing.T) {
	w := world(t)
	p := w.Visitor(t)
	_, id := parsed(t, w, p, "employees.csv", fixture(t, "employees.csv"))
	o := w.Must(t, p, "query_data", params{"parsed_file_id": id, "query": params{
		"group_by": []any{"department"}, "aggregates": []any{params{"function": "avg", "column": "salary", "as": "mean"}, params{"function": "count"}},
		"order_by": []any{params{"column": "mean", "direction": "desc"}}, "limit": 2,
	}})
	doc := o.Artifact("query_result")
	require.Equal(t, []any{[]any{"Engineering", 77500.0, 2.0}, []any{"Sales", 70000.0, 1.0}}, doc["rows"])
	require.InDelta(t, 4, doc["total_rows"], 0)
	require.Equal(t, true, doc["truncated"])
	require.Empty(t, o.Stored, "an answer is a view")

	doc = w.Must(t, p, "query_data", params{"parsed_file_id": id, "query": params{"where": []any{params{"column": "salary", "op": "ge", "value": 75000}}}}).Artifact("query_result")
	require.InDelta(t, 2, doc["rows_matched"], 0)
	require.InDelta(t, 5, doc["rows_scanned"], 0)
}

func TestQueryRefusals(t *testing.T) {
	w := world(t)
	p := w.User(t)
	_, id := parsed(t, w, p, "a.csv", "id,name\n1,Ada\n")
	_, text := parsed(t, w, p, "a.txt", "Only text.\n")
	_, empty := parsed(t, w, p, "empty.csv", fixture(t, "header-only.csv"))
	for name, c := range map[string]struct {
		in   params
		code string
	}{
		"no query":       {params{"parsed_file_id": id}, "invalid_parameters"},
		"no such column": {params{"parsed_file_id": id, "query": params{"select": []any{"age"}}}, "invalid_parameters"},
		"no such op":     {params{"parsed_file_id": id, "query": params{"where": []any{params{"column": "id", "op": "sql", "value": 1}}}}, "invalid_parameters"},
		"text":           {params{"parsed_file_id": text, "query": params{}}, "insufficient_data"},
		"no rows":        {params{"parsed_file_id": empty, "query": params{}}, "insufficient_data"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := w.Submit(t, p, "query_data", c.in)
			require.Error(t, err)
			require.Equal(t, c.code, fault.As(err).Code, "%v", err)
		})
	}
	_, err := w.Submit(t, w.User(t), "query_data", params{"parsed_file_id": id, "query": params{}})
	require.Equal(t, fault.ErrNotFound, err)
}

func TestQueryAnswerStaysInItsBounds(t *testing.T) {
	w := world(t)
	p := w.User(t)
	var s strings.Builder
	s.WriteString("id,text,price\n")
	for i := range 900 {
		fmt.Fprintf(&s, "%d,%s,-.50\n", i, strings.Repeat("<\u0001é>", 900))
	}
	_, id := parsed(t, w, p, "long.csv", s.String())
	o := w.Must(t, p, "query_data", params{"parsed_file_id": id, "query": params{"limit": 1000}})
	doc := o.Artifact("query_result")
	require.LessOrEqual(t, len(o.Result.Artifacts[0].Artifact.Payload), artifact.MaxPayload)
	require.Equal(t, true, doc["truncated"])
	require.Equal(t, true, doc["cells_clipped"])
	require.InDelta(t, -0.5, at(t, doc, "rows", 0, 2), 0)
	require.InDelta(t, 900, doc["total_rows"], 0)
}
