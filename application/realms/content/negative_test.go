package content_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/application/realms/content"
	"github.com/symphainy/symphainy/domain/artifact"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/domain/intent"
	"github.com/symphainy/symphainy/ports"
)

// count tells what a scope holds, in any state.
func (k *kit) count(t *testing.T, p identity.Principal) (artifacts, pending int64) {
	t.Helper()
	require.NoError(t, k.Store.View(t.Context(), func(ctx context.Context, tx ports.Tx) (err error) {
		states := []artifact.State{artifact.Pending, artifact.Ready, artifact.Archived, artifact.Failed, artifact.Draft, artifact.Accepted, artifact.Obsolete}
		if _, artifacts, err = tx.Artifacts.List(ctx, p.Scope(), ports.ArtifactFilter{States: states}, ports.Window{Limit: 1}); err != nil {
			return err
		}
		_, pending, err = tx.Pending.List(ctx, p.Scope(), ports.PendingFilter{}, ports.Window{Limit: 1})
		return err
	}))
	return artifacts, pending
}

func TestIngestRefusals(t *testing.T) {
	k := newKit(t, content.Config{
		Limits: content.Limits{Inline: 100}, Access: content.AccessPolicy{DeniedMediaTypes: []string{"application/pdf"}},
	})
	p := k.Visitor(t)
	full := strings.Repeat("61", 100)
	cases := map[string]struct {
		in   params
		code string
	}{
		"bad hex":            {params{"ui_name": "x", "file_content": "zz"}, "invalid_parameters"},
		"half a byte":        {params{"ui_name": "x", "file_content": "616"}, "invalid_parameters"},
		"nothing":            {params{"ui_name": "x", "file_content": ""}, "empty_content"},
		"one too many":       {params{"ui_name": "x", "file_content": full + "61"}, "limit_exceeded"},
		"no content":         {params{"ui_name": "x"}, "invalid_parameters"},
		"no name":            {params{"file_content": "61"}, "invalid_parameters"},
		"two contents":       {params{"ui_name": "x", "file_content": "61", "file_id": "fil_1"}, "invalid_parameters"},
		"unknown parameter":  {params{"ui_name": "x", "file_content": "61", "color": 1}, "unknown_field"},
		"unknown upload":     {params{"ui_name": "x", "file_id": "fil_01jd8h0000exampe0000000000"}, "not_found"},
		"a key for an id":    {params{"ui_name": "x", "file_id": "../../etc/passwd"}, "not_found"},
		"as2":                {params{"ui_name": "x", "ingestion_type": "edi", "edi_data": "a", "partner_id": "p", "edi_protocol": "AS2"}, "unsupported_feature"},
		"x12":                {params{"ui_name": "x", "ingestion_type": "edi", "edi_data": "a", "partner_id": "p", "edi_protocol": "x12"}, "unsupported_feature"},
		"edi says nothing":   {params{"ui_name": "x", "ingestion_type": "edi", "edi_data": "a", "partner_id": "p"}, "unsupported_feature"},
		"edi without data":   {params{"ui_name": "x", "ingestion_type": "edi", "partner_id": "p"}, "invalid_parameters"},
		"api without data":   {params{"ui_name": "x", "ingestion_type": "api"}, "invalid_parameters"},
		"denied by steward":  {params{"ui_name": "x", "file_content": inHex("%PDF-1.7\n")}, "access_denied"},
		"unknown copybook":   {params{"ui_name": "x", "file_content": "61", "copybook_reference": "fil_none"}, "not_found"},
		"wrong profile":      {params{"ui_name": "x", "file_content": "61", "ingestion_options": params{"ingestion_profile": "z"}}, "invalid_parameters"},
		"unknown ingestion":  {params{"ui_name": "x", "file_content": "61", "ingestion_type": "fax"}, "invalid_parameters"},
		"option not bounded": {params{"ui_name": "x", "file_content": "61", "ingestion_options": params{"parse_options": params{"x": 1}}}, "unknown_field"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			k.refused(t, p, c.code, "ingest_file", c.in)
			n, pending := k.count(t, p)
			require.Zero(t, n)
			require.Zero(t, pending)
			if name != "unknown copybook" { // staged at admission, refused later: the sweep's
				require.Empty(t, k.Blobs.Keys(), "nothing half-made is left")
			}
			for _, key := range k.Blobs.Keys() {
				require.NoError(t, k.Blobs.Delete(t.Context(), key))
			}
		})
	}
	k.Must(t, p, "ingest_file", params{"ui_name": "at the limit", "file_content": full})
}

