// Package wizard leads a conversation to a standard operating procedure: it asks for one part after the other, and takes commands and edits in
// plain words. It understands nothing that is not said in these forms; what it did not understand it says.
package wizard

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/symphainy/symphainy/application/realms/journey/process"
	"github.com/symphainy/symphainy/application/realms/say"
	"github.com/symphainy/symphainy/domain/fault"
)

// Stage is what the wizard asks for.
type Stage string

// The stages, in order.
const (
	Title         Stage = "title"
	Purpose       Stage = "purpose"
	Scope         Stage = "scope"
	Steps         Stage = "procedure_steps"
	Roles         Stage = "roles"
	Prerequisites Stage = "prerequisites"
	Complete      Stage = "complete"
)

func stages() []Stage { return []Stage{Title, Purpose, Scope, Steps, Roles, Prerequisites, Complete} }

// The states of a conversation.
const (
	Active    = "chat_active"
	Completed = "completed"
	Cancelled = "cancelled"
)

// Bounds of a procedure that is told.
const (
	stepsMost = 300
	listMost  = 100
)

// ErrUnfinished is a procedure without a title or without a step.
var ErrUnfinished = fault.New(fault.Invalid, "insufficient_data", "The procedure needs a title and at least one step.")

// ErrOver is a message to a conversation that has come to its end.
var ErrOver = fault.New(fault.Conflict, "invalid_transition", "This conversation is over; start another one.")

// State is where a conversation stands. It survives JSON.
type State struct {
	Stage  Stage
	Status string
	Draft  process.Procedure
}

// Answer is what the wizard says to a message.
type Answer struct {
	Text string
	// Updated says whether the procedure has changed.
	Updated bool
	// Done says that the caller wants the procedure now.
	Done bool
}

// Start begins a conversation. Of the requirements, numbered lines become steps and the rest the purpose.
func Start(requirements string) State {
	s := State{Stage: Title, Status: Active}
	var rest []string
	for _, line := range strings.Split(requirements, "\n") {
		if numbered.MatchString(line) && len(s.Draft.Steps) < stepsMost {
			s.Draft.Steps = append(s.Draft.Steps, step(line))
		} else if strings.TrimSpace(line) != "" {
			rest = append(rest, line)
		}
	}
	s.Draft.Purpose = process.Clean(strings.Join(rest, " "), process.DescriptionMost)
	return s
}

// Resume begins a conversation about a procedure that exists.
func Resume(p *process.Procedure) State {
	s := State{Stage: Title, Status: Active, Draft: *p}
	if p.Title != "" {
		s.Stage = Purpose
	}
	return s
}

// Finish gives the procedure as it is told so far, with every decision's other way; ErrUnfinished if there is too little.
func (s *State) Finish() (*process.Procedure, []int, error) {
	p := s.Draft
	if p.Title == "" || len(p.Steps) == 0 {
		return nil, nil, ErrUnfinished
	}
	p.Steps = slices.Clone(p.Steps)
	return &p, p.Settle(), nil
}

var (
	numbered = regexp.MustCompile(`^\s*(?:step\s+)?\(?\d{1,4}[.):]\s*\S`)
	mark     = regexp.MustCompile(`(?i)^\s*(?:(?:step\s+)?\(?\d{1,4}[.):]\s*|[-*•–]\s+)`)
	actor    = regexp.MustCompile(`^(\p{Lu}[\p{L}/&-]*(?: [\p{L}/&-]+){0,3}):\s+(\S.*)$`)
	edit     = regexp.MustCompile(`(?is)^edit(?:\s+step)?\s+(\d{1,4})\s*:\s*(.+)$`)
	insert   = regexp.MustCompile(`(?is)^insert(?:\s+step)?\s+after(?:\s+step)?\s+(\d{1,4})\s*:\s*(.+)$`)
	remove   = regexp.MustCompile(`(?i)^delete(?:\s+step)?\s+(\d{1,4})\s*[.!]?$`)
)

// nobody are words before a colon that are no actor.
var nobody = []string{"note", "warning", "tip", "important", "caution", "example", "hint", "remark"} //nolint:gochecknoglobals // a read-only table

// step reads one line as a step.
func step(line string) process.Step {
	line = strings.TrimSpace(mark.ReplaceAllString(line, ""))
	who := ""
	if m := actor.FindStringSubmatch(line); m != nil && !slices.Contains(nobody, strings.ToLower(m[1])) {
		who, line = m[1], m[2]
	}
	s := process.Line(line)
	s.Actor = process.Clean(who, process.NameMost)
	return s
}

