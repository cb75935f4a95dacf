package bootstrap_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/ag-ui-protocol/ag-ui/sdks/community/go/pkg/core/events"
	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/test/llmtest"
)

// agEvents posts a run and gives its events, each of which the protocol's own library has read and found valid, alone and in their order.
func (p *person) agEvents(input string) []map[string]any {
	p.t.Helper()
	status, raw := p.do(http.MethodPost, "/api/agui", "application/json", strings.NewReader(input))
	require.Equal(p.t, http.StatusOK, status, string(raw))
	var all []map[string]any
	var read []events.Event
	for _, block := range strings.Split(string(raw), "\n\n") {
		text, ok := strings.CutPrefix(block, "data: ")
		if !ok {
			continue
		}
		one, err := events.EventFromJSON([]byte(text))
		require.NoError(p.t, err, text)
		read = append(read, one)
		var e map[string]any
		require.NoError(p.t, json.Unmarshal([]byte(text), &e), text)
		all = append(all, e)
	}
	require.NoError(p.t, events.ValidateSequence(read))
	return all
}

// agFields are the fields that @ag-ui/core 1.0.0 asks of each event that is sent here, and their kinds; a "?" marks those that may be missing.
func agFields() map[string]map[string]string {
	return map[string]map[string]string{
		"RUN_STARTED":          {"threadId": "string", "runId": "string"},
		"RUN_FINISHED":         {"threadId": "string", "runId": "string", "outcome": "object"},
		"RUN_ERROR":            {"message": "string", "code": "string?"},
		"TEXT_MESSAGE_START":   {"messageId": "string", "role": "string"},
		"TEXT_MESSAGE_CONTENT": {"messageId": "string", "delta": "string"},
		"TEXT_MESSAGE_END":     {"messageId": "string"},
		"TOOL_CALL_START":      {"toolCallId": "string", "toolCallName": "string"},
		"TOOL_CALL_ARGS":       {"toolCallId": "string", "delta": "string"},
		"TOOL_CALL_END":        {"toolCallId": "string"},
		"TOOL_CALL_RESULT":     {"messageId": "string", "toolCallId": "string", "content": "string", "role": "string"},
		"CUSTOM":               {"name": "string", "value": "any"},
		"interrupt": {
			"id": "string", "reason": "string", "message": "string?", "toolCallId": "string?", "responseSchema": "object?", "expiresAt": "string?", "metadata": "object?",
		},
	}
}

// fits holds an object to its fields: those that have to be there are, none is null or of another kind, and there are no others.
func fits(t *testing.T, kind string, e map[string]any) {
	t.Helper()
	fields, known := agFields()[kind]
	require.True(t, known, "no AG-UI event: %s", kind)
	for name, v := range e {
		_, known := fields[name]
		require.True(t, known || name == "type", "%s has no %s", kind, name)
		require.NotNil(t, v, "%s.%s", kind, name)
	}
	for name, want := range fields {
		v, there := e[name]
		if !there {
			require.True(t, strings.HasSuffix(want, "?"), "%s without %s", kind, name)
			continue
		}
		switch strings.TrimSuffix(want, "?") {
		case "string":
			require.IsType(t, "", v, "%s.%s", kind, name)
		case "object":
			require.IsType(t, map[string]any{}, v, "%s.%s", kind, name)
		}
	}
}

// checkAG holds events to the fields and the order that the protocol asks for.
func checkAG(t *testing.T, all []map[string]any) (types []string, text string) {
	t.Helper()
	open := ""
	for i, e := range all {
		kind := e["type"].(string)
		types = append(types, kind)
		fits(t, kind, e)
		require.Equal(t, i == 0, kind == "RUN_STARTED")
		require.Equal(t, i == len(all)-1, kind == "RUN_FINISHED" || kind == "RUN_ERROR")
		switch kind {
		case "TEXT_MESSAGE_START":
			require.Equal(t, "assistant", e["role"])
			require.Empty(t, open)
			open = e["messageId"].(string)
		case "TEXT_MESSAGE_CONTENT":
			require.Equal(t, open, e["messageId"])
			require.NotEmpty(t, e["delta"])
			text += e["delta"].(string)
		case "TEXT_MESSAGE_END":
			require.Equal(t, open, e["messageId"])
			open = ""
		case "TOOL_CALL_START":
			require.Empty(t, open)
		case "TOOL_CALL_RESULT":
			require.Equal(t, "tool", e["role"])
		case "RUN_FINISHED":
			checkOutcome(t, e["outcome"].(map[string]any))
		}
	}
	require.Empty(t, open)
	return types, text
}

