package content_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/application/realms/content"
	"github.com/symphainy/symphainy/domain/artifact"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/domain/intent"
	"github.com/symphainy/symphainy/ports"
	"github.com/symphainy/symphainy/test/realmtest"
)

func TestConformance(t *testing.T) {
	k := newKit(t)
	realmtest.Conformance(t, k.content)
}

func (k *kit) contract(t *testing.T, p identity.Principal, id string) artifact.Contract {
	t.Helper()
	var c artifact.Contract
	require.NoError(t, k.Store.View(t.Context(), func(ctx context.Context, tx ports.Tx) (err error) {
		c, err = tx.Contracts.ByID(ctx, p.Scope(), id)
		return err
	}))
	return c
}

func (k *kit) artifact(t *testing.T, p identity.Principal, id string) artifact.Snapshot {
	t.Helper()
	var a artifact.Artifact
	require.NoError(t, k.Store.View(t.Context(), func(ctx context.Context, tx ports.Tx) (err error) {
		a, err = tx.Artifacts.ByID(ctx, p.Scope(), id)
		return err
	}))
	return a.Snapshot()
}

func (k *kit) pending(t *testing.T, p identity.Principal, id string) intent.Pending {
	t.Helper()
	var found intent.Pending
	require.NoError(t, k.Store.View(t.Context(), func(ctx context.Context, tx ports.Tx) (err error) {
		found, err = tx.Pending.ByID(ctx, p.Scope(), id)
		return err
	}))
	return found
}

func TestUploadIsTwoPhases(t *testing.T) {
	k := newKit(t)
	for name, p := range map[string]identity.Principal{"visitor": k.Visitor(t), "user": k.User(t)} {
		t.Run(name, func(t *testing.T) {
			in := k.Must(t, p, "ingest_file", params{"ui_name": "people.csv", "file_content": inHex(smallCSV), "source_metadata": params{"from": "crm"}})
			require.Equal(t, []string{"artifact.created", "file_ingested"}, in.Events())
			doc := in.Artifact("file")
			id, contractID := in.Value("file_id"), in.Value("boundary_contract_id")
			require.Equal(t, id, doc["artifact_id"])
			require.Equal(t, id, doc["file_id"])
			require.Equal(t, "PENDING", doc["lifecycle_state"])
			require.Equal(t, "ingested", doc["status"])
			require.Equal(t, true, doc["materialization_pending"])
			require.Equal(t, "text/csv", doc["mime_type"])
			require.Equal(t, "csv", doc["file_type"])
			require.InDelta(t, len(smallCSV), doc["file_size"], 0)
			require.Equal(t, "file:"+p.TenantID+":"+p.SessionID+":"+id, doc["file_reference"])
			payload, _ := doc["semantic_payload"].(map[string]any)
			require.Equal(t, contractID, payload["boundary_contract_id"])
			require.NotContains(t, string(in.Execution.Intent.Parameters), inHex(smallCSV), "bytes leave the parameters at admission")

			c := k.contract(t, p, contractID)
			require.Equal(t, artifact.ContractPending, c.Status)
			require.True(t, c.AccessGranted)
			require.Equal(t, "policy:builtin:steward_1.0", c.AccessBasis)
			require.JSONEq(t, `{"from":"crm"}`, string(c.SourceMetadata))
			require.True(t, c.ExpiresAt.IsZero())

			saved := k.Must(t, p, "save_materialization", params{"file_id": id, "boundary_contract_id": contractID, "ttl_days": 7})
			require.Equal(t, []string{"artifact.updated", "materialization_saved"}, saved.Events())
			m := saved.Artifact("materialization")
			require.Equal(t, "full_artifact", m["materialization_type"])
			require.Equal(t, "2026-01-09T12:00:00Z", m["materialization_expires_at"])
			require.Equal(t, true, m["available_for_parsing"])
			c = k.contract(t, p, contractID)
			require.Equal(t, artifact.ContractActive, c.Status)
			require.Equal(t, "policy:builtin:builtin_1.0", c.PolicyBasis)
			f := k.artifact(t, p, id)
			require.Equal(t, artifact.Ready, f.State)
			require.Equal(t, []artifact.Transition{{From: artifact.Pending, To: artifact.Ready, At: k.Clock.Now(), By: p.Actor(), Reason: "saved under contract " + contractID}}, f.Transitions)
			require.Contains(t, string(f.Payload), `"status":"saved"`)
			pendingID := saved.Value("pending_parsing_intent_id")
			require.Equal(t, intent.PendingOpen, k.pending(t, p, pendingID).Status)

			again := k.Must(t, p, "save_materialization", params{"file_id": id, "boundary_contract_id": contractID, "ttl_days": 1, "materialization_type": "reference"})
			require.Empty(t, again.Events())
			require.Equal(t, m["semantic_payload"], again.Artifact("materialization")["semantic_payload"], "saving again gives the same answer")
			require.Equal(t, c, k.contract(t, p, contractID), "saving again changes nothing")

			parsed := k.Must(t, p, "parse_content", params{"file_id": id})
			require.Equal(t, []string{"content_parsed"}, parsed.Events())
			require.Equal(t, intent.PendingCompleted, k.pending(t, p, pendingID).Status)
			require.Equal(t, parsed.Execution.ID, k.pending(t, p, pendingID).ExecutionID)
			pd := parsed.Artifact("parsed_content")
			require.Equal(t, pd["artifact_id"], parsed.Artifact("parsed_file")["artifact_id"])
			require.Equal(t, "READY", pd["lifecycle_state"])
			require.InDelta(t, 3, pd["record_count"], 0)
			require.Equal(t, []any{id}, pd["parent_artifacts"])
			require.Equal(t, "working_material", pd["data_class"])
			lineage, _ := pd["lineage"].(map[string]any)
			require.Equal(t, id, lineage["root_artifact_id"])
			require.InDelta(t, 1, lineage["generation"], 0)
			require.Equal(t, parsed.Execution.ID, lineage["derivation_run_id"])
			columns, err := json.Marshal(pd["columns"])
			require.NoError(t, err)
			require.Contains(t, string(columns), `"name":"amount","null_count":1,"nullable":true,"position":2,"type":"float"`)
			preview, err := json.Marshal(pd["parsed_data_preview"])
			require.NoError(t, err)
			require.JSONEq(t, `[{"id":1,"name":"Ada","amount":10.50},{"id":2,"name":"Alan","amount":7},{"id":3,"name":"Grace","amount":null}]`, string(preview))
		})
	}
}

