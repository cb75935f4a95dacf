package catalogue_test

import (
	"encoding/hex"
	"encoding/json"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/application/artifacts"
	"github.com/symphainy/symphainy/application/realms/content"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/test/realmtest"
)

// desk is somebody's session in which everything that a documented example speaks of is there.
type desk struct {
	t     *testing.T
	w     *realmtest.World
	owner identity.Principal
}

// file saves a file and gives its id.
func (d *desk) file(name, body string) string {
	d.t.Helper()
	in := d.w.Must(d.t, d.owner, "ingest_file", params{"ui_name": name, "file_content": hex.EncodeToString([]byte(body))})
	d.w.Must(d.t, d.owner, "save_materialization", params{"file_id": in.Value("file_id"), "boundary_contract_id": in.Value("boundary_contract_id")})
	return in.Value("file_id")
}

// parsed saves and parses a file and gives the id of the document.
func (d *desk) parsed(name, body string) string {
	d.t.Helper()
	return d.w.Must(d.t, d.owner, "parse_content", params{"file_id": d.file(name, body)}).Value("parsed_file_id")
}

// fixture is a sample file's content.
func (d *desk) fixture(name string) string {
	d.t.Helper()
	b, err := os.ReadFile("../fixtures/" + name)
	require.NoError(d.t, err)
	return string(b)
}

// sales are what the example of query_data asks about.
const sales = "order_id,region,status,amount\n1,north,open,10.50\n2,south,closed,99\n3,north,open,4.50\n4,south,open,7\n"

// ids gives each example's own objects: what the placeholders of its parameters stand for.
func (d *desk) ids() map[string]params {
	t, w, p := d.t, d.w, d.owner
	orders := d.parsed("orders.csv", d.fixture("orders-240.csv"))
	employees := d.parsed("employees.csv", d.fixture("employees.csv"))
	target := d.parsed("target.csv", "number,name,mail\n1,Ann,ann@example.com\n")
	permit := d.parsed("permit.txt", d.fixture("permit.txt"))
	review := d.parsed("review.txt", d.fixture("review.txt"))
	process := d.parsed("beneficiary.bpmn", d.fixture("beneficiary.bpmn"))
	saved := d.file("dates.csv", "day;n\n03/04/2024;1\n")
	waiting := w.Must(t, p, "ingest_file", params{"ui_name": "waiting.csv", "file_content": "69640a310a"})
	archived := d.file("archived.csv", "id\n1\n")
	w.Must(t, p, "archive_file", params{"file_id": archived})
	staged, _, err := content.NewUploads(w.Store, w.Blobs, w.IDs, content.Limits{}).Stage(t.Context(), p, strings.NewReader("id\n1\n"))
	require.NoError(t, err)
	operation := w.Must(t, p, "bulk_parse_files", params{"file_ids": []string{d.file("many.csv", "id\n1\n")}}).Value("operation_id")
	guide := func() string {
		return w.Must(t, p, "register_guide", params{"name": "G", "fact_pattern": params{"entities": []params{{"entity_type": "e", "attributes": params{"a": "string"}}}}}).Value("guide_id")
	}
	chat := w.Must(t, p, "generate_sop_from_chat", params{}).Value("chat_session_id")
	workflow := w.Must(t, p, "create_workflow", params{"parsed_file_id": process}).Value("workflow_id")
	roadmap := w.Must(t, p, "generate_roadmap", params{"goals": []string{"Open a branch"}}).Value("roadmap_id")
	of := func(name, id string) params { return params{name: id} }
	return map[string]params{
		"ingest_file":          {},
		"save_materialization": {"file_id": waiting.Value("file_id"), "boundary_contract_id": waiting.Value("boundary_contract_id")},
		"parse_content":        of("file_id", saved), "register_file": of("file_id", staged), "get_parsed_file": of("parsed_file_id", orders),
		"list_files": {}, "list_artifacts": {}, "search_files": {}, "bulk_ingest_files": {}, "get_file_by_id": of("file_id", saved),
		"retrieve_file": of("file_id", saved), "retrieve_file_metadata": of("file_id", saved), "update_file_metadata": of("file_id", saved),
		"create_deterministic_embeddings": of("parsed_file_id", employees), "extract_deterministic_structure": of("parsed_file_id", permit),
		"extract_embeddings": of("parsed_file_id", employees), "hydrate_semantic_profile": of("parsed_file_id", permit),
		"get_semantic_interpretation": of("parsed_file_id", employees),
		"archive_file":                of("file_id", d.file("a.csv", "id\n1\n")), "restore_file": of("file_id", archived),
		"purge_file": of("file_id", d.file("b.csv", "id\n1\n")), "delete_file": of("file_id", d.file("c.csv", "id\n1\n")),
		"bulk_parse_files": {"file_ids": []any{d.file("d.csv", "id\n1\n")}}, "get_operation_status": of("operation_id", operation),
		"assess_data_quality": of("parsed_file_id", orders), "analyze_structured_data": of("parsed_file_id", orders),
		"analyze_unstructured_data": of("parsed_file_id", review), "visualize_lineage": of("file_id", saved),
		"query_data":              of("parsed_file_id", d.parsed("sales.csv", sales)),
		"match_source_to_target":  {"source_parsed_file_id": employees, "target_parsed_file_id": target},
		"map_relationships":       {"parsed_file_id": orders, "related_parsed_file_ids": []any{employees}},
		"interpret_data_guided":   of("parsed_file_id", permit),
		"register_guide":          {},
		"get_guide":               {},
		"list_guides":             {},
		"update_guide":            of("guide_id", guide()),
		"delete_guide":            of("guide_id", guide()),
		"extract_structured_data": {"data_source": params{"parsed_file_id": permit}},

		"interpret_data_self_discovery": of("parsed_file_id", orders), "discover_extraction_pattern": of("parsed_file_id", review),
		"create_extraction_config": {}, "create_workflow": {}, "generate_sop": of("workflow_id", workflow), "analyze_coexistence": of("workflow_id", workflow),
		"create_blueprint": of("workflow_id", workflow), "optimize_process": of("workflow_id", workflow), "generate_sop_from_chat": {},
		"sop_chat_message": of("session_id", chat), "synthesize_outcome": {}, "generate_roadmap": {}, "create_poc": {},
		"export_artifact": of("artifact_id", roadmap), "create_solution": of("source_id", roadmap),
	}
}

