package insights_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/application/artifacts"
	"github.com/symphainy/symphainy/application/realms/content/fingerprint"
	"github.com/symphainy/symphainy/domain/artifact"
	"github.com/symphainy/symphainy/domain/document"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/domain/typeid"
	"github.com/symphainy/symphainy/ports"
	"github.com/symphainy/symphainy/test/realmtest"
)

// fingerprints stores those of a table whose columns are integers but for name, as the content realm writes them.
func fingerprints(t *testing.T, w *realmtest.World, p identity.Principal, names ...string) string {
	t.Helper()
	var schema []any
	var columns []document.Column
	signature := map[string]any{}
	for i, n := range names {
		c := document.Column{Name: n, Position: i, Type: document.TypeInteger, Nullable: true}
		s := params{"total_count": 2, "null_count": 0, "min": "1", "max": "2", "samples": []string{"1", "2"}}
		if n == "name" {
			c.Type = document.TypeString
			s = params{"total_count": 2, "null_count": 0, "samples": []string{"x"}}
		}
		columns = append(columns, c)
		signature[n] = s
		schema = append(schema, params{"name": n, "type": string(c.Type), "format": nil, "position": i, "nullable": true, "constraints": []string{}})
	}
	id := w.IDs.NewID(typeid.Artifact)
	a, err := artifact.New(artifact.Snapshot{
		ID: id, TenantID: p.TenantID, OwnerID: p.UserID, SessionID: p.SessionID, Type: "deterministic_embedding", DataClass: artifact.RecordOfFact, State: artifact.Ready,
		Name: "old.csv", CreatedAt: w.Clock.Now(), UpdatedAt: w.Clock.Now(),
		Payload: artifacts.Encode(params{"main_table": "old", "row_count": 2, "schema": schema, "schema_fingerprint": fingerprint.Schema(columns), "pattern_signature": signature}),
	})
	require.NoError(t, err)
	require.NoError(t, w.Store.Do(t.Context(), func(ctx context.Context, tx ports.Tx) error { return tx.Artifacts.Insert(ctx, a) }))
	return id
}

func TestQualityAgainstAnEmbedding(t *testing.T) {
	w := world(t)
	p := w.User(t)
	_, id := parsed(t, w, p, "new.csv", "id,name,email\n1,Ada,a@b.example\n2,Bob,c@d.example\n")
	same := fingerprints(t, w, p, "id", "name")
	_, two := parsed(t, w, p, "two.csv", "id,name\n1,Ada\n2,Bob\n")
	doc := w.Must(t, p, "assess_data_quality", params{"parsed_file_id": two, "deterministic_embedding_id": same}).Artifact("quality_assessment")
	require.InDelta(t, 1, doc["embedding_confidence"], 0)
	require.Empty(t, doc["issues"])
	require.Equal(t, []any{two, same}, doc["parent_artifacts"])

	other := fingerprints(t, w, p, "id", "name", "phone")
	doc = w.Must(t, p, "assess_data_quality", params{"parsed_file_id": id, "deterministic_embedding_id": other}).Artifact("quality_assessment")
	require.InDelta(t, 0.7, doc["embedding_confidence"], 1e-9, "0.6 · 2/4 + 0.4 · 2/2")
	require.Equal(t, "schema_mismatch", at(t, doc, "issues", 0, "code"))
	require.Contains(t, at(t, doc, "issues", 0, "description"), `missing: "phone"`)

	far := fingerprints(t, w, p, "id", "a", "b", "c")
	doc = w.Must(t, p, "assess_data_quality", params{"parsed_file_id": id, "deterministic_embedding_id": far}).Artifact("quality_assessment")
	require.Equal(t, "bad_schema", at(t, doc, "issues", 1, "code"))

	_, err := w.Submit(t, p, "assess_data_quality", params{"parsed_file_id": id, "deterministic_embedding_id": fingerprints(t, w, w.User(t), "id")})
	require.Equal(t, "not_found", code(err))
	_, prose := parsed(t, w, p, "a.txt", "only prose here\n")
	_, err = w.Submit(t, p, "assess_data_quality", params{"parsed_file_id": prose, "deterministic_embedding_id": far})
	require.Equal(t, "insufficient_data", code(err))
}

func TestMatchingAgainstAnEmbedding(t *testing.T) {
	w := world(t)
	p := w.User(t)
	_, id := parsed(t, w, p, "new.csv", "id,name,salary\n1,Ada,5\n9,Bob,6\n")
	old := fingerprints(t, w, p, "id", "name", "wage")
	o := w.Must(t, p, "match_source_to_target", params{"source_parsed_file_id": id, "target_deterministic_embedding_id": old})
	doc := o.Artifact("matching_result")
	require.InDelta(t, 3, doc["mapping_count"], 0)
	require.Equal(t, []any{"above_range"}, at(t, doc, "mapping_table", 0, "notes"))
	require.Equal(t, "wage", at(t, doc, "mapping_table", 2, "target_column"))
	require.Equal(t, old, o.Value("target_deterministic_embedding_id"))
	require.Equal(t, []any{id, old}, doc["parent_artifacts"])
	for _, in := range []params{
		{"source_parsed_file_id": id}, {"source_parsed_file_id": id, "target_parsed_file_id": id, "target_deterministic_embedding_id": old},
		{"source_parsed_file_id": id, "target_deterministic_embedding_id": old, "target_table": "old"},
	} {
		_, err := w.Submit(t, p, "match_source_to_target", in)
		require.Equal(t, "invalid_parameters", code(err))
	}
	_, err := w.Submit(t, p, "match_source_to_target", params{"source_parsed_file_id": id, "target_deterministic_embedding_id": id})
	require.Equal(t, "not_found", code(err))
}