// Apply takes a message: a command, an edit, or the answer to what the wizard asks for. A conversation that is over is ErrOver.
func (s *State) Apply(message string) (Answer, error) {
	if s.Status != Active {
		return Answer{}, ErrOver
	}
	text := strings.TrimSpace(message)
	switch strings.ToLower(strings.TrimRight(text, ".! ")) {
	case "back":
		return s.move(-1), nil
	case "skip", "next":
		return s.move(1), nil
	case "show":
		return Answer{Text: s.Show() + "\n\n" + s.Question()}, nil
	case "cancel":
		s.Status = Cancelled
		return Answer{Text: "The conversation is cancelled; nothing was made of it."}, nil
	case "done", "finish":
		if _, _, err := s.Finish(); err != nil {
			return Answer{}, err
		}
		return Answer{Text: "The procedure is written.", Done: true}, nil
	case "":
		return Answer{Text: s.Question()}, nil
	}
	if a, ok := s.edits(text); ok {
		return a, nil
	}
	return s.take(text), nil
}

// move goes to another stage.
func (s *State) move(by int) Answer {
	all := stages()
	at := slices.Index(all, s.Stage) + by
	s.Stage = all[min(max(at, 0), len(all)-1)]
	return Answer{Text: s.Question()}
}

// edits takes the commands that change steps.
func (s *State) edits(text string) (Answer, bool) {
	m, kind := edit.FindStringSubmatch(text), "edit"
	if m == nil {
		m, kind = insert.FindStringSubmatch(text), "insert"
	}
	if m == nil {
		m, kind = remove.FindStringSubmatch(text), "delete"
	}
	if m == nil {
		return Answer{}, false
	}
	n, err := strconv.Atoi(m[1])
	least := 1
	if kind == "insert" {
		least = 0
	}
	if err != nil || n < least || n > len(s.Draft.Steps) {
		return Answer{Text: fmt.Sprintf("There is no step %s; the procedure has %s.", m[1], say.Plural(len(s.Draft.Steps), "step", "steps"))}, true
	}
	switch kind {
	case "edit":
		s.Draft.Steps[n-1] = step(m[2])
		return Answer{Text: fmt.Sprintf("Step %d is now %s.", n, say.Quote(s.Draft.Steps[n-1].Name)), Updated: true}, true
	case "insert":
		if len(s.Draft.Steps) >= stepsMost {
			return Answer{Text: full()}, true
		}
		s.shift(n+1, 1)
		s.Draft.Steps = slices.Insert(s.Draft.Steps, n, step(m[2]))
		return Answer{Text: fmt.Sprintf("Step %d is %s; the steps after it have moved.", n+1, say.Quote(s.Draft.Steps[n].Name)), Updated: true}, true
	}
	name := s.Draft.Steps[n-1].Name
	s.Draft.Steps = slices.Delete(s.Draft.Steps, n-1, n)
	s.drop(n)
	s.shift(n+1, -1)
	return Answer{Text: fmt.Sprintf("Step %d, %s, is deleted; the steps after it have moved.", n, say.Quote(name)), Updated: true}, true
}

func full() string { return fmt.Sprintf("A procedure has at most %d steps.", stepsMost) }

// shift moves the targets from a number on.
func (s *State) shift(from, by int) {
	for i := range s.Draft.Steps {
		for k := range s.Draft.Steps[i].Branches {
			if b := &s.Draft.Steps[i].Branches[k]; b.To >= from {
				b.To += by
			}
		}
		for k, to := range s.Draft.Steps[i].Next {
			if to >= from {
				s.Draft.Steps[i].Next[k] += by
			}
		}
	}
}

// drop removes the ways to a step that is gone.
func (s *State) drop(n int) {
	for i := range s.Draft.Steps {
		x := &s.Draft.Steps[i]
		x.Branches = slices.DeleteFunc(x.Branches, func(b process.Branch) bool { return b.To == n })
		x.Next = slices.DeleteFunc(x.Next, func(to int) bool { return to == n })
	}
}

// take reads the answer to the question of the stage.
func (s *State) take(text string) Answer {
	d := &s.Draft
	switch s.Stage {
	case Title:
		d.Title = process.Clean(text, process.NameMost)
	case Purpose:
		d.Purpose = process.Clean(text, process.DescriptionMost)
	case Scope:
		d.Scope = process.Clean(text, process.DescriptionMost)
	case Steps:
		return s.takeSteps(text)
	case Roles:
		return s.takeRoles(text)
	case Prerequisites:
		added := 0
		for _, line := range lines(text) {
			if len(d.Prerequisites) < listMost {
				d.Prerequisites = append(d.Prerequisites, process.Clean(line, process.DescriptionMost))
				added++
			}
		}
		return Answer{Text: fmt.Sprintf("%s noted. More, or \"next\"?", say.Plural(added, "prerequisite is", "prerequisites are")), Updated: added > 0}
	case Complete:
		return Answer{Text: "I did not understand that. " + s.Question()}
	}
	a := s.move(1)
	a.Updated = true
	return a
}

