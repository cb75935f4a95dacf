package agents

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/symphainy/symphainy/domain/execution"
	"github.com/symphainy/symphainy/domain/typeid"
	"github.com/symphainy/symphainy/ports"
)

// Mentions reports whether a text has one of the words, in any of their forms.
func Mentions(text string, bases ...string) bool {
	return slices.ContainsFunc(Words(text), func(w string) bool { return matchesAny(w, bases) })
}

// Answer answers what every liaison is asked about its things: how something stands, how two compare, what one is. It reports false for
// other texts.
func Answer(f ports.SessionFacts, text string, types ...string) (string, bool) {
	switch {
	case Mentions(text, "status", "progress", "running", "busy", "waiting", "pending") || strings.Contains(text, executionPrefix):
		return Status(f, text), true
	case Mentions(text, "compare", "comparison", "difference", "differ", "versus", "vs"):
		return Compare(f, text, types...), true
	case Mentions(text, "explain", "describe", "show", "about", "detail", "tell") && !Mentions(text, "have", "list", "everything"):
		return Explain(f, text, types...), true
	}
	return "", false
}

// executionPrefix begins the id of an execution.
const executionPrefix = string(typeid.Execution) + "_"

// Status tells how an execution stands: the one that is named by its id or by what it is about, or all that have not ended.
func Status(f ports.SessionFacts, text string) string {
	words := Words(text)
	var running []string
	for _, e := range f.Executions { // newest first
		if e.Intent.Type == TurnIntent || e.Intent.Type == ToolIntent {
			continue
		}
		name := strings.FieldsFunc(e.Intent.Type, func(r rune) bool { return r == '_' })
		meant := slices.ContainsFunc(words, func(w string) bool { return len(w) > minPrefix && slices.Contains(name, w) })
		if object := objectOf(f, e.Intent.Parameters); object != "" && strings.Contains(strings.ToLower(text), strings.ToLower(object)) {
			meant = true
		}
		if e.ID != "" && strings.Contains(text, e.ID) || meant && !strings.Contains(text, executionPrefix) {
			return stands(f, e) + "."
		}
		if !e.State.Terminal() {
			running = append(running, "- "+stands(f, e))
		}
	}
	switch {
	case strings.Contains(text, executionPrefix):
		return "I know of no such execution in this session."
	case len(running) == 0:
		return "Nothing is running just now."
	}
	return Count(len(running), "execution") + " in progress:\n" + strings.Join(running, "\n")
}

// stands says in words how an execution stands.
func stands(f ports.SessionFacts, e execution.Snapshot) string {
	what := sentence(withObject(deedOf(e.Intent.Type).Say, objectOf(f, e.Intent.Parameters)))
	out := fmt.Sprintf("%q (%s) is %s", what, e.ID, e.State.Wire())
	var p struct {
		Done, Total int64
		Note        string
	}
	if e.State == execution.Running && json.Unmarshal(e.Progress, &p) == nil && p.Total > 0 {
		out += fmt.Sprintf(", %d of %d %s", p.Done, p.Total, p.Note)
	}
	if e.ErrorMessage != "" {
		out += ": " + strings.TrimSuffix(e.ErrorMessage, ".")
	}
	return out
}

// Explain tells what one thing of the types is: its figures, and the first sentences that its makers wrote about it.
func Explain(f ports.SessionFacts, text string, types ...string) string {
	found := named(Things(f, types...), text)
	switch len(found) {
	case 0:
		return "There is nothing of that in this session yet."
	case 1:
		return explained(found[0])
	}
	return "Which one do you mean: " + thingNames(found) + "?"
}

// named narrows things by what a text says of their type, the closest, and of their name.
func named(things []Thing, text string) []Thing {
	words := Words(text)
	said := func(t Thing) (n int) {
		for _, part := range strings.Split(t.Type, "_") {
			if slices.ContainsFunc(words, func(w string) bool { return Matches(w, part) }) {
				n++
			}
		}
		return n
	}
	most := 0
	for _, t := range things {
		most = max(most, said(t))
	}
	return Pick(slices.DeleteFunc(slices.Clone(things), func(t Thing) bool { return said(t) < most }), text)
}

