package wsapi_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/domain/typeid"
	"github.com/symphainy/symphainy/test/sheet"
)

func types(frames []frame) []string {
	all := make([]string, len(frames))
	for i, f := range frames {
		all[i] = f.EventType
	}
	return all
}

// numbered checks that frames of an execution count from first without a hole.
func numbered(t *testing.T, frames []frame, id string, first int64) {
	t.Helper()
	for _, f := range frames {
		if f.ExecutionID != id || f.Seq == 0 {
			continue
		}
		require.Equal(t, first, f.Seq, f.raw)
		first++
	}
}

func TestAMessageIsAnswered(t *testing.T) {
	w := newWorld(t)
	visit := w.Anonymous()
	c, hello := w.agent(visit.Session.ID(), secret(visit))
	require.JSONEq(t, `{"session_id":"`+visit.Session.ID()+`","user_id":null,"is_anonymous":true,"position":[]}`, string(hello.Data))
	c.send(map[string]any{"type": "agent.message", "text": "what can I do", "context": map[string]any{"surface": "guide"}})
	frames := c.until("execution.completed")
	kinds := types(frames)
	require.Equal(t, "execution.accepted", kinds[0])
	started, completed := slices.Index(kinds, "agent.started"), slices.Index(kinds, "agent.completed")
	require.Less(t, started, slices.Index(kinds, "agent.token"))
	require.Less(t, slices.Index(kinds, "agent.token"), completed)
	require.Equal(t, "what can I do", frames[completed].data("response"))
	require.Equal(t, "guide", frames[started].data("agent_id"))
	for _, f := range frames {
		require.Equal(t, frames[0].ExecutionID, f.ExecutionID)
		require.True(t, typeid.Valid(typeid.Conversation, f.ConversationID), f.raw)
		require.Equal(t, 1, f.Epoch)
	}
	require.Equal(t, frames[started].data("conversation_id"), frames[started].ConversationID)
	numbered(t, frames, frames[0].ExecutionID, 1)
}

func TestAResendIsAnsweredOnce(t *testing.T) {
	w := newWorld(t)
	visit := w.Anonymous()
	c, _ := w.agent(visit.Session.ID(), secret(visit))
	message := map[string]any{"type": "agent.message", "text": "hello", "message_id": "m-1"}
	c.send(message)
	first := c.until("execution.completed")
	c.send(message)
	c.send(map[string]any{"type": "ping"})
	require.Equal(t, "pong", c.next().EventType, "it was answered on this socket")

	again, hello := w.agent(visit.Session.ID(), secret(visit))
	require.Empty(t, hello.data("position"))
	again.send(message)
	second := again.until("execution.completed")
	require.Len(t, second, len(first), "another socket has not seen the answer")
	numbered(t, second, first[0].ExecutionID, 1)
	again.send(map[string]any{"type": "agent.message", "text": "other", "message_id": "m-1"})
	require.Equal(t, "idempotency_key_reused", again.next().Code)
}

func TestPositionsAndFollowing(t *testing.T) {
	w := newWorld(t)
	visit := w.Anonymous()
	id := w.begin(guest(visit), visit.Session.ID())
	first, hello := w.agent(visit.Session.ID(), secret(visit))
	at := hello.data("position").([]any)
	require.Len(t, at, 1)
	stand := int64(at[0].(map[string]any)["seq"].(float64))
	require.Equal(t, id, at[0].(map[string]any)["execution_id"])
	w.emit(id, 3)
	w.end(guest(visit), id)
	frames := first.until("execution.completed")
	require.Equal(t, stand+1, frames[0].Seq, "what follows the position, and nothing before")
	numbered(t, frames, id, stand+1)

	_, hello = w.agent(visit.Session.ID(), secret(visit))
	require.Empty(t, hello.data("position"), "what is over is no position")
}

