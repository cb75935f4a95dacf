package journey_test

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/application/artifacts"
	"github.com/symphainy/symphainy/application/realms/content/parse"
	"github.com/symphainy/symphainy/domain/document"
	"github.com/symphainy/symphainy/ports"
)

// read parses a BPMN text with the platform's own parser.
func read(t require.TestingT, ctx context.Context, text string) *document.Workflow { //nolint:revive // a helper for two kinds of tests
	doc, err := parse.NewRegistry(parse.DefaultLimits()).Parse(ctx, parse.Input{Body: strings.NewReader(text), Filename: "w.bpmn"}, parse.Options{}, nil)
	require.NoError(t, err)
	require.NotNil(t, doc.Workflow)
	return doc.Workflow
}

func wellFormed(t require.TestingT, text string) {
	decoder := xml.NewDecoder(strings.NewReader(text))
	for {
		if _, err := decoder.Token(); err != nil {
			require.ErrorIs(t, err, io.EOF)
			return
		}
	}
}

func TestBeneficiaryWorkflow(t *testing.T) {
	k := newKit(t)
	p := k.Visitor(t)
	file := k.saved(t, p, "beneficiary.bpmn", fixture(t, "beneficiary.bpmn"))
	parsedID := k.Must(t, p, "parse_content", params{"file_id": file}).Value("parsed_file_id")
	o := k.Must(t, p, "create_workflow", params{"parsed_result_id": parsedID, "workflow_type": "service"})
	require.Equal(t, []string{"workflow_created"}, o.Events())
	w := o.Artifact("workflow")
	require.Equal(t, o.Value("workflow_id"), w["workflow_id"])
	require.Equal(t, "Beneficiary Change", w["workflow_name"])
	require.Equal(t, "parsed", w["workflow_status"])
	require.Equal(t, "draft", w["lifecycle_state"])
	require.Equal(t, "outcome", w["data_class"])
	require.Equal(t, []any{parsedID}, w["parent_artifacts"])
	require.Equal(t, file, at(t, w, "lineage", "root_artifact_id"))
	require.InDelta(t, 2, at(t, w, "lineage", "generation"), 0)
	require.Equal(t, file, w["file_id"])
	require.Equal(t, []any{"Verify Policy Status", "Policy Active?", "Validate New Beneficiary", "Reject Request", "Update Beneficiary Record", "Send Confirmation"},
		pluck(t, w["tasks"], "name"))
	require.Equal(t, []any{1.0, 2.0, 3.0, 4.0, 5.0, 6.0}, pluck(t, w["tasks"], "position"))
	require.Equal(t, "decision", at(t, w, "tasks", 1, "type"))
	require.Equal(t, "Look the policy up and read its status.", at(t, w, "tasks", 0, "description"))
	require.Len(t, w["sequence_flows"], 8)
	require.Equal(t, "Yes", at(t, w, "sequence_flows", 2, "condition"))
	require.InDelta(t, 5, w["total_tasks"], 0)
	require.InDelta(t, 1, w["decision_points"], 0)
	require.InDelta(t, 6, w["tasks_count"], 0)
	require.Equal(t, []any{}, at(t, w, "metadata", "warnings"))

	picture, _ := at(t, w, "renderings", "svg").(string)
	wellFormed(t, picture)
	for _, text := range []string{"Validate New", "Policy Active?", ">Yes<", ">No<"} {
		require.Contains(t, picture, text)
	}
	written, _ := w["bpmn_xml"].(string)
	require.Equal(t, read(t, t.Context(), fixture(t, "beneficiary.bpmn")), read(t, t.Context(), written))
	require.Contains(t, written, "BPMNShape")
	require.Equal(t, 8, strings.Count(written, "<bpmndi:BPMNEdge"))

	got, err := artifacts.New(k.Store, k.Blobs, k.Clock).Open(t.Context(), p.Scope(), o.Value("workflow_id"))
	require.NoError(t, err)
	raw, err := io.ReadAll(got.Reader)
	require.NoError(t, err)
	require.Equal(t, written, string(raw))
	require.Equal(t, "Beneficiary Change.bpmn", got.Name)
}

func TestMigrationAndLanes(t *testing.T) {
	k := newKit(t)
	p := k.User(t)
	w := k.workflow(t, p, "migration.bpmn", fixture(t, "migration.bpmn"))
	require.InDelta(t, 6, w["total_tasks"], 0)
	require.InDelta(t, 1, w["decision_points"], 0)
	require.Len(t, w["sequence_flows"], 9)

	w = k.workflow(t, p, "lanes.bpmn", fixture(t, "lanes.bpmn"))
	require.Equal(t, []any{"Author", "Author", "Author", "Editor", "Editor", "Editor", "Editor"}, pluck(t, w["tasks"], "actor"))
	require.InDelta(t, 1, w["rework_loops"], 0)
	require.Equal(t, []any{"draft", "fork", "figures", "style", "join", "good", "publish"}, pluck(t, w["tasks"], "id"))
	require.Equal(t, []any{"publish_start", "upload", "publish_end"}, pluck(t, w["details"], "id"))
	require.Equal(t, "score >= 3", at(t, w, "sequence_flows", 9, "condition"))
	require.Equal(t, true, at(t, w, "sequence_flows", 10, "rework"))
	before, after := read(t, t.Context(), fixture(t, "lanes.bpmn")), read(t, t.Context(), w["bpmn_xml"].(string))
	require.Equal(t, before.Nodes, after.Nodes)
	require.ElementsMatch(t, before.Flows, after.Flows)
	require.Equal(t, before.Lanes, after.Lanes)
}