func TestParsedFileIsReadInWindows(t *testing.T) {
	k := newKit(t)
	p := k.Visitor(t)
	id := k.parse(t, p, k.saved(t, p, "orders.csv", fixture(t, "orders-240.csv")))
	o := k.Must(t, p, "get_parsed_file", params{"parsed_result_id": id, "offset": 230, "limit": 50})
	renderings, _ := o.Artifact("parsed_file")["renderings"].(map[string]any)
	doc, _ := renderings["document"].(map[string]any)
	require.InDelta(t, 240, doc["row_count"], 0)
	require.InDelta(t, 10, doc["returned"], 0)
	require.Nil(t, doc["next_offset"])
	rows, _ := doc["rows"].([]any)
	require.Len(t, rows, 10)
	require.Equal(t, id, o.Artifact("parsed_content")["parsed_file_id"])
	preview, _ := o.Artifact("preview")["rows"].([]any)
	require.Len(t, preview, 10)
	require.Equal(t, "preview", o.Artifact("preview")["artifact_type"])

	for _, table := range []any{"orders", 0} {
		k.Must(t, p, "get_parsed_file", params{"parsed_file_id": id, "table": table})
	}
	for _, table := range []any{"other", 1} {
		k.refused(t, p, "invalid_parameters", "get_parsed_file", params{"parsed_file_id": id, "table": table})
	}
}

