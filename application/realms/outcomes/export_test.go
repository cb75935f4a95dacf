package outcomes_test

import (
	"encoding/csv"
	"encoding/json"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"gopkg.in/yaml.v3"

	"github.com/symphainy/symphainy/application/artifacts"
	"github.com/symphainy/symphainy/application/realms/content/parse"
	"github.com/symphainy/symphainy/domain/artifact"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/test/realmtest"
	"github.com/symphainy/symphainy/test/wordtest"
)

// download exports an artifact and reads the file.
func download(t *testing.T, w *realmtest.World, p identity.Principal, id, format string) (map[string]any, string) {
	t.Helper()
	o := w.Must(t, p, "export_artifact", params{"artifact_id": id, "export_format": format})
	require.Equal(t, []string{"artifact_exported"}, o.Events())
	doc := o.Artifact("export")
	require.Equal(t, "/api/artifacts/"+o.Value("export_id")+"/content", doc["download_url"])
	require.Equal(t, doc["download_url"], doc["content_url"])
	require.Equal(t, []any{id}, doc["parent_artifacts"])
	content, err := artifacts.New(w.Store, w.Blobs, w.Clock).Open(t.Context(), p.Scope(), o.Value("export_id"))
	require.NoError(t, err)
	raw, err := io.ReadAll(content.Reader)
	require.NoError(t, err)
	require.NoError(t, content.Reader.Close())
	require.Equal(t, doc["filename"], content.Name)
	require.Equal(t, doc["mime_type"], content.MediaType)
	require.InDelta(t, len(raw), doc["file_size"], 0)
	return doc, string(raw)
}

func TestExportsOpenInTheirPrograms(t *testing.T) {
	w := world(t)
	p := w.User(t)
	fill(t, w, p)
	roadmap := w.Must(t, p, "generate_roadmap", params{"goals": []string{`Sell <a & "b">'; --`, "Open a branch"}}).Value("roadmap_id")
	doc, raw := download(t, w, p, roadmap, "json")
	require.Equal(t, "Roadmap-Sell-a-b-v1.json", doc["filename"])
	var object map[string]any
	require.NoError(t, json.Unmarshal([]byte(raw), &object))
	require.Equal(t, `Sell <a & "b">'; --`, at(t, object, "content", "goals", 0))

	_, raw = download(t, w, p, roadmap, "yaml")
	var fromYAML map[string]any
	require.NoError(t, yaml.Unmarshal([]byte(raw), &fromYAML))
	require.Equal(t, `Sell <a & "b">'; --`, at(t, fromYAML, "content", "goals", 0))
	require.Equal(t, 4, at(t, fromYAML, "content", "phase_count"))

	_, raw = download(t, w, p, roadmap, "md")
	require.Contains(t, raw, "## Phase 1: Remediation")

	doc, raw = download(t, w, p, roadmap, "docx")
	require.Equal(t, "application/vnd.openxmlformats-officedocument.wordprocessingml.document", doc["mime_type"])
	show(t, "roadmap.docx", raw)
	read, err := parse.NewRegistry(parse.DefaultLimits()).Parse(t.Context(), parse.Input{Body: strings.NewReader(raw), Filename: "roadmap.docx"}, parse.Options{}, nil)
	require.NoError(t, err)
	require.Contains(t, read.Text, "Validate New Beneficiary")
	require.Contains(t, read.Text, `Sell <a & "b">'; --`)
	require.Equal(t, 4, read.Tables[0].RowCount)
	opened := wordtest.Open(t, []byte(raw))
	require.Contains(t, opened.Styled("heading 1"), "Phase 1: Remediation", "a library that is not ours reads it")
	require.Contains(t, opened.Text(), `Sell <a & "b">'; --`)
	require.Len(t, opened.Tables[0], 5)
}

