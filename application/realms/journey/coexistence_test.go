package journey_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestCoexistenceOfBeneficiary(t *testing.T) {
	k := newKit(t)
	p := k.Visitor(t)
	w := k.workflow(t, p, "beneficiary.bpmn", fixture(t, "beneficiary.bpmn"))
	o := k.Must(t, p, "analyze_coexistence", params{"workflow_id": w["workflow_id"]})
	require.Equal(t, []string{"coexistence_analyzed"}, o.Events())
	a := o.Artifact("coexistence_analysis")
	require.Equal(t, o.Value("analysis_id"), a["analysis_id"])
	require.Equal(t, []any{w["artifact_id"]}, a["parent_artifacts"])
	require.Equal(t, []any{"hybrid", "unclassified", "friction_removal", "unclassified", "unclassified", "hybrid"}, pluck(t, a["steps"], "class"))
	require.Equal(t, []any{"verify", nil, "validate", nil, nil, "confirmation"}, pluck(t, a["steps"], "matched_word"))
	require.InDelta(t, 0.1667, a["friction_removal_potential"], 0)
	require.Len(t, a["dependencies"], 5)
	require.Equal(t, []any{"high"}, pluck(t, a["conflicts"], "severity"))
	require.Equal(t, []any{"active"}, pluck(t, at(t, a, "conflicts", 0, "predecessors"), "step_id"))
	require.InDelta(t, 3, a["opportunities_count"], 0)
	require.Equal(t, map[string]any{"human_focus": 0.0, "hybrid": 2.0, "friction_removal": 1.0, "unclassified": 3.0}, a["counts"])
	require.Equal(t, `after "Policy Active?", before "Update Beneficiary Record"`, at(t, a, "friction_points", 0, "integration_point"))
	wellFormed(t, at(t, a, "renderings", "svg").(string))
	require.NotContains(t, strings.ToLower(at(t, a, "renderings", "markdown").(string)), "replac")

	sop := k.Must(t, p, "generate_sop", params{"workflow_id": w["workflow_id"]}).Value("sop_id")
	b := k.Must(t, p, "analyze_coexistence", params{"sop_id": sop}).Artifact("coexistence_analysis")
	require.Equal(t, a["counts"], b["counts"])
	require.Equal(t, a["friction_removal_potential"], b["friction_removal_potential"])
	require.Equal(t, []any{sop}, b["parent_artifacts"])
}

func TestCoexistenceOfMigration(t *testing.T) {
	k := newKit(t)
	p := k.User(t)
	w := k.workflow(t, p, "migration.bpmn", fixture(t, "migration.bpmn"))
	a := k.Must(t, p, "analyze_coexistence", params{"workflow_id": w["workflow_id"]}).Artifact("coexistence_analysis")
	require.Equal(t, []any{"Extract Source Data", "Validate Data Quality", "Data Valid?", "Transform Data Format"}, pluck(t, a["friction_points"], "step_name"))
	require.InDelta(t, 0.5714, a["friction_removal_potential"], 0)
	require.Len(t, a["dependencies"], 7)
	require.Equal(t, []any{"low", "low", "high"}, pluck(t, a["conflicts"], "severity"))

	o := k.Must(t, p, "optimize_process", params{"workflow_id": w["workflow_id"]})
	require.Equal(t, []string{"process_optimized"}, o.Events())
	doc := o.Artifact("optimization")
	require.Equal(t, o.Artifact("optimized_process"), doc)
	require.InDelta(t, 6, at(t, doc, "longest_path", "length"), 0)
	require.InDelta(t, 0.5714, doc["automation_potential"], 0)
	require.Equal(t, []any{"ai_automation", "ai_automation"}, pluck(t, doc["recommendations"], "type"))
	require.InDelta(t, 0.5714, at(t, doc, "recommendations", 0, "impact"), 0)
	require.InDelta(t, 1, at(t, doc, "recommendations", 0, "effort"), 0)
	require.Equal(t, o.Value("optimization_id"), doc["optimization_id"])

	none := k.Must(t, p, "optimize_process", params{"workflow_id": w["workflow_id"], "optimization_options": params{"ai_automation": false}})
	require.Empty(t, none.Artifact("optimization")["recommendations"])
}

func TestOptimizationOfLanesAndLongestPathOfBeneficiary(t *testing.T) {
	k := newKit(t)
	p := k.User(t)
	w := k.workflow(t, p, "lanes.bpmn", fixture(t, "lanes.bpmn"))
	doc := k.Must(t, p, "optimize_process", params{"workflow_id": w["workflow_id"]}).Artifact("optimization")
	require.Equal(t, []any{"good"}, pluck(t, doc["rework_loops"], "source"))
	require.Equal(t, []any{"fork", "figures", "good"}, pluck(t, doc["hand_offs"], "source"))
	require.Equal(t, []any{"fork", "good"}, pluck(t, doc["fan_out"], "step_id"))
	require.Equal(t, []any{}, doc["dead_ends"])
	require.Equal(t, []any{"ai_automation", "human_retention"}, pluck(t, doc["recommendations"], "type"))

	w = k.workflow(t, p, "beneficiary.bpmn", fixture(t, "beneficiary.bpmn"))
	doc = k.Must(t, p, "optimize_process", params{"workflow_id": w["workflow_id"]}).Artifact("optimization")
	require.InDelta(t, 5, at(t, doc, "longest_path", "length"), 0)
	require.Equal(t, []any{"verify", "active", "validate", "update", "send"}, at(t, doc, "longest_path", "steps"))
}

func TestAnalysesRefuse(t *testing.T) {
	k := newKit(t)
	p, other := k.User(t), k.User(t)
	w := k.workflow(t, p, "beneficiary.bpmn", fixture(t, "beneficiary.bpmn"))
	sop := k.Must(t, p, "generate_sop", params{"workflow_id": w["workflow_id"]}).Value("sop_id")
	k.refused(t, p, "invalid_parameters", "analyze_coexistence", params{})
	k.refused(t, p, "invalid_parameters", "analyze_coexistence", params{"workflow_id": w["workflow_id"], "sop_id": sop})
	k.refused(t, p, "not_found", "analyze_coexistence", params{"workflow_id": sop})
	k.refused(t, p, "invalid_parameters", "optimize_process", params{})
	k.refused(t, p, "invalid_parameters", "generate_sop", params{})
	k.refused(t, p, "not_found", "generate_sop", params{"workflow_id": sop})
	for intent, in := range map[string]params{
		"generate_sop": {"workflow_id": w["workflow_id"]}, "analyze_coexistence": {"sop_id": sop}, "optimize_process": {"workflow_id": w["workflow_id"]},
		"create_workflow": {"sop_id": sop},
	} {
		k.refused(t, other, "not_found", intent, in)
	}
}
