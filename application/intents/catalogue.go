// Package intents is the catalogue of what can be asked for: every intent that the wired realms declare, with its schema and handler.
package intents

import (
	"errors"
	"fmt"
	"slices"

	"github.com/symphainy/symphainy/domain/intent"
	"github.com/symphainy/symphainy/domain/realm"
	"github.com/symphainy/symphainy/ports"
)

// Entry is one intent of the catalogue.
type Entry struct {
	Spec  realm.IntentSpec
	Realm string
	// Handler does the work.
	Handler ports.IntentHandler
	// Stager takes bulky parameters out at admission; nil if the realm has none.
	Stager ports.Stager
	// FailureReporter adds events to a failed or cancelled execution; nil if the realm has none.
	FailureReporter ports.FailureReporter
	// Undos are the realm's undos by their names.
	Undos  map[string]ports.UndoHandler
	schema *schema
}

// Catalogue finds intents by type or alias. It is immutable.
type Catalogue struct {
	realms  []realm.Declaration
	entries []Entry
	byName  map[string]int
}

// NewCatalogue checks and joins realms: a type or alias in two places, a declared intent without handler or the other way round, a
// schema that does not compile, or an example that does not fit its schema is refused, with all reasons at once.
func NewCatalogue(realms ...ports.Realm) (*Catalogue, error) {
	c := &Catalogue{byName: map[string]int{}}
	var problems []error
	for _, r := range realms {
		d := r.Declaration()
		c.realms = append(c.realms, d)
		problems = append(problems, c.add(d, r)...)
	}
	return c, errors.Join(problems...)
}

func (c *Catalogue) add(d realm.Declaration, r ports.Realm) (problems []error) {
	handlers := r.Handlers()
	stager, _ := r.(ports.Stager)
	reporter, _ := r.(ports.FailureReporter)
	var undos map[string]ports.UndoHandler
	if c, ok := r.(ports.Compensator); ok {
		undos = c.Undos()
	}
	declared := map[string]bool{}
	for _, spec := range d.Intents {
		declared[spec.Type] = true
		e, err := newEntry(Entry{Spec: spec, Realm: d.Name, Handler: handlers[spec.Type], Stager: stager, FailureReporter: reporter, Undos: undos})
		problems = append(problems, err)
		for _, name := range append([]string{spec.Type}, spec.Aliases...) {
			if _, taken := c.byName[name]; taken {
				problems = append(problems, fmt.Errorf("realm %s: intent name %q is taken", d.Name, name))
			}
			c.byName[name] = len(c.entries)
		}
		c.entries = append(c.entries, e)
	}
	for t := range handlers {
		if !declared[t] {
			problems = append(problems, fmt.Errorf("realm %s: handler for undeclared intent %q", d.Name, t))
		}
	}
	return problems
}

func newEntry(e Entry) (Entry, error) {
	spec := e.Spec
	if e.Handler == nil {
		return e, fmt.Errorf("realm %s: intent %q has no handler", e.Realm, spec.Type)
	}
	var err error
	if e.schema, err = compile(spec); err != nil {
		return e, fmt.Errorf("realm %s: intent %q: %w", e.Realm, spec.Type, err)
	}
	if _, err = e.Parameters(spec.Example); err != nil {
		return e, fmt.Errorf("realm %s: example of %q: %w", e.Realm, spec.Type, err)
	}
	return e, nil
}

// Around gives the catalogue with other handlers in place of its own: wrap makes them of those. It is for what looks at handlers from outside.
func (c *Catalogue) Around(wrap func(intentType string, h ports.IntentHandler) ports.IntentHandler) *Catalogue {
	out := &Catalogue{realms: c.realms, entries: slices.Clone(c.entries), byName: c.byName}
	for i, e := range out.entries {
		out.entries[i].Handler = wrap(e.Spec.Type, e.Handler)
	}
	return out
}

// Find gives the entry of a type or alias; an unknown name is intent.ErrUnknown.
func (c *Catalogue) Find(name string) (Entry, error) {
	i, ok := c.byName[name]
	if !ok {
		return Entry{}, intent.ErrUnknown
	}
	return c.entries[i], nil
}

// Entries gives what is open to submit, in the order of realms and their declarations.
func (c *Catalogue) Entries() []Entry {
	return slices.DeleteFunc(slices.Clone(c.entries), func(e Entry) bool { return e.Spec.Internal })
}

// Realms gives the declarations in the order of wiring.
func (c *Catalogue) Realms() []realm.Declaration { return slices.Clone(c.realms) }
