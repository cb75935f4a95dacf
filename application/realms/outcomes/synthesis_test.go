package outcomes_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/domain/artifact"
	"github.com/symphainy/symphainy/domain/fault"
)

func TestSynthesisCountsWhatTheSessionHolds(t *testing.T) {
	w := world(t)
	p := w.User(t)
	m := fill(t, w, p)
	fill(t, w, w.User(t))       // somebody else's work
	fill(t, w, w.Session(t, p)) // another session's
	_, err := w.Submit(t, p, "parse_content", params{"file_id": "fil_none"})
	require.Equal(t, fault.ErrNotFound, err)
	o := w.Must(t, p, "synthesize_outcome", nil)
	require.Equal(t, []string{"outcome_synthesized"}, o.Events())
	doc := o.Artifact("synthesis_summary")
	require.Equal(t, doc, o.Artifact("synthesis"))
	require.Equal(t, o.Value("synthesis_id"), doc["artifact_id"])
	require.Equal(t, "draft", doc["lifecycle_state"])
	require.Equal(t, map[string]any{"status": "done", "files_uploaded": 1.0, "files_parsed": 1.0, "records": 120.0, "embeddings_generated": 0.0, "failed": 1.0}, doc["content"])
	require.Equal(t, "done", at(t, doc, "insights", "status"))
	require.InDelta(t, 3, at(t, doc, "insights", "insights_generated"), 0)
	require.InDelta(t, 4+4, at(t, doc, "insights", "metrics_calculated"), 0)
	require.InDelta(t, 2, at(t, doc, "insights", "relationships_mapped"), 0)
	require.InDelta(t, 0.62, at(t, doc, "insights", "quality", "mean"), 0)
	require.InDelta(t, 1, at(t, doc, "journey", "friction", "before"), 0)
	require.InDelta(t, 0, at(t, doc, "journey", "friction", "after"), 0)
	require.InDelta(t, 0.1667, at(t, doc, "journey", "friction", "friction_removal_potential"), 0)
	text := fmt.Sprint(doc["key_findings"])
	for _, want := range []string{"12 missing values", "9999.5", "shoe_size", "Policy Active?", "Validate New Beneficiary"} {
		require.Contains(t, text, want)
	}
	require.Equal(t, "high", at(t, doc, "key_findings", 0, "severity"))
	advice := map[string]any{}
	for i := range count(t, doc, "recommendations") {
		advice[at(t, doc, "recommendations", i, "intent_type").(string)] = at(t, doc, "recommendations", i, "source_ids")
	}
	require.Equal(t, []any{m.quality}, advice["assess_data_quality"])
	require.Equal(t, []any{m.coexistence}, advice["generate_roadmap"])
	require.Equal(t, []any{m.matching}, advice["match_source_to_target"])
	require.Equal(t, "not_found", at(t, doc, "failures", 0, "error_code"))
	require.Equal(t, "parsing", at(t, doc, "realm_visuals", "content", "stages", 1, "stage"))
	require.Equal(t, "none", at(t, doc, "realm_visuals", "content", "stages", 2, "status"))
	require.Contains(t, doc["parent_artifacts"], m.quality)
	require.Equal(t, m.file, at(t, doc, "lineage", "root_artifact_id"))
	show(t, "synthesis.svg", at(t, doc, "renderings", "svg").(string))
}

// show keeps a picture for whoever wants to look at it.
func show(t *testing.T, name, body string) {
	t.Helper()
	if dir := os.Getenv("SYMPHAINY_TEST_PICTURES"); dir != "" {
		require.NoError(t, os.WriteFile(dir+"/"+name, []byte(body), 0o600))
	}
}

