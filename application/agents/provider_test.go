package agents_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/adapters/openaillm"
	"github.com/symphainy/symphainy/domain/agent"
	"github.com/symphainy/symphainy/domain/event"
	"github.com/symphainy/symphainy/domain/execution"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/test/llmtest"
	"github.com/symphainy/symphainy/test/sheet"
)

// provider is an endpoint that fails in one of the ways of row L14. It knows how many of its answers are under way.
type provider struct {
	name  string
	write func(i int, w http.ResponseWriter, r *http.Request)
	// patient tells that it keeps a client waiting for ever.
	patient bool
	// fine tells that the answer can be used, so that the turn goes on with the model.
	fine bool
}

func providers() []provider {
	wait := func(r *http.Request) { <-r.Context().Done() }
	half := func(i int, w http.ResponseWriter) {
		chunk := llmtest.Begin(w)
		for n := range i % 7 {
			chunk(llmtest.Piece(fmt.Sprint("piece ", n, " ")))
		}
		if i%2 == 1 {
			chunk(`{"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"c","type":"function","function":{"name":"own_change","arguments":"{\"n\":"}}]}}]}`)
		}
	}
	return []provider{
		{name: "hang", patient: true, write: func(i int, w http.ResponseWriter, r *http.Request) {
			if i%4 > 0 {
				half(i%4-1, w)
			}
			wait(r)
		}},
		{name: "429", write: func(i int, w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Retry-After", []string{"", "0", "3600", "soon", "-1"}[i%5])
			llmtest.Status(http.StatusTooManyRequests).Write(w, r)
		}},
		{name: "500", write: func(i int, w http.ResponseWriter, r *http.Request) {
			llmtest.Status([]int{500, 502, 503, 504, 599}[i%5]).Write(w, r)
		}},
		{name: "half stream", write: func(i int, w http.ResponseWriter, _ *http.Request) {
			half(i, w)
			if i%3 == 0 {
				panic(http.ErrAbortHandler)
			}
		}},
		{name: "broken JSON call", fine: true, write: func(i int, w http.ResponseWriter, _ *http.Request) {
			llmtest.Stream(w, llmtest.Use("own_change", []string{`{"n":`, `n=1`, `{"n":1}}`, `{'n':1}`, "\x00", `[{"n":1}`, `{"n":1`, `"{\"n\":1}"`, `{"n":NaN}`, `{"n":1,}`}[i%10]))
		}},
		{name: "100 MB", write: func(i int, w http.ResponseWriter, r *http.Request) {
			big := strings.Repeat("x", 64<<10)
			chunk := func(string) {}
			if i%4 == 3 {
				w.WriteHeader(http.StatusInternalServerError)
			} else {
				chunk = llmtest.Begin(w)
			}
			for range 1600 {
				switch {
				case r.Context().Err() != nil:
					return
				case i%4 == 0:
					chunk(llmtest.Piece(big))
				case i%4 == 1:
					chunk(`{"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"c","function":{"name":"own_change","arguments":"` + big + `"}}]}}]}`)
				default:
					fmt.Fprint(w, big)
				}
			}
		}},
		{name: "drip", patient: true, write: func(i int, w http.ResponseWriter, r *http.Request) {
			chunk := llmtest.Begin(w)
			tick := time.NewTicker(50 * time.Millisecond)
			defer tick.Stop()
			for {
				select {
				case <-r.Context().Done():
					return
				case <-tick.C:
				}
				switch i % 3 {
				case 0:
					chunk(llmtest.Piece("."))
				case 1:
					chunk(`{"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"c","function":{"name":"own_change","arguments":" "}}]}}]}`)
				default:
					fmt.Fprint(w, ": still there\n\n")
					_ = http.NewResponseController(w).Flush()
				}
			}
		}},
		{name: "wrong ids", fine: true, write: func(i int, w http.ResponseWriter, _ *http.Request) {
			ids := [][2]string{{"same", "same"}, {"", ""}, {"\u202e", "../../x"}, {"call_1_1", "call_1_1/call_1_1"}, {strings.Repeat("i", 4096), "'; drop table"}}[i%5]
			llmtest.Stream(w, llmtest.Answer{Calls: []llmtest.Call{{ID: ids[0], Name: "own_look", Arguments: `{"n":1}`}, {ID: ids[1], Name: "own_look", Arguments: `{"n":2}`}}})
		}},
	}
}

