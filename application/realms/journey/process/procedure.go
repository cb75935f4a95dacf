// Package process turns processes from one form into another: a procedure (numbered steps for people) into a workflow (nodes and flows), and
// back; written procedures and specifications into these. Nothing is made up: what a source does not say stays empty.
package process

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Bounds of texts in bytes, and of a process in nodes and flows.
const (
	NameMost        = 300
	DescriptionMost = 2000
	NodesMost       = 1000
	FlowsMost       = 3000
)

// End is the number of a target that ends the procedure.
const End = 0

// Otherwise is the condition of the way that is taken if no other is.
const Otherwise = "otherwise"

// Branch is a way from a decision, or from a task by an event at its side. To is the number of a step, or End.
type Branch struct {
	Condition string
	To        int
}

// Step is one step of a procedure.
type Step struct {
	// ID names the step where it comes from, empty if it has no name there.
	ID   string
	Name string
	// Kind is the word of BPMN for it, empty if unknown.
	Kind        string
	Description string
	// Actor is empty if nobody is named.
	Actor    string
	Decision bool
	Branches []Branch
	// Next are the numbers of the steps that follow, for a task; none means the next in the list, or the end after the last.
	Next []int
	// Details are the names of the steps inside it.
	Details []string
}

// Role is an actor with what the source says of the role.
type Role struct {
	Name           string
	Responsibility string
}

// Procedure is a process as people read it. Steps are numbered from 1.
type Procedure struct {
	Title         string
	Purpose       string
	Scope         string
	Prerequisites []string
	Roles         []Role
	Steps         []Step
	// Before, During and After are what to check.
	Before []string
	During []string
	After  []string
}

// Clean makes a text of a user one line without control characters, clipped to a size in bytes at a character's end.
func Clean(s string, most int) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && !unicode.IsSpace(r) || r == utf8.RuneError || r == 0xFFFE || r == 0xFFFF {
			return -1
		}
		return r
	}, s)
	s = strings.Join(strings.Fields(s), " ")
	if len(s) <= most {
		return s
	}
	for most > 0 && !utf8.RuneStart(s[most]) {
		most--
	}
	return strings.TrimSpace(s[:most]) + "…"
}

// AllRoles are the roles that the procedure declares, and then the actors of its steps that it does not.
func (p *Procedure) AllRoles() []Role {
	roles := append([]Role(nil), p.Roles...)
	known := map[string]bool{}
	for _, r := range roles {
		known[r.Name] = true
	}
	for _, s := range p.Steps {
		if s.Actor != "" && !known[s.Actor] {
			known[s.Actor] = true
			roles = append(roles, Role{Name: s.Actor})
		}
	}
	return roles
}

// StepsOf are the numbers of an actor's steps.
func (p *Procedure) StepsOf(actor string) []int {
	var found []int
	for i, s := range p.Steps {
		if s.Actor == actor {
			found = append(found, i+1)
		}
	}
	return found
}

// Follow gives where a task leads: its Next, or the following step, or the end.
func (p *Procedure) Follow(number int) []int {
	s := p.Steps[number-1]
	switch {
	case len(s.Next) > 0:
		return s.Next
	case s.Decision && len(s.Branches) > 0:
		return nil
	case number < len(p.Steps):
		return []int{number + 1}
	}
	return []int{End}
}