// What the catalogue shows as an example works as it stands, for somebody who has what it speaks of: only its placeholders for ids are
// replaced. Each result has all keys and events that are not optional, and no artifact is made of itself.
func TestEveryDocumentedExampleSucceeds(t *testing.T) {
	w := realmtest.NewWorld(t, realms)
	d := &desk{t: t, w: w, owner: w.User(t)}
	ids := d.ids()
	entries := w.Catalogue.Entries()
	require.Len(t, ids, len(entries), "every intent has its objects here")
	parents, types := map[string][]string{}, map[string]bool{artifacts.TypeFile: true} // files are made by ingest_file itself
	for _, e := range entries {
		t.Run(e.Spec.Type, func(t *testing.T) {
			own, known := ids[e.Spec.Type]
			require.True(t, known)
			in := decode(t, e.Spec.Example)
			for name, value := range own {
				require.Contains(t, in, name, "only what the example has is replaced")
				requireReferences(t, name, value)
				in[name] = value
			}
			raw, err := json.Marshal(in)
			require.NoError(t, err)
			require.NotContains(t, string(raw), "exampe", "a placeholder is left")
			o := w.Must(t, d.owner, e.Spec.Type, in)
			for _, key := range e.Spec.ResultKeys {
				if !slices.Contains(e.Spec.OptionalKeys, key) {
					require.Contains(t, o.Artifacts, key)
				}
			}
			for _, s := range o.Stored {
				types[s.Type] = true
				parents[s.ID] = append(slices.Clone(s.Parents), s.Lineage.DerivedFrom...)
			}
		})
	}
	for id := range parents {
		require.False(t, leadsTo(parents, id, id, map[string]bool{}), "the lineage of %s is a circle", id)
	}
	require.Greater(t, len(parents), 25)
	require.Equal(t, artifacts.Types(), slices.Sorted(maps.Keys(types)), "the settings know all types, and no others")
}

// requireReferences checks that a replaced parameter is an id, or holds nothing but ids.
func requireReferences(t *testing.T, name string, value any) {
	t.Helper()
	inner, ok := value.(params)
	if !ok {
		require.Regexp(t, anID, name)
		return
	}
	for _, key := range slices.Sorted(maps.Keys(inner)) {
		requireReferences(t, key, inner[key])
	}
}

// leadsTo reports whether what an artifact was made of leads to another.
func leadsTo(parents map[string][]string, from, to string, seen map[string]bool) bool {
	for _, p := range parents[from] {
		if p == to {
			return true
		}
		if !seen[p] {
			seen[p] = true
			if leadsTo(parents, p, to, seen) {
				return true
			}
		}
	}
	return false
}