func TestTheSameVersionGivesTheSameBytes(t *testing.T) {
	w := world(t)
	p := w.User(t)
	m := fill(t, w, p)
	for _, format := range []string{"json", "yaml", "md", "docx"} {
		for _, id := range []string{m.quality, m.workflow, m.blueprint, m.document} {
			one, first := download(t, w, p, id, format)
			w.Clock.Advance(time.Hour)
			two, second := download(t, w, p, id, format)
			require.Equal(t, first, second, format)
			require.NotEqual(t, one["artifact_id"], two["artifact_id"])
			require.Equal(t, one["sha256"], two["sha256"])
		}
	}
}

func TestMappingsAsTables(t *testing.T) {
	w := world(t)
	p := w.User(t)
	m := fill(t, w, p)
	_, raw := download(t, w, p, m.matching, "csv")
	rows, err := csv.NewReader(strings.NewReader(raw)).ReadAll()
	require.NoError(t, err)
	require.Equal(t, [][]string{
		{"source_column", "target_column", "confidence"}, {"pol_no", "policy_number", "0.95"}, {"'=HYPERLINK(1)", "it's", "-0.5"},
	}, rows)
	_, raw = download(t, w, p, m.matching, "sql")
	require.Contains(t, raw, `"confidence" NUMERIC`)
	require.Contains(t, raw, `VALUES ('=HYPERLINK(1)', 'it''s', -0.5);`)
	for _, format := range []string{"csv", "sql"} {
		_, err = w.Submit(t, p, "export_artifact", params{"artifact_id": m.quality, "export_format": format})
		require.Equal(t, "unsupported_format", fault.As(err).Code)
	}
}

func TestExportRefusals(t *testing.T) {
	w := world(t)
	p, other := w.User(t), w.User(t)
	m := fill(t, w, p)
	export, _ := download(t, w, p, m.quality, "json")
	keys := w.Blobs.Keys()
	for name, c := range map[string]struct {
		who  identity.Principal
		in   params
		code string
	}{
		"foreign":    {other, params{"artifact_id": m.quality}, "not_found"},
		"unknown":    {p, params{"artifact_id": "art_none"}, "not_found"},
		"wrong type": {p, params{"artifact_id": m.quality, "artifact_type": "roadmap"}, "not_found"},
		"an export":  {p, params{"artifact_id": export["artifact_id"]}, "unsupported_format"},
		"no format":  {p, params{"artifact_id": m.quality, "export_format": "exe"}, "invalid_parameters"},
	} {
		_, err := w.Submit(t, c.who, "export_artifact", c.in)
		require.Equal(t, c.code, fault.As(err).Code, name)
	}
	require.Equal(t, keys, w.Blobs.Keys(), "nothing half-made is left")
	w.Blobs.Fail = func(op, _ string) error {
		if op == "put" {
			return fault.ErrUnavailable
		}
		return nil
	}
	_, err := w.Submit(t, p, "export_artifact", params{"artifact_id": m.quality})
	require.Equal(t, fault.Unavailable, fault.KindOf(err))
}

// A copy of what a contract keeps goes when the contract ends.
func TestAnExportOfWorkingMaterialEndsWithIt(t *testing.T) {
	w := world(t)
	p := w.User(t)
	in := w.Must(t, p, "ingest_file", params{"ui_name": "a.csv", "file_content": "69642c6e0a312c320a"})
	w.Must(t, p, "save_materialization", params{"file_id": in.Value("file_id"), "boundary_contract_id": in.Value("boundary_contract_id"), "ttl_days": 1})
	parsed := w.Must(t, p, "parse_content", params{"file_id": in.Value("file_id")}).Value("parsed_file_id")
	export, _ := download(t, w, p, parsed, "json")
	require.Equal(t, "working_material", export["data_class"])
	require.NotEmpty(t, export["expires_at"])
	w.Clock.Advance(25 * time.Hour)
	_, err := artifacts.New(w.Store, w.Blobs, w.Clock).Open(t.Context(), p.Scope(), export["artifact_id"].(string))
	require.ErrorIs(t, err, artifact.ErrExpired)
	_, err = w.Submit(t, p, "export_artifact", params{"artifact_id": parsed})
	require.ErrorIs(t, err, artifact.ErrExpired)
}
