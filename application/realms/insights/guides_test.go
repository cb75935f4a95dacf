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

func code(err error) string {
	if err == nil {
		return ""
	}
	return fault.As(err).Code
}

func delivery(attributes params) params {
	return params{"name": `Delivery <a & "b"> '; --`, "fact_pattern": params{"entities": []any{params{"entity_type": "delivery", "attributes": attributes}}}}
}

func TestAPermitIsReadByItsGuide(t *testing.T) {
	w := world(t)
	p := w.Visitor(t)
	_, id := parsed(t, w, p, "permit.txt", fixture(t, "permit.txt"))
	o := w.Must(t, p, "interpret_data_guided", params{"guide_id": "pso_permit_guide", "parsed_file_id": id})
	require.Equal(t, []string{"data_interpreted_with_guide"}, o.Events())
	doc := o.Artifact("interpretation")
	require.Equal(t, "record_of_fact", doc["data_class"])
	require.Equal(t, "READY", doc["lifecycle_state"])
	require.Equal(t, []any{id}, doc["parent_artifacts"])
	raw, err := json.Marshal(doc["formatted_output"])
	require.NoError(t, err)
	require.JSONEq(t, `{"permit":{"number":"PER-2024-001234","type":"Building","status":null,"issued":"2024-01-15","expires":"2025-01-15"},
		"applicant":"Northwind Instruments","property":{"address":null,"parcel":null},"authority":null}`, string(raw))
	require.InDelta(t, 5, doc["matched_count"], 0)
	require.InDelta(t, (1+1+1+0.95+0.95)/5, doc["confidence_score"], 1e-6)
	require.InDelta(t, 5.0/14, doc["coverage_score"], 1e-6)
	require.Contains(t, fmt.Sprint(doc["unmatched_data"]), "First Report Due")

	few := w.Must(t, p, "interpret_data_guided", params{"guide_id": "pso_permit_guide", "parsed_file_id": id, "matching_options": params{"show_unmatched": false, "show_suggestions": false}}).Artifact("interpretation")
	require.NotContains(t, few, "unmatched_data")
	require.NotContains(t, few, "suggestions")
}

func TestGuidesAreKeptWithTheirVersions(t *testing.T) {
	w := world(t)
	p := w.User(t)
	made := w.Must(t, p, "register_guide", delivery(params{"delivery_number": "string", "weight": "float"}))
	id := made.Value("guide_id")
	require.Equal(t, id, made.Artifact("guide")["artifact_id"])
	require.Equal(t, false, made.Artifact("guide")["read_only"])

	_, doc := parsed(t, w, p, "d.csv", "Delivery No,weight\n4711,2.5\n4712,3\n")
	got := w.Must(t, p, "interpret_data_guided", params{"guide_id": id, "parsed_file_id": doc}).Artifact("interpretation")
	require.Equal(t, params{"delivery": params{"delivery_number": 4711.0, "weight": 2.5}}, got["formatted_output"])
	require.Len(t, got["formatted_records"], 2)
	require.Equal(t, []any{doc, id}, got["parent_artifacts"])

	changed := w.Must(t, p, "update_guide", params{"guide_id": id, "description": "By ship.", "version": "1.1"})
	second := changed.Artifact("guide")
	require.NotEqual(t, id, second["artifact_id"])
	require.Equal(t, id, second["guide_id"])
	require.Equal(t, id, second["parent_version_id"])
	require.InDelta(t, 2, second["version"], 0)
	w.Must(t, p, "update_guide", params{"guide_id": id, "version": "1.2"})
	newest := w.Must(t, p, "get_guide", params{"guide_id": id}).Artifact("guide")
	require.Equal(t, "1.2", newest["guide_version"])
	require.Equal(t, "By ship.", newest["description"])
	old := w.Must(t, p, "get_guide", params{"guide_id": second["artifact_id"]}).Artifact("guide")
	require.Equal(t, "1.1", old["guide_version"])
	require.Equal(t, "ARCHIVED", old["lifecycle_state"])
	_, err := w.Submit(t, p, "update_guide", params{"guide_id": second["artifact_id"], "version": "9"})
	require.Equal(t, "invalid_transition", code(err))

	list := w.Must(t, p, "list_guides", nil).Artifact("guide_list")
	require.InDelta(t, 4, list["count"], 0)
	require.InDelta(t, 1, w.Must(t, p, "list_guides", params{"type": "user_created"}).Artifact("guide_list")["count"], 0)
	require.Len(t, w.Must(t, p, "list_guides", params{"limit": 2, "offset": 3}).Artifact("guide_list")["guides"], 1)

	gone := w.Must(t, p, "delete_guide", params{"guide_id": id}).Artifact("guide")
	require.InDelta(t, 3, gone["versions_deleted"], 0)
	for _, x := range []any{id, second["artifact_id"], newest["artifact_id"]} {
		_, err := w.Submit(t, p, "get_guide", params{"guide_id": x})
		require.Equal(t, "not_found", code(err))
	}
}

