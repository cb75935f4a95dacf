package outcomes

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/symphainy/symphainy/application/realms/say"
)

// phasesMost is how many phases a roadmap has; phaseDays how long one is where nobody says how much time there is.
const (
	phasesMost = 8
	phaseDays  = 30
)

// phase is a part of a roadmap.
type phase struct {
	Kind, Name, Objective  string
	Goals                  []string
	Deliverables, Criteria []string
	Findings               []finding
	Prerequisites          []string
	Start, End             time.Time
}

// plan is a roadmap while it is made.
type plan struct {
	id          string
	in          roadmapParameters
	h           holdings
	findings    []finding
	friction    friction
	goals       []string
	phases      []phase
	assumptions []string
}

func newPlan(id string, in roadmapParameters, h holdings) *plan {
	p := &plan{id: id, in: in, h: h, findings: h.findings(), friction: h.friction(), goals: in.goals()}
	remedy := pressing(p.findings, qualityIssue, ruleFailure, mappingError, unmapped)
	adopt := p.friction.Friction > 0 || h.total[blueprints] > 0
	room := phasesMost
	if len(remedy) > 0 {
		p.phases = append(p.phases, p.remediation(remedy))
		room--
	}
	if adopt {
		room--
	}
	groups := divide(p.goals, room)
	if len(groups) < len(p.goals) {
		p.assume("There are more goals than a roadmap has room for phases: neighbouring goals share a phase.")
	}
	for _, goals := range groups {
		p.phases = append(p.phases, p.goalPhase(goals))
	}
	if adopt {
		p.phases = append(p.phases, p.adoption())
	}
	for i := 1; i < len(p.phases); i++ {
		p.phases[i].Prerequisites = append([]string{fmt.Sprintf("Phase %d is complete: %s", i, p.phases[i-1].Name)}, p.phases[i].Prerequisites...)
	}
	return p
}

func (p *plan) assume(text string) {
	if !slices.Contains(p.assumptions, text) {
		p.assumptions = append(p.assumptions, text)
	}
}

// divide puts goals into at most that many groups of neighbours, as even as can be.
func divide(goals []string, groups int) [][]string {
	groups = min(groups, len(goals))
	var out [][]string
	for i := range groups {
		out = append(out, goals[len(goals)*i/groups:len(goals)*(i+1)/groups])
	}
	return out
}

func (p *plan) remediation(list []finding) phase {
	f := phase{Kind: "remediation", Name: "Remediation", Findings: list}
	counts, about := map[string]int{}, []string{}
	for _, x := range list {
		counts[x.Severity]++
		if name := x.About; name != "" && !slices.Contains(about, name) {
			about = append(about, name)
		}
	}
	var kinds []string
	for _, severity := range []string{high, medium} {
		if counts[severity] > 0 {
			kinds = append(kinds, fmt.Sprintf("%d %s", counts[severity], severity))
		}
	}
	noun := "findings"
	if len(list) == 1 {
		noun = "finding"
	}
	f.Objective = fmt.Sprintf("Resolve %s %s in %s.", strings.Join(kinds, " and "), noun, named(about))
	for _, name := range few(about, 20) {
		f.Deliverables = append(f.Deliverables, "Corrected data of "+say.Quote(name))
	}
	for _, a := range p.h.latest(assessments) {
		if _, n := sourcesOf(pressing(findingsOf(list, a.ID)), qualityIssue); n > 0 {
			v, _ := a.fields.number("overall_score")
			f.Criteria = append(f.Criteria, fmt.Sprintf("A new assessment of %s finds no high or medium issue (today %d, overall score %s).", say.Quote(a.Name), n, say.Number(v)))
		}
	}
	if _, n := sourcesOf(list, unmapped, mappingError); n > 0 {
		f.Criteria = append(f.Criteria, fmt.Sprintf("Each column is mapped or left out on purpose (today %d are open).", n))
	}
	if _, n := sourcesOf(list, ruleFailure); n > 0 {
		f.Criteria = append(f.Criteria, fmt.Sprintf("Each rule of the extraction holds (today %d do not).", n))
	}
	return f
}

func findingsOf(list []finding, source string) []finding {
	var out []finding
	for _, f := range list {
		if f.Source == source {
			out = append(out, f)
		}
	}
	return out
}

var target = regexp.MustCompile(`\d+(?:[.,]\d+)*\s*(?:%|percent|days?|hours?|minutes?|weeks?|months?)|\d+(?:[.,]\d+)*`)

func (p *plan) goalPhase(goals []string) phase {
	f := phase{Kind: "goal", Name: clip(strings.TrimRight(goals[0], ".!"), 80), Objective: clip(strings.Join(goals, "; "), textMost), Goals: goals}
	if len(goals) > 1 {
		f.Name = clip(f.Name, 60) + fmt.Sprintf(" and %d more", len(goals)-1)
	}
	for _, g := range goals {
		words := keywords(g)
		for _, x := range p.findings {
			if mentions(words, x.About, x.Text) && len(f.Findings) < 20 && !slices.Contains(f.Findings, x) {
				f.Findings = append(f.Findings, x)
			}
		}
		f.Deliverables = append(f.Deliverables, p.deliverables(g, words)...)
		criterion := "Shown to those who asked for it: " + clip(g, 300)
		if t := target.FindString(g); t != "" {
			criterion = fmt.Sprintf("Measured: %s, for %s", t, say.Quote(g))
		}
		f.Criteria = append(f.Criteria, criterion)
	}
	return f
}