func TestFormatsOfThisVersion(t *testing.T) {
	k := newKit(t)
	p := k.User(t)
	cases := map[string]struct {
		body, format string
		records      int
	}{}
	for name, want := range map[string]struct {
		format  string
		records int
	}{
		"employees.csv": {"csv", 5}, "dirty.csv": {"csv", 20}, "semicolon-cp1252.csv": {"csv", 3}, "utf16.csv": {"csv", 3}, "ragged.csv": {"csv", 4},
		"header-only.csv": {"csv", 0}, "hostile.csv": {"csv", 4}, "company.json": {"json", 3}, "policies.xlsx": {"xlsx", 4}, "manual.docx": {"docx", 3},
		"permit.pdf": {"pdf", -1}, "review.pdf": {"pdf", -1}, "permit.txt": {"text", -1}, "handbook.html": {"html", -1}, "catalogue.xml": {"xml", -1},
		"beneficiary.bpmn": {"bpmn", 6}, "migration.bpmn": {"bpmn", 7}, "lanes.bpmn": {"bpmn", -1}, "procedure.md": {"md", -1},
		"customer.schema.json": {"json_schema", -1}, "stock.yaml": {"yaml", -1},
	} {
		c := cases[name]
		c.body, c.format, c.records = fixture(t, name), want.format, want.records
		cases[name] = c
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			f := k.saved(t, p, name, c.body)
			o := k.Must(t, p, "parse_content", params{"file_reference": "file:" + p.TenantID + ":" + p.SessionID + ":" + f.id})
			require.Equal(t, c.format, o.Artifact("parsed_content")["format"])
			if c.records >= 0 {
				require.InDelta(t, c.records, o.Artifact("parsed_content")["record_count"], 0)
			}
			got := k.Must(t, p, "get_parsed_file", params{"parsed_file_id": o.Value("parsed_file_id")})
			require.Equal(t, o.Value("parsed_file_id"), got.Value("parsed_file_id"))
			back := k.Must(t, p, "retrieve_file", params{"file_id": f.id, "include_contents": true})
			contents, _ := back.Artifact("file")["file_contents"].(string)
			if back.Artifact("file")["file_contents_encoding"] == "base64" {
				raw, err := base64.StdEncoding.DecodeString(contents)
				require.NoError(t, err)
				contents = string(raw)
			}
			require.Equal(t, c.body, contents, "bytes out are bytes in")
		})
	}
}

func TestPrecedenceOfHowToRead(t *testing.T) {
	k := newKit(t)
	p := k.User(t)
	f := k.ingest(t, p, "dates.csv", "d;x\n03/04/2024;1\n")
	f = k.save(t, p, f, params{"parse_options": params{"delimiter": ",", "date_order": "DMY"}})
	o := k.Must(t, p, "parse_content", params{"file_id": f.id, "parse_options": params{"delimiter": ";"}})
	preview, err := json.Marshal(o.Artifact("parsed_content")["parsed_data_preview"])
	require.NoError(t, err)
	require.JSONEq(t, `[{"d":"2024-04-03","x":1}]`, string(preview), "the explicit delimiter wins, the remembered date order stays")

	f = k.save(t, p, k.ingest(t, p, "notes.csv", "a,b\n1,2\n"), params{"ingestion_profile": "unstructured"})
	o = k.Must(t, p, "parse_content", params{"file_id": f.id})
	require.Equal(t, "text", o.Artifact("parsed_content")["format"])
	o = k.Must(t, p, "parse_content", params{"file_id": f.id, "parsing_type": "structured"})
	require.Equal(t, "csv", o.Artifact("parsed_content")["format"])

	f = k.save(t, p, k.ingest(t, p, "proc.csv", "a,b\n1,2\n"), params{"ingestion_profile": "sop", "parse_options": params{"sheet": "x"}})
	o = k.Must(t, p, "parse_content", params{"file_id": f.id})
	metadata, err := json.Marshal(o.Artifact("parsed_content")["metadata"])
	require.NoError(t, err)
	require.Contains(t, string(metadata), "profile_not_applied")
	require.Contains(t, string(metadata), "option_ignored")
}

func TestFailedParsingCanBeRepeated(t *testing.T) {
	k := newKit(t)
	p := k.User(t)
	f := k.save(t, p, k.ingest(t, p, "x.json", `[{"a":1},`), params{"parse_options": params{"date_order": "DMY"}})
	k.refused(t, p, "malformed_content", "parse_content", params{"file_id": f.id})
	failed := k.pending(t, p, f.pending)
	require.Equal(t, intent.PendingFailed, failed.Status)
	require.Equal(t, "malformed_content", failed.Error)
	o := k.Must(t, p, "parse_content", params{"file_id": f.id, "parsing_type": "unstructured"})
	require.Equal(t, intent.PendingCompleted, k.pending(t, p, f.pending).Status)
	require.Equal(t, o.Execution.ID, k.pending(t, p, f.pending).ExecutionID)
	k.Must(t, p, "parse_content", params{"file_id": f.id, "parsing_type": "unstructured"}) // again, with nothing prepared
}

