package e2e_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/test/llmtest"
)

// chatStory is a chat with a model that uses two tools, one of which a person has to allow, on a server that is killed three times.
type chatStory struct {
	t     *testing.T
	e     environment
	model *llmtest.Server
	// cut keeps the model's last answer from being finished.
	cut    atomic.Bool
	server *server
	api    *api
	ada    user
	file   map[string]any
	// turn is the execution of the chat.
	turn string
}

// What the model says before it asks for tools, and afterwards.
const (
	chatBefore    = "I look first, and save then."
	chatFirstHalf = "Your file is saved. "
	chatRest      = "It is kept as long as its contract says, and can be parsed now."
)

func TestAChatIsKilledAndGoesOn(t *testing.T) {
	t.Parallel()
	onEach(t, func(e environment) {
		s := &chatStory{t: e.t, e: e}
		s.model = llmtest.NewServer(s.t, s.script)
		s.e = e.with("SYMPHAINY_LLM_BASE_URL="+s.model.BaseURL(), "SYMPHAINY_LLM_RETRIES=0", "SYMPHAINY_AGENTS_STRICT=true")
		s.begin()
		s.asks()
		s.restart()
		s.decides()
		s.cut.Store(true)
		s.server.kill() // with the answer to the decision
		s.restart()
		s.diesInTheMiddleOfItsAnswer()
		s.cut.Store(false)
		s.restart()
		s.isWhole()
		s.isAudited()
		s.server.terminate()
		require.Zero(s.t, s.server.exit())
		s.e.audit()
	})
}

func (s *chatStory) script(r llmtest.Request) llmtest.Answer {
	if r.Last("tool").Role == "" {
		a := llmtest.Use("find_artifacts", `{"artifact_type":"file"}`, "save_materialization", string(s.parameters()))
		a.Pieces = strings.SplitAfter(chatBefore, " ")
		return a
	}
	if !s.cut.Load() {
		return llmtest.Say(chatFirstHalf, chatRest)
	}
	return llmtest.Answer{Write: func(w http.ResponseWriter, r *http.Request) {
		chunk := llmtest.Begin(w)
		chunk(llmtest.Piece(chatFirstHalf))
		<-r.Context().Done() // the server that listens is killed
	}}
}

func (s *chatStory) parameters() []byte {
	raw, err := json.Marshal(map[string]any{"file_id": s.file["file_id"], "boundary_contract_id": s.file["boundary_contract_id"]})
	require.NoError(s.t, err)
	return raw
}

func (s *chatStory) begin() {
	s.server = start(s.t, s.e)
	s.api = newAPI(s.t, s.server)
	s.ada = s.api.register("Ada")
	accepted := s.api.upload(s.ada.caller(), "orders.csv", fixture(s.t, "orders-240.csv")).is(http.StatusAccepted)
	s.file = s.api.completed(s.ada.caller(), accepted.text("execution_id"), "")["artifacts"].(map[string]any)
}

// restart kills what runs, and starts it again.
func (s *chatStory) restart() {
	s.server.kill()
	s.server = start(s.t, s.e)
	s.api = newAPI(s.t, s.server)
}

// asks sends the message over the socket, and reads until a person has to decide.
func (s *chatStory) asks() {
	socket := s.api.open(s.ada.caller(), s.ada.session)
	socket.send(map[string]any{"type": "agent.message", "text": "save my orders", "context": map[string]any{"surface": "content_pillar"}})
	s.turn = socket.until("agent.started", nil).ExecutionID
	waiting := socket.until("agent.waiting", nil)
	require.Equal(s.t, "save_materialization", waiting.Data["tool"])
}

// decides approves over HTTP what is asked, with the hash that was told.
func (s *chatStory) decides() {
	var hash any
	eventually(s.t, func() bool {
		list := s.api.get(s.ada.caller(), "/api/decisions").is(http.StatusOK).object()["decisions"].([]any)
		if len(list) == 1 {
			hash = list[0].(map[string]any)["arguments_hash"]
		}
		return hash != nil
	})
	s.api.post(s.ada.caller(), "/api/execution/"+s.turn+"/decision", map[string]any{"decision": "approve", "arguments_hash": hash}).is(http.StatusOK)
}

