package outcomes

import (
	"fmt"
	"slices"
	"strings"

	"github.com/symphainy/symphainy/application/artifacts"
	"github.com/symphainy/symphainy/application/realms/say"
	"github.com/symphainy/symphainy/domain/artifact"
)

func (p *proposal) title() string {
	return firstOf(p.in.Options.Title, "Proof of concept: "+clip(strings.TrimRight(p.objectives[0], ".!?"), 80))
}

func (p *proposal) made() made {
	m := made{ID: p.id, Name: p.title()}
	var sources []artifact.Snapshot
	for _, i := range p.inScope {
		sources = append(sources, i.Snapshot)
	}
	for _, s := range p.h.sources(assessments, analyses, matchings, extractions, coexistences) {
		if !p.named || p.covers(s.ID) {
			sources = append(sources, s)
		}
	}
	m.from(sources)
	var warnings []any
	if len(p.inScope) == 0 {
		warnings = append(warnings, warning("nothing_in_scope", "The session has no file and no workflow; the proposal rests on the description alone."))
	}
	team := p.team()
	m.settle(typePOC, map[string]any{
		"poc_id": p.id, "proposal_id": p.id, "title": p.title(), "description": p.in.Description, "objectives": few(p.objectives, listMost),
		"in_scope": p.scope(), "out_of_scope": p.outOfScope(), "named_in_description": p.named,
		"success_criteria": p.criteria(), "risks": risks(pressing(p.findings)), "team": team,
		"timeline": p.timeline(), "financials": p.in.Options.Financials.shape(), "executive_summary": p.summary(len(team)),
	}, p.assumptions, append(warnings, p.h.warnings()...))
	m.Renderings = artifacts.Encode(map[string]any{"markdown": p.markdown()})
	m.Event = artifacts.Encode(map[string]any{
		"poc_id": p.id, "proposal_id": p.id, "title": p.title(), "objective_count": len(p.objectives), "in_scope_count": len(p.inScope),
	})
	return m
}

func (p *proposal) scope() []any {
	out := []any{}
	for _, i := range few(p.inScope, listMost) {
		out = append(out, map[string]any{"artifact_id": i.ID, "artifact_type": i.Type, "name": clip(processName(i), nameMost)})
	}
	return out
}

// outOfScope is what failed.
func (p *proposal) outOfScope() []any {
	out := []any{}
	for _, e := range few(p.h.failed, 50) {
		out = append(out, map[string]any{
			"what": e.Intent.Type, "reason": clip(firstOf(e.ErrorMessage, e.ErrorCode), textMost), "error_code": e.ErrorCode, "execution_id": e.ID,
		})
	}
	return out
}

// criteria measure what there is a figure of today; what has none says so.
func (p *proposal) criteria() []any {
	out := []any{}
	add := func(text, metric string, baseline any, source any) {
		if len(out) < listMost {
			out = append(out, map[string]any{"criterion": clip(text, textMost), "metric": metric, "baseline": baseline, "source_artifact_id": source})
		}
	}
	for _, o := range few(p.objectives, 50) {
		add("Shown to those who asked for it: "+o, "shown", nil, nil)
	}
	for _, a := range p.h.latest(assessments) {
		if v, ok := a.fields.number("overall_score"); ok && (!p.named || p.covers(a.ID)) {
			add(fmt.Sprintf("The quality of %s is at least today's %s.", say.Quote(a.Name), say.Number(v)), "overall_score", v, a.ID)
		}
	}
	for _, c := range p.h.latest(coexistences) {
		if n := c.fields.length("friction_points"); n > 0 && (!p.named || p.covers(c.ID)) {
			add(fmt.Sprintf("Fewer than today's %s in %s.", say.Plural(n, "step with friction", "steps with friction"), say.Quote(processName(c))), "friction_points", n, c.ID)
		}
	}
	return out
}

// team are those who act in the processes in scope.
func (p *proposal) team() []any {
	var actors []string
	steps := map[string]int{}
	for _, i := range p.inScope {
		for _, t := range i.fields.objects("tasks") {
			actor := t.text("actor")
			if actor == "" || actor == "unassigned" {
				continue
			}
			if steps[actor] == 0 {
				actors = append(actors, actor)
			}
			steps[actor]++
		}
	}
	out := []any{}
	for _, a := range few(actors, 50) {
		out = append(out, map[string]any{"role": clip(a, nameMost), "steps": steps[a]})
	}
	return out
}

