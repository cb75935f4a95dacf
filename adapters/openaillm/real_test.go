//go:build realmodel

package openaillm_test

import (
	"errors"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/adapters/openaillm"
	"github.com/symphainy/symphainy/ports"
)

// A real endpoint, such as a local Ollama, does what the suite asks of the scripted one: it answers as a stream, calls a tool, ends when the
// listener does, and makes vectors if a model for them is named.
func TestARealEndpoint(t *testing.T) {
	c := openaillm.Defaults()
	c.BaseURL, c.Key = os.Getenv("SYMPHAINY_LLM_BASE_URL"), os.Getenv("SYMPHAINY_LLM_KEY")
	c.Model, c.EmbeddingModel = os.Getenv("SYMPHAINY_LLM_MODEL"), os.Getenv("SYMPHAINY_LLM_EMBEDDING_MODEL")
	m := open(t, c)

	said := ""
	reply, err := m.Chat(t.Context(), ports.ChatRequest{Messages: []ports.ChatMessage{{Role: ports.ChatUser, Text: "Say hello in one word."}}}, func(p string) error {
		said += p
		return nil
	})
	require.NoError(t, err)
	require.NotEmpty(t, reply.Text)
	require.Equal(t, reply.Text, said)
	require.Positive(t, reply.Usage.Tokens())

	reply, err = m.Chat(t.Context(), ports.ChatRequest{
		Messages: []ports.ChatMessage{{Role: ports.ChatUser, Text: "Which files are there? Use the tool list_files; do not answer without it."}},
		Tools:    []ports.ToolSpec{{Name: "list_files", Description: "Lists the files.", Schema: []byte(`{"type":"object","properties":{},"additionalProperties":false}`)}},
	}, func(string) error { return nil })
	require.NoError(t, err)
	require.NotEmpty(t, reply.Calls, "the model calls no tools: %s", reply.Text)
	require.Equal(t, "list_files", reply.Calls[0].Name)

	enough := errors.New("enough")
	_, err = m.Chat(t.Context(), ports.ChatRequest{Messages: []ports.ChatMessage{{Role: ports.ChatUser, Text: "Count to one thousand, in words."}}}, func(string) error { return enough })
	require.ErrorIs(t, err, enough)

	if c.EmbeddingModel != "" {
		e, err := m.Embed(t.Context(), []string{"a file", "a process"})
		require.NoError(t, err)
		require.Len(t, e.Vectors, 2)
		require.NotEmpty(t, e.Vectors[0])
	}
}