func TestMultipartAndHexAreOnePath(t *testing.T) {
	k := newKit(t)
	p := k.Visitor(t)
	uploads := content.NewUploads(k.Store, k.Blobs, k.IDs, content.Limits{Upload: 100})
	id, info, err := uploads.Stage(t.Context(), p, newReader(smallCSV))
	require.NoError(t, err)
	require.Equal(t, int64(len(smallCSV)), info.Size)
	o := k.Must(t, p, "ingest_file", params{"file_id": id, "filename": `C:\temp\..\people.csv`})
	require.Equal(t, id, o.Value("file_id"))
	require.Equal(t, "people.csv", o.Artifact("file")["ui_name"])
	again := k.Must(t, p, "ingest_file", params{"file_id": id, "ui_name": "another name"})
	require.Empty(t, again.Events(), "a finished upload is only shown")
	require.Equal(t, o.Value("boundary_contract_id"), again.Value("boundary_contract_id"))
	require.Equal(t, "people.csv", again.Artifact("file")["ui_name"])

	other, _, err := uploads.Stage(t.Context(), p, newReader(smallCSV))
	require.NoError(t, err)
	k.refused(t, k.Visitor(t), "not_found", "ingest_file", params{"file_id": other, "ui_name": "stolen"})
	r := k.Must(t, p, "register_file", params{"file_id": other, "ui_name": "at once.csv"})
	require.Equal(t, []string{"artifact.created", "file_registered"}, r.Events())
	require.Equal(t, "READY", r.Artifact("file")["lifecycle_state"])
	k.parse(t, p, file{id: other})
	require.Empty(t, k.Must(t, p, "register_file", params{"file_id": other, "ui_name": "x"}).Events())
}

func TestReferencesStayGoodAfterTheUpgrade(t *testing.T) {
	k := newKit(t)
	visitor := k.Visitor(t)
	f := k.saved(t, visitor, "a.csv", smallCSV)
	parsed := k.parse(t, visitor, f)
	before := "file:" + visitor.TenantID + ":" + visitor.SessionID + ":" + f.id
	user := k.Upgrade(t, visitor)
	after := "file:" + user.TenantID + ":" + user.SessionID + ":" + f.id
	elsewhere := k.Session(t, user)
	for _, p := range []identity.Principal{user, elsewhere} {
		for _, id := range []string{f.id, before, after} {
			k.Must(t, p, "get_file_by_id", params{"file_id": id})
		}
		k.Must(t, p, "get_parsed_file", params{"parsed_file_id": "parsed:" + visitor.TenantID + ":" + visitor.SessionID + ":" + parsed})
		for _, bad := range []string{
			"file:" + user.TenantID + ":" + elsewhere.SessionID + ":" + f.id, "file:ten_x:" + user.SessionID + ":" + f.id,
			"parsed:" + user.TenantID + ":" + user.SessionID + ":" + f.id, "file:::" + f.id, f.id + ":", ":::",
		} {
			k.refused(t, p, "not_found", "get_file_by_id", params{"file_id": bad})
		}
	}
	require.InDelta(t, 1, k.Must(t, elsewhere, "list_files", nil).Artifact("file_list")["count"], 0)
	require.InDelta(t, 0, k.Must(t, elsewhere, "list_files", params{"session_only": true}).Artifact("file_list")["count"], 0)
}

