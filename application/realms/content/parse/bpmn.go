package parse

import (
	"encoding/xml"
	"fmt"
	"strings"

	"github.com/symphainy/symphainy/domain/document"
)

const bpmnNamespace = "http://www.omg.org/spec/BPMN/20100524/MODEL"

// bpmnParser reads BPMN 2.0 processes, known by their namespace under any prefix.
type bpmnParser struct{}

func newBPMN() Parser { return bpmnParser{} }

func (bpmnParser) Format() string       { return "bpmn" }
func (bpmnParser) Extensions() []string { return []string{"bpmn", "bpmn2"} }
func (bpmnParser) Profile() string      { return ProfileWorkflow }
func (bpmnParser) Probe(*source) bool   { return false }

func (bpmnParser) certain(s *source) bool {
	if !strings.Contains(s.head, bpmnNamespace) {
		return false
	}
	root, ok := rootOf(s.head)
	return ok && root.Space == bpmnNamespace && root.Local == "definitions"
}

// bpmnFile is a process while it is read.
type bpmnFile struct {
	flow      *document.Workflow
	processes int
	ids       map[string]bool
	nodes     map[string]int // id → place
	open      []bpmnElement
	actors    map[string]string // node → assignee
	laneOf    map[string]int    // node → innermost lane
	first     bool
}

// bpmnElement is an element that is open, with the text that it collects.
type bpmnElement struct {
	kind string // empty outside of the namespace
	node int    // place of the node, −1 if it is none
	flow int    // place of the flow, −1 if it is none
	lane int
	text []byte
}

func (bpmnParser) Parse(job *Job) (*document.Document, error) {
	in, err := job.src.open()
	if err != nil {
		return nil, err
	}
	f := &bpmnFile{flow: &document.Workflow{}, ids: map[string]bool{}, nodes: map[string]int{}, actors: map[string]string{}, laneOf: map[string]int{}, first: true}
	if err := newXMLStream(in, job.Limits).walk(f.token); err != nil {
		return nil, err
	}
	doc := job.newDocument("bpmn")
	if err := f.check(doc); err != nil {
		return nil, err
	}
	f.assign(doc)
	doc.Workflow = f.flow
	f.describe(doc)
	return doc, nil
}

func (f *bpmnFile) token(t xml.Token) error {
	switch t := t.(type) {
	case xml.StartElement:
		if f.first && (t.Name.Space != bpmnNamespace || t.Name.Local != "definitions") {
			return malformed("The file holds no BPMN 2.0 process: its root is <%s>.", clip(t.Name.Local))
		}
		f.first = false
		return f.start(t)
	case xml.EndElement:
		f.end()
	case xml.CharData:
		if n := len(f.open); n > 0 {
			f.open[n-1].text = append(f.open[n-1].text, t...)
		}
	}
	return nil
}

func (f *bpmnFile) start(t xml.StartElement) error {
	e := bpmnElement{node: -1, flow: -1, lane: -1}
	if t.Name.Space == bpmnNamespace {
		e.kind = t.Name.Local
		if err := f.element(&e, t); err != nil {
			return err
		}
	}
	f.open = append(f.open, e)
	return nil
}

