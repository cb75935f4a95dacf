// Package diagram gives the steps of a process places on a sheet: columns in the order of the flow, a lane for each actor, and ways for the
// flows that go around the boxes. The same places serve the picture and the interchange part of a BPMN file.
package diagram

import (
	"slices"

	"github.com/symphainy/symphainy/application/realms/journey/graph"
	"github.com/symphainy/symphainy/application/realms/svg"
	"github.com/symphainy/symphainy/domain/document"
)

// Sizes in pixels.
const (
	TaskWidth    = 132
	TaskHeight   = 60
	GatewaySize  = 44
	EventSize    = 32
	slotHeight   = 112
	columnWidth  = TaskWidth
	leastGap     = 46
	trackWidth   = 12
	labelMost    = 150
	laneHead     = 34
	margin       = 20
	backDistance = 14
	// passingMost bounds the cells that edges pass; beyond, in a process that nobody can read anyway, edges run behind boxes.
	passingMost = 50_000
)

// Box is the place of a node.
type Box struct{ X, Y, W, H int }

// Middle is the point in the middle of a box.
func (b Box) Middle() svg.Point { return svg.Point{X: b.X + b.W/2, Y: b.Y + b.H/2} }

// Band is the place of a lane; Name is empty for the band of what nobody is assigned to.
type Band struct {
	Name string
	Box
}

// Way is the course of an edge, with the place of its label.
type Way struct {
	Points []svg.Point
	Label  svg.Point
	// LabelWidth is how much room the label has.
	LabelWidth int
}

// Layout is a process on a sheet. Boxes belong to Graph.Nodes, Ways to Graph.Edges.
type Layout struct {
	Graph         *graph.Graph
	Boxes         []Box
	Ways          []Way
	Bands         []Band
	Width, Height int
}

// cell is where something stands before pixels are known: a node, or an edge that passes by.
type cell struct{ column, lane, slot int }

// plan is a layout while it is made.
type plan struct {
	g       *graph.Graph
	layer   []int
	lanes   []string
	laneOf  []int
	at      []cell   // of nodes
	passing [][]cell // of edges: the cells between their ends
	used    map[cell]bool
	height  []int // of lanes, in slots
	columns int
	tracks  []int   // per gap: how many vertical lines it holds
	track   [][]int // per edge: its tracks, in the order of its gaps
	gapText []int   // per gap: room for labels
	passed  int     // how many cells edges pass
}

// New lays a process out.
func New(g *graph.Graph) *Layout {
	p := &plan{g: g, layer: g.Layers(), used: map[cell]bool{}}
	p.assignLanes()
	p.assignSlots()
	p.assignTracks()
	return p.draw()
}

// assignLanes gives every node a lane. An event without an actor stands with its neighbour.
func (p *plan) assignLanes() {
	p.lanes = p.g.Actors()
	for _, n := range p.g.Nodes {
		if n.Actor != "" && n.Actor != document.Unassigned && !slices.Contains(p.lanes, n.Actor) {
			p.lanes = append(p.lanes, n.Actor)
		}
	}
	p.laneOf = make([]int, len(p.g.Nodes))
	nobody := -1
	for i, n := range p.g.Nodes {
		lane := slices.Index(p.lanes, p.owner(i, n))
		if lane < 0 {
			if nobody < 0 {
				nobody = len(p.lanes)
			}
			lane = nobody
		}
		p.laneOf[i] = lane
	}
	if nobody >= 0 {
		p.lanes = append(p.lanes, "")
	}
	p.height = make([]int, len(p.lanes))
	for i := range p.height {
		p.height[i] = 1
	}
}

func (p *plan) owner(i int, n document.Node) string {
	if n.Actor != "" && n.Actor != document.Unassigned || n.Type != document.NodeEvent {
		return n.Actor
	}
	for _, e := range p.g.In(i) {
		if a := p.g.Nodes[e.From].Actor; a != document.Unassigned && a != "" {
			return a
		}
	}
	for _, e := range p.g.Out(i) {
		if a := p.g.Nodes[e.To].Actor; a != document.Unassigned && a != "" {
			return a
		}
	}
	return n.Actor
}

