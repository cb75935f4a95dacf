package content_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/domain/artifact"
	"github.com/symphainy/symphainy/test/realmtest"
)

// lines reads the stored lines of an artifact.
func (k *kit) lines(t *testing.T, s artifact.Snapshot) []map[string]any {
	t.Helper()
	body, err := k.Blobs.Open(t.Context(), s.BlobKey)
	require.NoError(t, err)
	defer body.Close()
	var out []map[string]any
	for dec := json.NewDecoder(body); dec.More(); {
		var line map[string]any
		require.NoError(t, dec.Decode(&line))
		out = append(out, line)
	}
	return out
}

func only(t *testing.T, o realmtest.Outcome) artifact.Snapshot {
	t.Helper()
	require.Len(t, o.Stored, 1)
	return o.Stored[0]
}

func TestChunksOfADocument(t *testing.T) {
	k := newKit(t)
	p := k.User(t)
	f := k.saved(t, p, "employees.csv", fixture(t, "employees.csv"))
	id := k.parse(t, p, f)
	o := k.Must(t, p, "extract_deterministic_structure", params{"parsed_file_id": id})
	chunks := o.Artifact("chunks")
	require.InDelta(t, 5, chunks["chunk_count"], 0)
	require.Equal(t, map[string]any{"row": 5.0}, chunks["chunk_kinds"])
	require.Equal(t, "b298b08f8406fc8b2b2bc3c9cb4c1bd1547780fb238bfe41ab83c5b38b5118e7", chunks["schema_fingerprint"])
	require.Equal(t, []string{"deterministic_structure_extracted"}, o.Events())
	lines := k.lines(t, only(t, o))
	require.Len(t, lines, 5)
	require.Equal(t, "row_0", lines[0]["path"])
	again := k.lines(t, only(t, k.Must(t, p, "extract_deterministic_structure", params{"parsed_file_id": id})))
	require.Equal(t, lines, again, "equal inputs give equal chunks")
	k.refused(t, p, "not_found", "extract_deterministic_structure", params{"parsed_file_id": f.id})
}

func TestFingerprints(t *testing.T) {
	k := newKit(t)
	p := k.User(t)
	id := k.parse(t, p, k.saved(t, p, "dirty.csv", fixture(t, "dirty.csv")))
	o := k.Must(t, p, "create_deterministic_embeddings", params{"parsed_file_id": id})
	doc := o.Artifact("deterministic_embeddings")
	require.Equal(t, "record_of_fact", doc["data_class"])
	require.Equal(t, o.Value("deterministic_embedding_id"), doc["deterministic_embedding_id"])
	pattern, _ := doc["pattern_signature"].(map[string]any)
	salary, _ := pattern["salary"].(map[string]any)
	require.Equal(t, []any{"integer", 20.0, 0.0, "59000", "975000"}, []any{salary["type"], salary["total_count"], salary["null_count"], salary["min"], salary["max"]})
	name, _ := pattern["name"].(map[string]any)
	require.Equal(t, []any{3.0, 0.15, 16.0}, []any{name["null_count"], name["null_ratio"], name["unique_count"]})
	require.Len(t, name["samples"], 10)
	header := k.parse(t, p, k.saved(t, p, "header-only.csv", fixture(t, "header-only.csv")))
	doc = k.Must(t, p, "create_deterministic_embeddings", params{"parsed_file_id": header}).Artifact("deterministic_embeddings")
	require.Equal(t, map[string]any{"empty": true}, doc["pattern_signature"])
	text := k.parse(t, p, k.saved(t, p, "x.txt", "only words here"))
	k.refused(t, p, "insufficient_data", "create_deterministic_embeddings", params{"parsed_file_id": text})
}

func TestEmbeddingsOfColumns(t *testing.T) {
	k := newKit(t)
	p := k.User(t)
	id := k.parse(t, p, k.saved(t, p, "employees.csv", fixture(t, "employees.csv")))
	o := k.Must(t, p, "extract_embeddings", params{"parsed_file_id": id})
	doc := o.Artifact("embeddings")
	require.Equal(t, []any{"local-hash-v1", 256.0, 5.0, 15.0}, []any{doc["embedding_model"], doc["dimensions"], doc["column_count"], doc["vector_count"]})
	base := o.Value("deterministic_embedding_id")
	require.Equal(t, "deterministic_embedding", k.artifact(t, p, base).Type, "the fingerprints were made on the way")
	lines := k.lines(t, only(t, o))
	require.Equal(t, "Column: id, Type: integer", lines[0]["text"])
	require.Len(t, lines[0]["vector"], 256)
	second := k.Must(t, p, "extract_embeddings", params{"deterministic_embedding_id": base})
	require.Equal(t, base, second.Value("deterministic_embedding_id"))
	require.Equal(t, lines, k.lines(t, only(t, second)))
	k.refused(t, p, "not_found", "extract_embeddings", params{"deterministic_embedding_id": id})
	k.refused(t, k.User(t), "not_found", "extract_embeddings", params{"deterministic_embedding_id": base})
}