// A file that nobody has parsed is parsed first; one that is parsed is not parsed again.
func TestAFileIsParsedFirst(t *testing.T) {
	k := newKit(t)
	p := k.User(t)
	file := k.saved(t, p, "migration.bpmn", fixture(t, "migration.bpmn"))
	o := k.Must(t, p, "create_workflow", params{"bpmn_file_id": file})
	require.NotEmpty(t, o.Value("parsed_file_id"))
	require.Equal(t, []any{o.Value("parsed_file_id")}, o.Artifact("workflow")["parent_artifacts"])
	require.Equal(t, []any{file}, o.Artifact("parsed_content")["parent_artifacts"])
	again := k.Must(t, p, "create_workflow", params{"workflow_file_path": "file:" + p.TenantID + ":" + p.SessionID + ":" + file})
	require.Nil(t, again.Artifact("parsed_content"))
	require.Equal(t, o.Artifact("workflow")["parent_artifacts"], again.Artifact("workflow")["parent_artifacts"])
	require.Equal(t, o.Artifact("workflow")["bpmn_xml"], again.Artifact("workflow")["bpmn_xml"], "equal inputs give equal bytes")
	third := k.Must(t, p, "create_workflow", params{"workflow_file_path": o.Value("parsed_file_id")})
	require.Equal(t, o.Artifact("workflow")["tasks"], third.Artifact("workflow")["tasks"])
}

func TestWorkflowFromASpecification(t *testing.T) {
	k := newKit(t)
	p := k.Visitor(t)
	spec := params{
		"name": "Claims",
		"steps": []params{
			{"name": "Receive claim", "actor": "Clerk"}, {"id": "complete", "name": "Complete?", "type": "decision"},
			{"name": "Approve claim", "actor": "Lead", "description": "With <a & \"b\">"}, {"name": "Ask back", "actor": "Clerk"},
		},
		"transitions": []params{
			{"from": "Receive claim", "to": "complete"}, {"from": "complete", "to": "Approve claim", "condition": "Yes"},
			{"from": "complete", "to": "Ask back", "condition": "No"}, {"from": "Ask back", "to": "Receive claim"},
		},
	}
	w := k.Must(t, p, "create_workflow", params{"workflow_spec": spec}).Artifact("workflow")
	require.Equal(t, "created", w["workflow_status"])
	require.Equal(t, []any{}, w["parent_artifacts"])
	require.Equal(t, w["artifact_id"], at(t, w, "lineage", "root_artifact_id"))
	require.Equal(t, []any{"Clerk", "Lead"}, w["actors"])
	require.InDelta(t, 1, w["rework_loops"], 0)
	flow := read(t, t.Context(), w["bpmn_xml"].(string))
	require.Len(t, flow.Lanes, 2)
	require.Equal(t, "With <a & \"b\">", flow.Nodes[3].Description)

	for name, c := range map[string]params{
		"unknown step": {"steps": []params{{"name": "a"}}, "transitions": []params{{"from": "a", "to": "b"}}},
		"two of it":    {"steps": []params{{"name": "a"}, {"name": "a"}}, "transitions": []params{{"from": "a", "to": "a"}}},
		"same id":      {"steps": []params{{"id": "x", "name": "a"}, {"id": "x", "name": "b"}}},
		"blank name":   {"steps": []params{{"name": " \u0001"}}},
		"no steps":     {"steps": []params{}},
	} {
		t.Run(name, func(t *testing.T) {
			k.refused(t, p, "invalid_parameters", "create_workflow", params{"workflow_spec": c})
		})
	}
}

func TestWorkflowFromAWrittenProcedure(t *testing.T) {
	k := newKit(t)
	p := k.User(t)
	w := k.workflow(t, p, "procedure.md", fixture(t, "procedure.md"))
	require.Equal(t, "Policy Migration Procedure", w["workflow_name"])
	require.Equal(t, []any{"Extract the policy from the source", "Compare the totals", "Note: keep the old record", "Approve the migration"}, pluck(t, w["tasks"], "name"))
	require.Equal(t, []any{"Analyst", "unassigned", "unassigned", "Team Lead"}, pluck(t, w["tasks"], "actor"))
	require.Equal(t, []any{`Mark differences with <a & "b">`}, pluck(t, w["details"], "name"))

	w = k.workflow(t, p, "return.md", "# Returns\n\n1. Clerk: Open the parcel.\n2. Is it damaged? If yes, go to step 4; if no, go to step 3.\n"+
		"3. Refund the price. It takes a day.\n4. Ask the lead. If the lead agrees, return to step 3.\n")
	require.Equal(t, []any{"Open the parcel", "Is it damaged?", "Ask the lead", "Refund the price"}, pluck(t, w["tasks"], "name"))
	require.Equal(t, []any{"task", "decision", "decision", "task"}, pluck(t, w["tasks"], "type"))
	require.InDelta(t, 1, w["rework_loops"], 0, "the lead is asked again after a refund: that is what the text says")
	conditions := map[string]any{}
	for i := range w["sequence_flows"].([]any) {
		f := at(t, w, "sequence_flows", i)
		if c, ok := at(t, f, "condition").(string); ok {
			conditions[c] = at(t, f, "target")
		}
	}
	require.Equal(t, map[string]any{"yes": "step_4", "no": "step_3", "the lead agrees": "step_3", "otherwise": "end"}, conditions)
}

