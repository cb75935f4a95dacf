package content_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/domain/artifact"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/ports"
)

func TestArchiveAndRestore(t *testing.T) {
	k := newKit(t)
	p := k.User(t)
	f := k.saved(t, p, "a.csv", smallCSV)
	in := params{"file_id": f.id, "reason": "the quarter is closed"}
	k.refused(t, p, "not_archived", "restore_file", in)
	o := k.Must(t, p, "archive_file", in)
	require.Equal(t, []any{"ARCHIVED", "archived"}, []any{o.Artifact("file")["lifecycle_state"], o.Artifact("file")["status"]})
	require.Equal(t, []string{"artifact.updated", "file_archived"}, o.Events())
	require.Empty(t, k.Must(t, p, "archive_artifact", in).Events(), "the same state again is a silent success")
	k.refused(t, p, "contract_not_active", "parse_content", params{"file_id": f.id})
	k.refused(t, p, "contract_not_active", "retrieve_file", params{"file_id": f.id, "include_contents": true})
	require.InDelta(t, 0, k.Must(t, p, "list_files", nil).Artifact("file_list")["count"], 0)
	require.InDelta(t, 1, k.Must(t, p, "list_files", params{"status": "archived"}).Artifact("file_list")["count"], 0)
	s := k.artifact(t, p, f.id)
	last := s.Transitions[len(s.Transitions)-1]
	require.Equal(t, "the quarter is closed", last.Reason)
	require.Equal(t, p.Actor(), last.By)
	o = k.Must(t, p, "restore_file", in)
	require.Equal(t, []string{"artifact.updated", "file_restored"}, o.Events())
	k.parse(t, p, f)
	k.Must(t, p, "archive_file", in)
	k.Clock.Advance(30 * 24 * time.Hour)
	k.refused(t, p, "expired", "restore_file", in)
	pending := k.ingest(t, p, "b.csv", smallCSV)
	k.refused(t, p, "invalid_transition", "archive_file", params{"file_id": pending.id})
}

func TestPurge(t *testing.T) {
	k := newKit(t)
	p := k.User(t)
	f := k.saved(t, p, "employees.csv", fixture(t, "employees.csv"))
	id := k.parse(t, p, f)
	k.Must(t, p, "extract_deterministic_structure", params{"parsed_file_id": id})
	fact := k.Must(t, p, "create_deterministic_embeddings", params{"parsed_file_id": id}).Value("deterministic_embedding_id")
	quality := k.Must(t, p, "assess_data_quality", params{"parsed_file_id": id}).Value("quality_assessment_id")
	k.refused(t, p, "confirm_required", "purge_file", params{"file_id": f.id})
	k.refused(t, p, "confirm_required", "purge_file", params{"file_id": f.id, "confirm": false})
	require.Equal(t, artifact.Ready, k.artifact(t, p, f.id).State)
	o := k.Must(t, p, "purge_file", params{"file_id": f.id, "confirm": true})
	file := o.Artifact("file")
	require.Equal(t, []any{"deleted", "DELETED", 3.0, 1.0, false}, []any{file["status"], file["lifecycle_state"], file["materials_purged"], file["records_of_fact_updated"], file["already_deleted"]})
	require.Equal(t, []string{"file_purged"}, o.Events())
	require.Empty(t, k.Blobs.Keys(), "bytes and derived material are gone")
	require.Equal(t, artifact.ContractRevoked, k.contract(t, p, f.contract).Status)
	require.False(t, k.artifact(t, p, fact).SourceExpiredAt.IsZero())
	k.artifact(t, p, quality) // outcomes stay
	for _, name := range []string{"get_file_by_id", "parse_content", "archive_file", "restore_file", "update_file_metadata"} {
		in := params{"file_id": f.id}
		if name == "update_file_metadata" {
			in["ui_name"] = "x"
		}
		k.refused(t, p, "not_found", name, in)
	}
	k.refused(t, p, "not_found", "purge_file", params{"file_id": f.id, "confirm": true})
	k.refused(t, p, "not_found", "get_parsed_file", params{"parsed_file_id": id})
	again := k.Must(t, p, "delete_file", params{"file_id": f.id})
	require.Equal(t, true, again.Artifact("file")["already_deleted"])
	require.Empty(t, again.Events())
	k.refused(t, k.User(t), "not_found", "delete_file", params{"file_id": f.id})
	g := k.ingest(t, p, "never-saved.csv", smallCSV)
	require.Equal(t, false, k.Must(t, p, "delete_artifact", params{"file_id": g.id}).Artifact("file")["already_deleted"])
	require.Empty(t, k.Blobs.Keys())
	_, pending := k.count(t, p)
	require.EqualValues(t, 1, pending, "the cancelled or ended intent is kept as a record")
}

