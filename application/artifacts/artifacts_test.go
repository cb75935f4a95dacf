package artifacts_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/symphainy/symphainy/application/artifacts"
	"github.com/symphainy/symphainy/domain/artifact"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/ports"
	"github.com/symphainy/symphainy/test/realmtest"
)

func document(t *testing.T, s artifact.Snapshot) map[string]any {
	t.Helper()
	doc, err := artifacts.Document(s)
	require.NoError(t, err)
	return doc
}

func TestTheEnvelopeWinsOverThePayload(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 6000, time.UTC)
	doc := document(t, artifact.Snapshot{
		ID: "fil_1", TenantID: "ten_1", SessionID: "ses_1", SolutionID: "default", Realm: "content", Type: artifacts.TypeFile,
		DataClass: artifact.WorkingMaterial, State: artifact.Ready, Sharing: artifact.Workspace,
		Payload:          []byte(`{"artifact_id":"evil","tenant_id":"ten_2","lifecycle_state":"accepted","realm":"x","price":1.50,"file_id":"other","metadata":1}`),
		Metadata:         []byte(`{"schema":"file_v1"}`),
		Materializations: []artifact.Materialization{{ID: "mat_1", StorageType: "blob", Format: "text/csv"}},
		Transitions:      []artifact.Transition{{From: artifact.Pending, To: artifact.Ready, At: at, By: "usr_1", Reason: "saved"}},
		Parents:          []string{"fil_0"}, Lineage: artifact.Lineage{DerivedFrom: []string{"fil_0"}, Generation: 1, RootArtifactID: "fil_0"},
		ProducedIntent: "ingest_file", ExecutionID: "exe_1", BlobKey: "files/secret/key", ContentVersion: 2, ParentVersionID: "fil_0", Current: true,
		CreatedAt: at, UpdatedAt: at, ExpiresAt: at,
	})
	raw, err := json.Marshal(doc)
	require.NoError(t, err)
	require.JSONEq(t, `{
		"artifact_id":"fil_1","file_id":"fil_1","artifact_type":"file","result_type":"file","realm":"content","session_id":"ses_1","solution_id":"default",
		"scope":"workspace","owner":"client","purpose":"delivery","data_class":"working_material","lifecycle_state":"READY","price":1.50,
		"lifecycle_transitions":[{"from_state":"PENDING","to_state":"READY","transitioned_at":"2026-01-02T03:04:05.000006Z","transitioned_by":"usr_1","reason":"saved"}],
		"version":2,"parent_version_id":"fil_0","is_current_version":true,"parent_artifacts":["fil_0"],
		"lineage":{"derived_from":["fil_0"],"derivation_intent":null,"derivation_run_id":null,"generation":1,"root_artifact_id":"fil_0"},
		"produced_by":{"intent":"ingest_file","execution_id":"exe_1"},"semantic_descriptor":{},"renderings":{},"metadata":{"schema":"file_v1"},
		"materializations":[{"id":"mat_1","storage_type":"blob","format":"text/csv"}],"content_url":"/api/files/fil_1/content",
		"semantic_payload":{"artifact_id":"evil","tenant_id":"ten_2","lifecycle_state":"accepted","realm":"x","price":1.50,"file_id":"other","metadata":1},
		"created_at":"2026-01-02T03:04:05.000006Z","updated_at":"2026-01-02T03:04:05.000006Z","expires_at":"2026-01-02T03:04:05.000006Z"}`, string(raw))
	require.NotContains(t, string(raw), "secret")
	require.Contains(t, string(raw), "1.50", "numbers keep their text")
}

func TestAViewHasNoIDAndUnreadableJSONIsAnError(t *testing.T) {
	doc := document(t, artifact.Snapshot{Type: "file_list", Payload: []byte(`{"count":0}`)})
	for _, key := range []string{"artifact_id", "created_at", "lifecycle_state", "version", "content_url"} {
		require.NotContains(t, doc, key)
	}
	require.Equal(t, json.Number("0"), doc["count"])
	for _, s := range []artifact.Snapshot{{Payload: []byte("[]")}, {Metadata: []byte("{")}, {Renderings: []byte("1")}, {Descriptor: []byte(`"x"`)}} {
		_, err := artifacts.Document(s)
		require.Equal(t, fault.Internal, fault.KindOf(err))
	}
}

