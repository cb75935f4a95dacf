package agents

import (
	"fmt"
	"strings"
)

// Troubles tells what is wrong with the data that a text means, and what failed.
func Troubles(o Overview, text string) string {
	named := o.Resolve(text)
	anyIssue := len(o.matching(func(f File) bool { return len(f.Issues) > 0 })) > 0
	if len(named) != 1 && len(o.Files) > 1 && !anyIssue && len(o.Failed) == 0 {
		return "I know of no trouble: nothing failed, and no assessment found an issue. " + unassessed(o)
	}
	if len(named) == 0 {
		named = o.Files
	}
	var parts []string
	for _, f := range named {
		parts = append(parts, f.troubles())
	}
	for _, e := range o.Failed {
		parts = append(parts, fmt.Sprintf("%s failed: %s", e.Intent.Type, e.ErrorMessage))
	}
	if len(parts) == 0 {
		return "There is nothing that could be wrong yet: you have no files."
	}
	return strings.Join(parts, "\n")
}

func (f File) troubles() string {
	switch {
	case f.Process():
		return f.Describe() + "; a process has no data whose quality could be assessed."
	case !f.Assessed:
		return f.Describe() + "; its quality has not been assessed, so I cannot say what is wrong with it."
	case len(f.Issues) == 0:
		return f.Name + " has no quality issue (grade " + f.Grade + ")."
	}
	lines := []string{fmt.Sprintf("%s has %s (grade %s):", f.Name, Count(len(f.Issues), "quality issue"), f.Grade)}
	for _, i := range f.Issues {
		lines = append(lines, fmt.Sprintf("- [%s] %s", i.Severity, i.Description))
	}
	return strings.Join(lines, "\n")
}

func unassessed(o Overview) string {
	var names []string
	for _, f := range o.Files {
		if !f.Assessed && !f.Process() {
			names = append(names, f.Name)
		}
	}
	if len(names) == 0 {
		return ""
	}
	return "Not assessed yet: " + Names(names) + "."
}