func TestGuideRefusals(t *testing.T) {
	w := world(t)
	p := w.User(t)
	id := w.Must(t, p, "register_guide", delivery(params{"a": "string"})).Value("guide_id")
	_, doc := parsed(t, w, p, "a.csv", "id,name\n1,Ada\n")
	stranger := w.User(t)
	for _, intent := range []string{"get_guide", "delete_guide"} {
		_, err := w.Submit(t, stranger, intent, params{"guide_id": id})
		require.Equal(t, "not_found", code(err))
		_, err = w.Submit(t, p, intent, params{"guide_id": doc})
		require.Equal(t, "not_found", code(err))
	}
	_, err := w.Submit(t, stranger, "update_guide", params{"guide_id": id, "version": "2"})
	require.Equal(t, "not_found", code(err))
	_, err = w.Submit(t, p, "update_guide", params{"guide_id": "pso_permit_guide", "version": "2"})
	require.Equal(t, "access_denied", code(err))
	_, err = w.Submit(t, p, "delete_guide", params{"guide_id": "pso_permit_guide"})
	require.Equal(t, "access_denied", code(err))
	_, err = w.Submit(t, p, "interpret_data_guided", params{"guide_id": "unknown_guide", "parsed_file_id": doc})
	require.Equal(t, "not_found", code(err))
	_, err = w.Submit(t, stranger, "interpret_data_guided", params{"guide_id": "pso_permit_guide", "parsed_file_id": doc})
	require.Equal(t, "not_found", code(err))
	_, err = w.Submit(t, p, "register_guide", delivery(params{"a": "money"}))
	require.Equal(t, "invalid_parameters", code(err))
	bad := delivery(params{"a": "string"})
	bad["output_template"] = params{"structure": params{"x": "{{delivery.b}}"}}
	_, err = w.Submit(t, p, "register_guide", bad)
	require.Equal(t, "invalid_parameters", code(err))
	_, err = w.Submit(t, p, "update_guide", params{"guide_id": id, "output_template": bad["output_template"]})
	require.Equal(t, "invalid_parameters", code(err))
	_, prose := parsed(t, w, p, "a.txt", "only prose here\n")
	_, err = w.Submit(t, p, "interpret_data_guided", params{"guide_id": id, "parsed_file_id": prose})
	require.Equal(t, "insufficient_data", code(err))
}

// What a tenant shares, its members use and its owner changes.
func TestSharedGuides(t *testing.T) {
	w := world(t)
	p := w.User(t)
	in := delivery(params{"a": "string"})
	in["scope"] = "tenant"
	id := w.Must(t, p, "register_guide", in).Value("guide_id")
	w.Must(t, p, "update_guide", params{"guide_id": id, "version": "2"})
	colleague := p
	colleague.UserID = w.User(t).UserID
	colleague = w.Session(t, colleague)
	require.Equal(t, "2", w.Must(t, colleague, "get_guide", params{"guide_id": id}).Artifact("guide")["guide_version"])
	_, err := w.Submit(t, colleague, "update_guide", params{"guide_id": id, "version": "3"})
	require.Equal(t, "access_denied", code(err))
	_, err = w.Submit(t, colleague, "delete_guide", params{"guide_id": id})
	require.Equal(t, "access_denied", code(err))
}

func TestGuidedStaysInItsBounds(t *testing.T) {
	w := world(t)
	p := w.User(t)
	attributes := params{}
	var head, row []string
	for i := range 100 {
		attributes[fmt.Sprintf("field_%d", i)] = "string"
		head = append(head, fmt.Sprintf("field %d", i))
		row = append(row, strings.Repeat("<\u0001é>", 400))
	}
	for i := range 1000 {
		head = append(head, fmt.Sprintf("%s %d", strings.Repeat("other", 30), i))
		row = append(row, "x")
	}
	id := w.Must(t, p, "register_guide", delivery(attributes)).Value("guide_id")
	_, doc := parsed(t, w, p, "wide.csv", strings.Join(head, ",")+"\n"+strings.Repeat(strings.Join(row, ",")+"\n", 3))
	o := w.Must(t, p, "interpret_data_guided", params{"guide_id": id, "parsed_file_id": doc})
	require.LessOrEqual(t, len(o.Stored[0].Payload), artifact.MaxPayload)
	require.InDelta(t, 100, o.Artifact("interpretation")["matched_count"], 0)
	require.InDelta(t, 900, o.Artifact("interpretation")["unmatched_count"], 0, "1000 fields are looked at")
}
