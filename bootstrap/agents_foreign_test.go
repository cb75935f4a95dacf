package bootstrap_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/test/llmtest"
	"github.com/symphainy/symphainy/test/sheet"
)

// memory is a conversation with what was said and made in it, and those whom it is no business of.
type memory struct {
	t       *testing.T
	model   *llmtest.Server
	owner   *person
	others  map[string]*person
	canary  string
	thread  string
	turn    string
	checked int
}

const remembered = "budget-talk"

// Conversations, turns and what was said in them are for their session and their owner: for everybody else they do not exist, through
// whatever door and by whatever id, and no model is told of them (L11).
func TestForeignMemoryDoesNotExist(t *testing.T) {
	m := &memory{t: t, canary: "CANARY-4711"}
	m.model = llmtest.NewServer(t, func(r llmtest.Request) llmtest.Answer {
		if strings.Contains(r.Last("user").Content, "look up ") && r.Last("tool").Role == "" {
			return llmtest.Use("get_execution", fmt.Sprintf(`{"execution_id":%q}`, m.turn), "find_artifacts", fmt.Sprintf(`{"name":%q}`, m.canary))
		}
		return llmtest.Say("I see: " + string(r.Raw))
	})
	cfg := variant(t)
	cfg.LLM.BaseURL = m.model.BaseURL()
	require.NoError(t, run(t, cfg, func(url string) {
		m.begin(url)
		asked := len(m.model.Requests())
		for name, p := range m.others {
			m.conversation(p)
			if name != "another session" { // whose owner is the same
				m.things(name, p)
			}
		}
		for _, r := range m.model.Requests()[asked:] {
			m.clean(r.Raw, m.canary+"-said")
		}
	}))
	sheet.Record(t, "L11", m.checked, "404 like an unknown id or empty, foreign bytes 0", "404, 0 bytes; 40/40")
}

// begin lets the owner talk, and makes the others: a colleague, a stranger, a visitor, and the owner in another session.
func (m *memory) begin(url string) {
	m.owner = registered(m.t, url)
	m.owner.sendFile(m.canary+"-file.csv", []byte("a,b\n1,2\n"))
	m.thread, m.turn = m.owner.says(remembered, m.canary+"-said")
	var invited struct {
		Token string `json:"token"`
	}
	m.owner.json(http.MethodPost, "/api/admin/invitations", `{"email":"bob@example.org","role":"admin"}`, &invited)
	colleague, stranger, again := newPerson(m.t, url), newPerson(m.t, url), newPerson(m.t, url)
	colleague.join("register", `{"name":"Bob","email":"bob@example.org","password":"a long enough phrase","invitation":"`+invited.Token+`"}`)
	stranger.join("register", `{"name":"Eve","email":"eve@example.org","password":"a long enough phrase"}`)
	again.join("login", `{"email":"ada@example.org","password":"a long enough phrase"}`)
	require.NotEqual(m.t, m.owner.session, again.session)
	m.others = map[string]*person{"a colleague": colleague, "a stranger": stranger, "a visitor": visitor(m.t, url), "another session": again}
}

// says sends a message in a thread and gives the thread's id and its turn.
func (p *person) says(thread, text string) (conversation, turn string) {
	p.t.Helper()
	raw, err := json.Marshal(map[string]string{"message": text, "conversation_id": thread})
	require.NoError(p.t, err)
	var said struct {
		Conversation string `json:"conversation_id"`
		Execution    string `json:"execution_id"`
	}
	p.json(http.MethodPost, "/api/v1/guide-agent/chat", string(raw), &said)
	return said.Conversation, said.Execution
}

// clean fails if the bytes hold what they must not.
func (m *memory) clean(raw []byte, canary string) {
	m.t.Helper()
	require.False(m.t, bytes.Contains(raw, []byte(canary)), canary)
}

var traces = regexp.MustCompile(`[0-9a-f]{32}`)

// nothing asks by a foreign id and by one that nobody has: both answers are 404, and the same.
func (m *memory) nothing(p *person, method, path, body, id string) {
	m.t.Helper()
	unknown := id[:4] + "01jd8h0000e7e8000000000000"
	ask := func(id string) string {
		status, raw := p.do(method, strings.ReplaceAll(path, "%", id), "application/json", strings.NewReader(strings.ReplaceAll(body, "%", id)))
		require.Equal(m.t, http.StatusNotFound, status, "%s %s: %s", method, path, raw)
		m.clean(raw, m.canary)
		return traces.ReplaceAllString(strings.ReplaceAll(string(raw), id, "ID"), "TRACE")
	}
	require.Equal(m.t, ask(unknown), ask(id), path)
	m.checked++
}

