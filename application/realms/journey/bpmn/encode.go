// Package bpmn writes processes as BPMN 2.0 files, with the diagram interchange that modelling tools need to show them.
package bpmn

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/symphainy/symphainy/application/realms/journey/diagram"
	"github.com/symphainy/symphainy/domain/document"
)

// MediaType is the media type of a BPMN file.
const MediaType = "application/xml"

// Encode writes a workflow whose flows have both ends. What content's parser reads of the file is the workflow again: nodes, kinds, names,
// descriptions, actors, details of sub-processes, flows and conditions, in their order. Equal workflows give equal bytes.
func Encode(w *document.Workflow, l *diagram.Layout) []byte {
	e := newEncoder(w)
	e.open("definitions",
		"xmlns", "http://www.omg.org/spec/BPMN/20100524/MODEL", "xmlns:bpmndi", "http://www.omg.org/spec/BPMN/20100524/DI",
		"xmlns:dc", "http://www.omg.org/spec/DD/20100524/DC", "xmlns:di", "http://www.omg.org/spec/DD/20100524/DI",
		"id", e.fresh("definitions"), "targetNamespace", "http://bpmn.io/schema/bpmn", "exporter", "Symphainy")
	process := e.id(processKey, w.ProcessID, "process")
	pool, plane := "", process
	if len(e.lanes) > 0 {
		pool, plane = e.fresh("pool"), e.fresh("collaboration")
		e.open("collaboration", "id", plane)
		e.empty("participant", "id", pool, "name", w.Name, "processRef", process)
		e.close("collaboration")
	}
	e.open("process", "id", process, "name", w.Name, "isExecutable", "false")
	e.laneSet()
	e.scope("")
	e.close("process")
	e.diagram(l, plane, pool)
	e.close("definitions")
	return e.out.Bytes()
}

type encoder struct {
	w        *document.Workflow
	out      bytes.Buffer
	depth    int
	taken    map[string]bool
	ids      map[string]string // the workflow's id → the file's
	children map[string][]int  // parent → nodes
	flows    map[string][]int  // parent → flows
	lanes    []document.Lane
	laneIDs  []string
	flowIDs  []string
}

// processKey stands for the process among the ids of nodes, of which it is none.
const processKey = "\x00process"

func newEncoder(w *document.Workflow) *encoder {
	e := &encoder{w: w, taken: map[string]bool{}, ids: map[string]string{}, children: map[string][]int{}, flows: map[string][]int{}}
	e.out.WriteString(xml.Header)
	known := map[string]int{}
	for i, n := range w.Nodes {
		known[n.ID] = i
		// Ids that are names in XML stay as they are; they are taken first, so that no made-up one gets in their way.
		if isName(n.ID) {
			e.id(n.ID, n.ID, "")
		}
	}
	for _, n := range w.Nodes {
		e.id(n.ID, n.ID, "node")
	}
	for i, n := range w.Nodes {
		parent := n.Parent
		if at, ok := known[parent]; !ok || at >= i {
			parent = "" // a sub-process stands before what is in it, in every source
		}
		e.children[parent] = append(e.children[parent], i)
	}
	e.flowIDs = make([]string, len(w.Flows))
	for i, f := range w.Flows {
		parent := ""
		if at, ok := known[f.Source]; ok {
			parent = w.Nodes[at].Parent
		}
		if _, ok := known[parent]; !ok {
			parent = ""
		}
		e.flows[parent] = append(e.flows[parent], i)
		e.flowIDs[i] = e.unique(f.ID, "flow")
	}
	e.collectLanes()
	return e
}

// collectLanes makes a lane of every actor.
func (e *encoder) collectLanes() {
	for _, n := range e.w.Nodes {
		if n.Actor == "" || n.Actor == document.Unassigned {
			continue
		}
		at := slices.IndexFunc(e.lanes, func(l document.Lane) bool { return l.Name == n.Actor })
		if at < 0 {
			at = len(e.lanes)
			id := ""
			for _, l := range e.w.Lanes {
				if l.Name == n.Actor {
					id = l.ID
				}
			}
			e.lanes = append(e.lanes, document.Lane{Name: n.Actor})
			e.laneIDs = append(e.laneIDs, e.unique(id, "lane"))
		}
		e.lanes[at].Nodes = append(e.lanes[at].Nodes, e.ids[n.ID])
	}
}

func (e *encoder) laneSet() {
	if len(e.lanes) == 0 {
		return
	}
	e.open("laneSet", "id", e.fresh("lanes"))
	for i, l := range e.lanes {
		e.open("lane", "id", e.laneIDs[i], "name", l.Name)
		for _, id := range l.Nodes {
			e.text("flowNodeRef", id)
		}
		e.close("lane")
	}
	e.close("laneSet")
}