// assignSlots gives nodes, and edges that pass columns, a row of their own within their lane, as straight as it goes.
func (p *plan) assignSlots() {
	p.at = make([]cell, len(p.g.Nodes))
	p.passing = make([][]cell, len(p.g.Edges))
	byLayer := map[int][]int{}
	for _, n := range p.g.Order {
		byLayer[p.layer[n]] = append(byLayer[p.layer[n]], n)
		p.columns = max(p.columns, p.layer[n]+1)
	}
	for column := range p.columns {
		for _, n := range byLayer[column] {
			p.at[n] = p.take(column, p.laneOf[n], p.wish(n))
		}
		for i, e := range p.g.Edges {
			if !e.Back && p.layer[e.From] < column && column < p.layer[e.To] && p.passed < passingMost {
				p.passed++
				last := p.at[e.From]
				if k := len(p.passing[i]); k > 0 {
					last = p.passing[i][k-1]
				}
				p.passing[i] = append(p.passing[i], p.take(column, last.lane, last.slot))
			}
		}
	}
}

// wish is the slot of the edge that comes in first from the same lane.
func (p *plan) wish(n int) int {
	for i, e := range p.g.Edges {
		if e.To != n || e.Back {
			continue
		}
		last := p.at[e.From]
		if k := len(p.passing[i]); k > 0 {
			last = p.passing[i][k-1]
		}
		if last.lane == p.laneOf[n] {
			return last.slot
		}
	}
	return 0
}

func (p *plan) take(column, lane, wish int) cell {
	for away := 0; ; away++ {
		for _, slot := range []int{wish + away, wish - away} {
			c := cell{column, lane, slot}
			if slot >= 0 && !p.used[c] {
				p.used[c] = true
				p.height[lane] = max(p.height[lane], slot+1)
				return c
			}
		}
	}
}

// assignTracks gives every vertical piece of an edge a line of its own in its gap, and gaps the room for their labels. Gap c is left of
// column c.
func (p *plan) assignTracks() {
	p.tracks, p.gapText = make([]int, p.columns+1), make([]int, p.columns+1)
	p.track = make([][]int, len(p.g.Edges))
	line := func(i, gap int) {
		p.track[i] = append(p.track[i], p.tracks[gap])
		p.tracks[gap]++
	}
	for i, e := range p.g.Edges {
		from, to := p.at[e.From], p.at[e.To]
		gap := from.column + 1
		if e.Condition != "" {
			p.gapText[gap] = max(p.gapText[gap], min(svg.Width(e.Condition)+10, labelMost))
		}
		if e.Back {
			line(i, gap)
			line(i, to.column)
			continue
		}
		last := from
		for _, c := range append(slices.Clone(p.passing[i]), to) {
			if c.lane != last.lane || c.slot != last.slot {
				line(i, c.column)
			} else {
				p.track[i] = append(p.track[i], -1)
			}
			last = c
		}
	}
}

