package insights_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/domain/artifact"
	"github.com/symphainy/symphainy/domain/fault"
)

const hostileName = `<a & ""b"">'; --` + "\u202e"

func TestMatchSourceToTarget(t *testing.T) {
	w := world(t)
	p := w.Visitor(t)
	_, source := parsed(t, w, p, "old.csv", `cust_no,full name,amt,"`+hostileName+`"`+"\n1,Ada,10,x\n2,Bob,250,y\n")
	_, target := parsed(t, w, p, "new.csv", `customer_id,FullName,amount,"`+hostileName+`",status`+"\n1,Ann,5,x,open\n9,Ben,100,y,open\n")
	o := w.Must(t, p, "match_source_to_target", params{"source_parsed_file_id": source, "target_parsed_file_id": target})
	require.Equal(t, []string{"source_to_target_matched"}, o.Events())
	doc := o.Artifact("matching_result")
	require.Equal(t, []any{source, target}, doc["parent_artifacts"])
	require.InDelta(t, 4, doc["mapping_count"], 0)
	require.Equal(t, "cust_no", at(t, doc, "mapping_table", 0, "source_column"))
	require.Equal(t, "customer_id", at(t, doc, "mapping_table", 0, "target_column"))
	require.InDelta(t, 0.7, at(t, doc, "mapping_table", 0, "confidence"), 0)
	require.InDelta(t, 1, at(t, doc, "mapping_table", 1, "confidence"), 0)
	require.Equal(t, []any{"above_range"}, at(t, doc, "mapping_table", 2, "notes"))
	require.Contains(t, fmt.Sprint(doc["errors"]), `"amt" → "amount": the largest value is 250; in the target it is 100.`)
	require.Equal(t, "status", at(t, doc, "unmapped_target", 0, "column"))
	require.InDelta(t, 0.8, doc["schema_confidence"], 0)
	require.Nil(t, doc["semantic_confidence"])

	self := w.Must(t, w.Upgrade(t, p), "match_source_to_target", params{"source_parsed_file_id": source, "target_parsed_file_id": source}).Artifact("matching_result")
	require.InDelta(t, 1, self["overall_confidence"], 0)
	require.Equal(t, []any{source}, self["parent_artifacts"])
}

func TestMatchRefusals(t *testing.T) {
	w := world(t)
	p := w.User(t)
	fileID, one := parsed(t, w, p, "a.csv", "id,name\n1,Ada\n")
	_, text := parsed(t, w, p, "a.txt", "Only text.\n")
	_, foreign := parsed(t, w, w.User(t), "b.csv", "id,name\n1,Ada\n")
	for name, c := range map[string]struct {
		source, target, code string
	}{
		"text": {one, text, "insufficient_data"}, "a file": {fileID, one, "not_found"}, "foreign": {one, foreign, "not_found"}, "unknown": {"par_x", one, "not_found"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := w.Submit(t, p, "match_source_to_target", params{"source_parsed_file_id": c.source, "target_parsed_file_id": c.target})
			require.Error(t, err)
			require.Equal(t, c.code, fault.As(err).Code)
		})
	}
}

func TestMatchStaysInItsBounds(t *testing.T) {
	w := world(t)
	p := w.User(t)
	var head, row []string
	for i := range 300 {
		head = append(head, fmt.Sprintf("%s%d <&>", strings.Repeat("x", 150), i))
		row = append(row, fmt.Sprint(i))
	}
	_, id := parsed(t, w, p, "wide.csv", strings.Join(head, ",")+"\n"+strings.Join(row, ",")+"\n")
	o := w.Must(t, p, "match_source_to_target", params{"source_parsed_file_id": id, "target_parsed_file_id": id})
	require.LessOrEqual(t, len(o.Stored[0].Payload), artifact.MaxPayload)
	require.InDelta(t, 300, o.Artifact("matching_result")["mapping_count"], 0)
	require.Equal(t, true, o.Artifact("matching_result")["mapping_table_truncated"])
}

func TestMapRelationships(t *testing.T) {
	w := world(t)
	p := w.Visitor(t)
	var orders strings.Builder
	orders.WriteString("order_id,customer_id,zip,city\n")
	for i := range 12 {
		fmt.Fprintf(&orders, "%d,%d,1000%d,City %d\n", 100+i, i%3+1, i%4, i%4/2)
	}
	_, o1 := parsed(t, w, p, "orders.csv", orders.String())
	_, c1 := parsed(t, w, p, "customers.csv", "id,name\n1,Ada\n2,Bob\n3,Cy\n4,Di\n")
	o := w.Must(t, p, "map_relationships", params{"parsed_file_id": o1, "related_parsed_file_ids": []any{c1}})
	doc := o.Artifact("relationships")
	raw, err := json.Marshal(doc["relationships"])
	require.NoError(t, err)
	require.JSONEq(t, fmt.Sprintf(`[
		{"type":"foreign_key","from":{"parsed_file_id":"%[1]s","table":"orders","column":"customer_id"},"to":{"parsed_file_id":"%[2]s","table":"customers","column":"id"},
		 "cardinality":"many_to_one","inclusion":1,"name_similarity":1,"confidence":1},
		{"type":"determines","from":{"parsed_file_id":"%[1]s","table":"orders","column":"zip"},"to":{"parsed_file_id":"%[1]s","table":"orders","column":"city"},"rows":12,"confidence":0.888889}]`,
		o1, c1), string(raw))
	require.Equal(t, params{"source": "t0", "target": "t1", "type": "foreign_key", "label": "customer_id → id"}, at(t, doc, "graph", "edges", 0))
	require.Equal(t, []any{o1, c1}, doc["parent_artifacts"])

	_, err = w.Submit(t, w.User(t), "map_relationships", params{"parsed_file_id": o1})
	require.Equal(t, fault.ErrNotFound, err)
	_, text := parsed(t, w, p, "a.txt", "Only text.\n")
	_, err = w.Submit(t, p, "map_relationships", params{"parsed_file_id": text})
	require.Equal(t, "insufficient_data", fault.As(err).Code)
}
