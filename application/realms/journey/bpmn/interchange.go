package bpmn

import (
	"strconv"

	"github.com/symphainy/symphainy/application/realms/journey/diagram"
)

// diagram writes where everything is. Sub-processes are drawn closed, so their details have no place.
func (e *encoder) diagram(l *diagram.Layout, plane, pool string) {
	e.open("bpmndi:BPMNDiagram", "id", e.fresh("diagram"))
	e.open("bpmndi:BPMNPlane", "id", e.fresh("plane"), "bpmnElement", plane)
	if pool != "" {
		all := l.Bands[0].Box
		for _, b := range l.Bands[1:] {
			all.H += b.H
		}
		all.X, all.W = all.X-poolHead, all.W+poolHead
		e.shape(pool, all, "isHorizontal", "true")
		for _, b := range l.Bands {
			for i, lane := range e.lanes {
				if lane.Name == b.Name {
					e.shape(e.laneIDs[i], b.Box, "isHorizontal", "true")
				}
			}
		}
	}
	for i, n := range l.Graph.Nodes {
		closed := ""
		if len(e.children[n.ID]) > 0 {
			closed = "false"
		}
		e.shape(e.ids[n.ID], l.Boxes[i], "isExpanded", closed)
	}
	for i, edge := range l.Graph.Edges {
		if edge.Flow < 0 {
			continue // an event on a boundary needs no line
		}
		e.open("bpmndi:BPMNEdge", "id", e.fresh(e.flowIDs[edge.Flow]+"_di"), "bpmnElement", e.flowIDs[edge.Flow])
		for _, q := range l.Ways[i].Points {
			e.empty("di:waypoint", "x", strconv.Itoa(q.X), "y", strconv.Itoa(q.Y))
		}
		e.close("bpmndi:BPMNEdge")
	}
	e.close("bpmndi:BPMNPlane")
	e.close("bpmndi:BPMNDiagram")
}

// poolHead is how far a pool reaches out to the left of its lanes.
const poolHead = 30

func (e *encoder) shape(element string, b diagram.Box, attributes ...string) {
	e.open("bpmndi:BPMNShape", append([]string{"id", e.fresh(element + "_di"), "bpmnElement", element}, attributes...)...)
	e.empty("dc:Bounds", "x", strconv.Itoa(b.X), "y", strconv.Itoa(b.Y), "width", strconv.Itoa(b.W), "height", strconv.Itoa(b.H))
	e.close("bpmndi:BPMNShape")
}
