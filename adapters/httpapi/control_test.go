package httpapi_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// stands waits until an execution has a status.
func (w *world) stands(c call, id, status string) map[string]any {
	w.t.Helper()
	c.method, c.path = "GET", "/api/execution/"+id+"/status"
	var got map[string]any
	require.Eventually(w.t, func() bool {
		got = w.do(c).is(200).json()
		return got["status"] == status
	}, 5*time.Second, 5*time.Millisecond)
	return got
}

func TestControlOverHTTP(t *testing.T) {
	w := newWorld(t)
	ada, eve := w.register("ada"), w.register("eve")
	id := w.submit(call{token: ada.token}, "wait", map[string]any{})
	w.stands(call{token: ada.token}, id, "running")
	post := func(token, path string, body any) reply {
		return w.do(call{method: "POST", path: path, token: token, body: body})
	}
	of := func(what string) string { return "/api/execution/" + id + "/" + what }
	for what, body := range map[string]any{"pause": nil, "resume": nil, "retry": nil, "signal": map[string]any{"name": "go"}} {
		post(eve.token, of(what), body).fails(404, "not_found")
	}
	post(ada.token, of("pause"), nil).is(200)
	w.stands(call{token: ada.token}, id, "paused")
	post(ada.token, of("pause"), nil).is(200)
	require.NotEqual(t, "paused", post(ada.token, of("resume"), nil).is(200).str("status"))
	w.stands(call{token: ada.token}, id, "running")
	post(ada.token, of("signal"), map[string]any{"name": "go", "payload": []int{1}, "signal_id": "mine"}).is(200)
	post(ada.token, of("signal"), map[string]any{"payload": 1}).is(422)
	post(ada.token, of("retry"), map[string]any{"from_step": "x"}).fails(409, "execution_goes_on")
	got := post(ada.token, "/api/executions/control", map[string]any{"action": "cancel", "intent_type": "wait"}).is(200).json()
	require.Equal(t, []any{id}, got["execution_ids"])
	require.Equal(t, "cancelled", w.settle(call{token: ada.token}, id)["status"])
	post(ada.token, of("pause"), nil).fails(409, "execution_ended")
	post(ada.token, "/api/executions/control", map[string]any{"action": "explode"}).is(422)
	again := post(ada.token, of("retry"), nil).is(200).str("execution_id")
	require.NotEqual(t, id, again)
	w.stands(call{token: ada.token}, again, "running")
	retry := call{method: "POST", path: of("retry"), token: ada.token, header: map[string]string{"Idempotency-Key": "mine"}}
	require.Equal(t, again, w.do(retry).is(200).str("execution_id"))
	post(ada.token, "/api/executions/control", map[string]any{"action": "cancel", "intent_type": "wait"}).is(200)
	w.settle(call{token: ada.token}, again)
	require.Equal(t, again, w.do(retry).is(200).str("execution_id"), "also when it has ended")
	retry.body = map[string]any{"from_step": "x"}
	w.do(retry).fails(422, "idempotency_key_reused")
}

func TestDecisionsOverHTTP(t *testing.T) {
	w := newWorld(t)
	ada, eve := w.register("ada"), w.register("eve")
	id := w.submit(call{token: ada.token}, "ask", map[string]any{})
	waiting, ok := w.stands(call{token: ada.token}, id, "waiting")["waiting"].(map[string]any)
	require.True(t, ok)
	require.Equal(t, "decision", waiting["for"])
	require.Equal(t, "Really?", waiting["prompt"])
	open := func(token, query string) map[string]any {
		return w.do(call{method: "GET", path: "/api/decisions" + query, token: token}).is(200).json()
	}
	second := w.submit(call{token: ada.token, header: map[string]string{"Idempotency-Key": "another"}}, "ask", map[string]any{})
	w.stands(call{token: ada.token}, second, "waiting")
	require.Empty(t, open(eve.token, "")["decisions"])
	first := open(ada.token, "?limit=1")
	require.Len(t, first["decisions"], 1)
	require.Equal(t, map[string]any{
		"execution_id": id, "intent_type": "ask", "name": "approval", "prompt": "Really?", "arguments": map[string]any{"sum": 1.0}, "arguments_hash": waiting["arguments_hash"],
		"asked_at": waiting["since"], "until": waiting["until"], "escalated": false,
	}, first["decisions"].([]any)[0])
	rest := open(ada.token, "?limit=1&cursor="+fmt.Sprint(first["next_cursor"]))
	require.Equal(t, second, rest["decisions"].([]any)[0].(map[string]any)["execution_id"])
	require.Nil(t, rest["next_cursor"])
	w.do(call{method: "GET", path: "/api/decisions?cursor=" + fmt.Sprint(first["next_cursor"]), token: eve.token}).fails(400, "invalid_cursor")
	w.do(call{method: "GET", path: "/api/decisions"}).fails(401, "unauthenticated")
	decide := func(token, verdict, hash string) reply {
		return w.do(call{method: "POST", path: "/api/execution/" + id + "/decision", token: token, body: map[string]any{"decision": verdict, "arguments_hash": hash}})
	}
	hash := fmt.Sprint(waiting["arguments_hash"])
	decide(eve.token, "approve", hash).fails(404, "not_found")
	decide(ada.token, "approve", fmt.Sprintf("%064d", 0)).fails(409, "arguments_changed")
	decide(ada.token, "perhaps", hash).is(422)
	require.Equal(t, id, decide(ada.token, "approve", hash).is(200).str("execution_id"))
	decide(ada.token, "approve", hash).is(200)
	decide(ada.token, "reject", hash).fails(409, "nothing_to_decide")
	require.Equal(t, map[string]any{"decision": "approve"}, w.settle(call{token: ada.token}, id)["artifacts"])
	require.Len(t, open(ada.token, "")["decisions"], 1, "what is decided is no longer asked")
}