func TestSafeName(t *testing.T) {
	cases := map[string]string{
		"people.csv": "people.csv", `C:\x\..\a.csv`: "a.csv", "/etc/passwd": "passwd", "..": "download", "": "download", "a\"b\r\nc": "a_bc",
		"\u202Etxt.exe": "txt.exe", "Zoë 日本.csv": "Zoë 日本.csv", "a;b%0a|c": "a_b_0a_c", "dir/": "download", "x\xff.csv": "x.csv",
	}
	for in, want := range cases {
		require.Equal(t, want, artifacts.SafeName(in), "%q", in)
	}
	rapid.Check(t, func(t *rapid.T) {
		name := artifacts.SafeName(rapid.String().Draw(t, "name") + strings.Repeat("é", rapid.IntRange(0, 200).Draw(t, "more")))
		require.NotEmpty(t, name)
		require.LessOrEqual(t, len(name), 200)
		require.False(t, strings.ContainsAny(name, "/\\\"\r\n\x00"))
		require.Equal(t, name, strings.ToValidUTF8(name, "?"))
	})
}

func TestStorable(t *testing.T) {
	cases := map[string]string{
		`"\u0000"`: `"\ufffd"`, `"\\u0000"`: `"\\u0000"`, `"\\\u0000x"`: `"\\\ufffdx"`, `"\"\u0000\u0001"`: `"\"\ufffd\u0001"`, `"\u000"`: `"\u000"`, `{}`: `{}`,
	}
	for in, want := range cases {
		require.Equal(t, want, string(artifacts.Storable([]byte(in))))
	}
	require.Equal(t, `"a`+"\uFFFD"+`"`, mustString(t, artifacts.Encode("a\x00")))
	require.Contains(t, string(artifacts.Encode(map[string]string{"a": "<&>"})), "<&>", "people read these texts in logs and files")
	require.Equal(t, `{}`, string(artifacts.Encode(json.RawMessage("{{"))))
}

func mustString(t *testing.T, raw []byte) string {
	t.Helper()
	var s string
	require.NoError(t, json.Unmarshal(raw, &s))
	return `"` + s + `"`
}

// world has a user with a file, its parsed document and its assessment, and a stranger.
type world struct {
	*realmtest.World
	service         *artifacts.Service
	owner, stranger identity.Principal
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{World: realmtest.NewWorld(t, func(*realmtest.World) []ports.Realm { return nil })}
	w.service = artifacts.New(w.Store, w.Blobs, w.Clock)
	w.owner, w.stranger = w.User(t), w.User(t)
	return w
}

func (w *world) insert(t *testing.T, p identity.Principal, s artifact.Snapshot) {
	t.Helper()
	s.TenantID, s.OwnerID, s.SessionID = p.TenantID, p.UserID, p.SessionID
	s.CreatedAt = w.Clock.Advance(time.Second)
	if s.DataClass == "" {
		s.DataClass, s.State = artifact.WorkingMaterial, artifact.Ready
	}
	a, err := artifact.New(s)
	require.NoError(t, err)
	require.NoError(t, w.Store.Do(t.Context(), func(ctx context.Context, tx ports.Tx) error { return tx.Artifacts.Insert(ctx, a) }))
}

func TestGetResolveAndList(t *testing.T) {
	w := newWorld(t)
	ctx, scope := t.Context(), w.owner.Scope()
	w.insert(t, w.owner, artifact.Snapshot{ID: "fil_1", Type: "file"})
	w.insert(t, w.owner, artifact.Snapshot{ID: "fil_2", Type: "file", DataClass: artifact.WorkingMaterial, State: artifact.Pending})
	got, err := w.service.Get(ctx, scope, "file:"+w.owner.TenantID+":"+w.owner.SessionID+":fil_1")
	require.NoError(t, err)
	require.Equal(t, "fil_1", got.ID)
	_, err = w.service.Resolve(ctx, scope, "file", "fil_1")
	require.NoError(t, err)
	for _, c := range [][2]string{{"parsed_content", "fil_1"}, {"file", "fil_2"}, {"file", "fil_3"}, {"", ""}} {
		_, err = w.service.Resolve(ctx, scope, c[0], c[1])
		require.Equal(t, fault.ErrNotFound, err)
	}
	for _, id := range []string{"fil_1", "fil_none"} {
		_, err = w.service.Get(ctx, w.stranger.Scope(), id)
		require.Equal(t, fault.ErrNotFound, err, "foreign and unknown are the same")
	}
	list, total, err := w.service.List(ctx, scope, ports.ArtifactFilter{States: artifacts.AllStates()}, ports.Window{Limit: 1, Offset: -5})
	require.NoError(t, err)
	require.Equal(t, int64(2), total)
	require.Equal(t, "fil_2", list[0].ID)
	list, total, err = w.service.List(ctx, w.stranger.Scope(), ports.ArtifactFilter{}, ports.Window{Limit: 100000})
	require.NoError(t, err)
	require.Zero(t, total)
	require.Empty(t, list)
}

