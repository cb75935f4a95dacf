package openaillm_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/adapters/openaillm"
	"github.com/symphainy/symphainy/ports"
	"github.com/symphainy/symphainy/test/llmtest"
)

func config(baseURL string) openaillm.Config {
	c := openaillm.Defaults()
	c.BaseURL, c.Key, c.Model, c.EmbeddingModel = baseURL, "test-key", "chatty", "vectors"
	c.Timeout, c.Idle, c.Retries, c.MaxBytes, c.BreakAfter = llmtest.Timeout, llmtest.Idle, llmtest.Retries, llmtest.MaxBytes, 1000
	c.InputPrice, c.OutputPrice = 2, 8
	return c
}

func open(t *testing.T, c openaillm.Config) *openaillm.Model {
	t.Helper()
	m, err := openaillm.New(c)
	require.NoError(t, err)
	return m
}

func TestModel(t *testing.T) {
	llmtest.Suite(t, func(t *testing.T, url string) ports.LanguageModel { return open(t, config(url)) })
}

func ask(t *testing.T, m *openaillm.Model) (ports.ChatReply, error) {
	t.Helper()
	return m.Chat(t.Context(), ports.ChatRequest{Messages: []ports.ChatMessage{{Role: ports.ChatUser, Text: "Hello"}}}, func(string) error { return nil })
}

func TestTokensCostWhatTheyCost(t *testing.T) {
	s := llmtest.NewServer(t, func(llmtest.Request) llmtest.Answer { return llmtest.Say("hi") })
	reply, err := ask(t, open(t, config(s.BaseURL())))
	require.NoError(t, err)
	require.Equal(t, int64(100*2+20*8), reply.Usage.Cost, "millionths")
}

func TestACircuitOpensAndCloses(t *testing.T) {
	s := llmtest.NewServer(t, func(llmtest.Request) llmtest.Answer { return llmtest.Status(http.StatusInternalServerError) })
	c := config(s.BaseURL())
	c.Retries, c.BreakAfter, c.BreakFor = 0, 3, 50*time.Millisecond
	m := open(t, c)
	for range 10 {
		_, err := ask(t, m)
		require.ErrorIs(t, err, ports.ErrModelUnavailable)
	}
	require.Len(t, s.Requests(), 3, "an endpoint that fails is left alone")
	s.Script(func(llmtest.Request) llmtest.Answer { return llmtest.Say("back") })
	require.Eventually(t, func() bool { _, err := ask(t, m); return err == nil }, 5*time.Second, 10*time.Millisecond)
}

func TestAnotherHostNeverGetsTheKey(t *testing.T) {
	other := llmtest.NewServer(t, func(llmtest.Request) llmtest.Answer { return llmtest.Say("thanks for the key") })
	s := llmtest.NewServer(t, func(llmtest.Request) llmtest.Answer {
		return llmtest.Answer{Write: func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, other.BaseURL()+"/chat/completions", http.StatusPermanentRedirect)
		}}
	})
	_, err := ask(t, open(t, config(s.BaseURL())))
	require.ErrorIs(t, err, ports.ErrModelRefused)
	require.Empty(t, other.Requests())
}

func TestBadSettingsAreRefused(t *testing.T) {
	for name, spoil := range map[string]func(*openaillm.Config){
		"no URL":             func(c *openaillm.Config) { c.BaseURL = "" },
		"another scheme":     func(c *openaillm.Config) { c.BaseURL = "ftp://x/v1" },
		"a key in the clear": func(c *openaillm.Config) { c.BaseURL = "http://models.example.org/v1" },
		"a user in the URL":  func(c *openaillm.Config) { c.BaseURL = "https://a:b@models.example.org/v1" },
		"no model":           func(c *openaillm.Config) { c.Model = "" },
		"no time":            func(c *openaillm.Config) { c.Timeout = 0 },
		"endless retries":    func(c *openaillm.Config) { c.Retries = 100 },
		"negative prices":    func(c *openaillm.Config) { c.InputPrice = -1 },
	} {
		c := config("https://models.example.org/v1")
		require.NoError(t, c.Validate())
		spoil(&c)
		require.Error(t, c.Validate(), name)
		_, err := openaillm.New(c)
		require.Error(t, err, name)
		require.NotContains(t, fmt.Sprint(err), "test-key")
	}
}