func TestResume(t *testing.T) {
	w := newWorld(t)
	visit := w.Anonymous()
	id := w.begin(guest(visit), visit.Session.ID())
	w.emit(id, 300)
	c, _ := w.agent(visit.Session.ID(), secret(visit))
	resume := func(more map[string]any) frame {
		more["type"], more["execution_id"] = "stream.resume", id
		c.send(more)
		for {
			if f := c.next(); f.EventType == "stream.resumed" {
				require.Equal(t, id, f.ExecutionID)
				return f
			}
		}
	}
	page, err := w.engine.Execution(t.Context(), guest(visit).Scope(), id)
	require.NoError(t, err)
	last := page.LastSeq

	f := resume(map[string]any{"epoch": 1, "after_seq": 2})
	require.JSONEq(t, `{"recovered":true,"from_seq":3}`, string(f.Data))
	for want := int64(3); want <= last; want++ {
		require.Equal(t, want, c.next().Seq)
	}
	f = resume(map[string]any{"after_seq": last})
	require.JSONEq(t, `{"recovered":true,"from_seq":`+jsonOf(t, last+1)+`}`, string(f.Data))
	for position, reason := range map[[2]int64]string{
		{1, last + 1}: "future_position", {2, 1}: "epoch_changed", {1, -1}: "negative_position",
	} {
		f = resume(map[string]any{"epoch": position[0], "after_seq": position[1]})
		require.JSONEq(t, `{"recovered":false,"reason":"`+reason+`","from_seq":1}`, string(f.Data))
		for want := int64(1); want <= last; want++ {
			require.Equal(t, want, c.next().Seq, "all of it, so nothing is missed")
		}
	}
	w.emit(id, 2)
	require.Equal(t, last+1, c.next().Seq, "and the live stream goes on without a hole")
	require.Equal(t, last+2, c.next().Seq)
	w.end(guest(visit), id)
	c.until("execution.completed")
	f = resume(map[string]any{"after_seq": last})
	require.Equal(t, true, f.data("recovered"))
	require.Equal(t, last+1, c.next().Seq, "also when it is over")
	c.until("execution.completed")
}

func TestResumeOfAConversation(t *testing.T) {
	w := newWorld(t)
	visit := w.Anonymous()
	c, _ := w.agent(visit.Session.ID(), secret(visit))
	c.send(map[string]any{"type": "agent.message", "text": "hello", "context": map[string]any{"conversation_id": "mine"}})
	done := c.until("execution.completed")
	for _, name := range []string{"mine", done[0].ConversationID} {
		c.send(map[string]any{"type": "stream.resume", "conversation_id": name})
		f := c.event("stream.resumed")
		require.JSONEq(t, `{"recovered":true,"from_seq":1}`, string(f.Data), "none of its executions is unfinished")
	}
	c.fails(`{"type":"stream.resume","conversation_id":"theirs"}`, "not_found")
	c.fails(`{"type":"stream.resume"}`, "invalid_parameters")
	c.fails(`{"type":"stream.resume","conversation_id":"mine","execution_id":"`+done[0].ExecutionID+`"}`, "invalid_parameters")
}

func TestCancel(t *testing.T) {
	w := newWorld(t)
	visit := w.Anonymous()
	id := w.begin(guest(visit), visit.Session.ID())
	c, _ := w.agent(visit.Session.ID(), secret(visit))
	c.send(map[string]any{"type": "agent.cancel", "execution_id": id})
	frames := c.until("execution.cancelled")
	require.Equal(t, id, frames[len(frames)-1].ExecutionID)
	c.send(map[string]any{"type": "agent.cancel", "execution_id": id})
	c.sync()
}

