package agents

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/symphainy/symphainy/domain/artifact"
	"github.com/symphainy/symphainy/ports"
)

// Thing is one object of the session, under the name that people use for it.
type Thing struct {
	ID      string
	Type    string
	Name    string
	Payload []byte
	// Parents are what it was made of.
	Parents []string
}

// Things gives what the session holds of the types, of all without any, oldest first. A parsed document is called like its file.
func Things(f ports.SessionFacts, types ...string) []Thing {
	names := map[string]string{}
	for _, a := range f.Files {
		names[a.ID] = a.Name
	}
	var list []artifact.Snapshot
	for _, part := range [][]artifact.Snapshot{f.Files, f.Parsed, f.Quality, f.Others} {
		for _, a := range part {
			if len(types) == 0 || slices.Contains(types, a.Type) {
				list = append(list, a)
			}
		}
	}
	things := make([]Thing, 0, len(list))
	for _, a := range oldestFirst(list) {
		things = append(things, Thing{ID: a.ID, Type: a.Type, Name: nameOf(a, names), Payload: a.Payload, Parents: a.Parents})
	}
	return things
}

// nameOf gives the name that people know an artifact by.
func nameOf(a artifact.Snapshot, files map[string]string) string {
	var p struct {
		FileID   string `json:"file_id"`
		Workflow string `json:"workflow_name"`
		SOP      string `json:"sop_title"`
		Title    string `json:"title"`
		Name     string `json:"name"`
	}
	if json.Unmarshal(a.Payload, &p) != nil {
		p.FileID = "" // a payload of another shape names nothing
	}
	if a.Type == "workflow" { // a process has a name of its own
		p.FileID = ""
	}
	for _, name := range []string{files[p.FileID], a.Name, p.Workflow, p.SOP, p.Title, p.Name} {
		if name != "" {
			return name
		}
	}
	return spoken(a.Type)
}

// spoken writes a type as people say it.
func spoken(name string) string {
	switch name {
	case "sop":
		return "SOP"
	case "poc":
		return "proof of concept"
	}
	return strings.ReplaceAll(name, "_", " ")
}

// Pick finds the one thing that a text means: by id, by its whole name, "the last one", a beginning of its name, or because there is only
// one. Several that could be meant come back together.
func Pick(things []Thing, text string) []Thing {
	lower := strings.ToLower(text)
	matching := func(ok func(Thing) bool) []Thing {
		return slices.DeleteFunc(slices.Clone(things), func(t Thing) bool { return !ok(t) })
	}
	if byID := matching(func(t Thing) bool { return strings.Contains(text, t.ID) }); len(byID) > 0 {
		return byID[:1]
	}
	if exact := matching(func(t Thing) bool { return t.Name != "" && strings.Contains(lower, strings.ToLower(t.Name)) }); len(exact) > 0 {
		most := 0
		for _, t := range exact {
			most = max(most, len(t.Name))
		}
		return slices.DeleteFunc(exact, func(t Thing) bool { return len(t.Name) < most })
	}
	if len(things) > 0 && (strings.Contains(lower, "last") || strings.Contains(lower, "latest") || strings.Contains(lower, "newest")) {
		return things[len(things)-1:]
	}
	words := Words(text)
	begun := matching(func(t Thing) bool {
		return slices.ContainsFunc(words, func(w string) bool { return len(w) > minPrefix && strings.HasPrefix(strings.ToLower(t.Name), w) })
	})
	if len(begun) > 0 {
		return begun
	}
	return things
}

// names lists the names of things.
func thingNames(things []Thing) string {
	list := make([]string, len(things))
	for i, t := range things {
		list[i] = t.Name
	}
	return Names(list)
}
