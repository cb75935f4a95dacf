package journey_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/application/artifacts"
	"github.com/symphainy/symphainy/application/realms/content/parse"
	"github.com/symphainy/symphainy/application/realms/docx"
)

func TestSOPOfBeneficiary(t *testing.T) {
	k := newKit(t)
	p := k.Visitor(t)
	w := k.workflow(t, p, "beneficiary.bpmn", fixture(t, "beneficiary.bpmn"))
	o := k.Must(t, p, "generate_sop", params{"workflow_id": w["workflow_id"], "sop_options": params{"scope": "Life policies"}})
	require.Equal(t, []string{"sop_generated"}, o.Events())
	sop := o.Artifact("sop")
	require.Equal(t, "Beneficiary Change", sop["sop_title"])
	require.Nil(t, at(t, sop, "semantic_payload", "purpose"))
	require.Equal(t, "Life policies", at(t, sop, "semantic_payload", "scope"))
	require.Equal(t, "Life policies", sop["sop_scope"])
	require.Equal(t, "1.0", at(t, sop, "semantic_payload", "version"))
	require.Nil(t, sop["prerequisites"])
	require.InDelta(t, 6, sop["total_steps"], 0)
	require.Equal(t, []any{w["artifact_id"]}, sop["parent_artifacts"])
	branches := at(t, sop, "steps", 1, "branches")
	require.Equal(t, []any{"If Yes → step 3", "If No → step 4"}, pluck(t, branches, "text"))
	require.Equal(t, []any{5.0}, at(t, sop, "steps", 2, "next_steps"))
	require.Equal(t, []any{"end"}, at(t, sop, "steps", 3, "next_steps"))
	require.Equal(t, []any{}, at(t, sop, "steps", 4, "next_steps"))
	require.Equal(t, []any{"Request received"}, at(t, sop, "checklists", "before"))
	require.Equal(t, []any{"Policy Active?"}, at(t, sop, "checklists", "during"))
	require.Equal(t, []any{"Done"}, at(t, sop, "checklists", "after"))
	require.Equal(t, []any{}, sop["roles"])
	markdown, _ := at(t, sop, "renderings", "markdown").(string)
	require.Contains(t, markdown, "2. **Policy Active?**\n   - If Yes → step 3\n")

	file, err := artifacts.New(k.Store, k.Blobs, k.Clock).Open(t.Context(), p.Scope(), o.Value("sop_id"))
	require.NoError(t, err)
	require.Equal(t, "Beneficiary Change.docx", file.Name)
	require.Equal(t, docx.MediaType, file.MediaType)
	doc, err := parse.NewRegistry(parse.DefaultLimits()).Parse(t.Context(), parse.Input{Body: file.Reader, Filename: file.Name}, parse.Options{}, nil)
	require.NoError(t, err)
	require.Equal(t, 6, doc.Tables[0].RowCount)
	back := k.Must(t, p, "create_workflow", params{"sop_id": o.Value("sop_id")}).Artifact("workflow")
	require.Equal(t, pluck(t, w["tasks"], "name"), pluck(t, back["tasks"], "name"))
	require.Equal(t, pluck(t, w["tasks"], "kind"), pluck(t, back["tasks"], "kind"))
	require.Len(t, back["sequence_flows"], 8)
	require.Equal(t, at(t, w, "lineage", "root_artifact_id"), at(t, back, "lineage", "root_artifact_id"))
	require.Equal(t, "created", back["workflow_status"])
}
