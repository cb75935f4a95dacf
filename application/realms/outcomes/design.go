package outcomes

import (
	"fmt"
	"slices"
	"strings"

	"github.com/symphainy/symphainy/application/artifacts"
	"github.com/symphainy/symphainy/application/realms/say"
	"github.com/symphainy/symphainy/domain/artifact"
)

// design is a solution while it is made: its source, and the analyses around it.
type design struct {
	id     string
	in     solutionParameters
	source item
	around []item
}

// goals are what the source wants to reach.
func (d design) goals() []string {
	var out []string
	add := func(list ...string) {
		for _, g := range list {
			if g = strings.TrimSpace(g); g != "" && !slices.Contains(out, g) && len(out) < listMost {
				out = append(out, clip(g, textMost))
			}
		}
	}
	f := d.source.fields
	switch d.in.Source {
	case typeRoadmap:
		add(f.texts("goals", "goal", "name")...)
		for _, p := range f.objects("phases") {
			if name := p.first("name", "phase_name"); name != "" {
				add("Complete " + name)
			}
		}
	case typePOC:
		add(f.texts("objectives", "objective", "name")...)
	default:
		for _, p := range blueprintPhases(f) {
			add(p.first("name", "phase_name"), p.text("objective"))
		}
	}
	add(d.in.Options.AdditionalGoals...)
	return out
}

// constraints are where the process meets other systems and where its steps wait for each other.
func (d design) constraints() []any {
	out := []any{}
	add := func(kind, text, severity, source string) {
		if text != "" && len(out) < listMost {
			out = append(out, map[string]any{"type": kind, "constraint": clip(text, textMost), "severity": orNull(severity), "source_artifact_id": source})
		}
	}
	for _, a := range append([]item{d.source}, d.around...) {
		for _, f := range a.fields.objects("friction_points") {
			text := f.first("step_name", "name", "step", "step_id")
			if where := f.text("integration_point"); where != "" {
				text = strings.TrimPrefix(text+": "+where, ": ")
			}
			add("integration_point", text, "", a.ID)
		}
		for _, c := range conflictFindings(a) {
			add("conflict", c.Text, c.Severity, c.Source)
		}
	}
	return out
}

// risk is the highest that is known, null if none is.
func (d design) risk() any {
	worst := highest(d.risks())
	return orNull(worst)
}

func (d design) risks() []finding {
	var out []finding
	for _, r := range d.source.fields.objects("risks") {
		out = append(out, finding{Severity: r.text("severity")})
	}
	for _, a := range append([]item{d.source}, d.around...) {
		out = append(out, conflictFindings(a)...)
	}
	return out
}

// serving are the intents that serve a solution of the source.
func (d design) serving() []string {
	switch d.in.Source {
	case typeRoadmap:
		return []string{createSolution, synthesizeOutcome, generateRoadmap}
	case typePOC:
		return []string{createSolution, synthesizeOutcome, createPOC}
	}
	return []string{createSolution, "analyze_coexistence", "create_blueprint", "create_workflow"}
}

// bindings say which domain serves the solution with which intents, and which systems outside it has to do with.
func (d design) bindings() []any {
	byRealm := map[string][]string{}
	for _, i := range d.serving() {
		name := Name
		if slices.Contains([]string{"analyze_coexistence", "create_blueprint", "create_workflow"}, i) {
			name = "journey"
		}
		byRealm[name] = append(byRealm[name], i)
	}
	out := []any{}
	for _, name := range []string{"journey", Name} {
		if list := byRealm[name]; list != nil {
			out = append(out, map[string]any{"domain": name, "system": "symphainy", "intents": list})
		}
	}
	for _, s := range d.external() {
		out = append(out, map[string]any{"domain": "external", "system": s, "intents": []string{}})
	}
	return out
}

// external are the systems that the responsibility matrix of a blueprint names.
func (d design) external() []string {
	var out []string
	for _, a := range append([]item{d.source}, d.around...) {
		rows := a.fields.objects("responsibility_matrix")
		if rows == nil {
			rows = a.fields.object("responsibility_matrix").objects("rows")
		}
		for _, r := range rows {
			for _, s := range r.texts("external_systems", "name", "system") {
				if !slices.Contains(out, s) && len(out) < 50 {
					out = append(out, clip(s, nameMost))
				}
			}
		}
	}
	return out
}

// strategies say how each bound system is kept in step; of a system outside nothing is known.
func (d design) strategies() []any {
	out := []any{}
	for _, b := range d.bindings() {
		m, _ := b.(map[string]any)
		how := map[string]any{"domain": m["domain"], "system": m["system"], "strategy": nil, "trigger": nil}
		if m["system"] == "symphainy" {
			how["strategy"], how["trigger"] = "on_request", "an intent is submitted"
		}
		out = append(out, how)
	}
	return out
}

func (d design) name() string {
	return firstOf(d.in.Options.Name, d.source.fields.first("title", "name", "blueprint_name"), d.source.Name, "Solution")
}

func (d design) made() made {
	m := made{ID: d.id, Name: clip(d.name(), nameMost)}
	m.from(append([]artifact.Snapshot{d.source.Snapshot}, snapshots(d.around)...))
	goals := d.goals()
	metadata := map[string]any{"source": d.in.Source, "source_id": d.source.ID, "source_name": orNull(clip(d.source.Name, nameMost)), "source_version": d.source.ContentVersion}
	if len(d.in.SourceData) > 0 {
		metadata["source_data"] = d.in.SourceData
	}
	m.settle(typeSolution, map[string]any{
		"solution_id": d.id, "name": m.Name, "description": orNull(d.in.Options.Description), "status": "registered",
		"solution_source": d.in.Source, "source_id": d.source.ID,
		"context": map[string]any{
			"goals": few(goals, listMost), "constraints": d.constraints(), "risk": d.risk(), "metadata": metadata,
		},
		"domain_service_bindings": d.bindings(), "sync_strategies": d.strategies(), "supported_intents": d.serving(),
	}, nil, nil)
	m.Renderings = artifacts.Encode(map[string]any{"markdown": d.markdown(goals)})
	m.Event = artifacts.Encode(map[string]any{"solution_id": d.id, "name": m.Name, "solution_source": d.in.Source, "source_id": d.source.ID, "goal_count": len(goals)})
	return m
}

func snapshots(list []item) []artifact.Snapshot {
	out := make([]artifact.Snapshot, 0, len(list))
	for _, i := range list {
		out = append(out, i.Snapshot)
	}
	return out
}

func (d design) markdown(goals []string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s\n\nA solution of the %s %s.\n", say.Markdown(d.name()), d.in.Source, say.Markdown(say.Quote(d.source.Name)))
	if t := d.in.Options.Description; t != "" {
		fmt.Fprintf(&b, "\n%s\n", say.Markdown(t))
	}
	lines(&b, "Goals", goals)
	section(&b, "Constraints", d.constraints(), func(x map[string]any) string { return say.Markdown(fmt.Sprint(x["constraint"])) })
	if r, ok := d.risk().(string); ok {
		fmt.Fprintf(&b, "\n## Risk\n\nThe highest known risk is %s.\n", r)
	}
	section(&b, "Systems", d.bindings(), func(x map[string]any) string {
		return say.Markdown(fmt.Sprintf("%s: %s", x["domain"], x["system"]))
	})
	lines(&b, "Intents that serve it", d.serving())
	return b.String()
}
