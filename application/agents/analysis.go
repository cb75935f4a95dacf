// Package agents holds the agents that work without a model, and the realm that runs an agent's turn as an execution.
// The builtin agents answer from what the session really holds; they never invent a number and never execute anything.
package agents

import (
	"slices"
	"strings"
	"unicode"

	"github.com/symphainy/symphainy/domain/agent"
)

// Pillar names a realm as the guide speaks of it.
type Pillar string

// The pillars, in the order of the journey.
const (
	PillarContent  Pillar = "content"
	PillarInsights Pillar = "insights"
	PillarJourney  Pillar = "journey"
	PillarOutcomes Pillar = "outcomes"
)

// Title is the name that people see.
func (p Pillar) Title() string {
	switch p {
	case PillarContent:
		return "Content Pillar"
	case PillarInsights:
		return "Insights Pillar"
	case PillarJourney:
		return "Operations Pillar"
	case PillarOutcomes:
		return "Business Outcomes Pillar"
	}
	return ""
}

// Analysis is what the guide understands of a message (realms.md §5.1).
type Analysis struct {
	Category string
	// Pillar is empty for navigation and general messages.
	Pillar             Pillar
	Confidence         float64
	Requirements       []string
	NeedsClarification bool
	// Alternatives are the other pillars of a tie.
	Alternatives []Pillar
}

// Confidences of realms.md §5.1.
const (
	confidencePillar     = 0.8
	confidenceNavigation = 0.9
	confidenceUnclear    = 0.7
)

type category struct {
	name   string
	pillar Pillar
	words  []string
	weak   []string
}

func categories() []category {
	return []category{
		{"content_management", PillarContent, []string{"upload", "parse"}, []string{"file", "data", "content"}},
		{"data_analysis", PillarInsights, []string{"analyze", "analysis", "insight", "quality", "assessment", "discovery", "interpret"}, nil},
		{"process_management", PillarJourney, []string{"workflow", "sop", "process", "operation", "procedure", "blueprint", "coexistence"}, nil},
		{"solution_planning", PillarOutcomes, []string{"solution", "roadmap", "poc", "outcome", "proposal", "plan"}, nil},
	}
}

// PillarOf gives the pillar that a liaison speaks for; ok is false for the guide.
func PillarOf(id agent.ID) (p Pillar, ok bool) {
	name, ok := strings.CutPrefix(string(id), "liaison.")
	return Pillar(name), ok
}

// Routable reports whether the message is understood well enough to be handed to a pillar's agent (realms.md §5.3).
func (a Analysis) Routable() bool { return a.Pillar != "" && a.Confidence > confidenceUnclear }

// Analyse reads a message by whole words: a word counts 1, a weak one ½, the highest category wins, and a tie goes to the word that
// comes first.
func Analyse(text string) Analysis {
	words := Words(text)
	type score struct {
		category
		points float64
		first  int
	}
	var found []score
	for _, c := range categories() {
		s := score{category: c, first: len(words)}
		for i, w := range words {
			points := 0.0
			switch {
			case matchesAny(w, c.words):
				points = 1
			case matchesAny(w, c.weak):
				points = 0.5
			}
			if points > 0 {
				s.points += points
				s.first = min(s.first, i)
			}
		}
		if s.points > 0 {
			found = append(found, s)
		}
	}
	a := Analysis{Requirements: requirements(words)}
	if len(found) == 0 {
		return navigation(words, a)
	}
	slices.SortStableFunc(found, func(x, y score) int {
		if x.points != y.points {
			return int(2*y.points) - int(2*x.points)
		}
		return x.first - y.first
	})
	a.Category, a.Pillar, a.Confidence = found[0].name, found[0].pillar, confidencePillar
	for _, other := range found[1:] {
		if other.points == found[0].points {
			a.Alternatives = append(a.Alternatives, other.pillar)
			a.Confidence, a.NeedsClarification = confidenceUnclear, true
		}
	}
	return a
}

func navigation(words []string, a Analysis) Analysis {
	for _, w := range words {
		if matchesAny(w, []string{"help", "guide", "navigate"}) || slices.Contains([]string{"what", "how", "where"}, w) {
			a.Category, a.Confidence = "navigation", confidenceNavigation
			return a
		}
	}
	a.Category, a.Confidence, a.NeedsClarification = "general", confidenceUnclear, true
	return a
}

func requirements(words []string) []string {
	needs := []struct {
		name  string
		words []string
	}{
		{"file_upload", []string{"upload"}},
		{"data_analysis", []string{"analyze", "analysis"}},
		{"process_optimization", []string{"workflow", "process"}},
		{"solution_planning", []string{"solution", "roadmap"}},
	}
	list := []string{}
	for _, n := range needs {
		if slices.ContainsFunc(words, func(w string) bool { return matchesAny(w, n.words) }) {
			list = append(list, n.name)
		}
	}
	return list
}

// Words splits a text into lower-case words.
func Words(text string) []string {
	return strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
}

func matchesAny(word string, list []string) bool {
	return slices.ContainsFunc(list, func(base string) bool { return Matches(word, base) })
}

// Matches reports whether word is base or its plural, -ing or -ed form.
func Matches(word, base string) bool {
	switch word {
	case base, base + "s", base + "es", base + "ing", base + "ed":
		return true
	}
	if stem, ok := strings.CutSuffix(base, "e"); ok && (word == stem+"ing" || word == stem+"ed") {
		return true
	}
	if stem, ok := strings.CutSuffix(base, "y"); ok && (word == stem+"ies" || word == stem+"ied") {
		return true
	}
	last := base[len(base)-1:]
	if word == base+last+"ing" || word == base+last+"ed" { // plan → planning
		return true
	}
	stem, ok := strings.CutSuffix(base, "is")
	return ok && word == stem+"es" // analysis → analyses
}
