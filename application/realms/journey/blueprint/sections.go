package blueprint

import (
	"fmt"
	"strings"
	"time"

	"github.com/symphainy/symphainy/application/realms/journey/classify"
	"github.com/symphainy/symphainy/application/realms/journey/diagram"
	"github.com/symphainy/symphainy/application/realms/say"
	"github.com/symphainy/symphainy/domain/document"
)

// Section is a part of the written blueprint; the content is Markdown.
type Section struct{ Title, Content string }

// describe puts both states into words.
func (b *Blueprint) describe() {
	g := b.CurrentGraph
	tasks, decisions := b.Current.Steps()
	b.CurrentText = fmt.Sprintf("%s has %s and %s; the longest way through takes %s.", say.Quote(b.Current.Name), say.Plural(tasks, "task", "tasks"),
		say.Plural(decisions, "decision", "decisions"), say.Plural(len(g.LongestPath()), "step", "steps"))
	if actors := g.Actors(); len(actors) > 0 {
		b.CurrentText += fmt.Sprintf(" %s take part, with %s between them.", say.Plural(len(actors), "actor", "actors"), say.Plural(len(g.HandOffs()), "hand-off", "hand-offs"))
	}
	if n := len(g.Rework()); n > 0 {
		b.CurrentText += fmt.Sprintf(" Work comes back in %s.", say.Plural(n, "loop", "loops"))
	}
	friction, hybrid := b.Classes.Of(classify.FrictionRemoval), b.Classes.Of(classify.Hybrid)
	var parts []string
	if len(friction) > 0 {
		parts = append(parts, fmt.Sprintf("AI assistance removes friction in %s, under human oversight", few(quoted(friction))))
	}
	if len(hybrid) > 0 {
		parts = append(parts, fmt.Sprintf("it prepares %s, and a person acts", few(quoted(hybrid))))
	}
	if human := b.Classes.Of(classify.HumanFocus); len(human) > 0 {
		parts = append(parts, fmt.Sprintf("the human focus stays on %s", few(quoted(human))))
	}
	text := strings.Join(parts, "; ") + "."
	b.FutureText = strings.ToUpper(text[:1]) + text[1:]
}

// Sections are the written blueprint.
func (b *Blueprint) Sections() []Section {
	return []Section{
		{"Executive Summary", b.summary()},
		{"Current State Analysis", escape(b.CurrentText) + "\n\n" + b.steps()},
		{"Coexistence State Design", b.design()},
		{"Transition Roadmap", b.phases()},
		{"Responsibility Matrix", b.table()},
		{"Integration Requirements", b.integration()},
		{"Risk Mitigation", b.risks()},
	}
}

// Markdown is the whole blueprint as one text.
func (b *Blueprint) Markdown() string {
	var out strings.Builder
	fmt.Fprintf(&out, "# %s\n", escape(b.Title))
	if b.Description != "" {
		fmt.Fprintf(&out, "\n%s\n", escape(b.Description))
	}
	for _, s := range b.Sections() {
		fmt.Fprintf(&out, "\n## %s\n\n%s\n", s.Title, strings.TrimRight(s.Content, "\n"))
	}
	return out.String()
}

func escape(s string) string { return say.Markdown(s) }

func date(t time.Time) string { return t.Format(time.DateOnly) }

func (b *Blueprint) summary() string {
	last := b.Phases[len(b.Phases)-1]
	return escape(fmt.Sprintf("%s It takes %s, from %s to %s. %s of %s change; %s of %s lose friction.", b.FutureText,
		say.Plural(len(b.Phases), "phase", "phases"), date(b.Phases[0].Start), date(last.End), fmt.Sprint(len(b.Points)),
		say.Plural(len(b.Classes.Steps), "step", "steps"), fmt.Sprint(b.Classes.Counts[classify.FrictionRemoval]), fmt.Sprint(len(b.Classes.Steps))))
}

func (b *Blueprint) steps() string {
	var out strings.Builder
	out.WriteString("| no. | step | who | class |\n|---:|---|---|---|\n")
	for _, s := range b.Classes.Steps {
		fmt.Fprintf(&out, "| %d | %s | %s | %s |\n", s.Position, escape(diagram.Label(s.Node)), escape(s.Node.Actor), strings.ReplaceAll(string(s.Class), "_", " "))
	}
	return out.String()
}

