package liaison_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/application/agents"
	"github.com/symphainy/symphainy/application/realms/insights/liaison"
	"github.com/symphainy/symphainy/domain/artifact"
	"github.com/symphainy/symphainy/domain/execution"
	"github.com/symphainy/symphainy/domain/intent"
	"github.com/symphainy/symphainy/ports"
)

func thing(kind, id, name, payload string) artifact.Snapshot {
	at := time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)
	return artifact.Snapshot{ID: id, Type: kind, Name: name, State: artifact.Ready, Payload: []byte(payload), CreatedAt: at}
}

// answers holds what the liaison says, and what it asks for, to what it must have in it.
func answers(t *testing.T, text string, f ports.SessionFacts, want []string) {
	t.Helper()
	var tools []string
	for _, d := range agents.Deeds() {
		tools = append(tools, d.Intent)
	}
	r, err := liaison.Agent{}.Respond(t.Context(), ports.Turn{Text: text, Facts: f, Tools: append(tools, "sop_chat_message")}, func(string) error { return nil })
	require.NoError(t, err)
	got := r.Text
	for _, c := range r.Calls {
		got += "call " + c.Name + " " + string(c.Arguments)
	}
	for _, w := range want {
		require.Contains(t, got, w, text)
	}
}

func facts() ports.SessionFacts {
	return ports.SessionFacts{
		Files: []artifact.Snapshot{thing("file", "fil_1", "orders.csv", `{}`), thing("file", "fil_2", "returns.csv", `{}`)},
		Parsed: []artifact.Snapshot{
			thing("parsed_content", "par_1", "", `{"file_id":"fil_1","record_count":240,"columns":[{"name":"id"},{"name":"amount"}]}`),
			thing("parsed_content", "par_2", "", `{"file_id":"fil_2","record_count":12,"columns":[{"name":"id"},{"name":"reason"}]}`),
		},
		Quality: []artifact.Snapshot{thing("quality_assessment", "art_1", "orders.csv", `{"parsed_file_id":"par_1","grade":"B","issues":[
			{"code":"duplicate_keys","severity":"high","description":"Row 118 repeats the key 1044.","column":"id","rows":[118]}]}`)},
		Others: []artifact.Snapshot{thing("structured_analysis", "art_2", "orders.csv", `{"insights":["The mean of amount is 7."]}`)},
		Executions: []execution.Snapshot{
			{ID: "exe_1", State: execution.Running, Intent: intent.Intent{Type: "assess_data_quality", Parameters: []byte(`{"parsed_file_id":"par_2"}`)}, Progress: []byte(`{"done":3,"total":12,"note":"rows"}`)},
		},
	}
}

func TestAnswersComeFromTheSession(t *testing.T) {
	for text, want := range map[string][]string{
		"what do you know?":                {"orders.csv is parsed with 240 rows", "column id: 1 issue", "structured analysis: orders.csv"},
		"what is wrong with orders.csv":    {"[high] Row 118 repeats the key 1044."},
		"what is wrong with returns.csv":   {"has not been assessed"},
		"explain the structured analysis":  {"orders.csv is a structured analysis with 1 insight", "The mean of amount is 7."},
		"compare orders and returns":       {"240 rows", "12 rows", "Only orders.csv has amount", "Only returns.csv has reason"},
		"status of the quality assessment": {"Assess the quality of returns.csv", "exe_1", "running, 3 of 12 rows"},
		"what is running?":                 {"1 execution in progress", "exe_1"},
		"assess returns.csv":               {"call assess_data_quality {\"parsed_file_id\":\"par_2\"}"},
		"assess it":                        {"Which one do you mean: orders.csv and returns.csv?"},
		"analyse the last one":             {"call analyze_structured_data {\"parsed_file_id\":\"par_2\"}"},
	} {
		answers(t, text, facts(), want)
	}
	answers(t, "what do you know?", ports.SessionFacts{}, []string{"no parsed data yet"})
	answers(t, "explain the analysis", ports.SessionFacts{}, []string{"nothing of that"})
}
