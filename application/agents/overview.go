package agents

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/symphainy/symphainy/domain/artifact"
	"github.com/symphainy/symphainy/domain/execution"
	"github.com/symphainy/symphainy/ports"
)

// Issue is one finding of a quality assessment, as agents speak of it.
type Issue struct {
	Code        string `json:"code"`
	Severity    string `json:"severity"`
	Description string `json:"description"`
	Column      string `json:"column"`
	Rows        []int  `json:"rows"`
}

// File is one file of the session and what became of it.
type File struct {
	ID         string
	Name       string
	Format     string
	Size       int64
	Saved      bool
	ContractID string
	// ParsedID is empty until the file is parsed.
	ParsedID string
	Records  int64
	Columns  []string
	// Assessed tells that a quality assessment exists; Issues and Grade are the newest one's.
	Assessed bool
	Grade    string
	Issues   []Issue
}

// Overview is what a session holds, joined from its artifacts and executions: the ground of every builtin answer.
type Overview struct {
	// Files are oldest first.
	Files []File
	// Failed are executions that failed and whose file has not been parsed since, newest first.
	Failed []execution.Snapshot
	// Running are executions that have not ended, without the turn that asks.
	Running []execution.Snapshot
	// Made counts artifacts by type, and Newest is the newest of each.
	Made   map[string]int
	Newest map[string]Thing
	// drawn are the files of which a workflow was made.
	drawn map[string]bool
}

// Process reports whether the file is a process, whose elements are not data.
func (f File) Process() bool {
	return f.Format == "bpmn" || strings.HasSuffix(strings.ToLower(f.Name), ".bpmn")
}

type parsedPayload struct {
	FileID      string `json:"file_id"`
	RecordCount int64  `json:"record_count"`
	Columns     []struct {
		Name string `json:"name"`
	} `json:"columns"`
}

type qualityPayload struct {
	ParsedFileID string  `json:"parsed_file_id"`
	Grade        string  `json:"grade"`
	Issues       []Issue `json:"issues"`
}

// Overlook joins the facts of a session. A payload that does not read is left out of the join; its artifact still counts.
func Overlook(f ports.SessionFacts) Overview {
	o := Overview{Made: map[string]int{}, Newest: map[string]Thing{}, drawn: map[string]bool{}}
	byFile, byParsed := map[string]*File{}, map[string]*File{}
	o.Files = make([]File, 0, len(f.Files))
	for _, a := range oldestFirst(f.Files) {
		var p struct {
			ContractID string `json:"boundary_contract_id"`
		}
		read(a, &p)
		o.Files = append(o.Files, File{ID: a.ID, Name: a.Name, Format: a.Format, Size: a.Size, Saved: a.State == artifact.Ready, ContractID: p.ContractID})
	}
	for i := range o.Files {
		byFile[o.Files[i].ID] = &o.Files[i]
	}
	for _, a := range oldestFirst(f.Parsed) {
		var p parsedPayload
		read(a, &p)
		if file := byFile[p.FileID]; file != nil {
			file.ParsedID, file.Records, file.Columns = a.ID, p.RecordCount, nil
			file.Assessed, file.Issues, file.Grade = false, nil, ""
			for _, c := range p.Columns {
				file.Columns = append(file.Columns, c.Name)
			}
			byParsed[a.ID] = file
		}
	}
	for _, a := range oldestFirst(f.Quality) {
		var p qualityPayload
		read(a, &p)
		if file := byParsed[p.ParsedFileID]; file != nil {
			file.Assessed, file.Issues, file.Grade = true, p.Issues, p.Grade
		}
	}
	for _, list := range [][]artifact.Snapshot{f.Files, f.Parsed, f.Quality, f.Others} {
		for _, a := range list {
			o.Made[a.Type]++
		}
	}
	for _, t := range Things(f) {
		o.Newest[t.Type] = t
		if t.Type == "workflow" {
			for _, id := range t.Parents {
				o.drawn[id] = true
			}
		}
	}
	o.work(f.Executions)
	return o
}