func (p *proposal) timeline() any {
	if p.start.IsZero() {
		return nil
	}
	out := map[string]any{"duration": orNull(strings.TrimSpace(p.in.Options.Timeline)), "start_date": date(p.start), "end_date": nil}
	if !p.end.IsZero() {
		out["end_date"] = date(p.end)
	}
	return out
}

// shape gives the figures that were supplied and what follows from them; nil if there are none.
func (f *financials) shape() any {
	if f == nil {
		return nil
	}
	items, cost := []any{}, 0.0
	for _, c := range f.CostItems {
		items = append(items, map[string]any{"name": c.Name, "amount": c.Amount})
		cost += c.Amount
	}
	out := map[string]any{"currency": orNull(f.Currency), "budget": nil, "expected_benefit": nil, "cost_items": items, "total_cost": nil, "net_benefit": nil, "notes": orNull(f.Notes), "basis": "supplied"}
	if f.Budget != nil {
		out["budget"] = *f.Budget
	}
	if len(items) > 0 {
		out["total_cost"] = rounded(cost, 2)
	}
	if f.ExpectedBenefit != nil {
		out["expected_benefit"] = *f.ExpectedBenefit
		if len(items) > 0 {
			out["net_benefit"] = rounded(*f.ExpectedBenefit-cost, 2)
		}
	}
	return out
}

func (p *proposal) summary(team int) string {
	text := fmt.Sprintf("%s, on %s.", say.Plural(len(p.objectives), "objective", "objectives"), say.Plural(len(p.inScope), "file or workflow", "files and workflows"))
	if len(p.inScope) > 0 {
		var list []string
		for _, i := range p.inScope {
			if n := processName(i); !slices.Contains(list, n) {
				list = append(list, n)
			}
		}
		text = fmt.Sprintf("%s, on %s.", say.Plural(len(p.objectives), "objective", "objectives"), named(list))
	}
	if team > 0 {
		text += fmt.Sprintf(" %s part.", say.Plural(team, "role takes", "roles take"))
	}
	if worst := highest(p.findings); worst != "" {
		text += fmt.Sprintf(" %s known, the worst of %s severity.", say.Plural(len(p.findings), "finding is", "findings are"), worst)
	}
	if n := len(p.h.failed); n > 0 {
		text += fmt.Sprintf(" %s failed and stays out of scope.", say.Plural(n, "execution", "executions"))
	}
	return text
}

func (p *proposal) markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s\n\n%s\n", say.Markdown(p.title()), say.Markdown(p.summary(len(p.team()))))
	lines(&b, "Objectives", p.objectives)
	section(&b, "In scope", p.scope(), func(x map[string]any) string {
		return say.Markdown(fmt.Sprintf("%s (%s)", x["name"], x["artifact_type"]))
	})
	section(&b, "Out of scope", p.outOfScope(), func(x map[string]any) string {
		return say.Markdown(fmt.Sprintf("%s: %s", x["what"], x["reason"]))
	})
	section(&b, "Success criteria", p.criteria(), func(x map[string]any) string {
		if x["baseline"] == nil {
			return say.Markdown(fmt.Sprint(x["criterion"]))
		}
		return say.Markdown(fmt.Sprintf("%s (baseline %v)", x["criterion"], x["baseline"]))
	})
	section(&b, "Risks", risks(pressing(p.findings)), riskLine)
	section(&b, "Team", p.team(), func(x map[string]any) string {
		return say.Markdown(fmt.Sprintf("%s (%v steps)", x["role"], x["steps"]))
	})
	if t, ok := p.timeline().(map[string]any); ok {
		fmt.Fprintf(&b, "\n## Timeline\n\nFrom %s", t["start_date"])
		if t["end_date"] != nil {
			fmt.Fprintf(&b, " to %s", t["end_date"])
		}
		b.WriteString("\n")
	}
	p.money(&b)
	lines(&b, "Assumptions", p.assumptions)
	return b.String()
}

func (p *proposal) money(b *strings.Builder) {
	f, ok := p.in.Options.Financials.shape().(map[string]any)
	if !ok {
		return
	}
	b.WriteString("\n## Financials\n\n")
	for _, x := range []struct{ label, key string }{{"Budget", "budget"}, {"Total cost", "total_cost"}, {"Expected benefit", "expected_benefit"}, {"Net benefit", "net_benefit"}} {
		if v, ok := f[x.key].(float64); ok {
			fmt.Fprintf(b, "- %s: %s %s\n", x.label, say.Number(v), say.Markdown(p.in.Options.Financials.Currency))
		}
	}
}
