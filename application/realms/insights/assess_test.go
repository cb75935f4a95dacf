package insights_test

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/application/artifacts"
	"github.com/symphainy/symphainy/application/realms/content"
	"github.com/symphainy/symphainy/application/realms/insights"
	"github.com/symphainy/symphainy/domain/artifact"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/ports"
	"github.com/symphainy/symphainy/test/realmtest"
)

type params = map[string]any

func world(t *testing.T) *realmtest.World {
	t.Helper()
	return realmtest.NewWorld(t, func(w *realmtest.World) []ports.Realm {
		return []ports.Realm{
			content.New(content.Deps{UnitOfWork: w.Store, Blobs: w.Blobs, Clock: w.Clock, IDs: w.IDs}),
			insights.New(insights.Deps{Blobs: w.Blobs, Clock: w.Clock, IDs: w.IDs}),
		}
	})
}

// parsed brings a file in and gives its id and that of its typed document.
func parsed(t *testing.T, w *realmtest.World, p identity.Principal, name, body string) (fileID, parsedID string) {
	t.Helper()
	in := w.Must(t, p, "ingest_file", params{"ui_name": name, "file_content": hex.EncodeToString([]byte(body))})
	ids := params{"file_id": in.Value("file_id"), "boundary_contract_id": in.Value("boundary_contract_id")}
	w.Must(t, p, "save_materialization", ids)
	return in.Value("file_id"), w.Must(t, p, "parse_content", params{"file_id": in.Value("file_id")}).Value("parsed_file_id")
}

func fixture(t *testing.T, name string) string {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("..", "..", "..", "test", "fixtures", name))
	require.NoError(t, err)
	return string(raw)
}

func TestConformance(t *testing.T) {
	realmtest.Conformance(t, insights.New(insights.Deps{}), content.New(content.Deps{}))
}

func TestTheStoryOfTheBadRow(t *testing.T) {
	w := world(t)
	p := w.Visitor(t)
	fileID, parsedID := parsed(t, w, p, "orders-240.csv", fixture(t, "orders-240.csv"))
	o := w.Must(t, p, "assess_data_quality", params{"parsed_result_id": parsedID, "source_file_id": fileID})
	require.Equal(t, []string{"data_quality_assessed"}, o.Events())
	doc := o.Artifact("quality_assessment")
	require.Equal(t, "draft", doc["lifecycle_state"])
	require.Equal(t, "outcome", doc["data_class"])
	require.Equal(t, []any{parsedID}, doc["parent_artifacts"])
	require.Equal(t, o.Value("quality_assessment_id"), doc["artifact_id"])
	require.InDelta(t, 240, doc["rows_assessed"], 0)
	require.Equal(t, "fair", doc["overall_quality"])

	const bad = 136
	issues, _ := doc["issues"].([]any)
	found := map[string][]any{}
	for _, raw := range issues {
		issue, _ := raw.(map[string]any)
		rows, _ := issue["rows"].([]any)
		found[fmt.Sprint(issue["code"], " ", issue["column"])] = rows
	}
	require.Equal(t, map[string][]any{
		"duplicate_keys order_id": {51.0, float64(bad)}, "type_mismatch order_date": {float64(bad)}, "type_mismatch quantity": {float64(bad)},
	}, found)
	worst, err := json.Marshal(doc["problem_rows"])
	require.NoError(t, err)
	require.Contains(t, string(worst), `"row":136`)
	require.Contains(t, doc["summary"], "row 137")

	service := artifacts.New(w.Store, w.Blobs, w.Clock)
	graph, err := service.Lineage(t.Context(), p.Scope(), o.Value("quality_assessment_id"))
	require.NoError(t, err)
	require.Equal(t, []artifacts.Edge{{From: parsedID, To: o.Value("quality_assessment_id")}, {From: fileID, To: parsedID}}, graph.Edges)
	require.Equal(t, fileID, graph.Nodes[0].Lineage.RootArtifactID)

	user := w.Upgrade(t, p)
	again := w.Must(t, user, "assess_data_quality", params{"parsed_file_id": parsedID})
	require.Equal(t, doc["issues"], again.Artifact("quality_assessment")["issues"], "equal inputs give equal results, also after the upgrade")
}

func TestPerfectData(t *testing.T) {
	w := world(t)
	p := w.User(t)
	_, id := parsed(t, w, p, "employees.csv", fixture(t, "employees.csv"))
	doc := w.Must(t, p, "assess_data_quality", params{"parsed_file_id": id}).Artifact("quality_assessment")
	require.Equal(t, "A", doc["grade"])
	require.InDelta(t, 1, doc["overall_score"], 0)
	require.Equal(t, []any{}, doc["issues"])
	scores, _ := doc["scores"].(map[string]any)
	require.Nil(t, scores["timeliness"])
	require.Nil(t, doc["embedding_confidence"])
}

