package wsapi_test

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/adapters/wsapi"
)

func TestTheDocumentInDocsIsTheOneThatIsServed(t *testing.T) {
	copied, err := os.ReadFile("../../docs/api/asyncapi.json")
	require.NoError(t, err)
	require.Equal(t, string(wsapi.AsyncAPI()), string(copied), "run make generate")
}

// Every reference leads somewhere, and every message is used by a channel and an operation.
func TestTheDocumentIsWhole(t *testing.T) {
	var doc map[string]any
	require.NoError(t, json.Unmarshal(wsapi.AsyncAPI(), &doc))
	require.Equal(t, "3.0.0", doc["asyncapi"])
	used := map[string]bool{}
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			if ref, ok := v["$ref"].(string); ok {
				used[ref] = true
				at := any(doc)
				for step := range strings.SplitSeq(strings.TrimPrefix(ref, "#/"), "/") {
					in, ok := at.(map[string]any)
					require.True(t, ok && in[step] != nil, ref)
					at = in[step]
				}
			}
			for _, below := range v {
				walk(below)
			}
		case []any:
			for _, below := range v {
				walk(below)
			}
		}
	}
	walk(doc)
	for name := range doc["components"].(map[string]any)["messages"].(map[string]any) {
		require.True(t, used["#/components/messages/"+name], name)
		require.True(t, used["#/channels/agent/messages/"+name] || used["#/channels/push/messages/"+name], name)
	}
	require.Equal(t, "/api/runtime/agent", doc["channels"].(map[string]any)["agent"].(map[string]any)["address"])
}

// What the document allows a client to send, the decoder reads; what it forbids, the decoder refuses.
func TestClientFramesOfTheDocument(t *testing.T) {
	w := newWorld(t)
	visit := w.Anonymous()
	c, _ := w.agent(visit.Session.ID(), secret(visit))
	exe := "exe_00000000000000000000000000"
	for text, good := range map[string]bool{
		`{"type":"ping"}`:       true,
		`{"type":"ping","x":1}`: false,
		`{"type":"agent.message","text":"a","context":{"surface":"s","project_id":"p","conversation_id":"c"},"message_id":"m","when_busy":"enqueue"}`: true,
		`{"type":"agent.message","text":"a","when_busy":"never"}`:                                                                                     false,
		`{"type":"agent.message","text":1}`:                    false,
		`{"type":"agent.cancel","execution_id":"` + exe + `"}`: true,
		`{"type":"agent.cancel","execution_id":1}`:             false,
		`{"type":"agent.decision","execution_id":"` + exe + `","decision":"edit","response":[1],"arguments_hash":"h"}`: true,
		`{"type":"stream.resume","execution_id":"` + exe + `","epoch":1,"after_seq":3}`:                                true,
		`{"type":"stream.resume","conversation_id":"c"}`:                                                               true,
		`{"type":"stream.resume"}`: false,
		`{"type":"stream.resume","execution_id":"` + exe + `","conversation_id":"c"}`:                          false,
		`{"type":"auth.refresh","access_token":"a"}`:                                                           true,
		`{"type":"auth.refresh"}`:                                                                              false,
		`{"type":"session.upgrade","access_token":"a","session_secret":"s"}`:                                   true,
		`{"type":"session.upgrade","access_token":"a"}`:                                                        false,
		`{"type":"intent","intent":"a","session_id":"s","agent_type":"guide","metadata":{"pillar":"journey"}}`: true,
		`{"type":"intent","intent":"a","metadata":null}`:                                                       true,
		`{"type":"intent"}`: false,
		`{"type":"safety_response","hook_id":"` + exe + `","response_type":"review","approved":false,"rejection_reason":"no","corrections":null}`: true,
		`{"type":"safety_response","hook_id":"` + exe + `","response_type":"retry","approved":true,"corrections":{"a":1}}`:                        true,
		`{"type":"safety_response","hook_id":"` + exe + `","response_type":"other","approved":true}`:                                              false,
		`{"type":"safety_response","hook_id":"` + exe + `","response_type":"approval"}`:                                                           false,
		`{"type":"none"}`: false,
	} {
		v, err := jsonschema.UnmarshalJSON(bytes.NewReader([]byte(text)))
		require.NoError(t, err)
		require.Equal(t, good, schema(t, "ClientFrame").Validate(v) == nil, text)
		c.text(text)
		c.text(`{"type":"ping"}`)
		read := true
		for f := c.next(); f.EventType != "pong"; f = c.next() {
			switch f.Code {
			case "invalid_json", "unknown_field", "unknown_message_type", "invalid_parameters":
				read = false
			}
		}
		if text == `{"type":"ping"}` {
			c.event("pong")
		}
		require.Equal(t, good, read, text)
	}
}
