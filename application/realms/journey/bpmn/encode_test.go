package bpmn_test

import (
	"encoding/xml"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/symphainy/symphainy/application/realms/content/parse"
	"github.com/symphainy/symphainy/application/realms/journey/bpmn"
	"github.com/symphainy/symphainy/application/realms/journey/diagram"
	"github.com/symphainy/symphainy/application/realms/journey/graph"
	"github.com/symphainy/symphainy/application/realms/journey/process"
	"github.com/symphainy/symphainy/domain/document"
)

// word draws a text as the parser gives it: clean, its blanks single.
func word(t *rapid.T, label string) string {
	s := rapid.OneOf(
		rapid.StringMatching(`[A-Za-z <>&"']{0,20}`), rapid.String(),
		rapid.SampledFrom([]string{`<a & "b">`, `'; --`, "שלום", "]]>", "a\u202eb", "名前", "&amp;", "\ufffe"}),
	).Draw(t, label)
	return process.Clean(s, process.NameMost)
}

var kinds = map[string][]string{
	document.NodeTask: {
		"task", "userTask", "serviceTask", "sendTask", "receiveTask", "manualTask", "scriptTask", "businessRuleTask", "callActivity", "subProcess",
	},
	document.NodeDecision: {"exclusiveGateway", "parallelGateway", "inclusiveGateway", "eventBasedGateway", "complexGateway"},
	document.NodeEvent:    {"startEvent", "endEvent", "intermediateCatchEvent", "intermediateThrowEvent"},
}

func drawn(t *rapid.T) *document.Workflow {
	w := &document.Workflow{ProcessID: "p", Name: word(t, "name")}
	actors := []string{document.Unassigned}
	for i := range rapid.IntRange(0, 3).Draw(t, "actors") {
		actors = append(actors, strings.TrimSpace(fmt.Sprintf("A%d %s", i, word(t, "actor"))))
	}
	parent := ""
	for i := range rapid.IntRange(1, 10).Draw(t, "nodes") {
		typ := document.NodeTask
		if i > 0 {
			typ = rapid.SampledFrom([]string{document.NodeTask, document.NodeDecision, document.NodeEvent}).Draw(t, "type")
		}
		n := document.Node{
			ID: fmt.Sprintf("n%d", i), Name: word(t, "node"), Type: typ, Kind: rapid.SampledFrom(kinds[typ]).Draw(t, "kind"),
			Description: word(t, "text"), Actor: rapid.SampledFrom(actors).Draw(t, "who"),
		}
		if parent != "" && rapid.Bool().Draw(t, "inside") {
			n.Parent = parent
		} else if n.Kind == "subProcess" {
			parent = n.ID
		} else {
			parent = ""
		}
		w.Nodes = append(w.Nodes, n)
	}
	for i := range rapid.IntRange(0, 15).Draw(t, "flows") {
		from := rapid.SampledFrom(w.Nodes).Draw(t, "from")
		var peers []document.Node
		for _, n := range w.Nodes {
			if n.Parent == from.Parent {
				peers = append(peers, n)
			}
		}
		to := rapid.SampledFrom(peers).Draw(t, "to")
		w.Flows = append(w.Flows, document.Flow{ID: fmt.Sprintf("f%d", i), Source: from.ID, Target: to.ID, Condition: word(t, "condition")})
	}
	return w
}

func encode(w *document.Workflow) string { return string(bpmn.Encode(w, diagram.New(graph.New(w)))) }

// What is written reads back as it was: nodes in their order with all they have, flows, and lanes of the actors.
func TestRoundTrip(t *testing.T) {
	ctx := t.Context()
	rapid.Check(t, func(t *rapid.T) {
		w := drawn(t)
		text := encode(w)
		doc, err := parse.NewRegistry(parse.DefaultLimits()).Parse(ctx, parse.Input{Body: strings.NewReader(text), Filename: "w.bpmn"}, parse.Options{}, nil)
		require.NoError(t, err, text)
		require.Equal(t, w.Nodes, doc.Workflow.Nodes)
		byID := func(a, b document.Flow) int { return strings.Compare(a.ID, b.ID) }
		slices.SortFunc(w.Flows, byID)
		slices.SortFunc(doc.Workflow.Flows, byID)
		require.Len(t, doc.Workflow.Flows, len(w.Flows))
		for i := range w.Flows {
			require.Equal(t, w.Flows[i], doc.Workflow.Flows[i])
		}
		require.Equal(t, w.Name, doc.Workflow.Name)
		doc.Workflow.Lanes = nil
		require.Equal(t, encode(w), encode(doc.Workflow), "the second writing equals the first")
	})
}

// Ids that XML does not take, or that are used for other things, get others; everything still points where it should.
func TestStrangeIDs(t *testing.T) {
	w := &document.Workflow{ProcessID: "1 <", Name: "x"}
	for _, id := range []string{"1", "a b", "<\"&", "process", "lane", "flow", "node", "plane", "diagram", "definitions"} {
		w.Nodes = append(w.Nodes, document.Node{ID: id, Name: id, Type: document.NodeTask, Kind: "odd", Actor: "lane"})
	}
	for i := 1; i < len(w.Nodes); i++ {
		w.Flows = append(w.Flows, document.Flow{ID: "1", Source: w.Nodes[i-1].ID, Target: w.Nodes[i].ID})
	}
	text := encode(w)
	doc, err := parse.NewRegistry(parse.DefaultLimits()).Parse(t.Context(), parse.Input{Body: strings.NewReader(text), Filename: "w.bpmn"}, parse.Options{}, nil)
	require.NoError(t, err, text)
	got := doc.Workflow
	require.Len(t, got.Flows, len(w.Flows))
	name := map[string]string{}
	for i, n := range got.Nodes {
		name[n.ID] = n.Name
		require.Equal(t, w.Nodes[i].Name, n.Name)
		require.Equal(t, "lane", n.Actor)
	}
	for i, f := range got.Flows {
		require.Equal(t, w.Flows[i].Source, name[f.Source])
		require.Equal(t, w.Flows[i].Target, name[f.Target])
	}
}

// The picture of any workflow is well-formed, and every box lies on the sheet, apart from the others.
func TestPictures(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := drawn(t)
		l := diagram.New(graph.New(w))
		decoder := xml.NewDecoder(strings.NewReader(string(l.SVG(w.Name, nil, diagram.Entry{Shade: diagram.Plain(), Text: w.Name}))))
		for {
			if _, err := decoder.Token(); err != nil {
				require.ErrorIs(t, err, io.EOF)
				break
			}
		}
		for i, b := range l.Boxes {
			require.True(t, b.X >= 0 && b.Y >= 0 && b.X+b.W <= l.Width && b.Y+b.H <= l.Height)
			for _, o := range l.Boxes[:i] {
				apart := b.X+b.W < o.X || o.X+o.W < b.X || b.Y+b.H < o.Y || o.Y+o.H < b.Y
				require.True(t, apart)
			}
		}
		for i, e := range l.Graph.Edges {
			points := l.Ways[i].Points
			require.GreaterOrEqual(t, len(points), 2)
			for k := 1; k < len(points); k++ {
				require.True(t, points[k].X == points[k-1].X || points[k].Y == points[k-1].Y, "edge %d turns in right angles", i)
			}
			require.Equal(t, l.Boxes[e.To].X, points[len(points)-1].X)
		}
	})
}