func explained(t Thing) string {
	made := map[string]any{}
	if json.Unmarshal(t.Payload, &made) != nil {
		return sentence(spoken(t.Type)) + " " + t.Name + " cannot be read."
	}
	lines := []string{fmt.Sprintf("%s is %s", t.Name, aType(t.Type))}
	if parts := Figures(made); len(parts) > 0 {
		lines[0] += " with " + strings.Join(parts, ", ")
	}
	lines[0] += "."
	for _, key := range []string{"summary", "description", "purpose", "narrative"} {
		if said, ok := made[key].(string); ok && said != "" {
			lines = append(lines, said)
			break
		}
	}
	if inner, ok := made["roadmap"].(map[string]any); ok && made["phases"] == nil {
		made["phases"] = inner["phases"]
	}
	for _, key := range []string{"key_findings", "insights", "issues", "friction_points", "conflicts", "opportunities", "recommendations", "phases", "steps", "columns"} {
		if said := sayings(made[key]); len(said) > 0 {
			lines = append(lines, sentence(spoken(key))+":")
			lines = append(lines, said...)
		}
		if len(lines) > maxExplained {
			break
		}
	}
	return strings.Join(lines, "\n")
}

// maxExplained is after how many lines an explanation begins no further list; maxSayings how many entries of a list it names.
const (
	maxExplained = 8
	maxSayings   = 5
)

func aType(artifactType string) string {
	name := spoken(artifactType)
	if strings.ContainsRune("aeio", rune(name[0])) {
		return "an " + name
	}
	return "a " + name
}

// sayings gives the first entries of a list as sentences: texts, or what objects are called and say.
func sayings(v any) []string {
	list, _ := v.([]any)
	var lines []string
	for _, one := range list[:min(len(list), maxSayings)] {
		said, _ := one.(string)
		if object, ok := one.(map[string]any); ok {
			said = saying(object)
		}
		if said != "" {
			lines = append(lines, "- "+said)
		}
	}
	if more := len(list) - maxSayings; more > 0 && len(lines) > 0 {
		lines = append(lines, fmt.Sprintf("- and %d more", more))
	}
	return lines
}

func saying(object map[string]any) string {
	first := func(keys ...string) string {
		for _, key := range keys {
			if text, ok := object[key].(string); ok && text != "" {
				return text
			}
		}
		return ""
	}
	name, said := first("title", "name", "step_name", "phase_name", "column"), first("description", "finding", "text", "message", "insight", "reason", "recommendation", "objective")
	if name != "" && said != "" && name != said {
		return name + ": " + said
	}
	return name + strings.TrimPrefix(said, name)
}

// Compare holds two things of one type, or two files, against each other: what is equal is said once.
func Compare(f ports.SessionFacts, text string, types ...string) string {
	lower := strings.ToLower(text)
	var files []File
	for _, file := range Overlook(f).Files {
		stem, _, _ := strings.Cut(strings.ToLower(file.Name), ".")
		if file.Name != "" && strings.Contains(lower, stem) {
			files = append(files, file)
		}
	}
	if len(files) == 2 {
		return compareFiles(files[0], files[1])
	}
	ofType := map[string][]Thing{}
	for _, t := range Things(f, types...) {
		ofType[t.Type] = append(ofType[t.Type], t)
	}
	for _, artifactType := range types {
		if all := ofType[artifactType]; len(all) >= 2 && (Mentions(text, strings.Split(artifactType, "_")[0]) || len(ofType) == 1) {
			a, b := all[len(all)-2], all[len(all)-1]
			return fmt.Sprintf("The two newest:\n- %s\n- %s", oneLine(a), oneLine(b))
		}
	}
	return "Which two do you mean? Name two files, or a kind of result of which there are two."
}

func oneLine(t Thing) string {
	made := map[string]any{}
	if json.Unmarshal(t.Payload, &made) != nil {
		return t.Name
	}
	return t.Name + ": " + strings.Join(Figures(made), ", ")
}

func compareFiles(a, b File) string {
	lines := []string{"- " + a.Describe() + ".", "- " + b.Describe() + "."}
	missing := func(of, in File) []string {
		return slices.DeleteFunc(slices.Clone(of.Columns), func(c string) bool { return slices.Contains(in.Columns, c) })
	}
	switch onlyA, onlyB := missing(a, b), missing(b, a); {
	case len(a.Columns) == 0 || len(b.Columns) == 0:
	case len(onlyA)+len(onlyB) == 0:
		lines = append(lines, "They have the same columns: "+Names(a.Columns)+".")
	default:
		for _, only := range []struct {
			file    File
			columns []string
		}{{a, onlyA}, {b, onlyB}} {
			if len(only.columns) > 0 {
				lines = append(lines, fmt.Sprintf("Only %s has %s.", only.file.Name, Names(only.columns)))
			}
		}
	}
	return strings.Join(lines, "\n")
}
