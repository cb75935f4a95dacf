package insights

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/symphainy/symphainy/application/artifacts"
	"github.com/symphainy/symphainy/application/realms/insights/query"
	"github.com/symphainy/symphainy/application/realms/steps"
	"github.com/symphainy/symphainy/domain/artifact"
	"github.com/symphainy/symphainy/domain/document"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/domain/realm"
	"github.com/symphainy/symphainy/ports"
)

const (
	queryData      = "query_data"
	keyQueryResult = "query_result"
	schemaQuery    = "query_result_v1"
	answerBudget   = 128 << 10
	cellMost       = 2000
)

const (
	columnSchema  = `{"type":"string","minLength":1,"maxLength":500}`
	operandSchema = `{"type":["string","number","boolean","null"],"maxLength":1000}`
	opSchema      = `{"type":"string","enum":["eq","ne","lt","le","gt","ge","in","not_in","contains","starts_with","ends_with","is_null","not_null"]}`
	plainFields   = `"column":` + columnSchema + `,"op":` + opSchema + `,"value":` + operandSchema + `,"values":{"type":"array","minItems":1,"maxItems":1000,"items":` + operandSchema + `}`
	plainSchema   = `{"type":"object","additionalProperties":false,"required":["column","op"],"properties":{` + plainFields + `}}`
	querySchema   = `{"type":"object","additionalProperties":false,"required":["parsed_file_id","query"],
"properties":{
 "parsed_file_id":` + idSchema + `,
 "table":{"type":"string","minLength":1,"maxLength":500},
 "query":{"type":"object","additionalProperties":false,"properties":{
  "select":{"type":"array","maxItems":200,"items":` + columnSchema + `},
  "where":{"type":"array","maxItems":50,"items":{"type":"object","additionalProperties":false,
   "properties":{` + plainFields + `,"any":{"type":"array","minItems":1,"maxItems":50,"items":` + plainSchema + `}}}},
  "group_by":{"type":"array","maxItems":10,"items":` + columnSchema + `},
  "aggregates":{"type":"array","maxItems":50,"items":{"type":"object","additionalProperties":false,"required":["function"],"properties":{
   "function":{"type":"string","enum":["count","count_distinct","sum","avg","min","max"]},"column":` + columnSchema + `,
   "as":{"type":"string","minLength":1,"maxLength":200}}}},
  "order_by":{"type":"array","maxItems":10,"items":{"type":"object","additionalProperties":false,"required":["column"],"properties":{
   "column":` + columnSchema + `,"direction":{"type":"string","enum":["asc","desc"]}}}},
  "limit":{"type":"integer","minimum":1,"maximum":1000}}}}}`
)

func querySpec() realm.IntentSpec {
	return realm.IntentSpec{
		Type: queryData, Title: "Query a table", Tier: 2, Anonymous: true,
		Summary:          "Filters, groups, adds up and sorts the rows of a table.",
		Schema:           []byte(querySchema),
		ParameterAliases: map[string]string{"parsed_result_id": "parsed_file_id"},
		Permission:       identity.PermRead, Retry: realm.RetryPure,
		ResultKeys: []string{keyQueryResult},
		Example: []byte(`{"parsed_file_id":"par_01jd8h0000exampe0000000000","query":{"where":[{"column":"status","op":"eq","value":"open"}],
			"group_by":["region"],"aggregates":[{"function":"sum","column":"amount","as":"total"}],"order_by":[{"column":"total","direction":"desc"}],"limit":10}}`),
	}
}

type queryParameters struct {
	ParsedFileID string      `json:"parsed_file_id"`
	Table        string      `json:"table"`
	Query        query.Query `json:"query"`
}

func (r *Realm) queryData(ctx context.Context, call ports.IntentCall) (ports.IntentResult, error) {
	in, err := steps.Parameters[queryParameters](call)
	if err != nil {
		return ports.IntentResult{}, err
	}
	source, err := r.document(ctx, call, in.ParsedFileID)
	if err != nil {
		return ports.IntentResult{}, err
	}
	done, err := steps.Run(ctx, call, "query", func(ctx context.Context, _ string) (made, error) { return r.computeQuery(ctx, source, in) })
	if err != nil {
		return ports.IntentResult{}, err
	}
	return ports.IntentResult{
		Artifacts: []ports.ResultArtifact{{Key: keyQueryResult, View: true, Artifact: artifact.Snapshot{
			Type: keyQueryResult, Name: source.Name, Payload: done.Payload, Metadata: done.Metadata, Parents: []string{source.ID},
		}}},
		Values: map[string]string{"parsed_file_id": source.ID},
	}, nil
}

func (r *Realm) computeQuery(ctx context.Context, source artifact.Snapshot, in queryParameters) (made, error) {
	doc, err := r.documents.Open(ctx, source)
	if err != nil {
		return made{}, err
	}
	index, err := tableOf(doc.Document, "table", in.Table)
	if err != nil {
		return made{}, err
	}
	if index < 0 {
		return made{}, query.ErrInsufficient.WithMsg("The document has no table to query.")
	}
	rows := rowsOf(ctx, doc)
	answer, err := query.Run(&doc.Tables[index], func(visit func(row document.Row) error) error { return rows(index, visit) }, in.Query)
	if err != nil {
		return made{}, err
	}
	return made{Payload: queryPayload(source, &doc.Tables[index], answer), Metadata: described(schemaQuery, nil, truncations(doc.Tables[index]))}, nil
}

func queryPayload(source artifact.Snapshot, t *document.Table, a *query.Answer) json.RawMessage {
	columns := []any{}
	for _, c := range a.Columns {
		columns = append(columns, map[string]any{"name": clip(c.Name, 500), "type": string(c.Type)})
	}
	list := []json.RawMessage{}
	budget, clipped := answerBudget, false
	for _, row := range a.Rows {
		cells := make([]any, len(row))
		for i, v := range row {
			cells[i] = v
			switch x := v.(type) {
			case query.Number:
				cells[i] = jsonNumber(string(x))
			case string:
				if len(x) > cellMost {
					cells[i], clipped = clip(x, cellMost), true
				}
			}
		}
		raw := artifacts.Encode(cells)
		if budget -= len(raw) + 1; budget < 0 {
			break
		}
		list = append(list, raw)
	}
	return artifacts.Encode(map[string]any{
		"parsed_file_id": source.ID, "file_id": fileOf(source), "name": source.Name, "table": clip(t.Name, nameMost), "columns": columns, "rows": list,
		"row_count": len(list), "total_rows": a.Total, "rows_scanned": a.Scanned, "rows_matched": a.Matched, "truncated": len(list) < a.Total, "cells_clipped": clipped,
	})
}

// jsonNumber is an exact decimal as JSON has it: JSON wants a digit before the point and no plus. What is no number of JSON even so stays a text.
func jsonNumber(s string) any {
	s = strings.TrimPrefix(s, "+")
	sign := ""
	if strings.HasPrefix(s, "-") {
		sign, s = "-", s[1:]
	}
	if strings.HasPrefix(s, ".") {
		s = "0" + s
	}
	if raw := []byte(sign + s); json.Valid(raw) {
		return json.RawMessage(raw)
	}
	return sign + s
}