func TestWorkflowRefusals(t *testing.T) {
	k := newKit(t)
	p, other := k.User(t), k.User(t)
	parsedID := k.parsed(t, p, "beneficiary.bpmn", fixture(t, "beneficiary.bpmn"))
	csv := k.parsed(t, p, "employees.csv", fixture(t, "employees.csv"))
	text := k.parsed(t, p, "note.txt", "Nothing to do here.\n")
	unsaved, _ := k.ingested(t, p, "later.bpmn", fixture(t, "migration.bpmn"))
	const head = `<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL"><process id="p">`
	broken := k.saved(t, p, "broken.bpmn", head+`<task id="a"/>`)
	dangling := k.saved(t, p, "dangling.bpmn", head+`<task id="a"/><sequenceFlow id="f" sourceRef="a" targetRef="b"/></process></definitions>`)
	twice := k.saved(t, p, "twice.bpmn", head+`<task id="a"/><task id="a"/></process></definitions>`)
	dtd := k.saved(t, p, "dtd.bpmn", `<!DOCTYPE x [<!ENTITY e "e">]>`+head+`<task id="a"/></process></definitions>`)
	empty := k.saved(t, p, "empty.bpmn", head+`<startEvent id="s"/></process></definitions>`)
	deep := k.saved(t, p, "deep.bpmn", head+strings.Repeat("<extensionElements>", 120)+strings.Repeat("</extensionElements>", 120)+`</process></definitions>`)
	blobs := len(k.Blobs.Keys())
	for name, c := range map[string]struct {
		in   params
		code string
	}{
		"nothing":     {params{}, "invalid_parameters"},
		"two sources": {params{"parsed_file_id": parsedID, "bpmn_file_id": broken}, "invalid_parameters"},
		"unknown":     {params{"parsed_file_id": "par_none"}, "not_found"},
		"a csv":       {params{"parsed_file_id": csv}, "unsupported_format"},
		"a text":      {params{"parsed_file_id": text}, "empty_content"},
		"not saved":   {params{"bpmn_file_id": unsaved}, "file_not_saved"},
		"malformed":   {params{"bpmn_file_id": broken}, "malformed_content"},
		"dangling":    {params{"bpmn_file_id": dangling}, "malformed_content"},
		"twice":       {params{"bpmn_file_id": twice}, "malformed_content"},
		"dtd":         {params{"bpmn_file_id": dtd}, "malformed_content"},
		"no task":     {params{"bpmn_file_id": empty}, "empty_content"},
		"depth":       {params{"bpmn_file_id": deep}, "limit_exceeded"},
		"no sop":      {params{"sop_id": parsedID}, "not_found"},
		"field":       {params{"parsed_file_id": parsedID, "quick": true}, "unknown_field"},
	} {
		t.Run(name, func(t *testing.T) { k.refused(t, p, c.code, "create_workflow", c.in) })
	}
	for _, in := range []params{{"parsed_file_id": parsedID}, {"bpmn_file_id": broken}, {"workflow_file_path": parsedID}, {"sop_id": parsedID}} {
		k.refused(t, other, "not_found", "create_workflow", in)
	}
	require.Len(t, k.Blobs.Keys(), blobs, "nothing half-made is left")
	require.NoError(t, k.Store.View(t.Context(), func(ctx context.Context, tx ports.Tx) error {
		_, n, err := tx.Artifacts.List(ctx, p.Scope(), ports.ArtifactFilter{Types: []string{"workflow"}}, ports.Window{Limit: 1})
		require.Zero(t, n)
		return err
	}))
}

func TestLostBlobsFailTheStep(t *testing.T) {
	k := newKit(t)
	p := k.User(t)
	parsedID := k.parsed(t, p, "beneficiary.bpmn", fixture(t, "beneficiary.bpmn"))
	k.Blobs.Fail = func(op, key string) error {
		if op == "put" && bytes.HasPrefix([]byte(key), []byte(artifacts.DerivedPrefix)) {
			return errors.New("the disk is gone")
		}
		return nil
	}
	_, err := k.Submit(t, p, "create_workflow", params{"parsed_file_id": parsedID})
	require.ErrorContains(t, err, "the disk is gone")
}
