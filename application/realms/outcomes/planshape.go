package outcomes

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/symphainy/symphainy/application/artifacts"
	"github.com/symphainy/symphainy/application/realms/say"
	"github.com/symphainy/symphainy/application/realms/svg"
)

func (p *plan) title() string { return firstOf(p.in.Options.Title, "Roadmap: "+clip(p.goals[0], 80)) }

func date(at time.Time) string { return at.Format(time.DateOnly) }

func (f phase) days() int { return int(f.End.Sub(f.Start).Hours()/24) + 1 }

func (p *plan) made() made {
	m := made{ID: p.id, Name: p.title()}
	m.from(p.h.sources(assessments, extractions, matchings, analyses, coexistences, blueprints, workflows))
	start, end := p.phases[0].Start, p.phases[len(p.phases)-1].End
	riskList := p.risks()
	m.settle(typeRoadmap, map[string]any{
		"roadmap_id": p.id, "title": p.title(), "description": orNull(p.in.Options.Description), "status": "planned",
		"goals": p.goals, "start_date": date(start), "end_date": date(end), "timeline": orNull(p.in.Options.Timeline),
		"phases": p.phaseList(), "phase_count": len(p.phases), "milestones": p.milestones(), "risks": riskList,
		"strategic_plan": p.strategy(), "executive_summary": p.summary(len(riskList)),
	}, p.assumptions, p.h.warnings())
	m.Renderings = artifacts.Encode(map[string]any{"markdown": p.markdown(), "svg": string(p.gantt()), "chart_data": p.chart()})
	m.Event = artifacts.Encode(map[string]any{
		"roadmap_id": p.id, "title": p.title(), "phase_count": len(p.phases), "start_date": date(start), "end_date": date(end), "risk_count": len(riskList),
	})
	return m
}

// risks are the findings of some weight; what nobody found is no risk.
func (p *plan) risks() []any { return risks(pressing(p.findings)) }

func (p *plan) phaseList() []any {
	out := []any{}
	for i, f := range p.phases {
		out = append(out, map[string]any{
			"phase_number": i + 1, "name": f.Name, "kind": f.Kind, "objective": f.Objective, "goals": few(f.Goals, 20), "deliverables": few(f.Deliverables, 50),
			"success_criteria": few(f.Criteria, 50), "findings": cites(f.Findings, 20), "finding_count": len(f.Findings), "prerequisites": few(f.Prerequisites, 20),
			"start_date": date(f.Start), "end_date": date(f.End), "duration_days": f.days(), "status": "planned",
		})
	}
	return out
}

func (p *plan) milestones() []any {
	out := []any{}
	for i, f := range p.phases {
		out = append(out,
			map[string]any{"name": f.Name + " has started", "type": "start", "phase_number": i + 1, "date": date(f.Start), "status": "planned"},
			map[string]any{"name": f.Name + " is complete", "type": "completion", "phase_number": i + 1, "date": date(f.End), "status": "planned"})
	}
	return out
}

func (p *plan) strategy() map[string]any {
	objectives, results := []string{}, []string{}
	for _, f := range p.phases {
		objectives = append(objectives, f.Objective)
		for _, c := range f.Criteria {
			if len(results) < listMost && !slices.Contains(results, c) {
				results = append(results, c)
			}
		}
	}
	return map[string]any{"goals": p.goals, "objectives": objectives, "key_results": results}
}

func (p *plan) summary(riskCount int) string {
	last := p.phases[len(p.phases)-1]
	text := fmt.Sprintf("%s in %s, from %s to %s.", say.Plural(len(p.goals), "goal", "goals"), say.Plural(len(p.phases), "phase", "phases"), date(p.phases[0].Start), date(last.End))
	if p.phases[0].Kind == "remediation" {
		text += " First, the data: " + p.phases[0].Objective
	}
	if last.Kind == "adoption" {
		text += " At the end: " + last.Objective
	}
	if riskCount == 0 {
		return text + " The session's analyses name no risk of high or medium weight."
	}
	return text + fmt.Sprintf(" %s known, the worst of %s severity.", say.Plural(riskCount, "risk is", "risks are"), highest(p.findings))
}

func (p *plan) chart() []any {
	out := []any{}
	for i, f := range p.phases {
		out = append(out, map[string]any{"phase_number": i + 1, "name": f.Name, "start": date(f.Start), "end": date(f.End), "kind": f.Kind})
	}
	return out
}

