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
		{[]string{"wrong", "issue", "problem", "error", "fail", "failed", "bad", "quality", "why"}, agents.Troubles},
		{[]string{"row", "record", "column", "field", "schema", "structure", "about", "describe", "explain", "show"}, details},
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
	text := answer(t, o)
	if len(g.Steps) > 0 && g.Steps[0].IntentType != "" {
		text += "\n\nNext: " + g.Steps[0].Label + "?"
	}
	if err := agents.Stream(text, say); err != nil {
		return agent.Reply{}, err
	}
	return agent.Reply{Text: text, Suggestions: g.Steps, Method: "deterministic", Data: data(o, g)}, nil
}

func answer(t ports.Turn, o agents.Overview) string {
	text := t.Text
	if agents.Mentions(text, "compare", "comparison", "difference", "differ", "versus", "vs") {
		return agents.Compare(t.Facts, text, "parsed_content")
	}
	if agents.Mentions(text, "running", "status", "progress", "busy", "waiting") {
		return agents.Status(t.Facts, text)
	}
	for _, topic := range topics() {
		if agents.Mentions(text, topic.words...) {
			return topic.answer(o, text)
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
