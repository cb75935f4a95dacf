package content_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestBulk(t *testing.T) {
	k := newKit(t)
	p := k.User(t)
	files := make([]params, 15)
	for i := range files {
		files[i] = params{"ui_name": fmt.Sprintf("f%d.csv", i), "file_content": inHex(fmt.Sprintf("id\n%d\n", i))}
	}
	o := k.Must(t, p, "bulk_ingest_files", params{"files": files, "batch_size": 4, "max_parallel": 2})
	result := o.Artifact("bulk_result")
	require.Equal(t, []any{15.0, 15.0, 0.0}, []any{result["total_files"], result["success_count"], result["error_count"]})
	require.Equal(t, []string{"bulk_ingestion_complete"}, o.Events())
	require.Equal(t, o.Execution.ID, o.Value("operation_id"))
	list, _ := result["results"].([]any)
	var ids []string
	contracts := map[string]bool{}
	for i, entry := range list {
		e, _ := entry.(map[string]any)
		require.InDelta(t, i, e["index"], 0)
		id, _ := e["file_id"].(string)
		contract, _ := e["boundary_contract_id"].(string)
		contracts[contract] = true
		ids = append(ids, id)
		k.save(t, p, file{id: id, contract: contract})
	}
	require.Len(t, contracts, 15, "each file has a contract of its own")

	ids = append(ids, "fil_01jd8h0000exampe0000000000")
	o = k.Must(t, p, "bulk_parse_files", params{"file_ids": ids})
	result = o.Artifact("bulk_result")
	require.Equal(t, []any{16.0, 15.0, 1.0}, []any{result["total_files"], result["success_count"], result["error_count"]})
	failures, _ := result["errors"].([]any)
	failure, _ := failures[0].(map[string]any)
	require.Equal(t, []any{15.0, "not_found"}, []any{failure["index"], failure["code"]})
	require.Equal(t, []string{"bulk_parse_complete"}, o.Events())

	status := k.Must(t, p, "get_operation_status", params{"operation_id": o.Value("operation_id")}).Artifact("operation_status")
	require.Equal(t, []any{"completed", 16.0, 15.0}, []any{status["status"], status["total_files"], status["success_count"]})
	k.refused(t, k.User(t), "not_found", "get_operation_status", params{"operation_id": o.Value("operation_id")})
	single := k.Must(t, p, "list_files", nil)
	k.refused(t, p, "not_found", "get_operation_status", params{"operation_id": single.Execution.ID})
}

// One bad file among many is named, and the others are taken.
func TestBulkNamesWhatItRefuses(t *testing.T) {
	k := newKit(t)
	p := k.User(t)
	o := k.Must(t, p, "bulk_ingest_files", params{"files": []params{
		{"ui_name": "a", "file_content": "zz"}, {"ui_name": "b", "file_content": "61"}, {"ui_name": "c", "file_content": ""}, {"ui_name": "d", "file_id": "fil_none"},
	}})
	result := o.Artifact("bulk_result")
	require.Equal(t, []any{1.0, 3.0}, []any{result["success_count"], result["error_count"]})
	failures, _ := result["errors"].([]any)
	var codes []string
	for _, f := range failures {
		e, _ := f.(map[string]any)
		codes = append(codes, fmt.Sprintf("%v %v", e["index"], e["code"]))
	}
	require.Equal(t, []string{"0 invalid_parameters", "2 empty_content", "3 not_found"}, codes)
	k.refused(t, p, "invalid_parameters", "bulk_ingest_files", params{"files": []params{}})
	k.refused(t, p, "invalid_parameters", "bulk_parse_files", params{"file_ids": []string{}})
}
