package outcomes_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/application/artifacts"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/ports"
)

func TestPOCIsAboutWhatItNames(t *testing.T) {
	w := world(t)
	p := w.User(t)
	m := fill(t, w, p)
	put(t, w, p, "file", "other.csv", `{}`)
	_, err := w.Submit(t, p, "parse_content", params{"file_id": "fil_none"})
	require.Error(t, err)
	o := w.Must(t, p, "create_poc", params{
		"description": "Show that beneficiary change can be assisted, e.g. by checks. Use POLICIES for it!\nKeep people in charge",
		"poc_options": params{"timeline": "6 weeks", "start_date": "2026-03-02", "financials": params{
			"currency": "EUR", "expected_benefit": 1000, "cost_items": []params{{"name": "time", "amount": 400.5}, {"name": "tools", "amount": 99.5}},
		}},
	})
	require.Equal(t, []string{"poc_proposal_created"}, o.Events())
	doc := o.Artifact("poc")
	require.Nil(t, o.Artifact("poc_proposal")["alias_of"], "the world shows aliases plainly")
	require.Equal(t, o.Value("poc_id"), o.Value("proposal_id"))
	require.Equal(t, []any{"Show that beneficiary change can be assisted, e.g. by checks.", "Use POLICIES for it!", "Keep people in charge"}, doc["objectives"])
	require.Equal(t, 2, count(t, doc, "in_scope"))
	require.Equal(t, m.file, at(t, doc, "in_scope", 0, "artifact_id"))
	require.Equal(t, m.workflow, at(t, doc, "in_scope", 1, "artifact_id"))
	require.Equal(t, "not_found", at(t, doc, "out_of_scope", 0, "error_code"))
	require.Equal(t, []any{map[string]any{"role": "Claims Desk", "steps": 2.0}}, doc["team"])
	require.InDelta(t, 500, at(t, doc, "financials", "total_cost"), 0)
	require.InDelta(t, 500, at(t, doc, "financials", "net_benefit"), 0)
	require.Equal(t, "2026-04-12", at(t, doc, "timeline", "end_date"))
	baselines := map[any]any{}
	for i := range count(t, doc, "success_criteria") {
		baselines[at(t, doc, "success_criteria", i, "metric")] = at(t, doc, "success_criteria", i, "baseline")
	}
	require.Equal(t, map[any]any{"shown": nil, "overall_score": 0.62, "friction_points": 1.0}, baselines)
	require.Contains(t, fmt.Sprint(doc["risks"]), "missing values")

	plain := w.Must(t, p, "create_poc", params{"description": "Try it"}).Artifact("poc")
	require.Equal(t, 3, count(t, plain, "in_scope"), "it names nothing, so all is in scope")
	require.Nil(t, plain["financials"], "no figure that was not supplied")
	require.Nil(t, plain["timeline"])
	bare := w.Must(t, w.User(t), "create_poc", params{"description": "Try it"}).Artifact("poc")
	require.Contains(t, fmt.Sprint(at(t, bare, "metadata", "warnings")), "nothing_in_scope")
}

func TestSolutionOfEachSource(t *testing.T) {
	w := world(t)
	p := w.User(t)
	m := fill(t, w, p)
	roadmap := w.Must(t, p, "generate_roadmap", params{"goals": []string{"Open a branch"}}).Value("roadmap_id")
	poc := w.Must(t, p, "create_poc", params{"description": "Try it. Then tell."}).Value("poc_id")
	create := func(source, id string) map[string]any {
		o := w.Must(t, p, "create_solution", params{"solution_source": source, "source_id": id, "solution_options": params{"name": "S " + source}})
		require.Equal(t, []string{"solution_created"}, o.Events())
		doc := o.Artifact("platform_solution")
		require.Equal(t, doc["context"], o.Artifact("solution")["context"])
		require.Equal(t, doc["artifact_id"], doc["solution_id"])
		require.Equal(t, o.Value("solution_id"), doc["solution_id"])
		require.Equal(t, id, at(t, doc, "context", "metadata", "source_id"))
		require.Contains(t, doc["parent_artifacts"], id)
		return doc
	}
	doc := create("roadmap", roadmap)
	require.Equal(t, []any{"Open a branch", "Complete Remediation", "Complete Open a branch", "Complete Adoption"}, at(t, doc, "context", "goals"))
	require.Equal(t, "high", at(t, doc, "context", "risk"))
	require.Equal(t, []any{"create_solution", "synthesize_outcome", "generate_roadmap"}, doc["supported_intents"])
	doc = create("poc", poc)
	require.Equal(t, []any{"Try it.", "Then tell."}, at(t, doc, "context", "goals"))
	doc = create("blueprint", m.blueprint)
	require.Equal(t, []any{"Foundation", "Agree on the data", "Validation", "Assist validation", "Handover", "Hand over"}, at(t, doc, "context", "goals"))
	require.Equal(t, []any{"create_solution", "analyze_coexistence", "create_blueprint", "create_workflow"}, doc["supported_intents"])
	require.Contains(t, fmt.Sprint(at(t, doc, "context", "constraints")), "Beneficiary Register")
	require.Contains(t, fmt.Sprint(doc["domain_service_bindings"]), "Policy Admin")
	require.Equal(t, count(t, doc, "domain_service_bindings"), count(t, doc, "sync_strategies"))
}

func TestASolutionOfTheSameSourceIsItsNextVersion(t *testing.T) {
	w := world(t)
	p := w.Visitor(t)
	p = w.Upgrade(t, p)
	roadmap := w.Must(t, p, "generate_roadmap", params{"goals": []string{"Open a branch"}}).Value("roadmap_id")
	in := params{"solution_source": "roadmap", "source_id": roadmap}
	first := w.Must(t, p, "create_solution", in).Artifact("solution")
	second := w.Must(t, p, "create_solution", in).Artifact("solution")
	require.InDelta(t, 1, first["version"], 0)
	require.InDelta(t, 2, second["version"], 0)
	require.Equal(t, first["artifact_id"], second["parent_version_id"])
	service := artifacts.New(w.Store, w.Blobs, w.Clock)
	old, err := service.Get(t.Context(), p.Scope(), first["artifact_id"].(string))
	require.NoError(t, err, "old versions stay")
	require.False(t, old.Current)
}

func TestSolutionOfTheWrongThingIsNotFound(t *testing.T) {
	w := world(t)
	p := w.User(t)
	m := fill(t, w, p)
	theirs := fill(t, w, w.User(t))
	for name, in := range map[string]params{
		"wrong type": {"solution_source": "roadmap", "source_id": m.blueprint},
		"foreign":    {"solution_source": "blueprint", "source_id": theirs.blueprint},
		"unknown":    {"solution_source": "blueprint", "source_id": "art_none"},
	} {
		_, err := w.Submit(t, p, "create_solution", in)
		require.ErrorIs(t, err, fault.ErrNotFound, name)
		require.Equal(t, fault.ErrNotFound.Msg, fault.As(err).Msg, name)
	}
	require.NoError(t, w.Store.View(t.Context(), func(ctx context.Context, tx ports.Tx) error {
		_, n, err := tx.Artifacts.List(ctx, p.Scope(), ports.ArtifactFilter{Types: []string{"solution"}}, ports.Window{Limit: 1})
		require.Zero(t, n)
		return err
	}))
}
