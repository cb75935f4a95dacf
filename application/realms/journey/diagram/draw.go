package diagram

import (
	"strings"
	"unicode"

	"github.com/symphainy/symphainy/application/realms/svg"
	"github.com/symphainy/symphainy/domain/document"
)

// Shade is the colours of a box.
type Shade struct{ Fill, Stroke string }

// Plain is the shade of a box that nothing is said of.
func Plain() Shade { return Shade{"#eef3f9", "#3b5b86"} }

const (
	ink      = "#1f2933"
	line     = "#52616f"
	bandLine = "#b9c3ce"
)

// Entry is a line of the legend.
type Entry struct {
	Shade Shade
	Text  string
}

// SVG draws the layout. shade, if not nil, gives the colours of a step by its id.
func (l *Layout) SVG(title string, shade func(id string) Shade, legend ...Entry) []byte {
	p := &svg.Picture{}
	l.bands(p)
	for i, e := range l.Graph.Edges {
		p.Arrow(l.Ways[i].Points, svg.Paint{Stroke: line, Width: 1, Dashed: e.Back || e.Flow < 0})
	}
	for i, n := range l.Graph.Nodes {
		s := Plain()
		if shade != nil {
			s = shade(n.ID)
		}
		node(p, l.Boxes[i], n, s)
	}
	for i, e := range l.Graph.Edges {
		if e.Condition != "" {
			w := l.Ways[i]
			p.Text(w.Label.X, w.Label.Y, svg.Clip(strings.Join(strings.Fields(e.Condition), " "), w.LabelWidth), svg.Style{Colour: line, Size: 11})
		}
	}
	height, width := l.Height, l.Width
	for i, entry := range legend {
		y := l.Height + 4 + i*20
		p.Rect(margin, y-10, 22, 13, 3, svg.Paint{Fill: entry.Shade.Fill, Stroke: entry.Shade.Stroke})
		p.Text(margin+30, y+1, entry.Text, svg.Style{Size: 11})
		width = max(width, margin*2+30+svg.Width(entry.Text))
		height = y + 20
	}
	return p.Bytes(width, height, title)
}

func (l *Layout) bands(p *svg.Picture) {
	if len(l.Bands) == 1 && l.Bands[0].Name == "" {
		return
	}
	for i, b := range l.Bands {
		fill := "#fbfcfe"
		if i%2 == 1 {
			fill = "#f4f7fb"
		}
		p.Rect(b.X, b.Y, b.W, b.H, 0, svg.Paint{Fill: fill, Stroke: bandLine})
		p.Rect(b.X, b.Y, laneHead, b.H, 0, svg.Paint{Fill: "#e6edf5", Stroke: bandLine})
		name, colour := b.Name, ink
		if name == "" {
			name, colour = "(unassigned)", line
		}
		lines := svg.Wrap(name, b.H-12, 2)
		for k, text := range lines {
			x := b.X + laneHead/2 + 4 + k*13 - (len(lines)-1)*7
			p.Turned(x, b.Y+b.H/2, text, svg.Style{Anchor: svg.Middle, Bold: true, Colour: colour, Size: 11})
		}
	}
}

func node(p *svg.Picture, b Box, n document.Node, s Shade) {
	m := b.Middle()
	switch n.Type {
	case document.NodeDecision:
		p.Polygon([]svg.Point{{X: m.X, Y: b.Y}, {X: b.X + b.W, Y: m.Y}, {X: m.X, Y: b.Y + b.H}, {X: b.X, Y: m.Y}}, svg.Paint{Fill: s.Fill, Stroke: s.Stroke, Width: 2})
		sign(p, m, n.Kind, s)
		above(p, b, n.Name)
	case document.NodeEvent:
		width := 1
		if n.Kind == "endEvent" {
			width = 3
		}
		p.Circle(m.X, m.Y, b.W/2, svg.Paint{Fill: "#ffffff", Stroke: s.Stroke, Width: width})
		if n.Kind != "startEvent" && n.Kind != "endEvent" {
			p.Circle(m.X, m.Y, b.W/2-4, svg.Paint{Fill: "#ffffff", Stroke: s.Stroke})
		}
		below(p, b, n.Name)
	default:
		p.Rect(b.X, b.Y, b.W, b.H, 8, svg.Paint{Fill: s.Fill, Stroke: s.Stroke, Width: 1})
		name := n.Name
		if name == "" {
			name = Label(n)
		}
		p.Lines(m.X, m.Y, svg.Wrap(name, b.W-14, 3), svg.Style{Anchor: svg.Middle})
		if n.Kind == "subProcess" || n.Kind == "transaction" || n.Kind == "adHocSubProcess" {
			p.Rect(m.X-6, b.Y+b.H-13, 12, 12, 0, svg.Paint{Stroke: s.Stroke})
			p.Line([]svg.Point{{X: m.X - 4, Y: b.Y + b.H - 7}, {X: m.X + 4, Y: b.Y + b.H - 7}}, svg.Paint{Stroke: s.Stroke})
			p.Line([]svg.Point{{X: m.X, Y: b.Y + b.H - 11}, {X: m.X, Y: b.Y + b.H - 3}}, svg.Paint{Stroke: s.Stroke})
		}
	}
}

// sign is the mark of a gateway's kind.
func sign(p *svg.Picture, m svg.Point, kind string, s Shade) {
	paint := svg.Paint{Stroke: s.Stroke, Width: 2}
	switch kind {
	case "parallelGateway":
		p.Line([]svg.Point{{X: m.X - 9, Y: m.Y}, {X: m.X + 9, Y: m.Y}}, paint)
		p.Line([]svg.Point{{X: m.X, Y: m.Y - 9}, {X: m.X, Y: m.Y + 9}}, paint)
	case "inclusiveGateway":
		p.Circle(m.X, m.Y, 9, paint)
	case "eventBasedGateway":
		p.Circle(m.X, m.Y, 10, svg.Paint{Stroke: s.Stroke})
		p.Circle(m.X, m.Y, 7, svg.Paint{Stroke: s.Stroke})
	case "complexGateway":
		p.Text(m.X, m.Y+8, "*", svg.Style{Anchor: svg.Middle, Bold: true, Colour: s.Stroke, Size: 22})
	default:
		p.Line([]svg.Point{{X: m.X - 6, Y: m.Y - 6}, {X: m.X + 6, Y: m.Y + 6}}, paint)
		p.Line([]svg.Point{{X: m.X - 6, Y: m.Y + 6}, {X: m.X + 6, Y: m.Y - 6}}, paint)
	}
}

func above(p *svg.Picture, b Box, name string) {
	lines := svg.Wrap(name, columnWidth, 2)
	for i, text := range lines {
		p.Text(b.X+b.W/2, b.Y-6-(len(lines)-1-i)*13, text, svg.Style{Anchor: svg.Middle, Size: 11})
	}
}

func below(p *svg.Picture, b Box, name string) {
	for i, text := range svg.Wrap(name, columnWidth, 2) {
		p.Text(b.X+b.W/2, b.Y+b.H+14+i*13, text, svg.Style{Anchor: svg.Middle, Size: 11})
	}
}

// Label names a node: by its name, or else by its kind in words.
func Label(n document.Node) string {
	if n.Name != "" {
		return n.Name
	}
	var b strings.Builder
	for i, r := range n.Kind {
		if unicode.IsUpper(r) {
			b.WriteByte(' ')
			r = unicode.ToLower(r)
		}
		if i == 0 {
			r = unicode.ToUpper(r)
		}
		b.WriteRune(r)
	}
	return b.String()
}
