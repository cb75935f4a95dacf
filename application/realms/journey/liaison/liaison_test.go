package liaison_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/application/agents"
	"github.com/symphainy/symphainy/application/realms/journey/liaison"
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
		Files: []artifact.Snapshot{thing("file", "fil_1", "claims.bpmn", `{}`), thing("file", "fil_2", "returns.bpmn", `{}`)},
		Others: []artifact.Snapshot{
			thing("workflow", "art_1", "claims.bpmn", `{"file_id":"fil_1","workflow_name":"Claims","total_tasks":5}`),
			thing("workflow", "art_2", "Returns", `{"workflow_name":"Returns","total_tasks":1}`),
			thing("coexistence_analysis", "art_3", "Claims", `{"total_steps":6,"friction_removal_potential":0.5,"friction_points":[{"step_name":"Check","description":"Remove friction: it repeats."}]}`),
		},
		Executions: []execution.Snapshot{{ID: "exe_1", State: execution.Failed, ErrorMessage: "The file is empty.", Intent: intent.Intent{Type: "create_workflow", Parameters: []byte(`{"workflow_file_path":"fil_2"}`)}}},
	}
}

func TestAnswersComeFromTheSession(t *testing.T) {
	for text, want := range map[string][]string{
		"what do I have?":                     {"workflow: claims.bpmn (5 tasks)", "coexistence analysis: Claims (friction removal potential 50 %)"},
		"where is the friction?":              {"friction removal potential 50 %", "Check: Remove friction: it repeats."},
		"explain the coexistence analysis":    {"Claims is a coexistence analysis with 6 steps"},
		"explain the workflow":                {"Which one do you mean: claims.bpmn and Returns?"},
		"compare the workflows":               {"claims.bpmn: 5 tasks", "Returns: 1 task"},
		"status of returns.bpmn":              {"Create a workflow of returns.bpmn", "failed: The file is empty"},
		"create a blueprint of Returns":       {"call create_blueprint {\"workflow_id\":\"art_2\"}"},
		"create a blueprint":                  {"Which one do you mean"},
		"create a workflow of returns.bpmn":   {"call create_workflow {\"workflow_file_path\":\"fil_2\"}"},
		"write an SOP together":               {"call generate_sop_from_chat {}"},
		"write an SOP together: take parcels": {"call generate_sop_from_chat {\"initial_requirements\":\"take parcels\"}"},
	} {
		answers(t, text, facts(), want)
	}
	answers(t, "what do I have?", ports.SessionFacts{}, []string{"There is no workflow yet"})
}

// While an SOP is told, what is said goes to it, whatever it looks like; afterwards it does not.
func TestTheWizardHears(t *testing.T) {
	f := facts()
	f.Others = append(f.Others, thing("chat_session", "con_1", "SOP", `{"status":"chat_active"}`))
	answers(t, "create a blueprint of Returns", f, []string{"call sop_chat_message {\"message\":\"create a blueprint of Returns\",\"session_id\":\"con_1\"}"})
	f.Others[len(f.Others)-1].Payload = []byte(`{"status":"completed"}`)
	answers(t, "create a blueprint of Returns", f, []string{"call create_blueprint"})
}