// A bad message in a good frame is answered and the socket stays open.
func TestBadMessages(t *testing.T) {
	w := newWorld(t)
	visit := w.Anonymous()
	c, _ := w.agent(visit.Session.ID(), secret(visit))
	for text, code := range map[string]string{
		"":                              "invalid_json",
		"{":                             "invalid_json",
		"[]":                            "invalid_json",
		"null":                          "invalid_json",
		`"ping"`:                        "invalid_json",
		`{"type":"ping"} {}`:            "invalid_json",
		`{"type":"ping","type":"ping"}`: "invalid_json",
		`{"type":"ping","Type":"ping"}`: "invalid_json",
		`{"Type":"ping"}`:               "unknown_message_type",
		`{"type":7}`:                    "unknown_message_type",
		`{}`:                            "unknown_message_type",
		`{"type":"agent.dance"}`:        "unknown_message_type",
		`{"type":"ping","x":1}`:         "unknown_field",
		`{"type":"agent.message","text":"a","tenant_id":"ten_x"}`:                                              "unknown_field",
		`{"type":"agent.message","text":"a","context":{"surfaces":"x"}}`:                                       "unknown_field",
		`{"type":"agent.message","text":7}`:                                                                    "invalid_parameters",
		`{"type":"agent.message","text":" "}`:                                                                  "invalid_parameters",
		`{"type":"agent.message","text":"a","when_busy":"later"}`:                                              "invalid_parameters",
		`{"type":"agent.cancel","execution_id":"x"}`:                                                           "not_found",
		`{"type":"auth.refresh"}`:                                                                              "invalid_parameters",
		`{"type":"auth.refresh","access_token":"x"}`:                                                           "invalid_token",
		`{"type":"session.upgrade","access_token":"x"}`:                                                        "invalid_parameters",
		`{"type":"session.upgrade","access_token":"x","session_secret":"sas_"}`:                                "invalid_token",
		`{"type":"agent.decision","execution_id":"x","decision":"approve","response":{},"arguments_hash":"h"}`: "not_found",
	} {
		c.fails(text, code)
	}
	c.sync()
}

// W15: whatever frame names an object of somebody else, the answer is that of an object that does not exist, byte for byte.
func TestForeignIDsAreUnknown(t *testing.T) {
	sheet.Record(t, "W15", 1, "foreign ids answer as unknown ones, byte for byte", "as the row says")
	w := newWorld(t)
	theirs, mine := w.Anonymous(), w.Anonymous()
	execution := w.begin(guest(theirs), theirs.Session.ID())
	them, _ := w.agent(theirs.Session.ID(), secret(theirs))
	them.send(map[string]any{"type": "agent.message", "text": "private words"})
	said := them.until("agent.completed")
	turn, thread := said[len(said)-1].ExecutionID, said[len(said)-1].ConversationID
	unknown := map[string]string{
		"exe": typeid.Format(typeid.Execution, [16]byte{1}), "con": typeid.Format(typeid.Conversation, [16]byte{1}),
	}
	ada := w.Register("ada")
	user, _ := w.agent(ada.Session.ID(), bearer(ada.AccessToken))
	visitor, _ := w.agent(mine.Session.ID(), secret(mine))
	for _, c := range []*client{user, visitor} {
		for _, frame := range []map[string]any{
			{"type": "agent.cancel", "execution_id": "$exe"},
			{"type": "stream.resume", "execution_id": "$exe", "epoch": 1, "after_seq": 0},
			{"type": "stream.resume", "conversation_id": "$con"},
			{"type": "agent.message", "text": "hi", "context": map[string]any{"conversation_id": "$con"}},
			{"type": "session.upgrade", "access_token": ada.AccessToken, "session_secret": theirs.Secret},
		} {
			if frame["type"] == "session.upgrade" && c == user {
				continue
			}
			fill := func(exe, con string) string {
				return replaced(jsonOf(t, frame), "$exe", exe, "$con", con)
			}
			want := c.fails(fill(unknown["exe"], unknown["con"]), "not_found")
			for _, exe := range []string{execution, turn} {
				require.Equal(t, want.raw, c.fails(fill(exe, thread), "not_found").raw)
			}
		}
	}
	for _, header := range []map[string][]string{secret(mine), bearer(ada.AccessToken)} {
		status, code := w.refused(agentPath("session_id", theirs.Session.ID()), header)
		require.Equal(t, 404, status)
		require.Equal(t, "not_found", code)
		status, code = w.refused(streamPath(execution), header)
		require.Equal(t, 404, status)
		require.Equal(t, "not_found", code)
	}
	w.emit(execution, 1)
	require.NoError(t, them.ws.Close())
	user.sync()
	visitor.sync()
}
