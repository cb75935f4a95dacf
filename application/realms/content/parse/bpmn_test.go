package parse_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/application/realms/content/parse"
	"github.com/symphainy/symphainy/domain/document"
)

func stepNames(w *document.Workflow) (names []string) {
	for _, n := range w.Nodes {
		if n.IsStep() {
			names = append(names, n.Name)
		}
	}
	return names
}

func TestProcess(t *testing.T) {
	doc := fixture(t, "beneficiary.bpmn")
	w := doc.Workflow
	require.Equal(t, []string{"bpmn", "workflow"}, []string{doc.Format, doc.ParsingType})
	require.Equal(t, []string{"beneficiary_change", "Beneficiary Change"}, []string{w.ProcessID, w.Name})
	require.Equal(t, []string{"Verify Policy Status", "Policy Active?", "Validate New Beneficiary", "Reject Request", "Update Beneficiary Record",
		"Send Confirmation"}, stepNames(w))
	require.Len(t, w.Flows, 8)
	require.Equal(t, document.Flow{ID: "flow_3", Source: "active", Target: "validate", Condition: "Yes"}, w.Flows[2])
	require.Equal(t, document.Node{ID: "verify", Name: "Verify Policy Status", Type: "task", Kind: "userTask",
		Description: "Look the policy up and read its status.", Actor: "unassigned"}, w.Nodes[1])
	tasks, decisions := w.Steps()
	require.Equal(t, []int{5, 1, 6}, []int{tasks, decisions, doc.Metadata.RecordCount})
	require.Zero(t, doc.Warnings.Total)
	require.Equal(t, "Task: Verify Policy Status - Look the policy up and read its status.", doc.Paragraphs[0].Text)

	doc = fixture(t, "migration.bpmn")
	tasks, decisions = doc.Workflow.Steps()
	require.Equal(t, []int{6, 1, 9}, []int{tasks, decisions, len(doc.Workflow.Flows)})

	asXML := mustRead(t, "process.xml", string(fixtureBytes(t, "beneficiary.bpmn")))
	require.Equal(t, "bpmn", asXML.Format)
	require.False(t, warned(asXML, "type_mismatch"))
}

func TestLanesAndSubProcesses(t *testing.T) {
	doc := fixture(t, "lanes.bpmn")
	w := doc.Workflow
	require.Equal(t, []document.Lane{
		{ID: "lane_author", Name: "Author", Nodes: []string{"start", "draft", "fork", "figures"}},
		{ID: "lane_editor", Name: "Editor", Nodes: []string{"style", "join", "good", "publish", "end"}},
	}, w.Lanes)
	actors, parents := map[string]string{}, map[string]string{}
	for _, n := range w.Nodes {
		actors[n.ID], parents[n.ID] = n.Actor, n.Parent
	}
	require.Equal(t, []string{"Author", "Editor", "unassigned"}, []string{actors["draft"], actors["publish"], actors["upload"]})
	require.Equal(t, []string{"", "publish"}, []string{parents["publish"], parents["upload"]})
	require.Equal(t, 7, doc.Metadata.RecordCount, "the children of a sub-process are no steps")
	require.Contains(t, w.Flows, document.Flow{ID: "f8", Source: "good", Target: "publish", Condition: "score >= 3"})
	require.Contains(t, doc.Text, `Write the draft - One page, with <a & "b">.`)
	require.Zero(t, doc.Warnings.Total)
}

func processOf(inside string) []byte {
	return []byte(`<b:definitions xmlns:b="http://www.omg.org/spec/BPMN/20100524/MODEL">` + inside + `</b:definitions>`)
}

func TestProcessesThatAreNone(t *testing.T) {
	const step = `<b:task id="a" name="A"/>`
	for name, c := range map[string]struct{ content, code, place string }{
		"dangling source": {`<b:process id="p">` + step + `<b:sequenceFlow id="f" sourceRef="x" targetRef="a"/></b:process>`, "malformed_content", `"x"`},
		"dangling target": {`<b:process id="p">` + step + `<b:sequenceFlow id="f" sourceRef="a"/></b:process>`, "malformed_content", `"f"`},
		"same id":         {`<b:process id="p">` + step + step + `</b:process>`, "malformed_content", `"a"`},
		"no process":      {``, "malformed_content", "no process"},
		"no id":           {`<b:process id="p"><b:task/></b:process>`, "malformed_content", "no id"},
		"no step":         {`<b:process id="p"><b:startEvent id="s"/></b:process>`, "empty_content", "no step"},
		"unclosed":        {`<b:process id="p">` + step, "malformed_content", "Not valid XML"},
		"deep":            {strings.Repeat("<x>", 100), "limit_exceeded", "100 levels"},
		"attributes":      {`<b:process id="p"` + attributes(1_000_000) + `>`, "limit_exceeded", "1000 attributes"},
	} {
		t.Run(name, func(t *testing.T) {
			require.Contains(t, refused(t, "a.bpmn", processOf(c.content), c.code).Msg, c.place)
		})
	}
	for name, head := range map[string]string{
		"dtd":    `<!DOCTYPE d SYSTEM "http://127.0.0.1:1/x.dtd">`,
		"xxe":    `<!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/passwd">]>`,
		"laughs": `<!DOCTYPE d [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>`,
	} {
		for _, file := range []string{"a.bpmn", "a.xml", "a.csv"} {
			refused(t, file, append([]byte(`<?xml version="1.0"?>`+head), processOf(`<b:process id="p">`+step+`</b:process>`)...), "malformed_content")
		}
		_ = name
	}
	refused(t, "a.bpmn", []byte(`<?xml version="1.0"?><process/>`), "malformed_content")
	refused(t, "a.bpmn", []byte(`&xxe; <process/>`), "malformed_content")

	lax, err := read("a.bpmn", processOf(`<b:process id="p">`+step+`<b:task id="b"/><b:sequenceFlow id="f" sourceRef="b" targetRef="b"/></b:process>`), parse.Options{}, parse.Limits{})
	require.NoError(t, err)
	for _, code := range []string{"no_start", "no_end", "unreachable_node"} {
		require.True(t, warned(lax, code), code)
	}
}
