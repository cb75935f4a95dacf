package insights_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/domain/artifact"
)

func TestSelfDiscovery(t *testing.T) {
	w := world(t)
	p := w.Visitor(t)
	_, id := parsed(t, w, p, "shop.json", `{
		"customers":[{"id":1,"email":"a@b.example"},{"id":2,"email":"c@d.example"}],
		"orders":[{"order_id":7,"order_date":"2024-01-05","customer_id":1,"xyzzy":"q"},{"order_id":8,"order_date":"2024-01-06","customer_id":1,"xyzzy":"w"},{"order_id":9,"order_date":"2024-02-01","customer_id":2,"xyzzy":"e"}]}`)
	o := w.Must(t, p, "interpret_data_self_discovery", params{"parsed_file_id": id})
	require.Equal(t, []string{"semantics_discovered"}, o.Events())
	doc := o.Artifact("discovery")
	require.Equal(t, "interpretation", doc["artifact_type"])
	require.Equal(t, "record_of_fact", doc["data_class"])
	var kinds []string
	for i := range doc["entities"].([]any) {
		kinds = append(kinds, fmt.Sprint(at(t, doc, "entities", i, "kind"), ":", at(t, doc, "entities", i, "name")))
	}
	require.Equal(t, []string{"table:customers", "key:id", "table:orders", "prefix_group:order", "key:order_id"}, kinds)
	require.Equal(t, "foreign_key", at(t, doc, "relationships", 0, "type"))
	require.Equal(t, "customers", at(t, doc, "relationships", 0, "to", "table"))
	require.InDelta(t, 5.0/6, doc["coverage_score"], 1e-6)
	found := map[any]any{}
	for i := range doc["meanings"].([]any) {
		found[at(t, doc, "meanings", i, "name")] = at(t, doc, "meanings", i, "meaning")
	}
	require.Equal(t, map[any]any{"id": "identifier", "email": "e-mail address", "order_id": "identifier of an order", "order_date": "date of an order",
		"customer_id": "identifier of a customer", "xyzzy": nil}, found)

	few := w.Must(t, w.Upgrade(t, p), "interpret_data_self_discovery", params{"parsed_file_id": id, "discovery_options": params{"meanings": false}}).Artifact("discovery")
	require.NotContains(t, few, "meanings")
	require.Equal(t, doc["relationships"], few["relationships"])
}

func TestSelfDiscoveryOfLabels(t *testing.T) {
	w := world(t)
	p := w.User(t)
	_, id := parsed(t, w, p, "permit.txt", fixture(t, "permit.txt"))
	doc := w.Must(t, p, "interpret_data_self_discovery", params{"parsed_file_id": id}).Artifact("discovery")
	require.Equal(t, "labels", at(t, doc, "entities", 0, "kind"))
	require.InDelta(t, 6, at(t, doc, "entities", 0, "attribute_count"), 0)
}

func TestSelfDiscoveryRefusals(t *testing.T) {
	w := world(t)
	p := w.User(t)
	_, prose := parsed(t, w, p, "a.txt", "only prose here\n")
	_, one := parsed(t, w, p, "a.csv", "id,name\n1,Ada\n")
	off := params{"entities": false, "relationships": false, "meanings": false}
	for want, in := range map[string]params{
		"insufficient_data":  {"parsed_file_id": prose},
		"invalid_parameters": {"parsed_file_id": one, "discovery_options": off},
		"not_found":          {"parsed_file_id": "par_x"},
	} {
		_, err := w.Submit(t, p, "interpret_data_self_discovery", in)
		require.Equal(t, want, code(err))
	}
	_, err := w.Submit(t, w.User(t), "interpret_data_self_discovery", params{"parsed_file_id": one})
	require.Equal(t, "not_found", code(err))
}

func TestSelfDiscoveryStaysInItsBounds(t *testing.T) {
	w := world(t)
	p := w.User(t)
	var head []string
	for i := range 1500 {
		head = append(head, fmt.Sprintf("<%s>\u0001 name %d", strings.Repeat("n", 250), i))
	}
	_, id := parsed(t, w, p, "wide.csv", strings.Join(head, ",")+"\n"+strings.Repeat("é,", 1499)+"x\n")
	o := w.Must(t, p, "interpret_data_self_discovery", params{"parsed_file_id": id})
	require.LessOrEqual(t, len(o.Stored[0].Payload), artifact.MaxPayload)
	require.InDelta(t, 1500, o.Artifact("discovery")["column_count"], 0)
}
