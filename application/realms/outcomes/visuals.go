package outcomes

import (
	"fmt"
	"strings"

	"github.com/symphainy/symphainy/application/realms/say"
	"github.com/symphainy/symphainy/application/realms/svg"
)

// stage is one stage of the way that data go.
type stage struct {
	Name, Label, Status string
	Count               int
}

// stages are how far the data have come. A stage is done when nothing of the stage before waits for it.
func (s *synthesis) stages() []stage {
	state := func(count, before int) string {
		switch {
		case count == 0:
			return none
		case count < before:
			return started
		}
		return finish
	}
	h := s.h.total
	return []stage{
		{"ingestion", "Ingestion", state(h[files], 1), h[files]},
		{"parsing", "Parsing", state(h[documents], h[files]), h[documents]},
		{"deterministic_embedding", "Fingerprints", state(h[fingerprints], h[documents]), h[fingerprints]},
		{"interpreted_meaning", "Meaning", state(h[interpretation]+h[meanings], h[documents]), h[interpretation] + h[meanings]},
	}
}

// visuals are the figures of the picture.
func (s *synthesis) visuals() map[string]any {
	out := map[string]any{}
	if s.in.includes("content") {
		stages := []any{}
		for _, x := range s.stages() {
			stages = append(stages, map[string]any{"stage": x.Name, "label": x.Label, "status": x.Status, "count": x.Count})
		}
		out["content"] = map[string]any{"stages": stages}
	}
	if s.in.includes("insights") {
		scores := []any{}
		for _, x := range few(s.scores, listMost) {
			scores = append(scores, map[string]any{"name": clip(x.Name, nameMost), "overall_score": x.Value, "grade": x.Grade})
		}
		counts := map[string]int{high: 0, medium: 0, low: 0}
		for _, f := range s.findings {
			if f.Realm == "insights" {
				counts[f.Severity]++
			}
		}
		out["insights"] = map[string]any{"quality": scores, "findings": counts}
	}
	if s.in.includes("journey") {
		out["journey"] = map[string]any{"friction": s.frictionFigures()}
	}
	return out
}

const (
	blue, sky, green, mint, amber, sand, red, grey, pale, muted = "#2563eb", "#dbeafe", "#15803d", "#dcfce7", "#b45309", "#fef3c7", "#b91c1c", "#9aa5b1", "#f1f5f9", "#52606d"

	pageWidth = 760
	margin    = 24
)

// picture shows the stages, the quality of the documents, and friction before and after.
func (s *synthesis) picture(title string) []byte {
	var p svg.Picture
	p.Text(margin, 34, svg.Clip(title, pageWidth-2*margin-120), svg.Style{Bold: true, Size: 18})
	y := 62
	if s.in.includes("content") {
		y = s.drawStages(&p, y)
	}
	if s.in.includes("insights") && len(s.scores) > 0 {
		y = s.drawQuality(&p, y)
	}
	if s.in.includes("journey") && s.friction.Analyses > 0 {
		y = s.drawFriction(&p, y)
	}
	return p.Bytes(pageWidth, y, title)
}

func (s *synthesis) drawStages(p *svg.Picture, y int) int {
	const width, height, gap = 154, 62, 32
	p.Text(margin, y, "From file to meaning", svg.Style{Bold: true})
	y += 14
	for i, x := range s.stages() {
		left := margin + i*(width+gap)
		paint, colour := svg.Paint{Fill: pale, Stroke: grey}, muted
		switch x.Status {
		case finish:
			paint, colour = svg.Paint{Fill: mint, Stroke: green}, green
		case started:
			paint, colour = svg.Paint{Fill: sand, Stroke: amber}, amber
		}
		if i > 0 {
			p.Arrow([]svg.Point{{X: left - gap + 4, Y: y + height/2}, {X: left - 4, Y: y + height/2}}, svg.Paint{Stroke: grey, Width: 2})
		}
		p.Rect(left, y, width, height, 8, paint)
		p.Text(left+width/2, y+25, x.Label, svg.Style{Anchor: svg.Middle, Bold: true})
		p.Text(left+width/2, y+46, fmt.Sprintf("%d · %s", x.Count, x.Status), svg.Style{Anchor: svg.Middle, Colour: colour})
	}
	return y + height + 36
}

