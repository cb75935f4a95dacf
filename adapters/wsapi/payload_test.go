package wsapi_test

import "testing"

// Clients write a frame's fields beside its type or inside a payload; both mean the same, and neither is read loosely.
func TestAFrameMayCarryItsFieldsInAPayload(t *testing.T) {
	w := newWorld(t)
	visit := w.Anonymous()
	c, _ := w.agent(visit.Session.ID(), secret(visit))
	c.send(map[string]any{"type": "agent.message", "payload": map[string]any{"text": "hello", "context": map[string]any{"surface": "guide"}}})
	c.until("execution.completed")
	c.send(map[string]any{"type": "ping", "payload": map[string]any{}})
	c.event("pong")
	for text, code := range map[string]string{
		`{"type":"agent.message","payload":{"text":"a","tenant_id":"ten_x"}}`: "unknown_field",
		`{"type":"agent.message","text":"a","payload":{"text":"b"}}`:          "unknown_field",
		`{"type":"agent.message","payload":{"type":"ping","text":"b"}}`:       "unknown_field",
		`{"type":"agent.message","payload":"a"}`:                              "unknown_field",
		`{"type":"agent.message","payload":{"text":"a","text":"b"}}`:          "invalid_json",
		`{"type":"agent.message","payload":{"text":7}}`:                       "invalid_parameters",
	} {
		c.fails(text, code)
	}
}
