package wsapi_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/domain/execution"
)

func TestAnOlderClientDecides(t *testing.T) {
	w := newWorld(t)
	for name, c := range map[string]struct {
		answer             map[string]any
		decision, response string
	}{
		"approve": {map[string]any{"response_type": "approval", "approved": true, "corrections": nil}, "approve", ""},
		"reject":  {map[string]any{"response_type": "review", "approved": false, "rejection_reason": "too much"}, "reject", `{"rejection_reason":"too much"}`},
		"edit":    {map[string]any{"response_type": "retry", "approved": true, "corrections": map[string]any{"amount": 7}}, "edit", `{"amount":7}`},
		"a no with corrections": {
			map[string]any{"response_type": "retry", "approved": false, "corrections": map[string]any{"amount": 7}}, "reject", `{"corrections":{"amount":7}}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			visit, other := w.Anonymous(), w.Anonymous()
			c1, _ := w.agent(visit.Session.ID(), secret(visit))
			foreign, _ := w.agent(other.Session.ID(), secret(other))
			c1.send(map[string]any{"type": "intent", "intent": "hello"})
			c1.untilOlder("EXECUTION_COMPLETED")
			id := w.submit(guest(visit), visit.Session.ID(), w.work.asking())
			_, pending := c1.untilOlder("SAFETY_APPROVAL_PENDING")
			all := fields(t, pending)
			require.Equal(t, id, all["hook_id"])
			require.Equal(t, id, all["execution_id"])
			require.Equal(t, "Pay?", all["prompt"])
			require.Equal(t, map[string]any{"amount": 10.0}, all["arguments"])
			require.Len(t, all["arguments_hash"], 64)
			require.Equal(t, id, pending.data("hook_id"), "the fields are in data too")

			answer := map[string]any{"type": "safety_response", "hook_id": id}
			for k, v := range c.answer {
				answer[k] = v
			}
			foreign.send(answer)
			_, refused := foreign.untilOlder("error")
			require.Equal(t, "not_found", refused.Code)
			c1.send(answer)
			c1.untilOlder("EXECUTION_COMPLETED")
			s, err := w.engine.Execution(t.Context(), guest(visit).Scope(), id)
			require.NoError(t, err)
			require.Equal(t, execution.Completed, s.State)
			var got map[string]string
			require.NoError(t, json.Unmarshal(s.Artifacts, &got))
			require.Equal(t, c.decision, got["decision"])
			if c.response == "" {
				require.Empty(t, got["response"])
			} else {
				require.JSONEq(t, c.response, got["response"])
			}
			c1.fails(jsonOf(t, answer), "nothing_to_decide")
		})
	}
}

func TestWhatIsNoDecisionOfAnOlderClient(t *testing.T) {
	w := newWorld(t)
	visit := w.Anonymous()
	c, _ := w.agent(visit.Session.ID(), secret(visit))
	c.send(map[string]any{"type": "intent", "intent": "hello"})
	c.untilOlder("EXECUTION_COMPLETED")
	working := w.begin(guest(visit), visit.Session.ID())
	for text, code := range map[string]string{
		`{"type":"safety_response","hook_id":"` + working + `","response_type":"other","approved":true}`:           "invalid_parameters",
		`{"type":"safety_response","hook_id":"` + working + `","response_type":"review"}`:                          "invalid_parameters",
		`{"type":"safety_response","hook_id":"` + working + `","response_type":"review","approved":true,"more":1}`: "unknown_field",
		`{"type":"safety_response","hook_id":"x","response_type":"review","approved":true}`:                        "not_found",
		`{"type":"safety_response","hook_id":"` + working + `","response_type":"review","approved":true}`:          "nothing_to_decide",
	} {
		c.text(text)
		_, refused := c.untilOlder("error")
		require.Equal(t, code, refused.Code, text)
	}
	w.end(guest(visit), working)
}
