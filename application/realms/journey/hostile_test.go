package journey_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/domain/artifact"
	"github.com/symphainy/symphainy/domain/intent"
	"github.com/symphainy/symphainy/ports"
)

// Whatever a process says, what is made of it is well-formed and says it as text.
func TestHostileTextsStayTexts(t *testing.T) {
	k := newKit(t)
	p := k.User(t)
	for _, text := range []string{
		`<a & "b">`, `'; --`, "שלום\u202e עולם", "]]> & &amp;", "| a | b |\n# x", "[x](javascript:alert(1))", "\u0000\u0001x", strings.Repeat("ü", 149),
		"</text><script>x</script>",
	} {
		spec := params{"name": text, "steps": []params{
			{"name": "Validate " + text, "actor": text, "description": text}, {"name": "Good? " + text, "type": "decision"}, {"name": "Approve " + text, "actor": "B"},
		}, "transitions": []params{
			{"from": "step_1", "to": "step_2"}, {"from": "step_2", "to": "step_3", "condition": text}, {"from": "step_2", "to": "step_1", "condition": "No"},
		}}
		w := k.Must(t, p, "create_workflow", params{"workflow_spec": spec, "workflow_options": params{"name": text}})
		id := params{"workflow_id": w.Value("workflow_id")}
		sop := k.Must(t, p, "generate_sop", params{"workflow_id": id["workflow_id"], "sop_options": params{"purpose": text, "scope": text}})
		all := []map[string]any{
			w.Artifact("workflow"), sop.Artifact("sop"), k.Must(t, p, "create_workflow", params{"sop_id": sop.Value("sop_id")}).Artifact("workflow"),
			k.Must(t, p, "analyze_coexistence", id).Artifact("coexistence_analysis"), k.Must(t, p, "optimize_process", id).Artifact("optimization"),
			k.Must(t, p, "create_blueprint", id).Artifact("blueprint"),
		}
		for _, doc := range all {
			renderings, _ := doc["renderings"].(map[string]any)
			for name, r := range renderings {
				content, _ := r.(string)
				if strings.HasSuffix(name, "svg") {
					wellFormed(t, content)
					require.NotContains(t, content, "<script")
				}
				if name == "markdown" {
					require.NotRegexp(t, `(^|[^\\])(<script|<a |\]\(javascript)`, content)
					require.NotContains(t, content, "\n# x")
				}
			}
			if file, ok := doc["bpmn_xml"].(string); ok {
				require.Len(t, read(t, t.Context(), file).Flows, len(doc["sequence_flows"].([]any)))
			}
		}
	}
}

// A file that turns out to be no process is as it was: not parsed, its prepared parsing still to be had.
func TestARefusedFileIsAsItWas(t *testing.T) {
	k := newKit(t)
	p := k.User(t)
	csv := k.saved(t, p, "employees.csv", fixture(t, "employees.csv"))
	blobs := k.Blobs.Keys()
	k.refused(t, p, "unsupported_format", "create_workflow", params{"bpmn_file_id": csv})
	require.Equal(t, blobs, k.Blobs.Keys())
	require.NoError(t, k.Store.View(t.Context(), func(ctx context.Context, tx ports.Tx) error {
		list, _, err := tx.Pending.List(ctx, p.Scope(), ports.PendingFilter{TargetArtifactID: csv}, ports.Window{Limit: 10})
		require.Len(t, list, 1)
		require.Equal(t, intent.PendingFailed, list[0].Status)
		return err
	}))
	k.Must(t, p, "parse_content", params{"file_id": csv})
}

// The largest process that is taken, and one that is larger.
func TestLargeProcesses(t *testing.T) {
	k := newKit(t)
	p := k.User(t)
	drawn := func(nodes, flows int) string {
		var b strings.Builder
		b.WriteString(`<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL"><process id="p" name="Large"><startEvent id="n0"/>`)
		for i := 1; i < nodes; i++ {
			fmt.Fprintf(&b, `<task id="n%d" name="Validate %d"/>`, i, i)
		}
		for i := range flows {
			from := i % (nodes - 1)
			to := from + 1 + i/(nodes-1)*(nodes/3)
			fmt.Fprintf(&b, `<sequenceFlow id="f%d" sourceRef="n%d" targetRef="n%d"/>`, i, from, min(to, nodes-1))
		}
		return b.String() + `</process></definitions>`
	}
	o := k.Must(t, p, "create_workflow", params{"bpmn_file_id": k.saved(t, p, "large.bpmn", drawn(600, 1500))})
	require.LessOrEqual(t, len(o.Stored[0].Payload), artifact.MaxPayload)
	require.InDelta(t, 599, o.Artifact("workflow")["total_tasks"], 0)
	require.NotEmpty(t, o.Artifact("workflow")["content_url"])
	k.refused(t, p, "limit_exceeded", "create_workflow", params{"bpmn_file_id": k.saved(t, p, "nodes.bpmn", drawn(1001, 1000))})
	k.refused(t, p, "limit_exceeded", "create_workflow", params{"bpmn_file_id": k.saved(t, p, "flows.bpmn", drawn(900, 3001))})

	id := k.Must(t, p, "create_workflow", params{"bpmn_file_id": k.saved(t, p, "medium.bpmn", drawn(200, 199))}).Value("workflow_id")
	b := k.Must(t, p, "create_blueprint", params{"workflow_id": id}).Artifact("blueprint")
	require.Nil(t, at(t, b, "coexistence_state", "workflow_definition"), "too large for the payload")
	require.Contains(t, fmt.Sprint(at(t, b, "metadata", "warnings")), "definitions_in_document")
	require.Contains(t, at(t, b, "renderings", "document"), "(human oversight)")
}