func (b *Blueprint) design() string {
	var out strings.Builder
	fmt.Fprintf(&out, "%s\n\n", escape(b.FutureText))
	for i, at := range b.FutureGraph.Steps {
		n := b.FutureGraph.Nodes[at]
		fmt.Fprintf(&out, "%d. %s (%s)\n", i+1, escape(diagram.Label(n)), escape(n.Actor))
	}
	return out.String()
}

func (b *Blueprint) phases() string {
	var out strings.Builder
	for i, p := range b.Phases {
		fmt.Fprintf(&out, "### %d. %s\n\n%s to %s (%s). %s\n\n", i+1, escape(p.Name), date(p.Start), date(p.End), say.Plural(p.Weeks, "week", "weeks"), escape(p.Objective))
		for _, d := range p.Deliverables {
			fmt.Fprintf(&out, "- Delivers: %s\n", escape(d))
		}
		for _, c := range p.Criteria {
			fmt.Fprintf(&out, "- Done when: %s\n", escape(c))
		}
		fmt.Fprintf(&out, "- For people: %s\n- AI assistance: %s\n\n", escape(p.HumanValue), escape(p.Augmentation))
	}
	return out.String()
}

func (b *Blueprint) table() string {
	var out strings.Builder
	out.WriteString("| step | people | AI assistance | external systems |\n|---|---|---|---|\n")
	for _, r := range b.Matrix {
		fmt.Fprintf(&out, "| %s | %s | %s | %s |\n", escape(r.Step), escape(strings.Join(r.Human, ", ")), escape(strings.Join(r.AI, ", ")), escape(strings.Join(r.Systems, ", ")))
	}
	return out.String()
}

func (b *Blueprint) integration() string {
	var out strings.Builder
	names := func(list []string, none string) string {
		if len(list) == 0 {
			return none
		}
		return few(list)
	}
	for _, s := range b.Points {
		var before, after []string
		for _, e := range b.target.In(s.At) {
			before = append(before, say.Quote(diagram.Label(b.target.Nodes[e.From])))
		}
		for _, e := range b.target.Out(s.At) {
			after = append(after, say.Quote(diagram.Label(b.target.Nodes[e.To])))
		}
		fmt.Fprintf(&out, "- %s gets its input from %s and hands its result to %s.\n", escape(say.Quote(diagram.Label(s.Node))),
			escape(names(before, "the start of the process")), escape(names(after, "the end of the process")))
	}
	for _, r := range b.Matrix {
		if len(r.Systems) > 0 {
			fmt.Fprintf(&out, "- %s uses %s.\n", escape(say.Quote(r.Step)), escape(few(r.Systems)))
		}
	}
	return out.String()
}

func (b *Blueprint) risks() string {
	var out strings.Builder
	for _, x := range b.Classes.Conflicts {
		fmt.Fprintf(&out, "- %s risk at %s: it follows %s. Settle in the foundation what is handed over, and keep the way without AI assistance open.\n",
			capital(string(x.Severity)), escape(say.Quote(diagram.Label(x.Step.Node))), escape(few(quoted(x.Predecessors))))
	}
	for _, e := range b.target.Rework() {
		fmt.Fprintf(&out, "- Rework from %s to %s: watch whether it becomes more or less.\n", escape(say.Quote(diagram.Label(b.target.Nodes[e.From]))), escape(say.Quote(diagram.Label(b.target.Nodes[e.To]))))
	}
	var nobody []classify.Step
	for _, s := range b.Points {
		if s.Node.Actor == document.Unassigned {
			nobody = append(nobody, s)
		}
	}
	if len(nobody) > 0 {
		fmt.Fprintf(&out, "- Nobody is named for %s: name who oversees the work there.\n", escape(few(quoted(nobody))))
	}
	if out.Len() == 0 {
		return "The classifier finds no friction step with a direct predecessor, the workflow has no rework, and every step has its person.\n"
	}
	return out.String()
}

func capital(s string) string { return strings.ToUpper(s[:1]) + s[1:] }
