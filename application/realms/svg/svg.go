// Package svg draws pictures of boxes, lines and texts as Scalable Vector Graphics. Every text is data; a picture has no script, no link and
// nothing from outside. Equal calls give equal bytes.
package svg

import (
	"encoding/xml"
	"fmt"
	"strings"
	"unicode"
)

// Size of texts in pixels, and the distance of two lines.
const (
	FontSize   = 12
	LineHeight = 15
)

// Anchor says which part of a text stands at its place.
type Anchor string

// The anchors.
const (
	Start  Anchor = "start"
	Middle Anchor = "middle"
	End    Anchor = "end"
)

// Paint is how a shape looks. Colours are the caller's constants, never a user's text.
type Paint struct {
	Fill, Stroke string
	Width        int
	Dashed       bool
}

func (p Paint) attributes() string {
	fill, stroke := p.Fill, p.Stroke
	if fill == "" {
		fill = "none"
	}
	if stroke == "" {
		return fmt.Sprintf(`fill="%s"`, fill)
	}
	dash := ""
	if p.Dashed {
		dash = ` stroke-dasharray="5 4"`
	}
	return fmt.Sprintf(`fill="%s" stroke="%s" stroke-width="%d"%s`, fill, stroke, max(p.Width, 1), dash)
}

// Point is a place, in pixels from the upper left corner.
type Point struct{ X, Y int }

// Picture is a picture while it is drawn. Its zero value is empty and ready. What is drawn later covers what was drawn before.
type Picture struct {
	b strings.Builder
}

// Rect draws a rectangle with corners of the given radius.
func (p *Picture) Rect(x, y, w, h, radius int, paint Paint) {
	fmt.Fprintf(&p.b, `<rect x="%d" y="%d" width="%d" height="%d" rx="%d" %s/>`, x, y, w, h, radius, paint.attributes())
}

// Circle draws a circle around a place.
func (p *Picture) Circle(x, y, r int, paint Paint) {
	fmt.Fprintf(&p.b, `<circle cx="%d" cy="%d" r="%d" %s/>`, x, y, r, paint.attributes())
}

// Polygon draws a closed line.
func (p *Picture) Polygon(points []Point, paint Paint) {
	fmt.Fprintf(&p.b, `<polygon points="%s" %s/>`, list(points), paint.attributes())
}

// Line draws an open line.
func (p *Picture) Line(points []Point, paint Paint) {
	paint.Fill = ""
	fmt.Fprintf(&p.b, `<polyline points="%s" %s/>`, list(points), paint.attributes())
}

// Arrow draws a line with a head at its end, in the colour of the line.
func (p *Picture) Arrow(points []Point, paint Paint) {
	if len(points) < 2 {
		return
	}
	p.Line(points, paint)
	tip, before := points[len(points)-1], points[len(points)-2]
	dx, dy := sign(tip.X-before.X), sign(tip.Y-before.Y)
	if dx != 0 {
		dy = 0
	}
	const length, half = 8, 4
	back := Point{tip.X - dx*length, tip.Y - dy*length}
	p.Polygon([]Point{tip, {back.X + dy*half, back.Y + dx*half}, {back.X - dy*half, back.Y - dx*half}}, Paint{Fill: paint.Stroke})
}

// Style is how a text looks.
type Style struct {
	Anchor Anchor
	Bold   bool
	Colour string
	// Size is in pixels; 0 is FontSize.
	Size int
}

// Text writes one line whose baseline is at y.
func (p *Picture) Text(x, y int, text string, s Style) { p.text(x, y, 0, text, s) }

// Turned writes one line that reads from below to above, around its place.
func (p *Picture) Turned(x, y int, text string, s Style) { p.text(x, y, -90, text, s) }

func (p *Picture) text(x, y, turn int, text string, s Style) {
	size, colour, anchor := s.Size, s.Colour, s.Anchor
	if size == 0 {
		size = FontSize
	}
	if colour == "" {
		colour = "#1f2933"
	}
	if anchor == "" {
		anchor = Start
	}
	extra := ""
	if s.Bold {
		extra += ` font-weight="bold"`
	}
	if turn != 0 {
		extra += fmt.Sprintf(` transform="rotate(%d %d %d)"`, turn, x, y)
	}
	fmt.Fprintf(&p.b, `<text x="%d" y="%d" font-size="%d" text-anchor="%s" fill="%s"%s>%s</text>`, x, y, size, anchor, colour, extra, escape(text))
}

// Lines writes lines one below the other, so that their middle is at y.
func (p *Picture) Lines(x, y int, lines []string, s Style) {
	first := y - (len(lines)-1)*LineHeight/2 + FontSize/3
	for i, line := range lines {
		p.Text(x, first+i*LineHeight, line, s)
	}
}

// Bytes gives the picture in its size; title is what a screen reader says of it.
func (p *Picture) Bytes(width, height int, title string) []byte {
	return fmt.Appendf(nil, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d" role="img" `+
		`font-family="Helvetica, Arial, 'DejaVu Sans', sans-serif"><title>%s</title><rect width="%d" height="%d" fill="#ffffff"/>%s</svg>`,
		width, height, width, height, escape(title), width, height, p.b.String())
}

func list(points []Point) string {
	parts := make([]string, len(points))
	for i, q := range points {
		parts[i] = fmt.Sprintf("%d,%d", q.X, q.Y)
	}
	return strings.Join(parts, " ")
}

func sign(n int) int {
	switch {
	case n > 0:
		return 1
	case n < 0:
		return -1
	}
	return 0
}

// escape makes a text character data on one line; what XML does not have, and what would reorder the text around it, is left out.
func escape(s string) string {
	clean := strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.IsControl(r), unicode.Is(unicode.Cf, r):
			return -1
		}
		return r
	}, s)
	var b strings.Builder
	// A strings.Builder does not fail.
	_ = xml.EscapeText(&b, []byte(clean))
	return b.String()
}
