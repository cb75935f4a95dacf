package agents_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/application/agents"
	"github.com/symphainy/symphainy/domain/agent"
	"github.com/symphainy/symphainy/domain/artifact"
	"github.com/symphainy/symphainy/domain/execution"
	"github.com/symphainy/symphainy/domain/intent"
	"github.com/symphainy/symphainy/ports"
)

var noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)

func thing(kind, id, name string, state artifact.State, payload string) artifact.Snapshot {
	return artifact.Snapshot{ID: id, Type: kind, Name: name, State: state, Payload: []byte(payload), CreatedAt: noon, Size: 2048}
}

func file(id, name string, state artifact.State) artifact.Snapshot {
	return thing("file", id, name, state, `{"boundary_contract_id":"bct_`+id+`"}`)
}

func parsed(id, fileID string, rows string) artifact.Snapshot {
	return thing("parsed_content", id, "", artifact.Ready, `{"file_id":"`+fileID+`","record_count":`+rows+`,"columns":[{"name":"id"},{"name":"amount"}]}`)
}

const badRow = `{"parsed_file_id":"par_1","grade":"B","issues":[
	{"code":"missing_values","severity":"low","description":"3 names are missing.","column":"name","rows":[1,2,3]},
	{"code":"duplicate_keys","severity":"high","description":"Row 118 repeats the key 1044.","column":"id","rows":[118]}]}`

func ask(t *testing.T, a ports.Agent, text string, f ports.SessionFacts) agent.Reply {
	t.Helper()
	var said strings.Builder
	r, err := a.Respond(t.Context(), ports.Turn{Text: text, Facts: f}, func(s string) error { said.WriteString(s); return nil })
	require.NoError(t, err)
	require.Equal(t, r.Text, said.String(), "what was streamed is what was said")
	require.Equal(t, "deterministic", r.Method)
	for _, s := range r.Suggestions {
		require.True(t, s.Message != "" || json.Valid(s.Parameters))
	}
	return r
}

func TestTheGuideWalksTheJourney(t *testing.T) {
	empty := ask(t, agents.GuideAgent{}, "hello", ports.SessionFacts{Anonymous: true})
	require.Contains(t, empty.Text, "no files yet")
	require.Empty(t, empty.Suggestions[0].IntentType)

	uploaded := ports.SessionFacts{Files: []artifact.Snapshot{file("fil_1", "orders.csv", artifact.Pending)}}
	r := ask(t, agents.GuideAgent{}, "what is next?", uploaded)
	require.Contains(t, r.Text, "orders.csv is uploaded and waits to be saved")
	require.Equal(t, "save_materialization", r.Suggestions[0].IntentType)
	require.JSONEq(t, `{"file_id":"fil_1","boundary_contract_id":"bct_fil_1"}`, string(r.Suggestions[0].Parameters))

	saved := ports.SessionFacts{Files: []artifact.Snapshot{file("fil_1", "orders.csv", artifact.Ready)}}
	r = ask(t, agents.GuideAgent{}, "what is next?", saved)
	require.Equal(t, "parse_content", r.Suggestions[0].IntentType)

	saved.Parsed = []artifact.Snapshot{parsed("par_1", "fil_1", "240")}
	r = ask(t, agents.GuideAgent{}, "what is next?", saved)
	require.Contains(t, r.Text, "orders.csv is parsed with 240 rows")
	require.Equal(t, "assess_data_quality", r.Suggestions[0].IntentType)
	require.Contains(t, string(r.Data), `"completed_pillars":["content"]`)

	saved.Quality = []artifact.Snapshot{thing("quality_assessment", "art_1", "", artifact.Ready, badRow)}
	r = ask(t, agents.GuideAgent{}, "what is next?", saved)
	require.Contains(t, r.Text, "240 rows and 2 quality issues (grade B): Row 118 repeats the key 1044")
	require.Contains(t, string(r.Data), `"recommended_action":"create_workflow"`)
}

func TestTheGuideAnswersFromFactsOnly(t *testing.T) {
	r := ask(t, agents.GuideAgent{}, "what do I have?", ports.SessionFacts{
		Files: []artifact.Snapshot{file("fil_1", "a.csv", artifact.Ready), file("fil_2", "b.csv", artifact.Pending)},
		Executions: []execution.Snapshot{
			{State: execution.Failed, Intent: intent.Intent{Type: "parse_content"}, ErrorMessage: "The file is empty."},
			{State: execution.Running, Intent: intent.Intent{Type: "assess_data_quality"}},
			{State: execution.Running, Intent: intent.Intent{Type: agents.TurnIntent}},
		},
	})
	require.Contains(t, r.Text, "2 files")
	require.Contains(t, r.Text, "1 execution is still running")
	require.Contains(t, r.Text, "parse_content: The file is empty.")
}

func TestTheGuideHandsOver(t *testing.T) {
	r := ask(t, agents.GuideAgent{}, "please parse my upload", ports.SessionFacts{})
	var data struct {
		Routing struct {
			Should  bool   `json:"should_route"`
			Liaison string `json:"liaison_agent"`
		} `json:"routing_info"`
	}
	require.NoError(t, json.Unmarshal(r.Data, &data))
	require.True(t, data.Routing.Should)
	require.Equal(t, "liaison.content", data.Routing.Liaison)
	require.NotContains(t, string(ask(t, agents.GuideAgent{}, "hello", ports.SessionFacts{}).Data), "routing_info")
}

func TestNamesResolve(t *testing.T) {
	o := agents.Overlook(ports.SessionFacts{Files: []artifact.Snapshot{
		file("fil_1", "orders.csv", artifact.Ready), file("fil_2", "orders.csv.old", artifact.Ready), file("fil_3", "people.json", artifact.Ready),
	}})
	for text, want := range map[string][]string{
		"show fil_2": {"fil_2"}, "what is in ORDERS.CSV": {"fil_1"}, "and orders.csv.old?": {"fil_2"}, "the people file": {"fil_3"},
		"the last one": {"fil_3"}, "the orders": {"fil_1", "fil_2"}, "nothing of this": nil,
	} {
		var got []string
		for _, f := range o.Resolve(text) {
			got = append(got, f.ID)
		}
		require.Equal(t, want, got, text)
	}
}
