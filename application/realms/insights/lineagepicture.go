package insights

import (
	"cmp"
	"slices"

	"github.com/symphainy/symphainy/application/artifacts"
	"github.com/symphainy/symphainy/application/realms/say"
	"github.com/symphainy/symphainy/application/realms/svg"
	"github.com/symphainy/symphainy/domain/artifact"
)

// The measures of the picture in pixels. maxDrawn keeps it readable, and its text small enough to stand inside the artifact.
const (
	maxDrawn                        = 120
	boxWidth, boxHeight             = 210, 74
	columnGap, rowGap, margin, head = 76, 24, 28, 58
)

// The colours of the data classes, line and shade, and of what has none.
const (
	blue, sky, amber, sand, violet, lilac, grey, muted = "#2563eb", "#dbeafe", "#b45309", "#fef3c7", "#6d28d9", "#ede9fe", "#9aa5b1", "#52606d"
)

// drawLineage draws the graph from left to right: each artifact stands right of all that it was made of. It tells how many are shown.
func drawLineage(g artifacts.Graph) (picture string, shown int) {
	nodes := g.Nodes[:min(len(g.Nodes), maxDrawn)]
	columns := layers(nodes, g.Edges)
	tallest := 0
	for _, c := range columns {
		tallest = max(tallest, len(c))
	}
	width := 2*margin + len(columns)*boxWidth + (len(columns)-1)*columnGap
	height := head + tallest*boxHeight + (tallest-1)*rowGap + margin
	start := nodes[0]
	width = max(width, 560)
	p := &svg.Picture{}
	p.Text(margin, 32, svg.Clip("Lineage of "+say.Plain(lineageLabel(start), 90), (width-2*margin)*svg.FontSize/17), svg.Style{Size: 17, Bold: true})
	at := map[string]svg.Point{}
	for x, column := range columns {
		free := (tallest - len(column)) * (boxHeight + rowGap) / 2
		for y, n := range column {
			at[n.ID] = svg.Point{X: margin + x*(boxWidth+columnGap), Y: head + free + y*(boxHeight+rowGap)}
		}
	}
	for _, e := range g.Edges {
		from, ok := at[e.From]
		to, also := at[e.To]
		if ok && also {
			p.Arrow(elbow(from, to), svg.Paint{Stroke: grey, Width: 2})
		}
	}
	for _, n := range nodes {
		lineageBox(p, at[n.ID], n, n.ID == start.ID)
	}
	return string(p.Bytes(width, height, "Lineage of "+lineageLabel(start))), len(nodes)
}

// elbow goes from the right side of one box to the left side of another, and turns before it. Where columns lie between, it goes above
// their boxes.
func elbow(from, to svg.Point) []svg.Point {
	y1, y2 := from.Y+boxHeight/2, to.Y+boxHeight/2
	side, end := from.X+boxWidth, to.X-2
	turn := to.X - columnGap/2
	switch {
	case to.X-side > columnGap:
		first, lane := side+columnGap/2, head-9
		return []svg.Point{{X: side, Y: y1}, {X: first, Y: y1}, {X: first, Y: lane}, {X: turn - 10, Y: lane}, {X: turn - 10, Y: y2 - 10}, {X: end, Y: y2 - 10}}
	case y1 == y2:
		return []svg.Point{{X: side, Y: y1}, {X: end, Y: y2}}
	}
	return []svg.Point{{X: side, Y: y1}, {X: turn, Y: y1}, {X: turn, Y: y2}, {X: end, Y: y2}}
}

func lineageBox(p *svg.Picture, at svg.Point, n artifact.Snapshot, start bool) {
	paint := svg.Paint{Fill: sky, Stroke: blue, Width: 1}
	switch n.DataClass {
	case artifact.RecordOfFact:
		paint.Fill, paint.Stroke = sand, amber
	case artifact.Outcome:
		paint.Fill, paint.Stroke = lilac, violet
	case artifact.WorkingMaterial:
	}
	if start {
		paint.Width = 3
	}
	paint.Dashed = n.State == artifact.Archived || n.State == artifact.Obsolete || n.State == artifact.Failed
	p.Rect(at.X, at.Y, boxWidth, boxHeight, 8, paint)
	p.Text(at.X+12, at.Y+24, svg.Clip(say.Words(n.Type), boxWidth-30), svg.Style{Size: 13, Bold: true})
	p.Text(at.X+12, at.Y+43, svg.Clip(say.Plain(n.Name, 80), boxWidth-24), svg.Style{})
	state := string(n.State)
	if n.Realm != "" {
		state = n.Realm + " · " + state
	}
	p.Text(at.X+12, at.Y+62, svg.Clip(state, boxWidth-24), svg.Style{Size: 11, Colour: muted})
}

// layers puts each node into the column after the last of its parents, in the order of its parents' places.
func layers(nodes []artifact.Snapshot, edges []artifacts.Edge) [][]artifact.Snapshot {
	parents := map[string][]string{}
	for _, n := range nodes {
		parents[n.ID] = nil
	}
	for _, e := range edges {
		if _, ok := parents[e.To]; !ok {
			continue
		}
		if _, ok := parents[e.From]; ok {
			parents[e.To] = append(parents[e.To], e.From)
		}
	}
	depth := map[string]int{}
	var deep func(id string) int
	deep = func(id string) int {
		if d, ok := depth[id]; ok {
			return d
		}
		depth[id] = 0 // lineage has no cycle; were there one, it would end here
		d := 0
		for _, p := range parents[id] {
			d = max(d, deep(p)+1)
		}
		depth[id] = d
		return d
	}
	var columns [][]artifact.Snapshot
	for _, n := range nodes {
		d := deep(n.ID)
		for len(columns) <= d {
			columns = append(columns, nil)
		}
		columns[d] = append(columns[d], n)
	}
	place := map[string]float64{}
	for _, column := range columns {
		slices.SortStableFunc(column, func(a, b artifact.Snapshot) int {
			return cmp.Or(cmp.Compare(middle(place, parents[a.ID]), middle(place, parents[b.ID])), cmp.Compare(a.Type, b.Type), cmp.Compare(a.ID, b.ID))
		})
		for i, n := range column {
			place[n.ID] = float64(i)
		}
	}
	return columns
}

func middle(place map[string]float64, ids []string) float64 {
	if len(ids) == 0 {
		return 0
	}
	sum := 0.0
	for _, id := range ids {
		sum += place[id]
	}
	return sum / float64(len(ids))
}
