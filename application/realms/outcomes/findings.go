package outcomes

import (
	"fmt"
	"slices"
	"strings"

	"github.com/symphainy/symphainy/application/realms/say"
)

// The severities, worst first.
const (
	high   = "high"
	medium = "medium"
	low    = "low"
)

func severities() []string { return []string{high, medium, low} }

// finding is something that another realm found and that has to be dealt with.
type finding struct {
	Kind     string
	Realm    string
	Severity string
	Text     string
	// Mitigation is what helps, as far as the source says it.
	Mitigation string
	// Source is the artifact or the execution that says so, About the name of the thing it is about.
	Source string
	About  string
}

// The kinds of findings.
const (
	qualityIssue = "quality_issue"
	outlier      = "outlier"
	unmapped     = "unmapped"
	mappingError = "mapping_error"
	ruleFailure  = "rule_failure"
	conflict     = "conflict"
)

// findings gives what the newest results say, worst first; among equals in the order of their sources.
func (h holdings) findings() []finding {
	var out []finding
	for _, a := range h.latest(assessments) {
		out = append(out, qualityFindings(a)...)
	}
	for _, a := range h.latest(analyses) {
		out = append(out, outlierFindings(a)...)
	}
	for _, m := range h.latest(matchings) {
		out = append(out, mappingFindings(m)...)
	}
	for _, e := range h.latest(extractions) {
		for _, f := range e.fields.object("validation").texts("failures", "message", "description", "rule", "category") {
			out = append(out, finding{
				Kind: ruleFailure, Realm: "insights", Severity: high, Text: f, Source: e.ID, About: e.Name,
				Mitigation: "Complete the document, or correct the extraction's rules.",
			})
		}
	}
	for _, c := range h.latest(coexistences) {
		out = append(out, conflictFindings(c)...)
	}
	slices.SortStableFunc(out, func(a, b finding) int {
		return slices.Index(severities(), a.Severity) - slices.Index(severities(), b.Severity)
	})
	return out
}

func qualityFindings(a item) []finding {
	var out []finding
	for _, i := range a.fields.objects("issues") {
		f := finding{
			Kind: qualityIssue, Realm: "insights", Severity: i.text("severity"), Source: a.ID, About: a.Name,
			Text: clip(i.first("description", "code"), textMost), Mitigation: clip(i.text("suggestion"), textMost),
		}
		if slices.Contains(severities(), f.Severity) {
			out = append(out, f)
		}
	}
	return out
}

func outlierFindings(a item) []finding {
	var out []finding
	for _, x := range a.fields.objects("anomalies") {
		values, _ := x["outlier_values"].([]any)
		shown := make([]string, 0, len(values))
		for _, v := range values[:min(len(values), 3)] {
			shown = append(shown, fmt.Sprint(v))
		}
		out = append(out, finding{
			Kind: outlier, Realm: "insights", Severity: low, Source: a.ID, About: a.Name,
			Text: fmt.Sprintf("Column %s of %s has %s: %s.", say.Quote(x.text("field")), say.Quote(a.Name),
				say.Plural(x.count("outlier_count"), "outlier", "outliers"), say.Join(shown, x.count("outlier_count"))),
			Mitigation: "Check these rows against their source.",
		})
	}
	return out
}

func mappingFindings(m item) []finding {
	var out []finding
	for _, side := range []string{"source", "target"} {
		for _, list := range []string{"unmapped_" + side, "unmapped_" + side + "_columns", "unmapped_" + side + "_fields"} {
			for _, column := range m.fields.texts(list, "name", "column", "field") {
				out = append(out, finding{
					Kind: unmapped, Realm: "insights", Severity: medium, Source: m.ID, About: m.Name,
					Text:       fmt.Sprintf("The %s column %s has no counterpart.", side, say.Quote(column)),
					Mitigation: "Map it by hand, or decide to leave it out.",
				})
			}
		}
	}
	for _, e := range m.fields.texts("errors", "message", "description", "code") {
		out = append(out, finding{
			Kind: mappingError, Realm: "insights", Severity: high, Source: m.ID, About: m.Name, Text: clip(e, textMost),
			Mitigation: "Correct the mapping before data are moved.",
		})
	}
	return out
}

// conflictFindings speaks of friction steps that wait for another step.
func conflictFindings(c item) []finding {
	var out []finding
	for _, x := range c.fields.objects("conflicts") {
		if !slices.Contains(severities(), x.text("severity")) {
			continue
		}
		step := x.first("step_name", "name", "step", "step_id")
		before := x.texts("predecessors", "name", "step_name", "step_id")
		text := fmt.Sprintf("Step %s can be assisted only when what comes before it is ready.", say.Quote(step))
		if len(before) > 0 {
			quoted := make([]string, 0, len(before))
			for _, b := range few(before, 3) {
				quoted = append(quoted, say.Quote(b))
			}
			text = fmt.Sprintf("Step %s depends on %s.", say.Quote(step), say.Join(quoted, len(before)))
		}
		if said := x.text("description"); said != "" {
			text = clip(said, textMost)
		}
		out = append(out, finding{
			Kind: conflict, Realm: "journey", Severity: x.text("severity"), Source: c.ID, About: processName(c), Text: text,
			Mitigation: "Agree on the hand-over between the two steps before the step is assisted.",
		})
	}
	return out
}

// processName is what a process calls itself.
func processName(i item) string {
	return strings.TrimSpace(firstOf(i.fields.first("workflow_name", "sop_title", "process_name", "name", "title"), i.Name))
}

func firstOf(list ...string) string {
	for _, s := range list {
		if s != "" {
			return s
		}
	}
	return ""
}

// highest gives the worst severity among findings, "" without.
func highest(list []finding) string {
	for _, s := range severities() {
		if slices.ContainsFunc(list, func(f finding) bool { return f.Severity == s }) {
			return s
		}
	}
	return ""
}

// pressing are the findings that a roadmap must deal with: high and medium ones of a kind.
func pressing(list []finding, kinds ...string) []finding {
	var out []finding
	for _, f := range list {
		if f.Severity != low && (len(kinds) == 0 || slices.Contains(kinds, f.Kind)) {
			out = append(out, f)
		}
	}
	return out
}

// cite is a finding as other artifacts repeat it.
func (f finding) cite() map[string]any {
	return map[string]any{
		"finding": clip(f.Text, textMost), "kind": f.Kind, "realm": f.Realm, "severity": f.Severity, "about": orNull(clip(f.About, nameMost)), "source_artifact_id": f.Source,
	}
}

func cites(list []finding, most int) []any {
	out := []any{}
	for _, f := range few(list, most) {
		out = append(out, f.cite())
	}
	return out
}

// risk is a finding as a risk; nothing is a risk that nobody found.
func (f finding) risk() map[string]any {
	return map[string]any{
		"risk": clip(f.Text, textMost), "severity": f.Severity, "source_artifact_id": f.Source, "about": orNull(clip(f.About, nameMost)),
		"mitigation": orNull(clip(f.Mitigation, textMost)),
	}
}

func risks(list []finding) []any {
	out := []any{}
	for _, f := range few(list, 50) {
		out = append(out, f.risk())
	}
	return out
}