func (o *Overview) work(executions []execution.Snapshot) {
	for _, e := range executions {
		switch {
		case e.Intent.Type == TurnIntent, e.Intent.Type == ToolIntent:
		case !e.State.Terminal():
			o.Running = append(o.Running, e)
		case e.State == execution.Failed:
			o.Failed = append(o.Failed, e)
		}
	}
}

func oldestFirst(list []artifact.Snapshot) []artifact.Snapshot {
	sorted := slices.Clone(list)
	slices.SortStableFunc(sorted, func(a, b artifact.Snapshot) int {
		if c := a.CreatedAt.Compare(b.CreatedAt); c != 0 {
			return c
		}
		return strings.Compare(a.ID, b.ID)
	})
	return sorted
}

func read(a artifact.Snapshot, into any) {
	if json.Unmarshal(a.Payload, into) != nil {
		return // an artifact of another shape has nothing to join by
	}
}

// types are the artifacts by which a pillar is passed (realms.md §5.2).
func (p Pillar) types() []string {
	switch p {
	case PillarContent:
		return []string{"parsed_content"}
	case PillarInsights:
		return []string{"quality_assessment", "structured_analysis", "unstructured_analysis", "semantic_interpretation", "interpretation", "discovery"}
	case PillarJourney:
		return []string{"workflow", "sop", "coexistence_analysis", "blueprint"}
	case PillarOutcomes:
		return []string{"synthesis_summary", "synthesis", "roadmap", "poc", "platform_solution", "solution"}
	}
	return nil
}

// CompletedPillars gives the pillars that the session has passed (realms.md §5.2).
func (o Overview) CompletedPillars() []Pillar {
	done := []Pillar{}
	for _, p := range []Pillar{PillarContent, PillarInsights, PillarJourney, PillarOutcomes} {
		if len(o.Holds(p)) > 0 {
			done = append(done, p)
		}
	}
	return done
}

// Holds counts, by type, the artifacts by which a pillar is passed.
func (o Overview) Holds(p Pillar) map[string]int {
	held := map[string]int{}
	for _, t := range p.types() {
		if n := o.Made[t]; n > 0 {
			held[t] = n
		}
	}
	return held
}

// Resolve finds files by what a person wrote: an id, the exact name, a unique beginning of the name, the only file, or "the last one".
// Several matches come back together, so that the agent can ask.
func (o Overview) Resolve(text string) []File {
	lower := strings.ToLower(text)
	for _, f := range o.Files {
		if strings.Contains(text, f.ID) {
			return []File{f}
		}
	}
	if exact := o.matching(func(f File) bool { return f.Name != "" && strings.Contains(lower, strings.ToLower(f.Name)) }); len(exact) > 0 {
		return longest(exact)
	}
	if len(o.Files) > 0 && (strings.Contains(lower, "last one") || strings.Contains(lower, "latest") || strings.Contains(lower, "last file")) {
		return o.Files[len(o.Files)-1:]
	}
	words := Words(text)
	return o.matching(func(f File) bool {
		return slices.ContainsFunc(words, func(w string) bool { return len(w) >= minPrefix && strings.HasPrefix(strings.ToLower(f.Name), w) })
	})
}

// minPrefix is the shortest beginning of a name that counts as meaning it.
const minPrefix = 3

func (o Overview) matching(ok func(File) bool) []File {
	var list []File
	for _, f := range o.Files {
		if ok(f) {
			list = append(list, f)
		}
	}
	return list
}

// longest keeps the files with the longest name: "orders.csv.old" is meant where both it and "orders.csv" occur in the text.
func longest(files []File) []File {
	most := 0
	for _, f := range files {
		most = max(most, len(f.Name))
	}
	return slices.DeleteFunc(files, func(f File) bool { return len(f.Name) < most })
}
