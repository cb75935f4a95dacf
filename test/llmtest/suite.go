package llmtest

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/domain/agent"
	"github.com/symphainy/symphainy/ports"
)

// Limits are those that a model under the suite must have: short, so that the suite is quick, and not so short that a busy machine looks
// like a silent endpoint.
const (
	Idle     = time.Second
	Timeout  = 5 * time.Second
	Retries  = 2
	MaxBytes = 1 << 20
)

// Suite checks a model that is made by open for the server's base URL, with the limits above, a key "test-key" and an embedding model.
func Suite(t *testing.T, open func(t *testing.T, baseURL string) ports.LanguageModel) {
	t.Run("answers", func(t *testing.T) { answers(t, open) })
	t.Run("tools", func(t *testing.T) { tools(t, open) })
	t.Run("failures", func(t *testing.T) { failures(t, open) })
	t.Run("retries", func(t *testing.T) { retries(t, open) })
	t.Run("cancel", func(t *testing.T) { cancels(t, open) })
	t.Run("embeddings", func(t *testing.T) { embeddings(t, open) })
}

type opener = func(t *testing.T, baseURL string) ports.LanguageModel

func hello() ports.ChatRequest {
	return ports.ChatRequest{Messages: []ports.ChatMessage{{Role: ports.ChatSystem, Text: "Be brief."}, {Role: ports.ChatUser, Text: "Hello"}}}
}

func silent(string) error { return nil }

func answers(t *testing.T, open opener) {
	s := NewServer(t, func(Request) Answer { return Say("Hel", "lo, ", "Wörld ✓") })
	m := open(t, s.BaseURL())
	var said []string
	reply, err := m.Chat(t.Context(), hello(), func(piece string) error { said = append(said, piece); return nil })
	require.NoError(t, err)
	require.Equal(t, []string{"Hel", "lo, ", "Wörld ✓"}, said, "as it comes")
	require.Equal(t, "Hello, Wörld ✓", reply.Text)
	require.Empty(t, reply.Calls)
	require.Equal(t, "scripted", reply.Model)
	require.Equal(t, int64(100), reply.Usage.InputTokens)
	require.Equal(t, int64(20), reply.Usage.OutputTokens)
	require.Equal(t, int64(1), reply.Usage.ModelCalls)
	asked := s.Requests()[0]
	require.Equal(t, "/v1/chat/completions", asked.Path)
	require.Equal(t, "Bearer test-key", asked.Header.Get("Authorization"))
	require.True(t, asked.Stream)
	require.Equal(t, "Be brief.", asked.Last("system").Content)

	s.Script(func(Request) Answer { return Answer{Pieces: []string{"uncounted"}, NoUsage: true} })
	reply, err = m.Chat(t.Context(), hello(), silent)
	require.NoError(t, err)
	require.Positive(t, reply.Usage.InputTokens, "estimated, never free")
	require.Positive(t, reply.Usage.OutputTokens)

	listener := errors.New("the listener is gone")
	_, err = m.Chat(t.Context(), hello(), func(string) error { return listener })
	require.ErrorIs(t, err, listener)
}

func tools(t *testing.T, open opener) {
	s := NewServer(t, func(Request) Answer {
		return Answer{Pieces: []string{"Let me look."}, Calls: []Call{{"call_a", "list_files", `{}`}, {"call_b", "parse", `{"file_id":"fil_1"}`}}}
	})
	m := open(t, s.BaseURL())
	request := hello()
	request.Tools = []ports.ToolSpec{{Name: "list_files", Description: "Lists.", Schema: []byte(`{"type":"object","properties":{},"additionalProperties":false}`)}}
	reply, err := m.Chat(t.Context(), request, silent)
	require.NoError(t, err)
	require.Equal(t, "Let me look.", reply.Text)
	require.Len(t, reply.Calls, 2)
	require.Equal(t, "list_files", reply.Calls[0].Name)
	require.JSONEq(t, `{"file_id":"fil_1"}`, string(reply.Calls[1].Arguments))
	require.NotEqual(t, reply.Calls[0].ID, reply.Calls[1].ID)
	require.Equal(t, []string{"list_files"}, s.Requests()[0].ToolNames())

	request.Messages = append(request.Messages,
		ports.ChatMessage{Role: ports.ChatAssistant, Calls: reply.Calls},
		ports.ChatMessage{Role: ports.ChatTool, CallID: reply.Calls[0].ID, Text: `{"files":[]}`},
		ports.ChatMessage{Role: ports.ChatTool, CallID: reply.Calls[1].ID, Text: `{"rows":5}`})
	_, err = m.Chat(t.Context(), request, silent)
	require.NoError(t, err)
	sent := s.Requests()[1]
	require.Equal(t, reply.Calls[1].ID, sent.Last("tool").ToolCallID)
	require.Len(t, sent.Last("assistant").ToolCalls, 2)

	for name, ids := range map[string][2]string{"same": {"call_1", "call_1"}, "none": {"", ""}, "odd": {"\u202e", "../../x"}} {
		s.Script(func(Request) Answer { return Answer{Calls: []Call{{ids[0], "a", `{"x":1}`}, {ids[1], "b", `{"y":`}}} })
		reply, err := m.Chat(t.Context(), request, silent)
		require.NoError(t, err, name)
		require.Equal(t, []string{"a", "b"}, []string{reply.Calls[0].Name, reply.Calls[1].Name}, name)
		require.NotEqual(t, reply.Calls[0].ID, reply.Calls[1].ID, name)
		require.Equal(t, `{"y":`, string(reply.Calls[1].Arguments), "the model's words, even if they are no JSON")
	}
}

