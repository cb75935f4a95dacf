package catalogue_test

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/ports"
	"github.com/symphainy/symphainy/test/realmtest"
)

// said is one answer of a model.
type said struct {
	text string
	err  error
	cut  bool
}

// speaker is a model that gives its answers in turn.
type speaker struct {
	answers []said
	asked   []ports.ChatRequest
}

func (s *speaker) Chat(_ context.Context, r ports.ChatRequest, _ func(string) error) (ports.ChatReply, error) {
	a := s.answers[len(s.asked)%len(s.answers)]
	s.asked = append(s.asked, r)
	return ports.ChatReply{Text: a.text, Cut: a.cut, Model: "m-1"}, a.err
}

func (s *speaker) Embed(context.Context, []string) (ports.Embeddings, error) {
	return ports.Embeddings{}, ports.ErrModelUnavailable
}

// worded are the intents whose results a model may put into words, and where it may.
func worded() map[string]string {
	return map[string]string{
		"assess_data_quality": "quality_assessment", "analyze_structured_data": "structured_analysis", "analyze_unstructured_data": "unstructured_analysis",
		"interpret_data_self_discovery": "discovery", "generate_sop": "sop", "analyze_coexistence": "coexistence_analysis", "create_blueprint": "blueprint",
		"synthesize_outcome": "synthesis_summary", "generate_roadmap": "roadmap", "create_poc": "poc",
	}
}

// results runs every worded example with a model and gives the wire forms by intent, without ids and times.
func results(t *testing.T, model ports.LanguageModel) map[string]map[string]any {
	t.Helper()
	w := realmtest.NewWorld(t, func(w *realmtest.World) []ports.Realm { return told(w, model) })
	d := &desk{t: t, w: w, owner: w.User(t)}
	ids := d.ids()
	out := map[string]map[string]any{}
	for _, e := range w.Catalogue.Entries() {
		key, ok := worded()[e.Spec.Type]
		if !ok {
			continue
		}
		in := decode(t, e.Spec.Example)
		for name, value := range ids[e.Spec.Type] {
			in[name] = value
		}
		o := w.Must(t, d.owner, e.Spec.Type, in)
		var doc map[string]any
		require.NoError(t, json.Unmarshal([]byte(normal(t, o)), &doc))
		doc, _ = doc[key].(map[string]any)
		require.NotNil(t, doc, key)
		out[e.Spec.Type] = doc
	}
	require.Len(t, out, len(worded()))
	return out
}

var digest = regexp.MustCompile(`^[0-9a-f]{64}$`)

// split takes the words out of a result: what is left is what was computed.
func split(t *testing.T, doc map[string]any) (words map[string]any, warnings, computed string) {
	t.Helper()
	words, _ = doc["narrative"].(map[string]any)
	metadata, _ := doc["metadata"].(map[string]any)
	warnings = fmt.Sprint(metadata["warnings"])
	payload, _ := doc["semantic_payload"].(map[string]any)
	delete(doc, "narrative")
	delete(payload, "narrative")
	var left []any
	list, _ := metadata["warnings"].([]any)
	for _, w := range list {
		if m, _ := w.(map[string]any); m["code"] != "llm_unavailable" {
			left = append(left, w)
		}
	}
	metadata["warnings"] = left
	raw, err := json.Marshal(doc)
	require.NoError(t, err)
	return words, warnings, string(raw)
}

// A model adds words, never a number, an id or a structure: with one that speaks sense, rubbish or nothing, what was computed is byte for byte
// the same, and words that the result does not bear out are left out with a warning.
func TestAModelAddsWordsAndNothingElse(t *testing.T) {
	const sense = "The result deserves a look: remove the friction first, with AI assistance, and keep the human focus."
	plain := map[string]string{}
	for intent, doc := range results(t, nil) {
		words, warnings, computed := split(t, doc)
		require.Nil(t, words)
		require.NotContains(t, warnings, "llm_")
		plain[intent] = computed
	}
	good := &speaker{answers: []said{{text: "  " + sense + "\n"}}}
	bad := &speaker{answers: []said{
		{text: "The quality is 987654.25 points."}, {text: "See art_01jd8h0000zzzzzz0000000000."}, {text: " \n\u200b"}, {text: strings.Repeat("words and ", 1_000)},
		{text: sense, cut: true}, {text: "This replaces the whole staff."}, {err: ports.ErrModelUnavailable}, {err: ports.ErrModelRefused},
	}}
	for _, model := range []*speaker{good, bad} {
		for intent, doc := range results(t, model) {
			words, warnings, computed := split(t, doc)
			require.Equal(t, plain[intent], computed, intent)
			if model == bad {
				require.Nil(t, words, intent)
				require.Contains(t, warnings, "llm_unavailable")
				continue
			}
			require.Equal(t, []any{sense, "llm", "m-1"}, []any{words["text"], words["method"], words["model"]})
			require.Regexp(t, digest, words["prompt_hash"])
			require.NotContains(t, warnings, "llm_unavailable")
		}
		calls := len(model.asked)
		require.Equal(t, len(worded())+1, calls, "each result is asked about once, whatever breaks off; the desk makes a roadmap too")
		for _, r := range model.asked {
			require.Equal(t, []ports.ChatRole{ports.ChatSystem, ports.ChatUser}, []ports.ChatRole{r.Messages[0].Role, r.Messages[1].Role})
			require.LessOrEqual(t, len(r.Messages[1].Text), 16<<10)
			require.NotContains(t, r.Messages[1].Text, "<svg", "pictures are not read out")
		}
	}
}