func TestFieldsNameThePlace(t *testing.T) {
	k := newKit(t)
	f := k.refusal(t, k.Visitor(t), "invalid_parameters", "ingest_file", params{"ui_name": "x", "file_content": "xyz"})
	require.Equal(t, "invalid_hex", f.Fields[0].Code)
	require.Equal(t, "/parameters/file_content", f.Fields[0].Pointer)
	require.Contains(t, f.Msg, "file_content", "an execution shows only code and message")
}

// The limit is ten mebibytes of bytes, twenty of hexadecimal; the catalogue's part is left out here, it only costs time.
func TestTenMebibytesPassAndOneMoreByteDoesNot(t *testing.T) {
	k := newKit(t)
	p := k.Visitor(t)
	full := strings.Repeat("61", 10<<20)
	_, err := k.content.Stage(t.Context(), p, "ingest_file", []byte(`{"ui_name":"x","file_content":"`+full+`61"}`))
	f := fault.As(err)
	require.Equal(t, "limit_exceeded", f.Code)
	require.Equal(t, fault.TooLarge, f.Kind)
	require.Contains(t, f.Msg, "10485760")
	require.Contains(t, f.Msg, "10485761")
	require.Empty(t, k.Blobs.Keys())
	staged, err := k.content.Stage(t.Context(), p, "ingest_file", []byte(`{"ui_name":"x","file_content":"`+full+`"}`))
	require.NoError(t, err)
	require.Less(t, len(staged), 200)
	require.Len(t, k.Blobs.Keys(), 1)
}

func TestUploadLimits(t *testing.T) {
	k := newKit(t)
	p := k.Visitor(t)
	uploads := content.NewUploads(k.Store, k.Blobs, k.IDs, content.Limits{Upload: 10})
	_, _, err := uploads.Stage(t.Context(), p, newReader("12345678901"))
	require.Equal(t, "limit_exceeded", fault.As(err).Code)
	_, _, err = uploads.Stage(t.Context(), p, newReader(""))
	require.Equal(t, "empty_content", fault.As(err).Code)
	require.Empty(t, k.Blobs.Keys())
	_, _, err = uploads.Stage(t.Context(), p, newReader("1234567890"))
	require.NoError(t, err)
	_, _, err = uploads.Stage(t.Context(), identity.Principal{}, newReader("1"))
	require.Equal(t, fault.Internal, fault.KindOf(err))
}

func TestOtherWaysIn(t *testing.T) {
	k := newKit(t)
	p := k.User(t)
	o := k.Must(t, p, "ingest_file", params{
		"ui_name": "orders.json", "ingestion_type": "api", "endpoint": "https://me:secret@api.example/v1/orders?key=s3cret",
		"api_payload": []any{params{"id": 1, "price": 1.50}, params{"id": 2, "price": 2}},
	})
	c := k.contract(t, p, o.Value("boundary_contract_id"))
	require.Equal(t, "https://api.example/v1/orders", c.SourceID, "credentials of an endpoint are not kept")
	require.Equal(t, "api", c.SourceType)
	f := k.save(t, p, file{id: o.Value("file_id"), contract: c.ID})
	parsed := k.Must(t, p, "parse_content", params{"file_id": f.id})
	require.InDelta(t, 2, parsed.Artifact("parsed_content")["record_count"], 0)

	o = k.Must(t, p, "ingest_file", params{
		"ui_name": "orders.csv", "ingestion_type": "edi", "edi_protocol": "plain", "edi_data": smallCSV, "partner_id": "ACME", "file_type": "structured",
	})
	require.Equal(t, "structured", o.Artifact("file")["ingestion_profile"], "a profile in file_type is moved")
	require.Equal(t, "csv", o.Artifact("file")["file_type"])
	require.Equal(t, "ACME", k.contract(t, p, o.Value("boundary_contract_id")).SourceID)
}