func lines(text string) (found []string) {
	for _, line := range strings.Split(text, "\n") {
		if line = strings.TrimSpace(mark.ReplaceAllString(line, "")); line != "" {
			found = append(found, line)
		}
	}
	return found
}

func (s *State) takeSteps(text string) Answer {
	first := len(s.Draft.Steps)
	for _, line := range strings.Split(text, "\n") {
		if strings.TrimSpace(line) == "" {
			continue
		}
		if len(s.Draft.Steps) >= stepsMost {
			return Answer{Text: full(), Updated: len(s.Draft.Steps) > first}
		}
		if x := step(line); x.Name != "" {
			s.Draft.Steps = append(s.Draft.Steps, x)
		}
	}
	added := len(s.Draft.Steps) - first
	return Answer{Text: fmt.Sprintf("%s noted, %d in all. More steps, \"next\" for the roles, or \"done\"?", say.Plural(added, "step is", "steps are"), len(s.Draft.Steps)), Updated: added > 0}
}

func (s *State) takeRoles(text string) Answer {
	added, odd := 0, 0
	for _, line := range lines(text) {
		name, what, ok := strings.Cut(line, ":")
		name = process.Clean(name, process.NameMost)
		if name == "" || len(s.Draft.Roles) >= listMost {
			odd++
			continue
		}
		role := process.Role{Name: name}
		if ok {
			role.Responsibility = process.Clean(what, process.DescriptionMost)
		}
		if at := slices.IndexFunc(s.Draft.Roles, func(r process.Role) bool { return r.Name == name }); at >= 0 {
			s.Draft.Roles[at] = role
		} else {
			s.Draft.Roles = append(s.Draft.Roles, role)
		}
		added++
	}
	answer := fmt.Sprintf("%s noted. More, or \"next\"?", say.Plural(added, "role is", "roles are"))
	if odd > 0 {
		answer = fmt.Sprintf("%s not read: write \"Role: responsibility\". ", say.Plural(odd, "line was", "lines were")) + answer
	}
	return Answer{Text: answer, Updated: added > 0}
}

// Question is what the wizard asks for now.
func (s *State) Question() string {
	d := &s.Draft
	known := func(text string) string {
		if text == "" {
			return ""
		}
		return " Now it is " + say.Quote(text) + "; \"skip\" keeps it."
	}
	switch s.Stage {
	case Title:
		return "What is the title of the procedure?" + known(d.Title)
	case Purpose:
		return "What is it for?" + known(d.Purpose)
	case Scope:
		return "Where does it apply, and where does it not?" + known(d.Scope)
	case Steps:
		if n := len(d.Steps); n > 0 {
			return fmt.Sprintf("The procedure has %s. Send more, one per line, or \"next\".", say.Plural(n, "step", "steps"))
		}
		return "What are the steps? One per line; \"If it is damaged, go to step 4\" makes a branch, and \"Clerk: …\" names who acts."
	case Roles:
		return "Who is responsible for what? One per line, as \"Role: responsibility\"."
	case Prerequisites:
		return "What has to be there before it starts? One per line."
	case Complete:
	}
	return "Say \"done\" to have the procedure written, \"show\" to see it, \"back\" to return, or edit: \"edit step 3: …\", \"insert after 2: …\", \"delete step 4\"."
}

// Suggestions are what can be said now.
func (s *State) Suggestions() []string {
	if s.Status != Active {
		return []string{}
	}
	list := []string{"skip", "back", "show", "cancel"}
	if _, _, err := s.Finish(); err == nil {
		list = append([]string{"done"}, list...)
	}
	return list
}

// Show is the procedure so far, for people.
func (s *State) Show() string {
	d := &s.Draft
	var b strings.Builder
	field := func(name, value string) {
		if value == "" {
			value = "–"
		}
		fmt.Fprintf(&b, "%s: %s\n", name, value)
	}
	field("Title", d.Title)
	field("Purpose", d.Purpose)
	field("Scope", d.Scope)
	for i, x := range d.Steps {
		name := x.Name
		if x.Actor != "" {
			name = x.Actor + ": " + name
		}
		for _, br := range x.Branches {
			name += fmt.Sprintf(" [%s → %s]", br.Condition, target(br.To))
		}
		fmt.Fprintf(&b, "%d. %s\n", i+1, name)
	}
	for _, r := range d.Roles {
		fmt.Fprintf(&b, "Role %s: %s\n", r.Name, r.Responsibility)
	}
	for _, x := range d.Prerequisites {
		fmt.Fprintf(&b, "Prerequisite: %s\n", x)
	}
	return strings.TrimRight(b.String(), "\n")
}

func target(n int) string {
	if n == process.End {
		return "end"
	}
	return "step " + strconv.Itoa(n)
}
