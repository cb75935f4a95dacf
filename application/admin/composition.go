package admin

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/symphainy/symphainy/application/intents"
	"github.com/symphainy/symphainy/domain/realm"
)

// Part is an intent as a part of something larger: what it needs from intents before it and what it gives to intents behind it, by the names of
// parameters.
type Part struct {
	Realm string
	Spec  realm.IntentSpec
	// Needs are the required parameters that name an object; Gives are such names of what it makes.
	Needs []string
	Gives []string
}

// Parts gives the intents that can be submitted, in the order in which they are declared.
func Parts(c *intents.Catalogue) ([]Part, error) {
	var parts []Part
	for _, r := range c.Realms() {
		for _, spec := range r.Intents {
			if spec.Internal {
				continue
			}
			p, err := partOf(r.Name, spec)
			if err != nil {
				return nil, err
			}
			parts = append(parts, p)
		}
	}
	return parts, nil
}

func partOf(realmName string, spec realm.IntentSpec) (Part, error) {
	var schema struct {
		Required []string `json:"required"`
	}
	if err := json.Unmarshal(spec.Schema, &schema); err != nil {
		return Part{}, fmt.Errorf("read the schema of %s: %w", spec.Type, err)
	}
	p := Part{Realm: realmName, Spec: spec, Needs: []string{}, Gives: []string{}}
	for _, name := range schema.Required {
		if strings.HasSuffix(name, "_id") {
			p.Needs = append(p.Needs, name)
		}
	}
	for _, key := range spec.ResultKeys {
		p.Gives = append(p.Gives, key+"_id")
		switch key { // names in artifacts by which other intents ask for what is in them
		case "parsed_content":
			p.Gives = append(p.Gives, "parsed_file_id")
		case "file":
			p.Gives = append(p.Gives, "boundary_contract_id")
		}
	}
	return p, nil
}

// Link says that what one intent gives another one needs.
type Link struct{ From, To, By string }

// Links gives all pairs of intents that fit behind each other.
func Links(parts []Part) []Link {
	links := []Link{}
	for _, from := range parts {
		for _, to := range parts {
			for _, name := range to.Needs {
				if from.Spec.Type != to.Spec.Type && slices.Contains(from.Gives, name) {
					links = append(links, Link{from.Spec.Type, to.Spec.Type, name})
				}
			}
		}
	}
	return links
}

// Composed is the judgement of a sequence of intents.
type Composed struct {
	Parts []Part
	// Missing are, for each part, the needs that nothing before it gives: they have to exist already.
	Missing [][]string
	// Unknown are names that are no intents.
	Unknown []string
}

// Compose judges a sequence of intent types.
func Compose(parts []Part, types []string) Composed {
	out := Composed{Parts: []Part{}, Missing: [][]string{}, Unknown: []string{}}
	var given []string
	for _, name := range types {
		i := slices.IndexFunc(parts, func(p Part) bool { return p.Spec.Type == name || slices.Contains(p.Spec.Aliases, name) })
		if i < 0 {
			out.Unknown = append(out.Unknown, name)
			continue
		}
		missing := slices.DeleteFunc(slices.Clone(parts[i].Needs), func(n string) bool { return slices.Contains(given, n) })
		out.Parts, out.Missing = append(out.Parts, parts[i]), append(out.Missing, missing)
		given = append(given, parts[i].Gives...)
	}
	return out
}

// Template is a sequence of intents that leads to one result, made of the declarations alone.
type Template struct {
	Goal  Part
	Steps []Part
}

// Templates gives, for every intent that needs something which others give, a sequence that ends in it.
func Templates(parts []Part) []Template {
	rounds := reachable(parts)
	list := []Template{}
	for i, goal := range parts {
		if rounds[i] > 0 {
			list = append(list, Template{goal, leadingTo(parts, rounds, i, nil)})
		}
	}
	return list
}

// reachable gives for each part after how many rounds of others it has all that it needs: 0 if it needs nothing, -1 if never.
func reachable(parts []Part) []int {
	rounds := make([]int, len(parts))
	given := map[string]bool{}
	for i, p := range parts {
		if rounds[i] = -1; len(p.Needs) == 0 {
			rounds[i] = 0
		}
	}
	for round := 0; ; round++ {
		for i, p := range parts {
			for _, name := range p.Gives {
				given[name] = given[name] || rounds[i] == round
			}
		}
		found := false
		for i, p := range parts {
			if rounds[i] < 0 && !slices.ContainsFunc(p.Needs, func(n string) bool { return !given[n] }) {
				rounds[i], found = round+1, true
			}
		}
		if !found {
			return rounds
		}
	}
}

// leadingTo puts before a part what gives what it needs, always of an earlier round, and nothing twice.
func leadingTo(parts []Part, rounds []int, goal int, steps []Part) []Part {
	for _, need := range parts[goal].Needs {
		if slices.ContainsFunc(steps, func(p Part) bool { return slices.Contains(p.Gives, need) }) {
			continue
		}
		best := -1
		for i, p := range parts {
			if rounds[i] >= 0 && rounds[i] < rounds[goal] && slices.Contains(p.Gives, need) && (best < 0 || rounds[i] < rounds[best]) {
				best = i
			}
		}
		steps = leadingTo(parts, rounds, best, steps)
	}
	return append(steps, parts[goal])
}