func TestSaveRefusals(t *testing.T) {
	k := newKit(t)
	p, stranger := k.User(t), k.User(t)
	mine, other := k.ingest(t, p, "a.csv", smallCSV), k.ingest(t, p, "b.csv", smallCSV)
	foreign := k.ingest(t, stranger, "c.csv", smallCSV)
	cases := map[string]params{
		"foreign contract": {"file_id": mine.id, "boundary_contract_id": foreign.contract},
		"foreign file":     {"file_id": foreign.id, "boundary_contract_id": mine.contract},
		"both foreign":     {"file_id": foreign.id, "boundary_contract_id": foreign.contract},
		"wrong contract":   {"file_id": mine.id, "boundary_contract_id": other.contract},
		"unknown":          {"file_id": mine.id, "boundary_contract_id": "bct_none"},
	}
	for name, in := range cases {
		t.Run(name, func(t *testing.T) {
			f := k.refusal(t, p, "not_found", "save_materialization", in)
			require.Equal(t, fault.ErrNotFound.Msg, f.Msg)
		})
	}
	k.move(t, p, mine.contract, artifact.ContractRevoked)
	k.refused(t, p, "contract_not_active", "save_materialization", params{"file_id": mine.id, "boundary_contract_id": mine.contract})
	k.Clock.Advance(24 * time.Hour)
	k.refused(t, p, "expired", "save_materialization", params{"file_id": other.id, "boundary_contract_id": other.contract})
	_, pending := k.count(t, p)
	require.Zero(t, pending)
	require.Equal(t, artifact.Pending, k.artifact(t, p, mine.id).State)
}

// move changes a contract behind the realm's back.
func (k *kit) move(t *testing.T, p identity.Principal, id string, to artifact.ContractStatus) {
	t.Helper()
	require.NoError(t, k.Store.Do(t.Context(), func(ctx context.Context, tx ports.Tx) error {
		c, err := tx.Contracts.ByID(ctx, p.Scope(), id)
		if err != nil {
			return err
		}
		if err := c.Move(to, k.Clock.Now()); err != nil {
			return err
		}
		return tx.Contracts.Save(ctx, c)
	}))
}

func TestPoliciesDecideInOrder(t *testing.T) {
	strict := artifact.Policy{AllowedTypes: []artifact.MaterializationType{artifact.Deterministic}, DefaultTTL: 48 * time.Hour, BackingStore: "blob", Level: "tenant", Version: "7"}
	broken := artifact.Policy{AllowAllTypes: true, BackingStore: "blob"}
	config := content.Defaults()
	config.Policies = content.MaterializationPolicies{
		Tenants: map[string]artifact.Policy{}, Solutions: map[content.SolutionKey]artifact.Policy{},
		Platform: &artifact.Policy{AllowAllTypes: true, DefaultTTL: time.Hour, BackingStore: "blob", Level: "platform", Version: "1"},
	}
	k := newKit(t, config)
	plain, tenant, solution, none := k.User(t), k.User(t), k.User(t), k.User(t)
	config.Policies.Tenants[tenant.TenantID] = strict
	config.Policies.Tenants[solution.TenantID] = strict
	config.Policies.Solutions[content.SolutionKey{TenantID: solution.TenantID, SolutionID: intent.DefaultSolution}] = artifact.BuiltinPolicy()
	config.Policies.Tenants[none.TenantID] = broken

	f := k.ingest(t, plain, "a.csv", smallCSV)
	o := k.Must(t, plain, "save_materialization", params{"file_id": f.id, "boundary_contract_id": f.contract, "ttl_days": 30})
	require.Equal(t, "2026-01-02T13:00:00Z", o.Artifact("materialization")["materialization_expires_at"], "a request never extends the life")
	require.Equal(t, "policy:platform:1", k.contract(t, plain, f.contract).PolicyBasis)

	f = k.ingest(t, tenant, "a.csv", smallCSV)
	for _, in := range []params{{}, {"materialization_type": "full_artifact"}} {
		in["file_id"], in["boundary_contract_id"] = f.id, f.contract
		before := k.contract(t, tenant, f.contract)
		k.refused(t, tenant, "materialization_denied", "save_materialization", in)
		require.Equal(t, before, k.contract(t, tenant, f.contract), "denied changes nothing")
		require.Equal(t, artifact.Pending, k.artifact(t, tenant, f.id).State)
	}
	k.save(t, tenant, f, params{"materialization_type": "deterministic"})
	require.Equal(t, "policy:tenant:7", k.contract(t, tenant, f.contract).PolicyBasis)

	k.save(t, solution, k.ingest(t, solution, "a.csv", smallCSV))

	f = k.ingest(t, none, "a.csv", smallCSV)
	k.refused(t, none, "materialization_denied", "save_materialization", params{"file_id": f.id, "boundary_contract_id": f.contract})
	id, _, err := content.NewUploads(k.Store, k.Blobs, k.IDs, content.Limits{}).Stage(t.Context(), none, newReader(smallCSV))
	require.NoError(t, err)
	blobs := len(k.Blobs.Keys())
	k.refused(t, none, "materialization_denied", "register_file", params{"file_id": id, "ui_name": "x.csv"})
	require.Len(t, k.Blobs.Keys(), blobs-1, "a refused registration leaves no bytes")
	k.refused(t, none, "not_found", "get_file_by_id", params{"file_id": id})
}