// conversation tries the ids of the conversation, from a session of one's own.
func (m *memory) conversation(p *person) {
	m.t.Helper()
	own := "/api/v1/guide-agent/history/" + p.session
	m.nothing(p, http.MethodGet, own+"?conversation_id=%", "", m.thread)
	m.nothing(p, http.MethodGet, own+"?conversation_id=%&limit=200&before=99", "", m.thread)
	m.nothing(p, http.MethodPost, "/api/v1/guide-agent/chat", `{"message":"hello","conversation_id":"%"}`, m.thread)
	m.nothing(p, http.MethodPost, "/api/agui", `{"threadId":"%","runId":"r","messages":[{"id":"m","role":"user","content":"hello"}]}`, m.thread)

	// The client's own name for a thread is each session's own.
	status, raw := p.do(http.MethodGet, own+"?conversation_id="+remembered, "", nil)
	require.Equal(m.t, http.StatusNotFound, status, string(raw))
	m.checked++
	thread, _ := p.says(remembered, "what did I say before?")
	require.NotEqual(m.t, m.thread, thread)
	status, raw = p.do(http.MethodGet, own+"?conversation_id="+remembered, "", nil)
	require.Equal(m.t, http.StatusOK, status)
	m.clean(raw, m.canary+"-said")
	m.checked++

	socket := p.socket()
	defer socket.Close()
	for _, message := range []string{
		`{"type":"agent.message","payload":{"text":"hello","context":{"surface":"","conversation_id":"%"}}}`, `{"type":"stream.resume","payload":{"conversation_id":"%"}}`,
	} {
		m.silent(socket, strings.ReplaceAll(message, "%", m.thread))
	}
}

// silent sends something over a socket and reads until it is refused or answered with nothing.
func (m *memory) silent(socket *websocket.Conn, message string) {
	m.t.Helper()
	require.NoError(m.t, socket.WriteMessage(websocket.TextMessage, []byte(message)))
	require.NoError(m.t, socket.WriteMessage(websocket.TextMessage, []byte(`{"type":"ping"}`)))
	refused := false
	for {
		_, raw, err := socket.ReadMessage()
		require.NoError(m.t, err)
		m.clean(raw, m.canary)
		var f struct {
			Type  string `json:"type"`
			Event string `json:"event_type"`
			Code  string `json:"code"`
		}
		require.NoError(m.t, json.Unmarshal(raw, &f))
		require.NotEqual(m.t, "agent.started", f.Event)
		if f.Type == "error" {
			require.Equal(m.t, "not_found", f.Code, string(raw))
			refused = true
		}
		if f.Event == "pong" || f.Type == "pong" {
			break
		}
	}
	require.True(m.t, refused, message)
	m.checked++
}

func (p *person) socket() *websocket.Conn {
	p.t.Helper()
	c, res, err := websocket.DefaultDialer.DialContext(p.t.Context(), "ws"+strings.TrimPrefix(p.url, "http")+"/api/runtime/agent?session_id="+p.session, p.header)
	require.NoError(p.t, err)
	require.NoError(p.t, res.Body.Close())
	return c
}

// things tries what belongs to the owner: the session, the turn, its log; by HTTP, over MCP, and by an agent of one's own.
func (m *memory) things(name string, p *person) {
	m.t.Helper()
	m.nothing(p, http.MethodGet, "/api/v1/guide-agent/history/%", "", m.owner.session)
	m.nothing(p, http.MethodGet, "/api/execution/%/status", "", m.turn)
	m.nothing(p, http.MethodGet, "/api/execution/%/events", "", m.turn)
	s := p.mcp()
	defer s.Close()
	got, failed := p.use(s, "get_execution", map[string]any{"execution_id": m.turn})
	require.True(m.t, failed)
	require.Equal(m.t, "not_found", got["error"], name)
	got, _ = p.use(s, "find_artifacts", map[string]any{})
	m.clean([]byte(fmt.Sprint(got)), m.canary)
	_, turn := p.says("", "look up what is there")
	status, raw := p.do(http.MethodGet, "/api/execution/"+turn+"/events", "", nil)
	require.Equal(m.t, http.StatusOK, status)
	require.Contains(m.t, string(raw), "not_found")
	m.clean(raw, m.canary+"-said")
	m.clean(raw, m.canary+"-file")
	m.checked += 3
}