func TestMetadata(t *testing.T) {
	k := newKit(t)
	p := k.User(t)
	f := k.saved(t, p, "a.csv", smallCSV)
	o := k.Must(t, p, "update_file_metadata", params{"file_id": f.id, "ui_name": "../b.csv", "description": "two\nlines", "tags": []string{"x", "y"}, "ingestion_profile": "unstructured"})
	file := o.Artifact("file")
	require.Equal(t, []any{"b.csv", "two\nlines", []any{"x", "y"}, "unstructured"}, []any{file["ui_name"], file["description"], file["tags"], file["ingestion_profile"]})
	require.Equal(t, []string{"artifact.updated", "file_metadata_updated"}, o.Events())
	require.Equal(t, "text", k.Must(t, p, "parse_content", params{"file_id": f.id, "parsing_type": "unstructured"}).Artifact("parsed_content")["format"])
	k.refused(t, p, "invalid_parameters", "update_file_metadata", params{"file_id": f.id})
	k.refused(t, p, "unknown_field", "update_file_metadata", params{"file_id": f.id, "file_hash": "x"})
}

// A file that the tenant shares is changed by its owner, and by those who may delete.
func TestFilesOfOthers(t *testing.T) {
	k := newKit(t)
	p := k.User(t)
	f := k.saved(t, p, "a.csv", smallCSV)
	require.NoError(t, k.Store.Do(t.Context(), func(ctx context.Context, tx ports.Tx) error {
		a, err := tx.Artifacts.ByID(ctx, p.Scope(), f.id)
		if err != nil {
			return err
		}
		if err := a.Share(artifact.TenantShared, k.Clock.Now()); err != nil {
			return err
		}
		return tx.Artifacts.Save(ctx, a)
	}))
	colleague := k.User(t)
	colleague.TenantID, colleague.Roles = p.TenantID, []identity.Role{identity.RoleMember}
	colleague = k.Session(t, colleague)
	k.Must(t, colleague, "get_file_by_id", params{"file_id": f.id})
	for _, name := range []string{"archive_file", "delete_file"} {
		k.refused(t, colleague, "permission_denied", name, params{"file_id": f.id})
	}
	k.refused(t, colleague, "permission_denied", "purge_file", params{"file_id": f.id, "confirm": true})
	colleague.Roles = []identity.Role{identity.RoleOwner}
	k.Must(t, colleague, "archive_file", params{"file_id": f.id})
	k.Must(t, colleague, "purge_file", params{"file_id": f.id, "confirm": true})
	require.Equal(t, artifact.ContractRevoked, k.contract(t, p, f.contract).Status)
}

func TestSearch(t *testing.T) {
	k := newKit(t)
	p := k.User(t)
	employees := k.saved(t, p, "employees.csv", fixture(t, "employees.csv"))
	permit := k.saved(t, p, "permit.pdf", fixture(t, "permit.pdf"))
	for _, f := range []file{employees, permit} {
		k.parse(t, p, f)
	}
	unparsed := k.saved(t, p, "permit-copy.txt", "nothing was parsed here")
	results := func(in params) []any {
		o := k.Must(t, p, "search_files", in)
		list, _ := o.Artifact("search_results")["results"].([]any)
		return list
	}
	list := results(params{"query": "Marketing"})
	require.Len(t, list, 1)
	first, _ := list[0].(map[string]any)
	require.Equal(t, []any{employees.id, "row_1", []any{"content"}}, []any{first["file_id"], first["path"], first["matched_in"]})
	require.Contains(t, first["snippet"], "Jane Smith")
	require.Greater(t, first["score"], 0.0)
	list = results(params{"query": "permit foundation"})
	require.Len(t, list, 2)
	first, _ = list[0].(map[string]any)
	require.Equal(t, permit.id, first["file_id"])
	require.Equal(t, []any{"name", "content"}, first["matched_in"])
	require.Len(t, results(params{"query": "permit", "search_type": "name"}), 2)
	require.Len(t, results(params{"query": "permit", "search_type": "content"}), 1)
	require.Len(t, results(params{"query": "permit", "limit": 1}), 1)
	require.Empty(t, results(params{"query": "zeppelin"}))
	k.refused(t, p, "invalid_parameters", "search_files", params{"query": "?!"})
	require.Empty(t, k.Must(t, k.User(t), "search_files", params{"query": "permit"}).Artifact("search_results")["results"], "nothing of anybody else")
	k.Must(t, p, "archive_file", params{"file_id": unparsed.id})
	require.Len(t, results(params{"query": "permit", "search_type": "name"}), 1)
}