// broken are the answers that are none, and what each means.
func broken() map[string]struct {
	answer func(w http.ResponseWriter, r *http.Request)
	want   error
} {
	type row = struct {
		answer func(w http.ResponseWriter, r *http.Request)
		want   error
	}
	status := func(code int) func(w http.ResponseWriter, r *http.Request) { return Status(code).Write }
	return map[string]row{
		"429": {status(http.StatusTooManyRequests), ports.ErrModelUnavailable}, "500": {status(http.StatusInternalServerError), ports.ErrModelUnavailable},
		"503": {status(http.StatusServiceUnavailable), ports.ErrModelUnavailable}, "400": {status(http.StatusBadRequest), ports.ErrModelRefused},
		"401": {status(http.StatusUnauthorized), ports.ErrModelRefused}, "404": {status(http.StatusNotFound), ports.ErrModelRefused},
		"redirect": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://127.0.0.1:1/elsewhere", http.StatusTemporaryRedirect)
		}, ports.ErrModelRefused},
		"silent before": {func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, ports.ErrModelUnavailable},
		"silent in the middle": {func(w http.ResponseWriter, r *http.Request) {
			Begin(w)(Piece("Hel"))
			<-r.Context().Done()
		}, ports.ErrModelUnavailable},
		"half a stream": {func(w http.ResponseWriter, _ *http.Request) { Begin(w)(Piece("Hel")) }, ports.ErrModelOutput},
		"torn connection": {func(w http.ResponseWriter, _ *http.Request) {
			Begin(w)(Piece("Hel"))
			panic(http.ErrAbortHandler)
		}, ports.ErrModelUnavailable},
		"broken JSON": {func(w http.ResponseWriter, _ *http.Request) { Begin(w)(`{"choices":[{"delta":{"content":"He`) }, ports.ErrModelOutput},
		"an error in the stream": {func(w http.ResponseWriter, _ *http.Request) {
			Begin(w)(`{"error":{"message":"overloaded"}}`)
		}, ports.ErrModelUnavailable},
		"100 MB": {func(w http.ResponseWriter, _ *http.Request) {
			chunk, text := Begin(w), Piece(strings.Repeat("x", 64<<10))
			for range 1600 {
				chunk(text)
			}
		}, ports.ErrModelOutput},
		"one endless line": {func(w http.ResponseWriter, _ *http.Request) {
			Begin(w)
			for range 1600 {
				fmt.Fprint(w, strings.Repeat("x", 64<<10))
			}
		}, ports.ErrModelOutput},
		"a thousand calls": {func(w http.ResponseWriter, _ *http.Request) {
			a := Answer{}
			for i := range 1000 {
				a.Calls = append(a.Calls, Call{fmt.Sprint("c", i), "t", "{}"})
			}
			Stream(w, a)
		}, ports.ErrModelOutput},
		"drip": {func(w http.ResponseWriter, r *http.Request) {
			chunk := Begin(w)
			tick := time.NewTicker(Idle / 10)
			defer tick.Stop()
			for {
				select {
				case <-tick.C:
					chunk(Piece("."))
				case <-r.Context().Done():
					return
				}
			}
		}, ports.ErrModelUnavailable},
		"HTML": {func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<html>portal</html>") }, ports.ErrModelOutput},
	}
}

