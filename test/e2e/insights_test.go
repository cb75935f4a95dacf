package e2e_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// brings uploads, saves and parses a file, and gives the id of its typed document.
func brings(a *api, who caller, sessionID, name string, content []byte) string {
	a.t.Helper()
	file := a.completed(who, a.upload(who, name, content).is(http.StatusAccepted).text("execution_id"), "file")
	a.run(who, sessionID, "save_materialization", "materialization", map[string]any{"boundary_contract_id": file["boundary_contract_id"], "file_id": file["file_id"]})
	id, _ := a.run(who, sessionID, "parse_content", "parsed_content", map[string]any{"file_id": file["file_id"]})["parsed_file_id"].(string)
	return id
}

// inside follows member names and list places into a result.
func inside(t *testing.T, v any, path ...any) any {
	t.Helper()
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

// An analyst's day: a planted outlier is found, the data are asked, two systems are matched, a permit is read, and a guide outlives a restart.
func TestInsights(t *testing.T) {
	t.Parallel()
	onEach(t, func(e environment) {
		t := e.t
		server := start(t, e)
		a := newAPI(t, server)
		ada := a.register("Ada")
		who := ada.caller()
		run := func(intent, key string, parameters map[string]any) map[string]any {
			t.Helper()
			return a.run(who, ada.session, intent, key, parameters)
		}
		type in = map[string]any

		planted := strings.Replace(string(fixture(t, "orders-240.csv")), ",22.30,open\n", ",9999.50,open\n", 1)
		orders := brings(a, who, ada.session, "orders.csv", []byte(planted))
		analysis := run("analyze_structured_data", "analysis", in{"parsed_file_id": orders})
		require.Contains(t, fmt.Sprint(analysis["insights"]), "9999.5 in row 1")

		answer := run("query_data", "query_result", in{"parsed_file_id": orders, "query": in{
			"where":    []any{in{"column": "unit_price", "op": "gt", "value": 1000}},
			"group_by": []any{"status"}, "aggregates": []any{in{"function": "max", "column": "unit_price", "as": "highest"}},
		}})
		require.Equal(t, []any{[]any{"open", 9999.5}}, answer["rows"])

		target := brings(a, who, ada.session, "target.csv", []byte("orderNumber,client,amount\n1,Ann,2.5\n"))
		mapped := run("match_source_to_target", "matching_result", in{"source_parsed_file_id": orders, "target_parsed_file_id": target})
		require.Equal(t, "order_id", inside(t, mapped, "mapping_table", 0, "source_column"))
		require.Equal(t, "orderNumber", inside(t, mapped, "mapping_table", 0, "target_column"))
		run("map_relationships", "relationships", in{"parsed_file_id": orders, "related_parsed_file_ids": []any{target}})
		run("interpret_data_self_discovery", "discovery", in{"parsed_file_id": orders})

		permit := brings(a, who, ada.session, "permit.pdf", fixture(t, "permit.pdf"))
		extracted := run("extract_structured_data", "extraction", in{"pattern": "pso", "data_source": in{"parsed_file_id": permit}})
		require.Len(t, inside(t, extracted, "extracted_data", "obligations"), 7)
		require.Equal(t, false, inside(t, extracted, "validation", "passed"))
		guide := run("register_guide", "guide", in{"name": "Short permit", "fact_pattern": in{"entities": []any{in{"entity_type": "permit", "attributes": in{"number": "string"}}}}})

		picture := run("visualize_lineage", "lineage_visualization", in{"file_id": permit})
		require.Contains(t, inside(t, picture, "renderings", "svg"), "Extraction")

		server.terminate()
		require.Zero(t, server.exit())
		a = newAPI(t, start(t, e))
		read := run("interpret_data_guided", "interpretation", in{"guide_id": guide["guide_id"], "parsed_file_id": permit})
		require.Equal(t, in{"permit": in{"number": "PER-2024-001234"}}, read["formatted_output"])
		session := a.get(who, "/api/session/"+ada.session).is(http.StatusOK).object()
		require.Len(t, inside(t, session, "state", "realm_state", "insights", "interpretations"), 2)
		require.Len(t, inside(t, session, "state", "realm_state", "insights", "lineageVisualizations"), 1)

		// What is Ada's does not exist for Bob.
		bob := a.register("Bob")
		for intent, parameters := range map[string]in{
			"query_data":              {"parsed_file_id": permit, "query": in{}},
			"get_guide":               {"guide_id": guide["guide_id"]},
			"visualize_lineage":       {"file_id": permit},
			"extract_structured_data": {"pattern": "pso", "data_source": in{"parsed_file_id": permit}},
			"map_relationships":       {"parsed_file_id": orders},
		} {
			ended := a.ended(bob.caller(), a.submit(bob.caller(), bob.session, intent, parameters))
			require.Equal(t, "not_found", ended["error_code"], intent)
		}
	})
}
