package liaison_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/application/agents"
	"github.com/symphainy/symphainy/application/realms/outcomes/liaison"
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
		Files:  []artifact.Snapshot{thing("file", "fil_1", "orders.csv", `{}`)},
		Parsed: []artifact.Snapshot{thing("parsed_content", "par_1", "", `{"file_id":"fil_1","record_count":240}`)},
		Others: []artifact.Snapshot{
			thing("roadmap", "art_1", "Roadmap: One", `{"total_phases":3,"phases":[{"name":"Move the data"}]}`),
			thing("roadmap", "art_2", "Roadmap: Two", `{"total_phases":4}`),
		},
		Executions: []execution.Snapshot{{ID: "exe_1", State: execution.Completed, Intent: intent.Intent{Type: "generate_roadmap"}}},
	}
}

func TestAnswersComeFromTheSession(t *testing.T) {
	for text, want := range map[string][]string{
		"what is missing?":                         {"Content Pillar: ready", "Insights Pillar: nothing yet", "roadmap: Roadmap: One"},
		"explain Roadmap: One":                     {"Roadmap: One is a roadmap with 3 phases", "Move the data"},
		"compare the roadmaps":                     {"Roadmap: One: 3 phases", "Roadmap: Two: 4 phases"},
		"status of the roadmap":                    {"exe_1", "completed"},
		"status of exe_7":                          {"no such execution"},
		"export the last roadmap as docx":          {"call export_artifact {\"artifact_id\":\"art_2\",\"export_format\":\"docx\"}"},
		"export the roadmap":                       {"Which one do you mean: Roadmap: One and Roadmap: Two?"},
		"make a roadmap":                           {"What are its goals?"},
		"make a roadmap to cut rework, save money": {"call generate_roadmap {\"goals\":[\"Cut rework\",\"Save money\"]}"},
	} {
		answers(t, text, facts(), want)
	}
	answers(t, "what is there?", ports.SessionFacts{}, []string{"Content Pillar: nothing yet"})
}