func TestLineageShowsOnlyWhatTheScopeSees(t *testing.T) {
	w := newWorld(t)
	w.insert(t, w.owner, artifact.Snapshot{ID: "a", Type: "file", Parents: []string{"foreign", "gone"}})
	w.insert(t, w.stranger, artifact.Snapshot{ID: "foreign", Type: "file"})
	w.insert(t, w.owner, artifact.Snapshot{ID: "b", Type: "parsed_content", Parents: []string{"a"}})
	w.insert(t, w.owner, artifact.Snapshot{ID: "c", Type: "analysis", Parents: []string{"b", "a"}})
	w.insert(t, w.stranger, artifact.Snapshot{ID: "thief", Type: "analysis", Parents: []string{"b"}})
	g, err := w.service.Lineage(t.Context(), w.owner.Scope(), "b")
	require.NoError(t, err)
	require.ElementsMatch(t, []artifacts.Edge{{From: "a", To: "b"}, {From: "b", To: "c"}}, g.Edges)
	require.Len(t, g.Nodes, 3)
	require.Equal(t, "b", g.Nodes[0].ID)
	_, err = w.service.Lineage(t.Context(), w.owner.Scope(), "thief")
	require.Equal(t, fault.ErrNotFound, err)

	for i := range artifacts.MaxLineage {
		w.insert(t, w.owner, artifact.Snapshot{ID: fmt.Sprintf("d%03d", i), Type: "analysis", Parents: []string{"c"}})
	}
	g, err = w.service.Lineage(t.Context(), w.owner.Scope(), "a")
	require.NoError(t, err)
	require.True(t, g.Truncated)
	require.Len(t, g.Nodes, artifacts.MaxLineage)
}

func TestOpenReadsOnlyUnderAnActiveContract(t *testing.T) {
	w := newWorld(t)
	ctx, scope := t.Context(), w.owner.Scope()
	info, err := w.Blobs.Put(ctx, "files/a/b", strings.NewReader("<html>"), 100)
	require.NoError(t, err)
	contract := artifact.Contract{
		ID: "bct_1", TenantID: w.owner.TenantID, OwnerID: w.owner.UserID, SessionID: w.owner.SessionID, FileID: "fil_1",
		Status: artifact.ContractPending, ExpiresAt: w.Clock.Now().Add(time.Hour), CreatedAt: w.Clock.Now(),
	}
	require.NoError(t, w.Store.Do(ctx, func(ctx context.Context, tx ports.Tx) error { return tx.Contracts.Insert(ctx, contract) }))
	w.insert(t, w.owner, artifact.Snapshot{ID: "fil_1", Type: "file", Name: "../x\"y.html", BlobKey: "files/a/b", BlobSHA: info.SHA256, MediaType: "text/html", ExpiresAt: contract.ExpiresAt})
	w.insert(t, w.owner, artifact.Snapshot{ID: "par_1", Type: "parsed_content", Name: "x.csv", BlobKey: "files/a/b", MediaType: "application/json", ExpiresAt: contract.ExpiresAt})
	w.insert(t, w.owner, artifact.Snapshot{ID: "art_1", Type: "analysis"})
	w.insert(t, w.owner, artifact.Snapshot{ID: "fil_2", Type: "file", BlobKey: "files/a/b"})

	_, err = w.service.Open(ctx, scope, "fil_1")
	require.ErrorIs(t, err, artifact.ErrFileNotSaved)
	require.NoError(t, w.Store.Do(ctx, func(ctx context.Context, tx ports.Tx) error {
		c, err := tx.Contracts.ByID(ctx, scope, "bct_1")
		if err != nil {
			return err
		}
		if err := c.Move(artifact.ContractActive, w.Clock.Now()); err != nil {
			return err
		}
		return tx.Contracts.Save(ctx, c)
	}))
	content, err := w.service.Open(ctx, scope, "fil_1")
	require.NoError(t, err)
	raw, err := io.ReadAll(content.Reader)
	require.NoError(t, err)
	require.NoError(t, content.Reader.Close())
	require.Equal(t, "<html>", string(raw))
	require.Equal(t, artifacts.Content{Reader: content.Reader, Name: "x_y.html", MediaType: "text/html", Size: 6, SHA256: info.SHA256}, content)
	content, err = w.service.Open(ctx, scope, "par_1")
	require.NoError(t, err)
	require.Equal(t, "x.csv.parsed_content.json", content.Name)

	for id, want := range map[string]error{"art_1": fault.ErrNotFound, "fil_2": artifact.ErrContractNotActive, "fil_3": fault.ErrNotFound} {
		_, err = w.service.Open(ctx, scope, id)
		require.ErrorIs(t, err, want, id)
	}
	_, err = w.service.Open(ctx, w.stranger.Scope(), "fil_1")
	require.Equal(t, fault.ErrNotFound, err)
	w.Clock.Advance(time.Hour)
	for _, id := range []string{"fil_1", "par_1"} {
		_, err = w.service.Open(ctx, scope, id)
		require.ErrorIs(t, err, artifact.ErrExpired)
	}
}

