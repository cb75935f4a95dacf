// Package classify says of the steps of a process who can help with them, by the words of their names. It counts and compares; it guesses
// nothing.
package classify

import (
	"strings"
	"unicode"

	"github.com/symphainy/symphainy/application/realms/journey/graph"
	"github.com/symphainy/symphainy/domain/document"
)

// Class is what a step's name says about it.
type Class string

// The classes. A name with words of several is the first of them.
const (
	HumanFocus      Class = "human_focus"
	Hybrid          Class = "hybrid"
	FrictionRemoval Class = "friction_removal"
	Unclassified    Class = "unclassified"
)

// words are the classes by word in all the forms that count.
var words = forms(map[Class]vocabulary{ //nolint:gochecknoglobals // a read-only table
	HumanFocus: {
		verbs: []string{"approve", "review", "decide", "judge", "evaluate", "sign"},
		nouns: []string{"approval", "decision", "evaluation", "signature"},
	},
	Hybrid: {
		verbs: []string{"verify", "check", "confirm"},
		nouns: []string{"verification", "confirmation"},
	},
	FrictionRemoval: {
		verbs: []string{"extract", "parse", "validate", "transform", "analyze", "analyse", "process"},
		nouns: []string{"data", "analysis", "analyses"},
	},
})

type vocabulary struct{ verbs, nouns []string }

func forms(of map[Class]vocabulary) map[string]Class {
	all := map[string]Class{}
	for class, v := range of {
		for _, verb := range v.verbs {
			for _, form := range inflected(verb) {
				all[form] = class
			}
		}
		for _, noun := range v.nouns {
			all[noun], all[noun+"s"] = class, class
		}
	}
	return all
}

func inflected(verb string) []string {
	stem := strings.TrimSuffix(verb, "e")
	switch {
	case stem != verb:
		return []string{verb, verb + "s", verb + "d", stem + "ing"}
	case strings.HasSuffix(verb, "y"):
		stem = strings.TrimSuffix(verb, "y")
		return []string{verb, stem + "ies", stem + "ied", verb + "ing"}
	}
	return []string{verb, verb + "s", verb + "es", verb + "ed", verb + "ing"}
}

// Name gives the class of a name and the word, in lower case, that says so: the first of the strongest class.
func Name(name string) (class Class, word string) {
	found := map[Class]string{}
	for _, w := range strings.FieldsFunc(strings.ToLower(name), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.Is(unicode.Mn, r) }) {
		if c, ok := words[w]; ok && found[c] == "" {
			found[c] = w
		}
	}
	for _, c := range []Class{HumanFocus, Hybrid, FrictionRemoval} {
		if found[c] != "" {
			return c, found[c]
		}
	}
	return Unclassified, ""
}

// Step is a step with its class. At is its place in Graph.Nodes.
type Step struct {
	At       int
	Node     document.Node
	Position int
	Class    Class
	Word     string
}

// Severity of a conflict.
type Severity string

// The severities: with a person or a decision right before, with anything else, and with friction only.
const (
	High   Severity = "high"
	Medium Severity = "medium"
	Low    Severity = "low"
)

// Conflict is a friction step that something leads to directly: what helps there has to fit what comes before.
type Conflict struct {
	Step         Step
	Predecessors []Step
	Severity     Severity
}

// Result is the classes of a process. Steps are in order.
type Result struct {
	Steps        []Step
	Dependencies []graph.Edge
	Conflicts    []Conflict
	Counts       map[Class]int
	// Potential is the share of friction steps among all, 0 without steps.
	Potential float64
}

// Classify reads a process.
func Classify(g *graph.Graph) *Result {
	r := &Result{Dependencies: g.Dependencies(), Counts: map[Class]int{HumanFocus: 0, Hybrid: 0, FrictionRemoval: 0, Unclassified: 0}}
	byPlace := map[int]Step{}
	for _, at := range g.Steps {
		class, word := Name(g.Nodes[at].Name)
		s := Step{At: at, Node: g.Nodes[at], Position: g.Position(at), Class: class, Word: word}
		r.Steps = append(r.Steps, s)
		r.Counts[class]++
		byPlace[at] = s
	}
	for _, s := range r.Steps {
		if s.Class != FrictionRemoval {
			continue
		}
		c := Conflict{Step: s, Severity: Low}
		seen := map[int]bool{}
		for _, e := range r.Dependencies {
			if e.To == s.At && !seen[e.From] {
				seen[e.From] = true
				c.Predecessors = append(c.Predecessors, byPlace[e.From])
			}
		}
		if len(c.Predecessors) == 0 {
			continue
		}
		c.Severity = severity(c.Predecessors)
		r.Conflicts = append(r.Conflicts, c)
	}
	if len(r.Steps) > 0 {
		r.Potential = float64(r.Counts[FrictionRemoval]) / float64(len(r.Steps))
	}
	return r
}

func severity(before []Step) Severity {
	s := Low
	for _, p := range before {
		switch {
		case p.Class == HumanFocus || p.Node.Type == document.NodeDecision:
			return High
		case p.Class != FrictionRemoval:
			s = Medium
		}
	}
	return s
}

// Of gives the steps of a class, in order.
func (r *Result) Of(class Class) []Step {
	var found []Step
	for _, s := range r.Steps {
		if s.Class == class {
			found = append(found, s)
		}
	}
	return found
}

// Find gives the step with an id.
func (r *Result) Find(id string) (Step, bool) {
	for _, s := range r.Steps {
		if s.Node.ID == id {
			return s, true
		}
	}
	return Step{}, false
}