func failures(t *testing.T, open opener) {
	for name, b := range broken() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := NewServer(t, func(Request) Answer { return Answer{Write: b.answer} })
			m := open(t, s.BaseURL())
			ctx, cancel := context.WithTimeout(t.Context(), 10*Timeout)
			defer cancel()
			_, err := m.Chat(ctx, hello(), silent)
			require.ErrorIs(t, err, b.want)
			require.NoError(t, ctx.Err(), "it ends by itself")
			require.LessOrEqual(t, len(s.Requests()), 1+Retries, "retries are bounded")
			s.Script(func(Request) Answer { return Say("better") })
			reply, err := m.Chat(ctx, hello(), silent)
			require.NoError(t, err, "the next call is as good as new")
			require.Equal(t, "better", reply.Text)
		})
	}
	t.Run("nobody there", func(t *testing.T) {
		s := NewServer(t, func(Request) Answer { return Say("") })
		url := s.BaseURL()
		s.Close()
		_, err := open(t, url).Chat(t.Context(), hello(), silent)
		require.ErrorIs(t, err, ports.ErrModelUnavailable)
	})
}

func retries(t *testing.T, open opener) {
	var n atomic.Int32
	s := NewServer(t, func(Request) Answer {
		if n.Add(1) <= Retries {
			return Status(http.StatusServiceUnavailable)
		}
		return Say("at last")
	})
	said := ""
	reply, err := open(t, s.BaseURL()).Chat(t.Context(), hello(), func(p string) error { said += p; return nil })
	require.NoError(t, err)
	require.Equal(t, "at last", reply.Text)
	require.Equal(t, "at last", said, "said once")
	require.Equal(t, int32(1+Retries), n.Load())
}

func cancels(t *testing.T, open opener) {
	ended := make(chan struct{})
	s := NewServer(t, func(Request) Answer {
		return Answer{Write: func(w http.ResponseWriter, r *http.Request) {
			Begin(w)(Piece("Hel"))
			<-r.Context().Done()
			close(ended)
		}}
	})
	why := errors.New("enough")
	ctx, cancel := context.WithCancelCause(t.Context())
	_, err := open(t, s.BaseURL()).Chat(ctx, hello(), func(string) error { cancel(why); return nil })
	require.ErrorIs(t, err, why)
	select {
	case <-ended:
	case <-time.After(Idle):
		t.Fatal("the endpoint still works for a call that was ended")
	}
}

func embeddings(t *testing.T, open opener) {
	answer := `{"object":"list","model":"vectors","data":[{"object":"embedding","index":1,"embedding":[0.5,1]},{"object":"embedding","index":0,"embedding":[1,0]}],"usage":{"prompt_tokens":7,"total_tokens":7}}`
	s := NewServer(t, func(Request) Answer {
		return Answer{Write: func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			fmt.Fprint(w, answer)
		}}
	})
	m := open(t, s.BaseURL())
	got, err := m.Embed(t.Context(), []string{"a", "b"})
	require.NoError(t, err)
	require.Equal(t, ports.Embeddings{
		Vectors: [][]float32{{1, 0}, {0.5, 1}}, Model: "vectors", Usage: agent.Usage{InputTokens: 7, ModelCalls: 1, Cost: got.Usage.Cost},
	}, got)
	require.Equal(t, []string{"a", "b"}, s.Requests()[0].Input)
	for name, bad := range map[string]string{
		"one is missing":  `{"data":[{"index":0,"embedding":[1]}]}`,
		"one twice":       `{"data":[{"index":0,"embedding":[1]},{"index":0,"embedding":[1]}]}`,
		"out of range":    `{"data":[{"index":0,"embedding":[1]},{"index":7,"embedding":[1]}]}`,
		"unequal lengths": `{"data":[{"index":0,"embedding":[1]},{"index":1,"embedding":[1,2]}]}`,
		"empty":           `{"data":[{"index":0,"embedding":[]},{"index":1,"embedding":[]}]}`,
	} {
		answer = bad
		_, err := m.Embed(t.Context(), []string{"a", "b"})
		require.ErrorIs(t, err, ports.ErrModelOutput, name)
	}
	none, err := m.Embed(t.Context(), nil)
	require.NoError(t, err)
	require.Empty(t, none.Vectors)
}