func (f *bpmnFile) element(e *bpmnElement, t xml.StartElement) error {
	id := strings.TrimSpace(attr(t, "id"))
	if id != "" && f.ids[id] {
		return malformed("The id %q is used twice.", clip(id))
	}
	f.ids[id] = true
	typ := bpmnType(e.kind)
	if id == "" && (typ != "" || e.kind == "sequenceFlow") {
		return malformed("A <%s> has no id.", e.kind)
	}
	switch {
	case e.kind == "process":
		if f.processes++; f.processes == 1 {
			f.flow.ProcessID, f.flow.Name = id, squeeze(attr(t, "name"))
		}
	case e.kind == "sequenceFlow":
		e.flow = len(f.flow.Flows)
		f.flow.Flows = append(f.flow.Flows, document.Flow{ID: id, Source: attr(t, "sourceRef"), Target: attr(t, "targetRef"), Condition: squeeze(attr(t, "name"))})
	case e.kind == "lane":
		e.lane = len(f.flow.Lanes)
		f.flow.Lanes = append(f.flow.Lanes, document.Lane{ID: id, Name: squeeze(attr(t, "name"))})
	case typ != "":
		e.node = len(f.flow.Nodes)
		f.nodes[id] = e.node
		f.flow.Nodes = append(f.flow.Nodes, document.Node{
			ID: id, Name: squeeze(attr(t, "name")), Type: typ, Kind: e.kind, Parent: f.parent(),
			AttachedTo: attr(t, "attachedToRef"), DefaultFlow: attr(t, "default"),
		})
		if a := squeeze(attr(t, "assignee")); a != "" {
			f.actors[id] = a
		}
	}
	return nil
}

// parent is the innermost sub-process that is open.
func (f *bpmnFile) parent() string {
	for i := len(f.open) - 1; i >= 0; i-- {
		if n := f.open[i].node; n >= 0 {
			return f.flow.Nodes[n].ID
		}
	}
	return ""
}

// bpmnType sorts the elements that flows connect.
func bpmnType(kind string) string {
	switch kind {
	case "callActivity", "subProcess", "transaction", "adHocSubProcess", "task":
		return document.NodeTask
	case "startEvent", "endEvent", "intermediateCatchEvent", "intermediateThrowEvent", "boundaryEvent":
		return document.NodeEvent
	}
	switch {
	case strings.HasSuffix(kind, "Task"):
		return document.NodeTask
	case strings.HasSuffix(kind, "Gateway"):
		return document.NodeDecision
	default:
		return ""
	}
}

// end hands the text of an element to what it belongs to.
func (f *bpmnFile) end() {
	n := len(f.open) - 1
	if n < 0 {
		return
	}
	e := &f.open[n]
	text := squeeze(string(e.text))
	f.open = f.open[:n]
	if n == 0 || text == "" {
		return
	}
	up := &f.open[n-1]
	switch e.kind {
	case "documentation":
		if up.node >= 0 {
			node := &f.flow.Nodes[up.node]
			node.Description = strings.TrimSpace(node.Description + "\n" + text)
		}
	case "conditionExpression":
		if up.flow >= 0 && f.flow.Flows[up.flow].Condition == "" {
			f.flow.Flows[up.flow].Condition = text
		}
	case "flowNodeRef":
		if up.lane >= 0 {
			f.flow.Lanes[up.lane].Nodes = append(f.flow.Lanes[up.lane].Nodes, text)
			f.laneOf[text] = max(f.laneOf[text], up.lane+1) // an inner lane comes after its outer one
		}
	case "formalExpression", "resourceAssignmentExpression":
		f.owner(text)
	}
}

// owner notes who is named as the performer of the task that is open.
func (f *bpmnFile) owner(name string) {
	performer := false
	for i := len(f.open) - 1; i >= 0; i-- {
		switch e := &f.open[i]; {
		case e.kind == "potentialOwner" || e.kind == "humanPerformer" || e.kind == "performer":
			performer = true
		case e.node >= 0:
			if id := f.flow.Nodes[e.node].ID; performer && f.actors[id] == "" {
				f.actors[id] = name
			}
			return
		}
	}
}

// check refuses what is no graph and warns of what is a poor one.
func (f *bpmnFile) check(doc *document.Document) error {
	if f.processes == 0 {
		return malformed("The file holds no process.")
	}
	for _, x := range f.flow.Flows {
		for _, end := range [...]struct{ name, id string }{{"source", x.Source}, {"target", x.Target}} {
			if _, ok := f.nodes[end.id]; !ok {
				return malformed("The flow %q has the %s %q, which does not exist.", clip(x.ID), end.name, clip(end.id))
			}
		}
	}
	if tasks, decisions := f.flow.Steps(); tasks+decisions == 0 {
		return ErrEmpty.WithMsg("The process has no step: no task and no decision.")
	}
	if f.processes > 1 {
		doc.Warn("several_processes", fmt.Sprintf("The file holds %d processes; they are read as one, by the name of the first.", f.processes))
	}
	return nil
}