func TestHydrationIsDoneOnce(t *testing.T) {
	k := newKit(t)
	p := k.User(t)
	f := k.saved(t, p, "notes.txt", "First words.\n\n***\n\nLast words.")
	id := k.parse(t, p, f)
	in := params{"parsed_file_id": id, "trigger_type": "explicit_user_intent"}
	o := k.Must(t, p, "hydrate_semantic_profile", in)
	doc := o.Artifact("semantic_profile")
	require.Equal(t, []any{"default", 2.0, 1.0}, []any{doc["semantic_profile"], doc["embedded_count"], doc["failed_count"]})
	require.Len(t, doc["failed_chunks"], 1)
	again := k.Must(t, p, "hydrate_semantic_profile", in)
	require.Empty(t, again.Stored)
	require.Empty(t, again.Events())
	require.Equal(t, doc["artifact_id"], again.Artifact("semantic_profile")["artifact_id"])
	in["semantic_profile"] = "insurance"
	require.Len(t, k.Must(t, p, "hydrate_semantic_profile", in).Stored, 1)
	k.refused(t, p, "invalid_parameters", "hydrate_semantic_profile", params{"parsed_file_id": id})
	k.refused(t, p, "invalid_parameters", "hydrate_semantic_profile", params{"parsed_file_id": id, "trigger_type": "boredom"})
}

func TestInterpretation(t *testing.T) {
	k := newKit(t)
	p := k.User(t)
	id := k.parse(t, p, k.saved(t, p, "employees.csv", fixture(t, "employees.csv")))
	doc := k.Must(t, p, "get_semantic_interpretation", params{"parsed_file_id": id}).Artifact("interpretation")
	require.Equal(t, false, doc["available"])
	require.Equal(t, map[string]any{"available": false}, doc["layer2_meaning"])
	layer1, _ := doc["layer1_metadata"].(map[string]any)
	require.Equal(t, "csv", layer1["format"])
	k.Must(t, p, "extract_embeddings", params{"parsed_file_id": id})
	k.Must(t, p, "hydrate_semantic_profile", params{"parsed_file_id": id, "trigger_type": "missing_semantic_signal"})
	doc = k.Must(t, p, "get_semantic_interpretation", params{"parsed_file_id": id}).Artifact("semantic_interpretation")
	require.Equal(t, true, doc["available"])
	layer3, _ := doc["layer3_context"].(map[string]any)
	require.Equal(t, "default", layer3["semantic_profile"])
	layer1, _ = doc["layer1_metadata"].(map[string]any)
	require.Len(t, layer1["schema_fingerprint"], 64)
}

// Facts outlive what they were made of; material does not, and the second sweep finds nothing.
func TestFactsOutliveTheirSource(t *testing.T) {
	k := newKit(t)
	p := k.User(t)
	id := k.parse(t, p, k.saved(t, p, "employees.csv", fixture(t, "employees.csv")))
	chunks := k.Must(t, p, "extract_deterministic_structure", params{"parsed_file_id": id}).Artifact("chunks")["artifact_id"].(string)
	fact := k.Must(t, p, "create_deterministic_embeddings", params{"parsed_file_id": id}).Value("deterministic_embedding_id")
	vectors := k.Must(t, p, "hydrate_semantic_profile", params{"parsed_file_id": id, "trigger_type": "explicit_user_intent"}).Value("semantic_embedding_id")
	k.Clock.Advance(31 * 24 * time.Hour)
	for _, name := range []string{"create_deterministic_embeddings", "extract_deterministic_structure", "extract_embeddings"} {
		k.refused(t, p, "expired", name, params{"parsed_file_id": id})
	}
	report, err := k.content.Sweep(t.Context())
	require.NoError(t, err)
	require.Equal(t, []int{1, 3, 2}, []int{report.ExpiredContractsFound, report.MaterialsPurged, report.RecordsOfFactUpdated})
	require.Empty(t, report.Errors)
	for _, kept := range []string{fact, vectors} {
		s := k.artifact(t, p, kept)
		require.Equal(t, artifact.Ready, s.State)
		require.False(t, s.SourceExpiredAt.IsZero())
	}
	require.Len(t, k.lines(t, k.artifact(t, p, vectors)), 5)
	for _, key := range k.Blobs.Keys() {
		require.Contains(t, key, vectors, "%s is left behind; %s was purged", key, chunks)
	}
	again, err := k.content.Sweep(t.Context())
	require.NoError(t, err)
	require.Zero(t, again.ExpiredContractsFound+again.MaterialsPurged+again.RecordsOfFactUpdated+again.OrphansRemoved)
}