func TestParseRefusals(t *testing.T) {
	k := newKit(t)
	p := k.User(t)
	cases := map[string]struct{ name, body, code string }{
		"blank csv":       {"blank.csv", fixture(t, "blank.csv"), "empty_content"},
		"nul":             {"nul.csv", "a,b\n1,\x002\n", "malformed_content"},
		"unknown format":  {"movie.mp4", "\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom", "unsupported_format"},
		"truncated xlsx":  {"book.xlsx", "PK\x03\x04....", "malformed_content"},
		"textless pdf":    {"scanned.pdf", fixture(t, "scanned.pdf"), "capability_unavailable"},
		"encrypted pdf":   {"locked.pdf", fixture(t, "locked.pdf"), "encrypted_content"},
		"picture":         {"photo.png", fixture(t, "photo.png"), "capability_unavailable"},
		"image as html":   {"page.png", "<!doctype html><p>x", "unsupported_format"},
		"broken json":     {"x.json", `{"a":`, "malformed_content"},
		"depth 65":        {"deep.json", repeat("[", 65) + repeat("]", 65), "limit_exceeded"},
		"open quote":      {"q.csv", "a,b\n\"1,2\n3,4\n5,6\n", "malformed_content"},
		"binary":          {"x.bin", "\x00\x01\x02\x03\x04", "copybook_required"},
		"bytes but blank": {"x.txt", " \n\n ", "empty_content"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			f := k.saved(t, p, c.name, c.body)
			blobs := k.Blobs.Keys()
			n, _ := k.count(t, p)
			k.refused(t, p, c.code, "parse_content", params{"file_id": f.id})
			after, _ := k.count(t, p)
			require.Equal(t, n, after)
			require.Equal(t, blobs, k.Blobs.Keys(), "nothing half-made is left")
			require.Equal(t, intent.PendingFailed, k.pending(t, p, f.pending).Status)
			require.Equal(t, artifact.Ready, k.artifact(t, p, f.id).State)
		})
	}
	f := k.ingest(t, p, "a.csv", smallCSV)
	k.refused(t, p, "file_not_saved", "parse_content", params{"file_id": f.id})
	k.refused(t, p, "file_not_saved", "retrieve_file", params{"file_id": f.id, "include_contents": true})
	k.Must(t, p, "retrieve_file", params{"file_id": f.id})
	f = k.save(t, p, f)
	k.refused(t, p, "invalid_parameters", "parse_content", params{"file_id": f.id, "parse_options": params{"delimiter": "ab"}})
	k.refused(t, p, "invalid_parameters", "parse_content", params{"file_id": f.id, "file_reference": "file:a:b:c"})
	k.refused(t, p, "unknown_field", "parse_content", params{"file_id": f.id, "parse_options": params{"colour": "x"}})
	k.refused(t, p, "copybook_invalid", "parse_content", params{"file_id": f.id, "copybook_reference": f.id})
	k.refused(t, p, "copybook_required", "parse_content", params{"file_id": k.saved(t, p, "account.bin", fixture(t, "account.bin")).id})
	unsaved := k.ingest(t, p, "copy.cpy", "01 A PIC X.")
	k.refused(t, p, "file_not_saved", "parse_content", params{"file_id": f.id, "copybook_reference": unsaved.id})
	id := k.parse(t, p, f)

	k.move(t, p, f.contract, artifact.ContractRevoked)
	k.refused(t, p, "contract_not_active", "parse_content", params{"file_id": f.id})
	k.refused(t, p, "contract_not_active", "save_materialization", params{"file_id": f.id, "boundary_contract_id": f.contract})
	g := k.saved(t, p, "later.csv", smallCSV)
	k.Clock.Advance(30 * 24 * time.Hour)
	k.refused(t, p, "expired", "parse_content", params{"file_id": g.id})
	k.refused(t, p, "expired", "get_parsed_file", params{"parsed_file_id": id})
	k.refused(t, p, "expired", "assess_data_quality", params{"parsed_file_id": id})
}