// assign gives every node its actor, and warns of nodes that cannot be reached.
func (f *bpmnFile) assign(doc *document.Document) {
	starts, ends := 0, 0
	for i := range f.flow.Nodes {
		n := &f.flow.Nodes[i]
		n.Actor = document.Unassigned
		if a := f.actors[n.ID]; a != "" {
			n.Actor = a
		}
		if l := f.laneOf[n.ID]; l > 0 && f.flow.Lanes[l-1].Name != "" {
			n.Actor = f.flow.Lanes[l-1].Name
		}
		if n.Parent == "" && n.Kind == "startEvent" {
			starts++
		}
		if n.Parent == "" && n.Kind == "endEvent" {
			ends++
		}
	}
	for _, l := range f.flow.Lanes {
		for _, id := range l.Nodes {
			if _, ok := f.nodes[id]; !ok {
				doc.Warn("unknown_reference", fmt.Sprintf("The lane %q names %q, which does not exist.", clip(l.Name), clip(id)))
			}
		}
	}
	if starts == 0 {
		doc.Warn("no_start", "The process has no start event.")
	}
	if ends == 0 {
		doc.Warn("no_end", "The process has no end event.")
	}
	for _, i := range f.unreachable(starts) {
		n := f.flow.Nodes[i]
		doc.Warn("unreachable_node", fmt.Sprintf("%q (%s) cannot be reached from the start.", clip(n.Name), clip(n.ID)))
	}
}

// unreachable lists the nodes of the process itself that no start leads to; without start events it begins where no flow ends.
func (f *bpmnFile) unreachable(starts int) (found []int) {
	next := make(map[string][]string, len(f.nodes))
	entered := map[string]bool{}
	for _, x := range f.flow.Flows {
		next[x.Source] = append(next[x.Source], x.Target)
		entered[x.Target] = true
	}
	var todo []string
	seen := map[string]bool{}
	for _, n := range f.flow.Nodes {
		if n.AttachedTo != "" {
			next[n.AttachedTo] = append(next[n.AttachedTo], n.ID)
			continue
		}
		if n.Kind == "startEvent" || (starts == 0 && !entered[n.ID]) {
			todo, seen[n.ID] = append(todo, n.ID), true
		}
	}
	for len(todo) > 0 {
		id := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		for _, to := range next[id] {
			if !seen[to] {
				todo, seen[to] = append(todo, to), true
			}
		}
	}
	for i, n := range f.flow.Nodes {
		if n.Parent == "" && !seen[n.ID] {
			found = append(found, i)
		}
	}
	return found
}

// describe writes the steps out as text, so that a process can be read and searched like a document.
func (f *bpmnFile) describe(doc *document.Document) {
	var text strings.Builder
	for _, n := range f.flow.Nodes {
		if !n.IsStep() {
			continue
		}
		line := "Task: " + n.Name
		if n.Type == document.NodeDecision {
			line = "Decision: " + n.Name
		}
		if n.Description != "" {
			line += " - " + n.Description
		}
		doc.Paragraphs = append(doc.Paragraphs, document.Paragraph{Index: len(doc.Paragraphs), Text: line, Style: document.StyleBody})
		text.WriteString(line + "\n")
	}
	doc.Text = text.String()
	tasks, decisions := f.flow.Steps()
	doc.Metadata.RecordCount = tasks + decisions
	counts := doc.Metadata.Counts
	counts["tasks"], counts["decisions"], counts["flows"], counts["lanes"], counts["nodes"] =
		tasks, decisions, len(f.flow.Flows), len(f.flow.Lanes), len(f.flow.Nodes)
}