func checkOutcome(t *testing.T, outcome map[string]any) {
	t.Helper()
	require.Contains(t, []any{"success", "interrupt", "cancelled"}, outcome["type"])
	list, _ := outcome["interrupts"].([]any)
	require.Equal(t, outcome["type"] == "interrupt", len(list) > 0)
	for _, one := range list {
		fits(t, "interrupt", one.(map[string]any))
	}
}

// outcome gives what a run ended with.
func outcome(all []map[string]any) map[string]any {
	o, _ := all[len(all)-1]["outcome"].(map[string]any)
	return o
}

// resumed gives the input of a run that answers an interrupt.
func resumed(t *testing.T, all []map[string]any, runID, status string, payload map[string]any) string {
	t.Helper()
	one := outcome(all)["interrupts"].([]any)[0].(map[string]any)
	entry := map[string]any{"interruptId": one["id"], "status": status}
	if payload != nil {
		entry["payload"] = payload
	}
	raw, err := json.Marshal(map[string]any{"threadId": "t1", "runId": runID, "state": map[string]any{}, "messages": []any{}, "tools": []any{}, "context": []any{}, "resume": []any{entry}})
	require.NoError(t, err)
	return string(raw)
}

// A run with tools, a decision as an interrupt, and its end, each way a person can decide; a run without a model; one that is cancelled, and one
// that fails: what is streamed are AG-UI events.
func TestAGUI(t *testing.T) {
	asked, leave := make(chan struct{}), make(chan struct{})
	model := llmtest.NewServer(t, func(r llmtest.Request) llmtest.Answer {
		switch {
		case strings.Contains(r.Last("user").Content, "take your time"):
			close(asked)
			<-leave
			return llmtest.Say("too late")
		case r.Last("tool").Role == "":
			a := llmtest.Use("find_artifacts", `{}`, "generate_roadmap", `{"goals":["Less rework"]}`)
			a.Pieces = []string{"I ", "look."}
			return a
		}
		return llmtest.Say("That ", "is ", "all.")
	})
	cfg := variant(t)
	cfg.LLM.BaseURL, cfg.Agents.Strict = model.BaseURL(), true
	ask := func(run, text string) string {
		return `{"threadId":"t1","runId":"` + run + `","state":{},"tools":[],"context":[],"forwardedProps":{},"messages":[{"id":"` + run + `","role":"user","content":"` + text + `"}]}`
	}
	require.NoError(t, run(t, cfg, func(url string) {
		p := registered(t, url)
		for verdict, c := range map[string]struct {
			status  string
			payload map[string]any
			made    float64
		}{
			"approved": {"resolved", map[string]any{"approved": true}, 1}, "rejected": {"resolved", map[string]any{"approved": false}, 0},
			"changed": {"resolved", map[string]any{"approved": true, "arguments": map[string]any{"goals": []string{"Other"}}}, 1}, "cancelled": {"cancelled", nil, 0},
		} {
			before := p.count("roadmap")
			all := p.agEvents(ask("r-"+verdict, "make a plan"))
			types, text := checkAG(t, all)
			require.Contains(t, types, "TOOL_CALL_RESULT")
			require.Equal(t, "I look.", text)
			require.Equal(t, "interrupt", outcome(all)["type"])
			require.NotEmpty(t, outcome(all)["interrupts"].([]any)[0].(map[string]any)["toolCallId"])
			all = p.agEvents(resumed(t, all, "s-"+verdict, c.status, c.payload))
			_, text = checkAG(t, all)
			require.Equal(t, "That is all.", text, verdict)
			require.Equal(t, "success", outcome(all)["type"])
			require.InDelta(t, before+c.made, p.count("roadmap"), 0, verdict)
		}

		ended := make(chan []map[string]any)
		go func() { ended <- p.agEvents(ask("r-slow", "take your time")) }()
		<-asked
		var live struct {
			Executions []struct {
				ID string `json:"execution_id"`
			} `json:"executions"`
		}
		p.json(http.MethodGet, "/api/executions?status=running", "", &live)
		require.Len(t, live.Executions, 1)
		var cancelled map[string]any
		p.json(http.MethodPost, "/api/execution/"+live.Executions[0].ID+"/cancel", "{}", &cancelled)
		all := <-ended
		close(leave)
		checkAG(t, all)
		require.Equal(t, "cancelled", outcome(all)["type"])
	}))
	plain := variant(t)
	require.NoError(t, run(t, plain, func(url string) {
		p := visitor(t, url)
		types, text := checkAG(t, p.agEvents(ask("r1", "hello")))
		require.Contains(t, text, "I am your guide")
		require.NotContains(t, types, "RUN_ERROR")
	}))
}

// count gives how many artifacts of a type there are.
func (p *person) count(artifactType string) float64 {
	p.t.Helper()
	var list struct{ Total float64 }
	p.json(http.MethodPost, "/api/artifact/list", `{"artifact_type":"`+artifactType+`"}`, &list)
	return list.Total
}