// deliverables are what the session holds that the goal speaks of; else the goal itself.
func (p *plan) deliverables(goal string, words []string) []string {
	var out []string
	for _, k := range []struct {
		kind kind
		text string
	}{{workflows, "Workflow %s, working as the goal says"}, {procedures, "Procedure %s, brought up to date"}, {files, "Data of %s, used for the goal"}} {
		for _, i := range p.h.latest(k.kind) {
			if name := processName(i); mentions(words, name) && len(out) < 10 {
				out = append(out, fmt.Sprintf(k.text, say.Quote(name)))
			}
		}
	}
	if len(out) == 0 {
		p.assume("Where nothing in the session bears the words of a goal, the goal itself is the deliverable.")
		out = append(out, "Result: "+clip(goal, 300))
	}
	return out
}

func (p *plan) adoption() phase {
	f := phase{Kind: "adoption", Name: "Adoption"}
	n := p.friction.Friction
	f.Objective = fmt.Sprintf("Bring AI assistance to %s, and keep the human focus where people decide.", say.Plural(n, "step with friction", "steps with friction"))
	for _, b := range p.h.latest(blueprints) {
		f.Prerequisites = append(f.Prerequisites, "The blueprint is accepted: "+clip(processName(b), nameMost))
	}
	for _, x := range few(p.friction.points, 20) {
		f.Deliverables = append(f.Deliverables, fmt.Sprintf("AI assistance for %s in %s, with human oversight", say.Quote(x.Step), say.Quote(x.Process)))
	}
	if n > 0 {
		f.Criteria = append(f.Criteria, fmt.Sprintf("Friction is removed from %s (today 0).", say.Plural(n, "step", "steps")))
	}
	for _, x := range few(p.friction.human, 10) {
		f.Criteria = append(f.Criteria, fmt.Sprintf("People go on deciding in %s.", say.Quote(x.Step)))
	}
	if len(f.Deliverables) == 0 {
		for _, b := range p.h.latest(blueprints) {
			for _, x := range blueprintPhases(b.fields) {
				if name := x.first("name", "phase_name"); name != "" && len(f.Deliverables) < 20 {
					f.Deliverables = append(f.Deliverables, "Blueprint phase done: "+clip(name, nameMost))
				}
			}
		}
	}
	for _, x := range p.findings {
		if x.Kind == conflict {
			f.Findings = append(f.Findings, x)
		}
	}
	return f
}

// keywords are the words of a text that say what it is about.
func keywords(s string) []string {
	var out []string
	for _, w := range strings.FieldsFunc(strings.ToLower(s), notWord) {
		if len(w) >= 4 && !slices.Contains(weak(), w) {
			out = append(out, strings.TrimSuffix(w, "s"))
		}
	}
	return out
}

func notWord(r rune) bool {
	return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r < 128
}

// weak are words that many goals have and that tell nothing of what they are about.
func weak() []string {
	return []string{
		"with", "from", "that", "this", "into", "than", "then", "them", "they", "have", "will", "must", "should", "more", "less", "each", "every", "make", "made",
		"data", "file", "files", "system", "process", "move", "improve", "reduce", "increase", "column", "step", "steps", "rows", "value", "values", "year", "month", "week",
	}
}

// mentions reports whether one of the words is a word of one of the texts, the plural aside.
func mentions(words []string, in ...string) bool {
	for _, text := range in {
		for _, w := range strings.FieldsFunc(strings.ToLower(text), notWord) {
			if slices.Contains(words, strings.TrimSuffix(w, "s")) {
				return true
			}
		}
	}
	return false
}

// schedule gives each phase its days: the given time divided evenly, or thirty days each.
func (p *plan) schedule(created time.Time) error {
	start, assumed, err := startDay(p.in.Options.StartDate, created)
	if err != nil {
		return err
	}
	if assumed {
		p.assume("The roadmap starts on the day on which it was asked for.")
	}
	n := len(p.phases)
	days := n * phaseDays
	if s, ok := readSpan(p.in.Options.Timeline); ok {
		days = int(s.after(start).Sub(start).Hours()+0.5) / 24
		p.assume("The time is divided evenly between the phases.")
	} else {
		p.assume(fmt.Sprintf("Each phase has %d days, because no timeline was given.", phaseDays))
	}
	if days < n {
		return wrong("roadmap_options.timeline", "too_short", fmt.Sprintf("%d days are too few for %d phases.", days, n))
	}
	for i := range p.phases {
		p.phases[i].Start = start.AddDate(0, 0, days*i/n)
		p.phases[i].End = start.AddDate(0, 0, days*(i+1)/n-1)
	}
	return nil
}