// bar draws a labelled bar of a share of its track.
func bar(p *svg.Picture, y int, label string, share float64, colour, text string) {
	const left, track = 230, 430
	p.Text(margin, y+13, svg.Clip(label, left-margin-10), svg.Style{})
	p.Rect(left, y, track, 18, 4, svg.Paint{Fill: pale})
	if w := int(share * track); w > 0 {
		p.Rect(left, y, w, 18, 4, svg.Paint{Fill: colour})
	}
	p.Text(left+track+10, y+13, text, svg.Style{Colour: muted})
}

func (s *synthesis) drawQuality(p *svg.Picture, y int) int {
	p.Text(margin, y, "Quality of the data", svg.Style{Bold: true})
	y += 12
	for _, x := range few(s.scores, 8) {
		colour := green
		switch {
		case x.Value < goodQuality:
			colour = red
		case x.Value < 0.9:
			colour = amber
		}
		bar(p, y, x.Name, x.Value, colour, say.Rounded(rounded(100*x.Value, 1))+" %  "+x.Grade)
		y += 26
	}
	if n := len(s.scores) - 8; n > 0 {
		p.Text(margin, y+10, say.Plural(n, "more document", "more documents"), svg.Style{Colour: muted})
		y += 22
	}
	return y + 28
}

func (s *synthesis) drawFriction(p *svg.Picture, y int) int {
	f := s.friction
	p.Text(margin, y, "Steps with friction", svg.Style{Bold: true})
	y += 12
	all := float64(max(f.Steps, 1))
	bar(p, y, "today", float64(f.Friction)/all, amber, fmt.Sprintf("%d of %d", f.Friction, f.Steps))
	bar(p, y+26, "with the blueprint", float64(f.Friction-f.Addressed)/all, blue, fmt.Sprintf("%d of %d", f.Friction-f.Addressed, f.Steps))
	return y + 52 + 22
}

// markdown is the synthesis as a text.
func (s *synthesis) markdown(title string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s\n\n%s\n\n", say.Markdown(title), say.Markdown(s.summary()))
	b.WriteString("| part | status | figures |\n|---|---|---|\n")
	h := s.h.total
	row := func(pillar, label, status, figures string) {
		if s.in.includes(pillar) {
			fmt.Fprintf(&b, "| %s | %s | %s |\n", label, status, figures)
		}
	}
	row("content", "Content", s.content, fmt.Sprintf("%d files, %d parsed, %d records, %d embeddings, %d failed", h[files], h[documents], s.h.records, h[fingerprints]+h[meanings], s.h.failedIn("content")))
	row("insights", "Insights", s.insight, fmt.Sprintf("%d results, %d metrics, %d relationships, %d failed", s.insights, s.metrics, s.relationships, s.h.failedIn("insights")))
	row("journey", "Journey", s.trip, strings.Join([]string{
		say.Plural(h[workflows], "workflow", "workflows"), say.Plural(h[procedures], "procedure", "procedures"), say.Plural(h[blueprints], "blueprint", "blueprints"),
		say.Plural(s.friction.Friction, "friction step", "friction steps"),
	}, ", "))
	section(&b, "Key findings", s.keyFindings(), func(x map[string]any) string {
		return fmt.Sprintf("**%s** %s", x["severity"], say.Markdown(fmt.Sprint(x["finding"])))
	})
	section(&b, "Recommendations", s.recommendations(), func(x map[string]any) string {
		return fmt.Sprintf("%s %s", say.Markdown(fmt.Sprint(x["recommendation"])), say.Markdown(fmt.Sprint(x["reason"])))
	})
	section(&b, "What failed", s.failures(), func(x map[string]any) string {
		return fmt.Sprintf("%s: %s (%s)", say.Markdown(fmt.Sprint(x["intent_type"])), say.Markdown(fmt.Sprint(x["error"])), say.Markdown(fmt.Sprint(x["error_code"])))
	})
	return b.String()
}

// section writes a list under a heading, and nothing if it is empty.
func section(b *strings.Builder, heading string, list []any, line func(map[string]any) string) {
	if len(list) == 0 {
		return
	}
	fmt.Fprintf(b, "\n## %s\n\n", heading)
	for _, x := range list {
		if m, ok := x.(map[string]any); ok {
			fmt.Fprintf(b, "- %s\n", line(m))
		}
	}
}
