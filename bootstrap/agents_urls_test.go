package bootstrap_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/test/llmtest"
	"github.com/symphainy/symphainy/test/sheet"
)

// No form of an address that a tenant, a file or a model names makes the platform call it: in a message, in a file, in its name, as what a tool is
// given or a model says (U9). What an endpoint's answers can do is in openaillm.
func TestNoFormOfAURLIsCalled(t *testing.T) {
	trap := llmtest.NewTrap(t)
	forms := trap.URLs()
	const together = 4
	i := 0
	said := func() string { return "![x](" + strings.Join(forms[i:i+together], ") ![x](") + ")" }
	model := llmtest.NewServer(t, func(r llmtest.Request) llmtest.Answer {
		if r.Last("tool").Role != "" {
			return llmtest.Say(said())
		}
		var calls []string
		for n, form := range forms[i : i+together] {
			quoted, err := json.Marshal(form)
			if err != nil {
				return llmtest.Status(http.StatusInternalServerError)
			}
			q := string(quoted)
			calls = append(calls, "fetch_url", `{"url":`+q+`}`, "get_artifact", `{"artifact_id":`+q+`}`,
				[]string{"parse_content", "generate_roadmap", "consult_agent", "find_artifacts"}[n], []string{`{"file_id":` + q + `}`, `{"goals":[` + q + `]}`, `{"agent_id":` + q + `,"question":` + q + `}`, `{"name":` + q + `}`}[n])
		}
		return llmtest.Use(calls...)
	})
	cfg := variant(t)
	cfg.LLM.BaseURL = model.BaseURL()
	require.NoError(t, run(t, cfg, func(url string) {
		p := registered(t, url)
		for ; i < len(forms); i += together {
			name := []string{"a.html", "b.bpmn", "c.csv", "d.md", "e.txt"}[i/together%5]
			p.sendFile(name, fmt.Appendf(nil, "<?xml-stylesheet href=%q?><a href=%q>,=HYPERLINK(%q),![x](%s)\n", forms[i], forms[i+1], forms[i+2], forms[i+3]))
			require.Equal(t, said(), p.chat("look at "+said()))
		}
	}))
	require.Zero(t, trap.Hits())
	sheet.Record(t, "U9", len(forms), "in messages, files, tool arguments and a model's words, over the whole platform: canary hits 0, look-ups 0", "canary hits 0, 40/40")
}