func TestForeignIDsInEveryParameter(t *testing.T) {
	k := newKit(t)
	visitor, user := k.Visitor(t), k.User(t)
	for _, pair := range [][2]identity.Principal{{visitor, user}, {user, visitor}, {user, k.User(t)}, {visitor, k.Visitor(t)}} {
		owner, p := pair[0], pair[1]
		theirs := k.saved(t, owner, "theirs.csv", smallCSV)
		parsed := k.parse(t, owner, theirs)
		assessed := k.Must(t, owner, "assess_data_quality", params{"parsed_file_id": parsed}).Value("quality_assessment_id")
		mine := k.saved(t, p, "mine.csv", smallCSV)
		own := k.parse(t, p, mine)
		reference := "file:" + p.TenantID + ":" + p.SessionID + ":" + theirs.id
		cases := []struct {
			intent string
			in     params
			id     string
		}{
			{"ingest_file", params{"ui_name": "x", "file_id": theirs.id}, "file_id"},
			{"ingest_file", params{"ui_name": "x", "file_reference": reference}, "file_reference"},
			{"ingest_file", params{"ui_name": "x", "file_id": mine.id, "copybook_reference": theirs.id}, "copybook_reference"},
			{"save_materialization", params{"file_id": theirs.id, "boundary_contract_id": mine.contract}, "file_id"},
			{"save_materialization", params{"file_id": mine.id, "boundary_contract_id": theirs.contract}, "boundary_contract_id"},
			{"parse_content", params{"file_id": theirs.id}, "file_id"},
			{"parse_content", params{"file_reference": reference}, "file_reference"},
			{"parse_content", params{"file_id": mine.id, "copybook_reference": theirs.id}, "copybook_reference"},
			{"get_parsed_file", params{"parsed_file_id": parsed}, "parsed_file_id"},
			{"get_file_by_id", params{"file_id": theirs.id}, "file_id"},
			{"retrieve_file", params{"file_id": theirs.id, "include_contents": true}, "file_id"},
			{"retrieve_file_metadata", params{"file_id": theirs.id}, "file_id"},
			{"register_file", params{"file_id": theirs.id, "ui_name": "x"}, "file_id"},
			{"archive_file", params{"file_id": theirs.id}, "file_id"},
			{"restore_file", params{"file_id": theirs.id}, "file_id"},
			{"purge_file", params{"file_id": theirs.id, "confirm": true}, "file_id"},
			{"delete_file", params{"file_id": theirs.id}, "file_id"},
			{"update_file_metadata", params{"file_id": theirs.id, "ui_name": "x"}, "file_id"},
			{"create_deterministic_embeddings", params{"parsed_file_id": parsed}, "parsed_file_id"},
			{"extract_deterministic_structure", params{"parsed_file_id": parsed}, "parsed_file_id"},
			{"extract_embeddings", params{"parsed_file_id": parsed}, "parsed_file_id"},
			{"extract_embeddings", params{"parsed_file_id": own, "deterministic_embedding_id": assessed}, "deterministic_embedding_id"},
			{"hydrate_semantic_profile", params{"parsed_file_id": parsed, "trigger_type": "explicit_user_intent"}, "parsed_file_id"},
			{"get_semantic_interpretation", params{"parsed_file_id": parsed}, "parsed_file_id"},
			{"assess_data_quality", params{"parsed_file_id": parsed}, "parsed_file_id"},
			{"assess_data_quality", params{"parsed_file_id": own, "source_file_id": theirs.id}, "source_file_id"},
			{"assess_data_quality", params{"parsed_file_id": own, "deterministic_embedding_id": assessed}, "deterministic_embedding_id"},
		}
		for _, c := range cases {
			foreign := k.refusal(t, p, "not_found", c.intent, c.in)
			unknown := params{}
			for key, v := range c.in {
				unknown[key] = v
			}
			unknown[c.id] = "fil_01jd8h0000exampe0000000000"
			nobody := k.refusal(t, p, "not_found", c.intent, unknown)
			require.Equal(t, [2]any{nobody.Kind, nobody.Msg}, [2]any{foreign.Kind, foreign.Msg}, "%s %s: foreign answers as unknown", c.intent, c.id)
			require.Equal(t, nobody.Fields, foreign.Fields)
		}
		require.Equal(t, artifact.ContractActive, k.contract(t, owner, theirs.contract).Status)
	}
}
