package wsapi_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
)

// fields gives the members of a frame that stand beside its type.
func fields(t *testing.T, f frame) map[string]any {
	t.Helper()
	var all map[string]any
	require.NoError(t, json.Unmarshal([]byte(f.raw), &all))
	return all
}

// untilOlder reads up to a frame of the older dialect and gives the types of all that came, and the last frame.
func (c *client) untilOlder(kind string) (kinds []string, last frame) {
	c.t.Helper()
	for {
		f := c.next()
		kinds = append(kinds, f.Type)
		if f.Type == kind {
			return kinds, f
		}
	}
}

func TestAnOlderClientIsAnsweredInItsDialect(t *testing.T) {
	w := newWorld(t)
	visit := w.Anonymous()
	c, _ := w.agent(visit.Session.ID(), secret(visit))
	c.send(map[string]any{"type": "intent", "intent": "good day", "session_id": "my-thread", "agent_type": "guide", "metadata": map[string]any{"pillar": "x", "more": 1}})
	kinds, done := c.untilOlder("EXECUTION_COMPLETED")
	require.Equal(t, "CONNECTION_ESTABLISHED", kinds[0])
	require.Contains(t, kinds, "EXECUTION_STARTED")
	require.Contains(t, kinds, "STEP_STARTED")
	require.Contains(t, kinds, "STEP_COMPLETED")
	require.NotContains(t, kinds, "runtime_event")
	require.Equal(t, "completed", fields(t, done)["status"])

	c.send(map[string]any{"type": "intent", "intent": "and again", "session_id": "my-thread"})
	kinds, answer := c.untilOlder("AGENT_RESPONSE")
	require.NotContains(t, kinds, "CONNECTION_ESTABLISHED", "once is enough")
	all := fields(t, answer)
	require.Equal(t, "and again", all["message"])
	require.Equal(t, "guide", all["agent_type"])
	require.Nil(t, all["pillar"])
	require.Equal(t, "my-thread", all["conversation_id"], "the client's own name")
	require.Equal(t, all["message"], answer.data("message"), "the fields are in data too")
	c.untilOlder("EXECUTION_COMPLETED")

	c.send(map[string]any{"type": "agent.message", "text": "in your words"})
	c.until("execution.completed")
	c.fails(`{"type":"intent","intent":"x","surprise":1}`, "unknown_field")
	c.fails(`{"type":"intent","intent":"  "}`, "invalid_parameters")
}

func TestAnOlderHandshakeIsGreetedInBothDialects(t *testing.T) {
	w := newWorld(t)
	visit := w.Anonymous()
	p, err := w.Guard.AnonymousBySecret(t.Context(), visit.Session.ID(), visit.Secret)
	require.NoError(t, err)
	ticket, _, err := w.Sessions.IssueTicket(t.Context(), p, visit.Session.ID(), "")
	require.NoError(t, err)
	c := w.open(agentPath("access_token", ticket, "session_token", visit.Session.ID()), nil)
	c.event("connection.established")
	greeting := c.next()
	require.Equal(t, "CONNECTION_ESTABLISHED", greeting.Type)
	require.Equal(t, visit.Session.ID(), fields(t, greeting)["session_id"])
	c.send(map[string]any{"type": "agent.message", "text": "in your words"})
	c.until("execution.completed")
}

func TestEndsArePushed(t *testing.T) {
	w := newWorld(t)
	visit, other := w.Anonymous(), w.Anonymous()
	status, _ := w.refused("/ws", nil)
	require.Equal(t, 401, status)
	c := w.open("/ws", secret(visit))
	foreign := w.open("/ws", secret(other))
	talk, _ := w.agent(visit.Session.ID(), secret(visit))
	talk.send(map[string]any{"type": "agent.message", "text": "hello"})
	ended := talk.until("execution.completed")
	f := c.next()
	require.Equal(t, ended[0].ExecutionID, f.data("execution_id"))
	require.Equal(t, "completed", f.data("status"))
	require.Contains(t, f.data("artifacts"), "response")
	require.Nil(t, f.data("error"))
	require.NotEmpty(t, f.data("intent_id"))
	foreign.send(map[string]any{"type": "ping"})
	foreign.event("pong")
	require.Empty(t, foreign.kept)
}