func TestTimelinessOnRequest(t *testing.T) {
	w := world(t)
	p := w.User(t)
	_, id := parsed(t, w, p, "d.csv", "id,day\n1,2024-01-01\n2,2024-01-11\n")
	for _, asOf := range []string{"2024-04-20", "2024-04-20T10:00:00Z"} {
		doc := w.Must(t, p, "assess_data_quality", params{"parsed_file_id": id, "as_of": asOf, "max_age_days": 10}).Artifact("quality_assessment")
		scores, _ := doc["scores"].(map[string]any)
		require.InDelta(t, 0.1, scores["timeliness"], 1e-9)
	}
}

func TestRefusals(t *testing.T) {
	w := world(t)
	p := w.User(t)
	_, one := parsed(t, w, p, "a.csv", "id,name\n1,Ada\n")
	other, _ := parsed(t, w, p, "b.csv", "id,name\n1,Ada\n")
	_, empty := parsed(t, w, p, "empty.csv", fixture(t, "header-only.csv"))
	before := len(w.Blobs.Keys())
	cases := map[string]struct {
		in   params
		code string
	}{
		"not its parent":  {params{"parsed_file_id": one, "source_file_id": other}, "invalid_parameters"},
		"a file":          {params{"parsed_file_id": other}, "not_found"},
		"no such type":    {params{"parsed_file_id": one, "deterministic_embedding_id": one}, "not_found"},
		"another parser":  {params{"parsed_file_id": one, "parser_type": "pdf"}, "invalid_parameters"},
		"no date":         {params{"parsed_file_id": one, "as_of": "yesterday"}, "invalid_parameters"},
		"negative age":    {params{"parsed_file_id": one, "max_age_days": -1}, "invalid_parameters"},
		"analysis of 0":   {params{"parsed_file_id": empty}, "insufficient_data"},
		"nothing":         {params{}, "invalid_parameters"},
		"two names":       {params{"parsed_file_id": one, "parsed_result_id": empty}, "invalid_parameters"},
		"unknown":         {params{"parsed_file_id": one, "quick": true}, "unknown_field"},
		"foreign session": {params{"parsed_file_id": "parsed:" + p.TenantID + ":ses_other:" + one}, "not_found"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			_, err := w.Submit(t, p, "assess_data_quality", c.in)
			require.Error(t, err)
			require.Equal(t, c.code, fault.As(err).Code, "%v", err)
		})
	}
	require.Len(t, w.Blobs.Keys(), before)
	require.NoError(t, w.Store.View(t.Context(), func(ctx context.Context, tx ports.Tx) error {
		_, n, err := tx.Artifacts.List(ctx, p.Scope(), ports.ArtifactFilter{Types: []string{"quality_assessment"}}, ports.Window{Limit: 1})
		require.Zero(t, n)
		return err
	}))
	w.Must(t, p, "assess_data_quality", params{"parsed_file_id": one, "parser_type": "csv"})
}

// A wide table of bad cells, with names as long as the parser takes, has more issues than a payload has room for.
func TestPayloadStaysInItsBounds(t *testing.T) {
	w := world(t)
	p := w.User(t)
	var head, rows strings.Builder
	for i := range 1500 {
		fmt.Fprintf(&head, "%s%d <&>\u0001é,", strings.Repeat("c", 300), i)
	}
	head.WriteString("id\n")
	for r := range 3 {
		rows.WriteString(strings.Repeat(",", 1500) + fmt.Sprint(r) + "\n")
	}
	_, id := parsed(t, w, p, "wide.csv", head.String()+rows.String())
	o := w.Must(t, p, "assess_data_quality", params{"parsed_file_id": id})
	require.LessOrEqual(t, len(o.Stored[0].Payload), artifact.MaxPayload)
	doc := o.Artifact("quality_assessment")
	require.Equal(t, true, doc["issues_truncated"])
	require.InDelta(t, 1500, doc["issue_count"], 0)

	got := w.Must(t, p, "get_parsed_file", params{"parsed_file_id": id})
	require.Equal(t, true, got.Artifact("parsed_file")["columns_truncated"])
	renderings, err := json.Marshal(got.Artifact("parsed_file")["renderings"])
	require.NoError(t, err)
	require.LessOrEqual(t, len(renderings), 300<<10)
	require.Contains(t, string(renderings), `"cells_clipped":true`)
}
