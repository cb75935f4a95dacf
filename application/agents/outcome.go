package agents

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/symphainy/symphainy/domain/agent"
)

// Outcome says in sentences what a finished intent has made, from its result and nothing else.
func Outcome(r agent.ToolResult) []string {
	var results map[string]json.RawMessage
	if json.Unmarshal(r.Data, &results) != nil {
		return []string{sentence(spoken(r.Call.Name)) + " is done."}
	}
	if text := spokenAnswer(results); text != "" {
		return []string{text}
	}
	keys := make([]string, 0, len(results))
	for key := range results {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	lines := []string{sentence(spoken(r.Call.Name)) + " is done."}
	for _, key := range keys {
		var made map[string]any
		if json.Unmarshal(results[key], &made) != nil || made["artifact_type"] == nil || made["alias_of"] != nil {
			continue
		}
		lines = append(lines, "- "+madeOf(key, made))
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

// figures are the numbers and words of results that people want to hear, and how they are said.
func figures() []struct{ key, form string } {
	return []struct{ key, form string }{
		{"record_count", "%s records"}, {"overall_quality", "quality %s"}, {"grade", "grade %s"}, {"total_tasks", "%s tasks"},
		{"decision_points", "%s decisions"}, {"total_steps", "%s steps"}, {"friction_removal_potential", "friction removal potential %s"},
		{"opportunities_count", "%s opportunities"}, {"coverage_score", "coverage %s"}, {"total_phases", "%s phases"}, {"filename", "%s"},
		{"download_url", "at %s"}, {"materialization_expires_at", "kept until %s"},
	}
}

// madeOf says what one result is, with its figures.
func madeOf(key string, made map[string]any) string {
	name := spoken(key)
	for _, field := range []string{"ui_name", "workflow_name", "sop_title", "title", "name"} {
		if text, ok := made[field].(string); ok && text != "" {
			name += " " + text
			break
		}
	}
	var parts []string
	for _, f := range figures() {
		switch v := made[f.key].(type) {
		case string:
			if v != "" {
				parts = append(parts, fmt.Sprintf(f.form, v))
			}
		case float64:
			parts = append(parts, fmt.Sprintf(f.form, fmt.Sprint(v)))
		}
	}
	for _, f := range []struct{ key, noun string }{{"issues", "issue"}, {"phases", "phase"}, {"key_findings", "finding"}, {"insights", "insight"}, {"conflicts", "conflict"}} {
		if list, ok := made[f.key].([]any); ok {
			parts = append(parts, Count(len(list), f.noun))
		}
	}
	if len(parts) > 0 {
		name += ": " + strings.Join(parts, ", ")
	}
	return name + "."
}
