// Package liaison is the content realm's agent: it speaks about the files of a session, what became of them and what is wrong with them.
package liaison

import (
	"context"
	"fmt"
	"strings"

	"github.com/symphainy/symphainy/application/agents"
	"github.com/symphainy/symphainy/domain/agent"
	"github.com/symphainy/symphainy/ports"
)

// Agent is the builtin content liaison. It answers from the session's real state only.
type Agent struct{}

var _ ports.Agent = Agent{}

// Definition says who the liaison is.
func (Agent) Definition() agent.Definition {
	return agent.Definition{
		ID: agent.LiaisonContent, Type: agent.TypeLiaison, Role: "Content liaison", Realm: "content",
		Mission: "Know every file of the session: what it is, what became of it, and what to do next.",
		Tools:   []string{"ingest_file", "save_materialization", "parse_content", "get_parsed_file", "list_files", "retrieve_file"},
	}
}

// topic is what a message asks about.
type topic struct {
	words  []string
	answer func(o agents.Overview, text string) string
}

func topics() []topic {
	return []topic{
		{[]string{"wrong", "issue", "problem", "error", "fail", "failed", "bad", "quality", "why"}, troubles},
		{[]string{"row", "record", "column", "field", "schema", "structure", "about", "describe", "explain", "show"}, details},
		{[]string{"running", "status", "progress", "busy", "waiting"}, progress},
		{[]string{"upload", "add", "ingest"}, uploading},
		{[]string{"file", "have", "list", "which", "what", "content", "data", "parse", "save", "next"}, listing},
	}
}

// Respond answers a turn.
func (Agent) Respond(_ context.Context, t ports.Turn, say func(string) error) (agent.Reply, error) {
	if reply, ok := agents.Act(t, agents.Deeds(agents.PillarContent)); ok {
		return reply, agents.Stream(reply.Text, say)
	}
	o := agents.Overlook(t.Facts)
	g := o.Guide()
	text := answer(o, t.Text)
	if len(g.Steps) > 0 && g.Steps[0].IntentType != "" {
		text += "\n\nNext: " + g.Steps[0].Label + "?"
	}
	if err := agents.Stream(text, say); err != nil {
		return agent.Reply{}, err
	}
	return agent.Reply{Text: text, Suggestions: g.Steps, Method: "deterministic", Data: data(o, g)}, nil
}

func answer(o agents.Overview, text string) string {
	words := agents.Words(text)
	for _, t := range topics() {
		for _, w := range words {
			for _, base := range t.words {
				if agents.Matches(w, base) {
					return t.answer(o, text)
				}
			}
		}
	}
	if named := o.Resolve(text); len(named) > 0 {
		return details(o, text)
	}
	return "I did not understand that. I can list your files, tell what is in one (rows, columns), say what is wrong with it and why something failed, and start the next step."
}

func listing(o agents.Overview, _ string) string {
	if len(o.Files) == 0 {
		return "You have no files in this session. Upload a CSV, JSON or text file and I will take it from there."
	}
	lines := make([]string, 0, len(o.Files)+1)
	lines = append(lines, fmt.Sprintf("You have %s:", agents.Count(len(o.Files), "file")))
	for _, f := range o.Files {
		lines = append(lines, fmt.Sprintf("- %s (%s) %s.", f.Name, agents.Size(f.Size), strings.TrimPrefix(f.Describe(), f.Name+" ")))
	}
	return strings.Join(lines, "\n")
}

func details(o agents.Overview, text string) string {
	f, question := pick(o, text)
	if question != "" {
		return question
	}
	out := f.Describe() + "."
	if len(f.Columns) > 0 {
		out += fmt.Sprintf(" It has %s: %s.", agents.Count(len(f.Columns), "column"), agents.Names(f.Columns))
	}
	return out
}

func troubles(o agents.Overview, text string) string {
	if named := o.Resolve(text); len(named) != 1 && len(o.Files) > 1 && !anyIssue(o) && len(o.Failed) == 0 {
		return "I know of no trouble: nothing failed, and no assessment found an issue. " + unassessed(o)
	}
	var parts []string
	for _, f := range candidates(o, text) {
		parts = append(parts, fileTroubles(f))
	}
	for _, e := range o.Failed {
		parts = append(parts, fmt.Sprintf("%s failed: %s", e.Intent.Type, e.ErrorMessage))
	}
	if len(parts) == 0 {
		return "There is nothing that could be wrong yet: you have no files."
	}
	return strings.Join(parts, "\n")
}

func candidates(o agents.Overview, text string) []agents.File {
	if named := o.Resolve(text); len(named) > 0 {
		return named
	}
	return o.Files
}

func fileTroubles(f agents.File) string {
	switch {
	case !f.Assessed:
		return fmt.Sprintf("%s; its quality has not been assessed, so I cannot say what is wrong with it.", f.Describe())
	case len(f.Issues) == 0:
		return f.Name + " has no quality issue (grade " + f.Grade + ")."
	}
	lines := []string{fmt.Sprintf("%s has %s (grade %s):", f.Name, agents.Count(len(f.Issues), "quality issue"), f.Grade)}
	for _, i := range f.Issues {
		lines = append(lines, fmt.Sprintf("- [%s] %s", i.Severity, i.Description))
	}
	return strings.Join(lines, "\n")
}

func anyIssue(o agents.Overview) bool {
	for _, f := range o.Files {
		if len(f.Issues) > 0 {
			return true
		}
	}
	return false
}

func unassessed(o agents.Overview) string {
	var names []string
	for _, f := range o.Files {
		if !f.Assessed {
			names = append(names, f.Name)
		}
	}
	if len(names) == 0 {
		return ""
	}
	return "Not assessed yet: " + agents.Names(names) + "."
}

func progress(o agents.Overview, _ string) string {
	if len(o.Running) == 0 {
		return "Nothing is running just now."
	}
	lines := []string{agents.Count(len(o.Running), "execution") + " in progress:"}
	for _, e := range o.Running {
		lines = append(lines, fmt.Sprintf("- %s (%s)", e.Intent.Type, e.State.Wire()))
	}
	return strings.Join(lines, "\n")
}

func uploading(o agents.Overview, _ string) string {
	return "Send the file as a multipart upload to POST /api/files (or as hex with the intent ingest_file), save it with save_materialization, and I can parse it. " + listing(o, "")
}

// pick finds the one file that is meant, or the question to ask.
func pick(o agents.Overview, text string) (agents.File, string) {
	named := o.Resolve(text)
	switch {
	case len(named) == 1:
		return named[0], ""
	case len(named) > 1:
		return agents.File{}, "Which one do you mean: " + names(named) + "?"
	case len(o.Files) == 1:
		return o.Files[0], ""
	case len(o.Files) == 0:
		return agents.File{}, listing(o, text)
	}
	return agents.File{}, "Which file do you mean: " + names(o.Files) + "?"
}

func names(files []agents.File) string {
	list := make([]string, len(files))
	for i, f := range files {
		list[i] = f.Name
	}
	return agents.Names(list)
}

func data(o agents.Overview, g agents.Guidance) []byte {
	files := make([]map[string]any, len(o.Files))
	for i, f := range o.Files {
		files[i] = map[string]any{"file_id": f.ID, "name": f.Name, "saved": f.Saved, "parsed_file_id": f.ParsedID, "records": f.Records, "issues": len(f.Issues)}
	}
	return agents.Encode(map[string]any{"files": files, "recommended_action": g.Action})
}