// draw turns cells into pixels.
func (p *plan) draw() *Layout {
	l := &Layout{Graph: p.g, Boxes: make([]Box, len(p.g.Nodes)), Ways: make([]Way, len(p.g.Edges))}
	left := margin
	if len(p.lanes) > 1 || p.lanes != nil && p.lanes[0] != "" {
		left += laneHead
	}
	gapX, columnX := make([]int, p.columns+1), make([]int, p.columns)
	x := left
	for c := range p.columns + 1 {
		gapX[c] = x
		width := leastGap/2 + p.tracks[c]*trackWidth + p.gapText[c]
		if c > 0 && c < p.columns {
			width = max(width, leastGap)
		}
		x += width
		if c < p.columns {
			columnX[c] = x
			x += columnWidth
		}
	}
	l.Width = x + margin
	laneY := make([]int, len(p.lanes))
	y := margin
	for i, h := range p.height {
		laneY[i] = y
		l.Bands = append(l.Bands, Band{p.lanes[i], Box{margin, y, l.Width - 2*margin, h * slotHeight}})
		y += h * slotHeight
	}
	backs := 0
	row := func(c cell) int { return laneY[c.lane] + c.slot*slotHeight + slotHeight/2 }
	for i, n := range p.g.Nodes {
		w, h := size(n)
		c := p.at[i]
		l.Boxes[i] = Box{columnX[c.column] + (columnWidth-w)/2, row(c) - h/2, w, h}
	}
	for i, e := range p.g.Edges {
		if e.Back {
			backs++
			l.Ways[i] = p.back(l, i, gapX, y+backs*backDistance)
			continue
		}
		l.Ways[i] = p.forth(l, i, gapX, columnX, row)
	}
	l.Height = y + backs*backDistance + margin
	return l
}

func size(n document.Node) (w, h int) {
	switch n.Type {
	case document.NodeDecision:
		return GatewaySize, GatewaySize
	case document.NodeEvent:
		return EventSize, EventSize
	}
	return TaskWidth, TaskHeight
}

func trackX(gapX []int, gap, track int) int { return gapX[gap] + leastGap/4 + track*trackWidth }

// forth leads an edge from left to right: straight on through cells, up or down in gaps.
func (p *plan) forth(l *Layout, i int, gapX, columnX []int, row func(cell) int) Way {
	e := p.g.Edges[i]
	from, to := l.Boxes[e.From], l.Boxes[e.To]
	points := []svg.Point{{X: from.X + from.W, Y: from.Middle().Y}}
	cells := append(slices.Clone(p.passing[i]), p.at[e.To])
	for k, c := range cells {
		if t := p.track[i][k]; t >= 0 {
			x := trackX(gapX, c.column, t)
			points = append(points, svg.Point{X: x, Y: points[len(points)-1].Y}, svg.Point{X: x, Y: row(c)})
		}
	}
	points = append(points, svg.Point{X: to.X, Y: to.Middle().Y})
	gap := p.at[e.From].column + 1
	room := columnX[min(gap, len(columnX)-1)] - trackX(gapX, gap, max(p.tracks[gap]-1, 0)) - 8
	label := svg.Point{X: trackX(gapX, gap, max(p.tracks[gap]-1, 0)) + 5, Y: row(cells[0]) - 5}
	return Way{Points: tidy(points), Label: label, LabelWidth: room}
}

// back leads an edge back to the left, below everything.
func (p *plan) back(l *Layout, i int, gapX []int, below int) Way {
	e := p.g.Edges[i]
	from, to := l.Boxes[e.From], l.Boxes[e.To]
	gap := p.at[e.From].column + 1
	x1, x2 := trackX(gapX, gap, p.track[i][0]), trackX(gapX, p.at[e.To].column, p.track[i][1])
	return Way{
		Points: tidy([]svg.Point{
			{X: from.X + from.W, Y: from.Middle().Y}, {X: x1, Y: from.Middle().Y}, {X: x1, Y: below}, {X: x2, Y: below},
			{X: x2, Y: to.Middle().Y}, {X: to.X, Y: to.Middle().Y},
		}),
		Label: svg.Point{X: x1 + 5, Y: from.Middle().Y + from.H/2 + 8}, LabelWidth: labelMost,
	}
}

// tidy leaves out points on a straight line.
func tidy(points []svg.Point) []svg.Point {
	var out []svg.Point
	for _, q := range points {
		if n := len(out); n > 0 && out[n-1] == q {
			continue
		}
		if n := len(out); n > 1 && (out[n-1].X == out[n-2].X && out[n-1].X == q.X || out[n-1].Y == out[n-2].Y && out[n-1].Y == q.Y) {
			out[n-1] = q
			continue
		}
		out = append(out, q)
	}
	return out
}
