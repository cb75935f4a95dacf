package journey_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestBlueprintOfBeneficiary(t *testing.T) {
	k := newKit(t)
	p := k.Visitor(t)
	w := k.workflow(t, p, "beneficiary.bpmn", fixture(t, "beneficiary.bpmn"))
	in := params{
		"workflow_id": w["workflow_id"], "options": params{"start_date": "2026-01-05", "weeks_per_phase": 3},
		"blueprint_data": params{"external_systems": []params{{"step": "Update Beneficiary Record", "systems": []string{"Policy admin"}}}},
	}
	o := k.Must(t, p, "create_blueprint", in)
	require.Equal(t, []string{"coexistence_analyzed", "blueprint_created"}, o.Events())
	b := o.Artifact("blueprint")
	analysis := o.Artifact("coexistence_analysis")
	require.Equal(t, []any{w["artifact_id"], analysis["artifact_id"]}, b["parent_artifacts"])
	require.Equal(t, []any{w["artifact_id"]}, analysis["parent_artifacts"])
	require.InDelta(t, 4, at(t, b, "lineage", "generation"), 0)

	phases := at(t, b, "roadmap", "phases")
	require.Equal(t, []any{"Foundation", "Assist Verify Policy Status", "Assist Validate New Beneficiary", "Assist Send Confirmation", "Handover"}, pluck(t, phases, "name"))
	require.Equal(t, []any{"2026-01-05", "2026-01-19", "2026-02-09", "2026-03-02", "2026-03-23"}, pluck(t, phases, "start"))
	require.Equal(t, []any{"2026-01-18", "2026-02-08", "2026-03-01", "2026-03-22", "2026-04-05"}, pluck(t, phases, "end"))
	require.Equal(t, []any{2.0, 3.0, 3.0, 3.0, 2.0}, pluck(t, phases, "duration_weeks"))
	require.Equal(t, []any{"Verify Policy Status"}, at(t, phases, 1, "friction_addressed"))
	require.Equal(t, []any{"The foundation takes 2 weeks (foundation_weeks).", "The handover takes 2 weeks (handover_weeks).",
		"Where the workflow names nobody, the person who oversees is still to be named."}, at(t, b, "metadata", "assumptions"))

	rows := b["responsibility_matrix"]
	require.Equal(t, []any{"Policy admin"}, at(t, rows, 4, "external_systems"))
	require.Equal(t, []any{"AI-assisted Validate New Beneficiary"}, at(t, rows, 2, "ai_symphainy"))
	require.Equal(t, []any{}, at(t, rows, 3, "ai_symphainy"))
	names := pluck(t, at(t, b, "coexistence_state", "workflow_definition", "tasks"), "name")
	require.Equal(t, []any{
		"AI prepares Verify Policy Status", "Verify Policy Status", "Policy Active?", "AI-assisted Validate New Beneficiary",
		"Validate New Beneficiary (human oversight)", "Reject Request", "Update Beneficiary Record", "AI prepares Send Confirmation", "Send Confirmation",
	}, names)
	require.InDelta(t, 6, at(t, b, "current_state", "workflow_definition", "tasks_count"), 0)
	for _, state := range []string{"current_state", "coexistence_state"} {
		wellFormed(t, at(t, b, state, "workflow_chart").(string))
	}
	require.Equal(t, []any{
		"Executive Summary", "Current State Analysis", "Coexistence State Design", "Transition Roadmap", "Responsibility Matrix", "Integration Requirements",
		"Risk Mitigation",
	}, pluck(t, b["sections"], "title"))
	for i := range 7 {
		require.NotEmpty(t, at(t, b, "sections", i, "content"))
	}
	markdown, _ := at(t, b, "renderings", "markdown").(string)
	require.NotContains(t, strings.ToLower(markdown), "replac")
	require.Contains(t, markdown, "High risk at")

	again := k.Must(t, p, "create_blueprint", in)
	require.Nil(t, again.Artifact("coexistence_analysis"), "the newest analysis is used")
	require.Equal(t, []string{"blueprint_created"}, again.Events())
	require.Equal(t, b["parent_artifacts"], again.Artifact("blueprint")["parent_artifacts"])
	require.Equal(t, b["sections"], again.Artifact("blueprint")["sections"])
}

func TestBlueprintDefaultsAndManyPoints(t *testing.T) {
	k := newKit(t)
	p := k.User(t)
	w := k.workflow(t, p, "migration.bpmn", fixture(t, "migration.bpmn"))
	other := k.workflow(t, p, "lanes.bpmn", fixture(t, "lanes.bpmn"))
	k.Must(t, p, "analyze_coexistence", params{"workflow_id": w["workflow_id"]})
	b := k.Must(t, p, "create_blueprint", params{"workflow_id": w["workflow_id"], "current_state_workflow_id": other["workflow_id"]}).Artifact("blueprint")
	phases := at(t, b, "roadmap", "phases")
	require.Len(t, phases, 5)
	require.Equal(t, k.Clock.Now().AddDate(0, 0, 7).Format("2006-01-02"), at(t, phases, 0, "start"))
	require.Equal(t, []any{"Extract Source Data"}, at(t, phases, 1, "friction_addressed"))
	require.Equal(t, []any{"Validate Data Quality", "Data Valid?"}, at(t, phases, 2, "friction_addressed"))
	require.Equal(t, []any{"Transform Data Format", "Verify Migration Success"}, at(t, phases, 3, "friction_addressed"))
	require.Len(t, b["parent_artifacts"], 3)
	require.Equal(t, "Report release", at(t, b, "current_state", "workflow_definition", "workflow_name"))
}

func TestBlueprintRefusals(t *testing.T) {
	k := newKit(t)
	p, other := k.User(t), k.User(t)
	w := k.workflow(t, p, "beneficiary.bpmn", fixture(t, "beneficiary.bpmn"))
	plain := k.Must(t, p, "create_workflow", params{"workflow_spec": params{"steps": []params{{"name": "Load the truck"}}}}).Value("workflow_id")
	id := w["workflow_id"]
	for name, c := range map[string]struct {
		in   params
		code string
	}{
		"no point":       {params{"workflow_id": plain}, "insufficient_data"},
		"nothing":        {params{}, "invalid_parameters"},
		"a bad date":     {params{"workflow_id": id, "options": params{"start_date": "2026-02-30"}}, "invalid_parameters"},
		"no weeks":       {params{"workflow_id": id, "options": params{"handover_weeks": 0}}, "invalid_parameters"},
		"unknown system": {params{"workflow_id": id, "blueprint_data": params{"external_systems": []params{{"step": "x", "systems": []string{"y"}}}}}, "invalid_parameters"},
		"unknown state":  {params{"workflow_id": id, "current_state_workflow_id": "art_none"}, "not_found"},
	} {
		t.Run(name, func(t *testing.T) { k.refused(t, p, c.code, "create_blueprint", c.in) })
	}
	mine := k.Must(t, other, "create_workflow", params{"workflow_spec": params{"steps": []params{{"name": "Extract"}}}}).Value("workflow_id")
	k.refused(t, other, "not_found", "create_blueprint", params{"workflow_id": id})
	k.refused(t, other, "not_found", "create_blueprint", params{"workflow_id": mine, "current_state_workflow_id": id})
}