// However much of one kind there is, it takes no place from another: a list has its newest, and a lonely artifact is in its own.
func TestRealmStateOfALongSession(t *testing.T) {
	w := newWorld(t)
	w.insert(t, w.owner, artifact.Snapshot{ID: "art_first", Type: "quality_assessment", DataClass: artifact.Outcome, State: artifact.Draft})
	for i := range artifacts.MaxState + 1 {
		w.insert(t, w.owner, artifact.Snapshot{ID: fmt.Sprintf("fil_%03d", i), Type: "file"})
	}
	state, err := w.service.RealmState(t.Context(), w.owner.Scope(), w.owner.SessionID)
	require.NoError(t, err)
	files := state["content"].(map[string]any)["files"].([]any)
	require.Len(t, files, artifacts.MaxState)
	require.Equal(t, "fil_100", files[0].(map[string]any)["artifact_id"])
	require.Len(t, state["insights"].(map[string]any)["qualityAssessments"], 1)
}

func TestRealmStateHasEveryList(t *testing.T) {
	w := newWorld(t)
	w.insert(t, w.owner, artifact.Snapshot{ID: "fil_1", Type: "file", Name: "a.csv", Payload: []byte(`{"file_size":3,"status":"ingested","secret":1}`), DataClass: artifact.WorkingMaterial, State: artifact.Pending})
	w.insert(t, w.owner, artifact.Snapshot{ID: "par_1", Type: "parsed_content", Name: "a.csv", Format: "csv", Payload: []byte(`{"file_id":"fil_1","record_count":2}`), Parents: []string{"fil_1"}})
	w.insert(t, w.owner, artifact.Snapshot{ID: "art_1", Type: "quality_assessment", Name: "a.csv", DataClass: artifact.Outcome, State: artifact.Draft})
	other := w.Session(t, w.owner)
	w.insert(t, other, artifact.Snapshot{ID: "fil_2", Type: "file"})
	state, err := w.service.RealmState(t.Context(), w.owner.Scope(), w.owner.SessionID)
	require.NoError(t, err)
	raw, err := json.Marshal(state)
	require.NoError(t, err)
	require.JSONEq(t, `{
		"content":{"files":[{"artifact_id":"fil_1","artifact_type":"file","file_id":"fil_1","name":"a.csv","ui_name":"a.csv","file_size":3,"status":"ingested",
			"lifecycle_state":"PENDING","parent_artifacts":[],"created_at":"2026-01-02T12:00:01Z"}],
		 "parsedFiles":[{"artifact_id":"par_1","artifact_type":"parsed_content","parsed_file_id":"par_1","file_id":"fil_1","name":"a.csv","parser_type":"csv","record_count":2,
			"lifecycle_state":"READY","parent_artifacts":["fil_1"],"created_at":"2026-01-02T12:00:02Z"}]},
		"insights":{"qualityAssessments":[{"artifact_id":"art_1","artifact_type":"quality_assessment","quality_assessment_id":"art_1","analysis_id":"art_1","name":"a.csv",
			"lifecycle_state":"draft","parent_artifacts":[],"created_at":"2026-01-02T12:00:03Z"}],"interpretations":[],"analyses":[],"lineageVisualizations":[]},
		"journey":{"workflows":[],"sops":[],"optimizedProcesses":[],"coexistenceAnalyses":[],"blueprints":[]},
		"outcomes":{"syntheses":[],"roadmaps":[],"pocProposals":[],"solutions":[],"blueprints":[]}}`, string(raw))
	state, err = w.service.RealmState(t.Context(), w.stranger.Scope(), w.owner.SessionID)
	require.NoError(t, err)
	raw, err = json.Marshal(state)
	require.NoError(t, err)
	require.NotContains(t, string(raw), "fil_1")
}