// diesInTheMiddleOfItsAnswer kills the server when a reader has seen the first words of the answer, and the model has not said the rest.
func (s *chatStory) diesInTheMiddleOfItsAnswer() {
	eventually(s.t, func() bool { return strings.HasSuffix(s.said(), chatFirstHalf) })
	require.Equal(s.t, chatBefore+chatFirstHalf, s.said())
	require.Empty(s.t, s.told("agent.completed"))
}

// events gives the log of the turn.
func (s *chatStory) events() []map[string]any {
	s.t.Helper()
	page := s.api.get(s.ada.caller(), "/api/execution/"+s.turn+"/events?limit=200").is(http.StatusOK).object()
	list := page["events"].([]any)
	require.Less(s.t, len(list), 200)
	events := make([]map[string]any, len(list))
	for i, raw := range list {
		events[i] = raw.(map[string]any)
		require.EqualValues(s.t, i+1, events[i]["seq"])
	}
	return events
}

func (s *chatStory) told(eventType string) []map[string]any {
	s.t.Helper()
	var all []map[string]any
	for _, e := range s.events() {
		if e["event_type"] == eventType {
			all = append(all, e["data"].(map[string]any))
		}
	}
	return all
}

// said joins the tokens, each of which has to begin where the one before it ended: nothing is said twice or taken back.
func (s *chatStory) said() string {
	s.t.Helper()
	text, segment, from := "", "", 0
	for _, d := range s.told("agent.token") {
		if d["segment"] != segment {
			segment, from = d["segment"].(string), len(text)
		}
		require.EqualValues(s.t, len(text)-from, d["offset"])
		text += d["token"].(string)
	}
	return text
}

func (s *chatStory) isWhole() {
	end := s.api.completed(s.ada.caller(), s.turn, "")
	require.GreaterOrEqual(s.t, end["attempt"], 2.0, "it was taken up again")
	checkLog(s.api, s.ada.caller(), s.turn)
	require.Equal(s.t, chatBefore+chatFirstHalf+chatRest, s.said())
	require.Len(s.t, s.told("agent.started"), 1)
	require.Len(s.t, s.told("agent.waiting"), 1)
	require.Len(s.t, s.told("agent.tool_call"), 2)
	results := s.told("agent.tool_result")
	require.Len(s.t, results, 2)
	for _, r := range results {
		require.Equal(s.t, true, r["ok"], r)
	}
	done := s.told("agent.completed")
	require.Len(s.t, done, 1)
	require.Equal(s.t, chatFirstHalf+chatRest, done[0]["response"])
	require.Equal(s.t, "llm", done[0]["method"])

	first := 0
	for _, r := range s.model.Requests() {
		if r.Last("tool").Role == "" {
			first++
		}
	}
	require.Equal(s.t, 1, first, "the model is not asked again what it has answered")
	saved := s.api.get(s.ada.caller(), "/api/executions?intent_type=save_materialization").is(http.StatusOK).object()["executions"].([]any)
	require.Len(s.t, saved, 1, "it was done once")
	require.Equal(s.t, results[1]["tool_execution_id"], saved[0].(map[string]any)["execution_id"])
}

// isAudited finds proposal, decision and result of the call in the audit, in this order and once.
func (s *chatStory) isAudited() {
	audited(s.t, s.e)
	var acts []string
	for _, r := range export(s.t, s.e, s.ada.tenant) {
		if r["target"] != s.turn {
			continue
		}
		var detail map[string]any
		require.NoError(s.t, json.Unmarshal([]byte(r["detail"].(string)), &detail))
		name, _ := detail["name"].(string)
		if detail["call_id"] == "call_1_2" || strings.HasSuffix(name, "call_1_2") {
			acts = append(acts, r["action"].(string)+" "+r["result"].(string))
		}
	}
	require.Equal(s.t, []string{
		"agent.tool_call allowed", "execution.decision allowed", "agent.tool_call allowed", "agent.tool_result completed",
	}, acts, "proposed, decided, checked again, done")
}