// In whatever way a provider fails, a turn ends by itself with a typed reason and an answer, asks it a bounded number of times, and a cancel
// ends the call (L14).
func TestProvidersFail(t *testing.T) {
	var turns, cancelled, requests atomic.Int64
	t.Run("all", func(t *testing.T) {
		for _, p := range providers() {
			t.Run(p.name, func(t *testing.T) {
				t.Parallel()
				f := &failing{t: t, provider: p, begun: make(chan int, 10*providerOf)}
				f.run()
				turns.Add(providerOf)
				cancelled.Add(f.cancelled.Load())
				requests.Add(int64(len(f.world.server.Requests())))
			})
		}
	})
	sheet.Record(t, "L14", int(turns.Load()), fmt.Sprintf("typed ends %d, cancels that ended the call %d, requests %d, stuck 0", turns.Load(), cancelled.Load(), requests.Load()), "8×20, stuck 0")
}

// failing is many turns at once with a provider that fails.
type failing struct {
	provider

	t         *testing.T
	world     *world
	open      atomic.Int64
	begun     chan int
	cancelled atomic.Int64
}

const providerRetries = 1

func (f *failing) script(r llmtest.Request) llmtest.Answer {
	i := -1
	for _, m := range r.Messages {
		if _, after, ok := strings.Cut(m.Content, "variant "); ok && m.Role == "user" {
			_, err := fmt.Sscanf(after, "%d.", &i)
			if err != nil {
				return llmtest.Say("lost")
			}
		}
	}
	if r.Last("tool").Role != "" {
		return llmtest.Say("done")
	}
	return llmtest.Answer{Write: func(w http.ResponseWriter, r *http.Request) {
		f.open.Add(1)
		defer f.open.Add(-1)
		f.begun <- i
		f.write(i, w, r)
	}}
}

func (f *failing) run() {
	w := newWorld(f.t, f.script)
	f.world = w
	c := openaillm.Defaults()
	c.BaseURL, c.Timeout, c.Idle, c.Retries, c.BreakAfter, c.MaxBytes = w.server.BaseURL(), 3*time.Second, time.Second, providerRetries, 1_000_000, llmtest.MaxBytes
	var err error
	w.model, err = openaillm.New(c)
	require.NoError(f.t, err)
	w.start()
	p := w.person(identity.RoleMember)
	ids := make([]string, providerOf)
	for i := range ids {
		ids[i] = w.send(p, w.thread(p, agent.LiaisonContent), agent.LiaisonContent, fmt.Sprintf("variant %d.", i))
	}
	var all sync.WaitGroup
	for _, j := range w.desk.take() {
		all.Go(func() {
			if err := w.desk.handle(f.t.Context(), j.ExecutionID); err != nil {
				f.t.Error(err)
			}
		})
	}
	if f.patient {
		f.cancelSome(p, ids)
	}
	all.Wait()
	w.work()
	require.Eventually(f.t, func() bool { return f.open.Load() == 0 }, 10*time.Second, 5*time.Millisecond, "a call that is given up is closed")
	for i, id := range ids {
		f.ended(p, i, id)
	}
	rounds := 1
	if f.fine {
		rounds = 2
	}
	require.LessOrEqual(f.t, len(w.server.Requests()), providerOf*(rounds+providerRetries), "retries are bounded")
}

// cancelSome cancels each fifth turn while the provider has it.
func (f *failing) cancelSome(p identity.Principal, ids []string) {
	seen := map[int]bool{}
	for len(seen) < (len(ids)+4)/5 {
		if i := <-f.begun; i%5 == 0 && !seen[i] {
			seen[i] = true
			_, err := f.world.engine.Cancel(f.t.Context(), p, ids[i])
			require.NoError(f.t, err)
			f.cancelled.Add(1)
		}
	}
}

func (f *failing) ended(p identity.Principal, i int, id string) {
	s := f.world.get(p, id)
	if f.patient && i%5 == 0 {
		require.Equal(f.t, execution.Cancelled, s.State)
		return
	}
	require.Equal(f.t, execution.Completed, s.State, "%d: %s", i, s.ErrorMessage)
	results := f.world.data(p, id, event.AgentToolResult)
	if !f.fine {
		require.Empty(f.t, results, "half a call is none")
		require.Contains(f.t, f.world.response(p, id), "I am built in.")
		data := f.world.data(p, id, event.AgentCompleted)[0]["data"].(map[string]any)
		require.Contains(f.t, []any{"llm_unavailable", "llm_bad_output"}, data["warnings"].([]any)[0])
		return
	}
	require.Equal(f.t, "done", f.world.response(p, id))
	if f.name == "wrong ids" {
		require.Len(f.t, results, 2)
		require.NotEqual(f.t, results[0]["call_id"], results[1]["call_id"])
		require.NotEqual(f.t, results[0]["tool_execution_id"], results[1]["tool_execution_id"])
		return
	}
	require.Len(f.t, results, 1)
	require.Equal(f.t, "invalid_parameters", results[0]["error_code"])
}