func TestLists(t *testing.T) {
	k := newKit(t)
	p := k.User(t)
	for i, name := range []string{"a.csv", "b.txt", "c.csv"} {
		k.saved(t, p, name, "x,y\n"+repeat("1,2\n", i+1))
		k.Clock.Advance(time.Hour)
	}
	k.ingest(t, p, "pending.csv", smallCSV)
	k.saved(t, k.User(t), "foreign.csv", smallCSV)
	list := func(in params) (names []string, count float64) {
		doc := k.Must(t, p, "content_list_files", in).Artifact("file_list")
		files, _ := doc["files"].([]any)
		for _, f := range files {
			entry, _ := f.(map[string]any)
			name, _ := entry["ui_name"].(string)
			names = append(names, name)
		}
		count, _ = doc["count"].(float64)
		return names, count
	}
	cases := map[string]struct {
		in    params
		names []string
		count float64
	}{
		"all":       {nil, []string{"c.csv", "b.txt", "a.csv"}, 3},
		"type":      {params{"file_type": "csv"}, []string{"c.csv", "a.csv"}, 2},
		"pending":   {params{"include_pending": true, "file_type": "csv"}, []string{"pending.csv", "c.csv", "a.csv"}, 3},
		"ingested":  {params{"status": "ingested"}, []string{"pending.csv"}, 1},
		"archived":  {params{"status": "archived"}, nil, 0},
		"window":    {params{"limit": 1, "offset": 1}, []string{"b.txt"}, 3},
		"size":      {params{"min_size": 12, "max_size": 12}, []string{"b.txt"}, 1},
		"nothing":   {params{"max_size": 0}, nil, 0},
		"time":      {params{"created_after": "2026-01-02T12:30:00Z", "created_before": "2026-01-02T13:30:00Z"}, []string{"b.txt"}, 1},
		"beyond":    {params{"offset": 1000}, nil, 3},
		"profile":   {params{"ingestion_profile": "sop"}, nil, 0},
		"this only": {params{"session_only": true}, []string{"c.csv", "b.txt", "a.csv"}, 3},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			names, count := list(c.in)
			require.Equal(t, c.names, names)
			require.InDelta(t, c.count, count, 0)
		})
	}
	all := k.Must(t, p, "list_artifacts", params{"eligible_for": "parse_content"}).Artifact("artifact_list")
	require.InDelta(t, 3, all["total"], 0)
	none := k.Must(t, p, "list_artifacts", params{"eligible_for": "assess_data_quality"}).Artifact("artifact_list")
	require.InDelta(t, 0, none["total"], 0)
	require.Equal(t, []any{}, none["artifacts"])
}

// Fixed-width records are read by a copybook that is a saved file; who brings the data may name it at once.
func TestRecordsWithACopybook(t *testing.T) {
	k := newKit(t)
	p := k.User(t)
	copybook := k.saved(t, p, "account.cpy", fixture(t, "account.cpy"))
	o := k.Must(t, p, "ingest_file", params{"ui_name": "account.bin", "file_content": inHex(fixture(t, "account.bin")), "copybook_reference": copybook.id})
	f := k.save(t, p, file{id: o.Value("file_id"), contract: o.Value("boundary_contract_id")})
	parsed := k.Must(t, p, "parse_content", params{"file_id": f.id}).Artifact("parsed_content")
	require.Equal(t, "fixed_width", parsed["format"])
	require.InDelta(t, 3, parsed["record_count"], 0)
	require.Equal(t, "cp037", parsed["codepage"])
	require.InDelta(t, 51, parsed["record_length"], 0)
	require.Equal(t, map[string]any{"88_level_fields": []any{
		map[string]any{"field_name": "STATUS-CODE", "condition_name": "ACTIVE", "values": []any{"A"}},
		map[string]any{"field_name": "STATUS-CODE", "condition_name": "CLOSED", "values": []any{"C"}},
	}}, parsed["validation_rules"])
	issues, err := json.Marshal(k.Must(t, p, "assess_data_quality", params{"parsed_file_id": parsed["parsed_file_id"]}).Artifact("quality_assessment"))
	require.NoError(t, err)
	require.Equal(t, 1, strings.Count(string(issues), `"code":"rule_violation"`)/2, "%s", issues)

	ebcdic := k.saved(t, p, "customer-ebcdic.dat", fixture(t, "customer-ebcdic.dat"))
	other := k.saved(t, p, "customer.cpy", fixture(t, "customer.cpy"))
	o = k.Must(t, p, "parse_content", params{"file_id": ebcdic.id, "copybook_reference": other.id, "parse_options": params{"codepage": "cp037"}})
	require.InDelta(t, 3, o.Artifact("parsed_content")["record_count"], 0)
	k.refused(t, p, "copybook_mismatch", "parse_content", params{"file_id": ebcdic.id, "copybook_reference": copybook.id, "parse_options": params{"record_length": 50}})
}