func TestSynthesisOfNothing(t *testing.T) {
	w := world(t)
	p := w.User(t)
	for _, in := range []params{nil, {"synthesis_options": params{"include": []string{"journey"}}}} {
		_, err := w.Submit(t, p, "synthesize_outcome", in)
		require.Equal(t, "nothing_to_synthesize", fault.As(err).Code)
	}
	put(t, w, p, "file", "a.csv", `{}`)
	doc := w.Must(t, p, "synthesize_outcome", params{"synthesis_options": params{"title": "T", "include": []string{"content"}}}).Artifact("synthesis")
	require.Equal(t, "started", at(t, doc, "content", "status"))
	require.NotContains(t, doc, "journey")
	require.Equal(t, "T", doc["title"])
	require.Contains(t, fmt.Sprint(doc["recommendations"]), `Parse "a.csv"`)
	_, err := w.Submit(t, p, "synthesize_outcome", params{"synthesis_options": params{"include": []string{"insights"}}})
	require.Equal(t, "nothing_to_synthesize", fault.As(err).Code, "nothing of what was asked for")
}

func TestChangedWorkChangesTheSynthesis(t *testing.T) {
	w := world(t)
	p := w.User(t)
	m := fill(t, w, p)
	before := w.Must(t, p, "synthesize_outcome", nil).Artifact("synthesis")
	put(t, w, p, "quality_assessment", "policies.csv", strings.ReplaceAll(qualityPayload, "0.62", "0.91"), m.document)
	after := w.Must(t, p, "synthesize_outcome", nil).Artifact("synthesis")
	require.InDelta(t, 0.91, at(t, after, "insights", "quality", "mean"), 0, "the newest assessment of a document counts")
	require.NotEqual(t, before["summary"], after["summary"])
	require.NotContains(t, fmt.Sprint(after["recommendations"]), "Remediate")
	visitor := w.Visitor(t)
	_, err := w.Submit(t, visitor, "synthesize_outcome", nil)
	require.Error(t, err)
}

// A session with hundreds of artifacts, each as talkative as can be.
func TestPayloadsStayInTheirBounds(t *testing.T) {
	w := world(t)
	p := w.User(t)
	long := strings.Repeat(`<a & 'b'> é`, 200)
	for i := range 205 {
		f := put(t, w, p, "file", fmt.Sprintf("%s%d", long[:900], i), `{}`)
		d := put(t, w, p, "parsed_content", long[:900], `{"record_count":1}`, f)
		put(t, w, p, "quality_assessment", long[:900], `{"overall_score":0.1,"issues":[{"severity":"high","description":"`+long+`","suggestion":"`+long+`"}]}`, d)
		wf := put(t, w, p, "workflow", long[:900], `{"workflow_name":"`+long+`","tasks":[{"actor":"`+fmt.Sprint(long, i)+`"}]}`)
		put(t, w, p, "coexistence_analysis", long[:900], `{"steps":[{}],"friction_points":[{"step_name":"`+long+`"}],"conflicts":[{"step_name":"`+long+`","severity":"high","predecessors":["`+long+`"]}]}`, wf)
	}
	goals := make([]string, 20)
	for i := range goals {
		goals[i] = fmt.Sprint(i, strings.Repeat("g ", 240))
	}
	synthesis := w.Must(t, p, "synthesize_outcome", nil)
	require.InDelta(t, 205, at(t, synthesis.Artifact("synthesis"), "content", "records"), 0, "all are counted")
	require.Contains(t, fmt.Sprint(at(t, synthesis.Artifact("synthesis"), "metadata", "warnings")), "truncated")
	roadmap := w.Must(t, p, "generate_roadmap", params{"goals": goals})
	poc := w.Must(t, p, "create_poc", params{"description": strings.Repeat("Show it. And that too! ", 200)})
	solution := w.Must(t, p, "create_solution", params{"solution_source": "roadmap", "source_id": roadmap.Value("roadmap_id")})
	for _, o := range []struct{ stored []artifact.Snapshot }{{synthesis.Stored}, {roadmap.Stored}, {poc.Stored}, {solution.Stored}} {
		for _, a := range o.stored {
			require.LessOrEqual(t, len(a.Payload), artifact.MaxPayload, a.Type)
			require.Greater(t, len(a.Payload), 1000, a.Type)
			require.NotContains(t, at(t, decode(t, a.Renderings), "markdown"), "<a & ")
		}
	}
}