// scope writes the nodes and flows of the process or of a sub-process.
func (e *encoder) scope(parent string) {
	for _, i := range e.children[parent] {
		e.node(e.w.Nodes[i])
	}
	for _, i := range e.flows[parent] {
		f := e.w.Flows[i]
		e.empty("sequenceFlow", "id", e.flowIDs[i], "name", f.Condition, "sourceRef", e.ids[f.Source], "targetRef", e.ids[f.Target])
	}
}

func (e *encoder) node(n document.Node) {
	kind := kindOf(n)
	attributes := []string{"id", e.ids[n.ID], "name", n.Name}
	if kind == "boundaryEvent" {
		attributes = append(attributes, "attachedToRef", e.ids[n.AttachedTo])
	}
	for i, f := range e.w.Flows {
		if n.DefaultFlow != "" && f.ID == n.DefaultFlow {
			attributes = append(attributes, "default", e.flowIDs[i])
			break
		}
	}
	if n.Description == "" && len(e.children[n.ID]) == 0 {
		e.empty(kind, attributes...)
		return
	}
	e.open(kind, attributes...)
	if n.Description != "" {
		for _, part := range strings.Split(n.Description, "\n") {
			e.text("documentation", part)
		}
	}
	e.scope(n.ID)
	e.close(kind)
}

// kindOf is the element of a node; a kind that BPMN does not know becomes the plain one of its type.
func kindOf(n document.Node) string {
	var known []string
	var otherwise string
	switch n.Type {
	case document.NodeDecision:
		known, otherwise = []string{"parallelGateway", "inclusiveGateway", "eventBasedGateway", "complexGateway"}, "exclusiveGateway"
	case document.NodeEvent:
		known, otherwise = []string{"startEvent", "endEvent", "intermediateCatchEvent", "boundaryEvent"}, "intermediateThrowEvent"
	default:
		known = []string{
			"userTask", "serviceTask", "sendTask", "receiveTask", "manualTask", "scriptTask", "businessRuleTask", "callActivity", "subProcess",
			"transaction", "adHocSubProcess",
		}
		otherwise = "task"
	}
	if slices.Contains(known, n.Kind) && (n.Kind != "boundaryEvent" || n.AttachedTo != "") {
		return n.Kind
	}
	return otherwise
}

// id gives the id in the file of an id of the workflow: the wanted one, if XML takes it and nobody has it.
func (e *encoder) id(key, wanted, prefix string) string {
	if id, ok := e.ids[key]; ok {
		return id
	}
	e.ids[key] = e.unique(wanted, prefix)
	return e.ids[key]
}

func (e *encoder) unique(wanted, prefix string) string {
	if isName(wanted) && !e.taken[wanted] {
		e.taken[wanted] = true
		return wanted
	}
	return e.fresh(prefix)
}

func (e *encoder) fresh(prefix string) string {
	id := prefix
	for n := 1; e.taken[id]; n++ {
		id = prefix + "_" + strconv.Itoa(n)
	}
	e.taken[id] = true
	return id
}

// isName says whether XML takes a text as an id, in letters that every tool takes.
func isName(s string) bool {
	for i := range len(s) {
		c := s[i]
		letter := c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
		if !letter && (i == 0 || c != '-' && c != '.' && (c < '0' || c > '9')) {
			return false
		}
	}
	return s != "" && len(s) <= 255
}

func (e *encoder) open(name string, attributes ...string) {
	e.tag(name, ">", attributes)
	e.depth++
}

func (e *encoder) empty(name string, attributes ...string) { e.tag(name, "/>", attributes) }

func (e *encoder) close(name string) {
	e.depth--
	e.indent()
	e.out.WriteString("</" + name + ">\n")
}

// text writes an element that holds a text.
func (e *encoder) text(name, text string) {
	e.indent()
	fmt.Fprintf(&e.out, "<%s>%s</%s>\n", name, escape(text), name)
}

func (e *encoder) tag(name, end string, attributes []string) {
	e.indent()
	e.out.WriteString("<" + name)
	for i := 0; i+1 < len(attributes); i += 2 {
		if attributes[i+1] != "" {
			fmt.Fprintf(&e.out, ` %s="%s"`, attributes[i], escape(attributes[i+1]))
		}
	}
	e.out.WriteString(end + "\n")
}

func (e *encoder) indent() { e.out.WriteString(strings.Repeat("  ", e.depth)) }

func escape(s string) string {
	var b strings.Builder
	// A strings.Builder does not fail.
	_ = xml.EscapeText(&b, []byte(s))
	return b.String()
}