func (p *plan) markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s\n\n%s\n", say.Markdown(p.title()), say.Markdown(p.summary(len(p.risks()))))
	if d := p.in.Options.Description; d != "" {
		fmt.Fprintf(&b, "\n%s\n", say.Markdown(d))
	}
	b.WriteString("\n| phase | from | to | objective |\n|---|---|---|---|\n")
	for i, f := range p.phases {
		fmt.Fprintf(&b, "| %d. %s | %s | %s | %s |\n", i+1, say.Markdown(f.Name), date(f.Start), date(f.End), say.Markdown(f.Objective))
	}
	for i, f := range p.phases {
		fmt.Fprintf(&b, "\n## Phase %d: %s\n\n%s\n", i+1, say.Markdown(f.Name), say.Markdown(f.Objective))
		lines(&b, "Deliverables", f.Deliverables)
		lines(&b, "Success criteria", f.Criteria)
		lines(&b, "Prerequisites", f.Prerequisites)
		var found []string
		for _, x := range few(f.Findings, 20) {
			found = append(found, x.Severity+": "+x.Text)
		}
		lines(&b, "Findings", found)
	}
	section(&b, "Risks", p.risks(), riskLine)
	lines(&b, "Assumptions", p.assumptions)
	return b.String()
}

func riskLine(x map[string]any) string {
	line := fmt.Sprintf("**%s** %s", x["severity"], say.Markdown(fmt.Sprint(x["risk"])))
	if m, ok := x["mitigation"].(string); ok {
		line += " " + say.Markdown(m)
	}
	return line
}

// lines writes texts under a small heading, and nothing if there are none.
func lines(b *strings.Builder, heading string, list []string) {
	if len(list) == 0 {
		return
	}
	fmt.Fprintf(b, "\n### %s\n\n", heading)
	for _, x := range few(list, 50) {
		fmt.Fprintf(b, "- %s\n", say.Markdown(x))
	}
}

const (
	nameColumn = 230
	ganttWidth = 920
	rowHeight  = 40
)

// gantt draws the phases along the calendar.
func (p *plan) gantt() []byte {
	var pic svg.Picture
	start, end := p.phases[0].Start, p.phases[len(p.phases)-1].End.AddDate(0, 0, 1)
	at := func(day time.Time) int {
		return nameColumn + int(day.Sub(start).Hours()/end.Sub(start).Hours()*float64(ganttWidth-nameColumn-margin))
	}
	top := 84
	bottom := top + len(p.phases)*rowHeight
	pic.Text(margin, 34, svg.Clip(p.title(), ganttWidth-2*margin-160), svg.Style{Bold: true, Size: 18})
	for _, t := range ticks(start, end) {
		pic.Line([]svg.Point{{X: at(t), Y: top - 10}, {X: at(t), Y: bottom}}, svg.Paint{Stroke: "#e4e7eb"})
		pic.Text(at(t), top-18, t.Format("2 Jan 2006"), svg.Style{Anchor: svg.Middle, Colour: muted, Size: 11})
	}
	for i, f := range p.phases {
		y := top + i*rowHeight
		paint := svg.Paint{Fill: sky, Stroke: blue}
		switch f.Kind {
		case "remediation":
			paint = svg.Paint{Fill: sand, Stroke: amber}
		case "adoption":
			paint = svg.Paint{Fill: mint, Stroke: green}
		}
		pic.Lines(margin, y+rowHeight/2-3, svg.Wrap(fmt.Sprintf("%d. %s", i+1, f.Name), nameColumn-margin-14, 2), svg.Style{})
		left, right := at(f.Start), at(f.End.AddDate(0, 0, 1))
		pic.Rect(left, y+7, max(right-left, 3), rowHeight-16, 4, paint)
		for _, x := range []int{left, right} {
			c := y + rowHeight/2 - 1
			pic.Polygon([]svg.Point{{X: x, Y: c - 5}, {X: x + 5, Y: c}, {X: x, Y: c + 5}, {X: x - 5, Y: c}}, svg.Paint{Fill: paint.Stroke})
		}
	}
	pic.Line([]svg.Point{{X: nameColumn, Y: bottom}, {X: ganttWidth - margin, Y: bottom}}, svg.Paint{Stroke: grey})
	p.legend(&pic, bottom+26)
	return pic.Bytes(ganttWidth, bottom+44, p.title())
}

func (p *plan) legend(pic *svg.Picture, y int) {
	x := nameColumn
	for _, l := range []struct{ kind, label, fill, line string }{
		{"remediation", "remediation", sand, amber}, {"goal", "goal", sky, blue}, {"adoption", "adoption", mint, green},
	} {
		if slices.ContainsFunc(p.phases, func(f phase) bool { return f.Kind == l.kind }) {
			pic.Rect(x, y-10, 14, 12, 2, svg.Paint{Fill: l.fill, Stroke: l.line})
			pic.Text(x+20, y, l.label, svg.Style{Colour: muted})
			x += 120
		}
	}
	pic.Polygon([]svg.Point{{X: x + 5, Y: y - 9}, {X: x + 10, Y: y - 4}, {X: x + 5, Y: y + 1}, {X: x, Y: y - 4}}, svg.Paint{Fill: muted})
	pic.Text(x+18, y, "milestone", svg.Style{Colour: muted})
}

// ticks are the days that the calendar names: few enough to be read.
func ticks(start, end time.Time) []time.Time {
	days := int(end.Sub(start).Hours() / 24)
	step := max(1, (days+5)/6)
	var out []time.Time
	for d := 0; d <= days; d += step {
		out = append(out, start.AddDate(0, 0, d))
	}
	return out
}
