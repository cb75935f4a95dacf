package agents

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/symphainy/symphainy/domain/agent"
	"github.com/symphainy/symphainy/ports"
)

// Outcome says in sentences what a finished intent has made, or why it has not, from its result and nothing else.
func Outcome(f ports.SessionFacts, r agent.ToolResult) []string {
	said := deedOf(r.Call.Name)
	object := objectOf(f, r.Call.Arguments)
	if r.Code != "" {
		return []string{fmt.Sprintf("I could not %s: %s", withObject(said.Say, object), r.Text)}
	}
	first := "I have " + withObject(said.Done, object)
	var results map[string]json.RawMessage
	if json.Unmarshal(r.Data, &results) != nil {
		return []string{first + "."}
	}
	if text := spokenAnswer(results); text != "" {
		return []string{text}
	}
	var lines []string
	for _, line := range MadeLines(results) {
		if about, plain := strings.CutPrefix(line, "; "); plain {
			first += "; " + about
		} else {
			lines = append(lines, "- "+line)
		}
	}
	return append([]string{first + "."}, lines...)
}

// deedOf gives the words for an intent; one that nobody can ask for by a sentence is called by its name.
func deedOf(intent string) Deed {
	all := Deeds()
	if i := slices.IndexFunc(all, func(d Deed) bool { return d.Intent == intent }); i >= 0 {
		return all[i]
	}
	return Deed{Say: "do " + spoken(intent), Done: "done " + spoken(intent)}
}

// withObject puts the name of what a deed was about behind it. Without one, what it would be of is left out too.
func withObject(deed, object string) string {
	if object != "" {
		return deed + " " + object
	}
	for _, of := range []string{" of", " in"} {
		deed = strings.TrimSuffix(deed, of)
	}
	return deed
}

// objectOf names what a call was about: the thing of the session whose id is among its arguments.
func objectOf(f ports.SessionFacts, arguments []byte) string {
	var in map[string]any
	if json.Unmarshal(arguments, &in) != nil {
		return ""
	}
	for _, key := range []string{"file_id", "parsed_file_id", "workflow_file_path", "workflow_id", "artifact_id", "source_id"} {
		id, _ := in[key].(string)
		if id == "" {
			continue
		}
		if all := Things(f); slices.ContainsFunc(all, func(t Thing) bool { return t.ID == id }) {
			return all[slices.IndexFunc(all, func(t Thing) bool { return t.ID == id })].Name
		}
	}
	return ""
}

// MadeLines says what each result is, with its figures; what is about the deed itself begins with a semicolon.
func MadeLines(results map[string]json.RawMessage) []string {
	keys := make([]string, 0, len(results))
	for key := range results {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	var lines []string
	for _, key := range keys {
		var made map[string]any
		if json.Unmarshal(results[key], &made) != nil || made["artifact_type"] == nil || made["alias_of"] != nil {
			continue
		}
		if line := madeOf(key, made); line != "" {
			lines = append(lines, line)
		}
	}
	return lines
}

// spokenAnswer gives what a conversation of an intent says: its question, or its answer.
func spokenAnswer(results map[string]json.RawMessage) string {
	var said struct {
		Response string `json:"response"`
		Initial  struct {
			Message string `json:"message"`
		} `json:"initial_response"`
	}
	for _, key := range []string{"chat_response", "chat_session"} {
		if raw, ok := results[key]; ok && json.Unmarshal(raw, &said) == nil {
			if said.Response != "" {
				return said.Response
			}
			if said.Initial.Message != "" {
				return said.Initial.Message
			}
		}
	}
	return ""
}

// Figures says the numbers and words of a result that people want to hear.
func Figures(made map[string]any) []string {
	var parts []string
	for _, f := range []struct{ key, noun string }{
		{"record_count", "record"}, {"total_tasks", "task"}, {"decision_points", "decision"}, {"total_steps", "step"}, {"opportunities_count", "opportunity"}, {"total_phases", "phase"},
	} {
		if n, ok := made[f.key].(float64); ok && n >= 0 {
			parts = append(parts, Count(int64(n), f.noun))
		}
	}
	for _, f := range []struct{ key, name string }{{"friction_removal_potential", "friction removal potential"}, {"coverage_score", "coverage"}} {
		if n, ok := made[f.key].(float64); ok && n >= 0 && n <= 1 {
			parts = append(parts, fmt.Sprintf("%s %d %%", f.name, int(math.Round(100*n))))
		}
	}
	for _, f := range []struct{ key, form string }{
		{"grade", "grade %s"}, {"filename", "the file is %s"}, {"download_url", "download it at %s"}, {"materialization_expires_at", "it is kept until %s"},
	} {
		if text, ok := made[f.key].(string); ok && text != "" {
			parts = append(parts, fmt.Sprintf(f.form, day(text)))
		}
	}
	for _, f := range []struct{ key, noun string }{{"issues", "issue"}, {"phases", "phase"}, {"key_findings", "finding"}, {"insights", "insight"}, {"conflicts", "conflict"}} {
		_, counted := made["total_"+f.key]
		if list, ok := made[f.key].([]any); ok && !counted {
			parts = append(parts, Count(len(list), f.noun))
		}
	}
	return parts
}

// day writes a time as the day that it is; another text stays.
func day(text string) string {
	if at, err := time.Parse(time.RFC3339, text); err == nil {
		return at.Format("2 January 2006")
	}
	return text
}

// madeOf says what one result is, with its figures; nothing, if there is nothing to say of it.
func madeOf(key string, made map[string]any) string {
	parts := Figures(made)
	name := spoken(key)
	if len(parts) > 0 && slices.Contains([]string{"materialization", "export"}, key) {
		return "; " + strings.Join(parts, ", ")
	}
	for _, field := range []string{"ui_name", "workflow_name", "sop_title", "title", "name"} {
		text, ok := made[field].(string)
		if !ok || text == "" {
			continue
		}
		if strings.HasPrefix(strings.ToLower(text), name) {
			name = text
		} else {
			name += " " + text
		}
		break
	}
	if len(parts) > 0 {
		name += ": " + strings.Join(parts, ", ")
	}
	return name
}
