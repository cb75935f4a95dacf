package telemetry_test

import (
	"context"
	"errors"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/adapters/memstore"
	"github.com/symphainy/symphainy/adapters/telemetry"
	"github.com/symphainy/symphainy/domain/agent"
	"github.com/symphainy/symphainy/domain/event"
	"github.com/symphainy/symphainy/domain/execution"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/domain/intent"
	"github.com/symphainy/symphainy/ports"
	"github.com/symphainy/symphainy/test/clock"
)

func scrape(t *testing.T, m *telemetry.Metrics) string {
	t.Helper()
	w := httptest.NewRecorder()
	m.Handler().ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), "GET", "/metrics", nil))
	require.Equal(t, 200, w.Code)
	return w.Body.String()
}

func accepted(id string, now time.Time) execution.Execution {
	p := identity.Principal{Kind: identity.KindUser, UserID: "usr_1", TenantID: "ten_1", SessionID: "ses_1"}
	return execution.Accept(id, "content", intent.Intent{ID: "int_1", Type: "parse_content", Parameters: []byte("{}"), Metadata: []byte("{}")}, p, "ses_1", "", time.Time{}, now)
}

func TestWhatCommitsIsCountedAndWhatRollsBackIsNot(t *testing.T) {
	c := clock.Fixed()
	m := telemetry.New("test")
	store := m.Store(memstore.New(c), c)
	refused := errors.New("no")
	err := store.Do(t.Context(), func(ctx context.Context, tx ports.Tx) error {
		require.NoError(t, tx.Executions.Insert(ctx, accepted("exe_0", c.Now())))
		return refused
	})
	require.ErrorIs(t, err, refused)
	require.NotContains(t, scrape(t, m), "symphainy_executions_total")

	require.NoError(t, store.Do(t.Context(), func(ctx context.Context, tx ports.Tx) error {
		return tx.Executions.Insert(ctx, accepted("exe_1", c.Now()))
	}))
	c.Advance(2 * time.Second)
	require.NoError(t, store.Do(t.Context(), func(ctx context.Context, tx ports.Tx) error {
		ex, err := tx.Leases.Claim(ctx, "exe_1", "me", time.Minute)
		require.NoError(t, err)
		require.NoError(t, ex.Complete([]byte("{}"), c.Now()))
		events := ex.Record(c.Now(), event.Draft{Type: event.StepCompleted}, event.Draft{Type: event.AgentCompleted}, event.Draft{Type: "exe_1_from_a_realm"})
		require.NoError(t, tx.Executions.Save(ctx, ex))
		return tx.Events.Append(ctx, "ten_1", events)
	}))
	text := scrape(t, m)
	for _, line := range []string{
		`symphainy_executions_total{intent_type="parse_content",state="accepted"} 1`, `symphainy_executions_total{intent_type="parse_content",state="completed"} 1`,
		`symphainy_attempts_total{kind="first"} 1`, `symphainy_steps_total{result="completed"} 1`, `symphainy_agent_turns_total{result="completed"} 1`,
		`symphainy_execution_duration_seconds_sum{state="completed"} 2`, `symphainy_build_info{version="test"} 1`,
		`symphainy_store_transaction_duration_seconds_count{kind="write",result="ok"} 2`,
	} {
		require.Contains(t, text, line)
	}
	require.NotContains(t, text, "exe_1", "no id is a label")
}

func TestRequestsAreCountedByTemplate(t *testing.T) {
	m := telemetry.New("test")
	m.Request("GET", "/api/session/:id", 200, time.Millisecond)
	m.Request("BREW", "", 404, time.Millisecond)
	m.Delivered(5 * time.Millisecond)
	m.Delivered(time.Hour)
	m.Gauge("sockets_open", "Open sockets.", func() float64 { return 3 })
	text := scrape(t, m)
	require.Contains(t, text, `symphainy_http_requests_total{method="GET",route="/api/session/:id",status="200"} 1`)
	require.Contains(t, text, `symphainy_http_requests_total{method="other",route="unmatched",status="404"} 1`)
	require.Contains(t, text, "symphainy_stream_lag_seconds_count 1")
	require.Contains(t, text, "symphainy_sockets_open 3")
}

// saying is a model that always says the same.
type saying struct{ ports.LanguageModel }

func (saying) Chat(context.Context, ports.ChatRequest, func(string) error) (ports.ChatReply, error) {
	return ports.ChatReply{Usage: agent.Usage{InputTokens: 11, OutputTokens: 5}}, nil
}

func (saying) Embed(context.Context, []string) (ports.Embeddings, error) {
	return ports.Embeddings{}, ports.ErrModelUnavailable
}

func TestTokensAndBudgetsAreCounted(t *testing.T) {
	c := clock.Fixed()
	m := telemetry.New("test")
	model := m.Model(saying{}, c)
	_, err := model.Chat(t.Context(), ports.ChatRequest{}, nil)
	require.NoError(t, err)
	_, err = model.Embed(t.Context(), nil)
	require.ErrorIs(t, err, ports.ErrModelUnavailable)
	require.Nil(t, m.Model(nil, c))
	store := m.Store(memstore.New(c), c)
	for _, spent := range []agent.Account{{Tokens: 100, Time: 3 * time.Second}, {Tokens: -40}} {
		require.NoError(t, store.Do(t.Context(), func(ctx context.Context, tx ports.Tx) error {
			_, err := tx.Ledger.Spend(ctx, "ten_1", "day", spent, c.Now())
			return err
		}))
	}
	text := scrape(t, m)
	for _, line := range []string{
		`symphainy_llm_tokens_total{direction="read"} 11`, `symphainy_llm_tokens_total{direction="written"} 5`,
		`symphainy_llm_call_duration_seconds_count{kind="chat",result="ok"} 1`, `symphainy_llm_call_duration_seconds_count{kind="embed",result="llm_unavailable"} 1`,
		`symphainy_agent_budget_total{unit="tokens",what="reserved"} 100`, `symphainy_agent_budget_total{unit="tokens",what="returned"} 40`,
		`symphainy_agent_budget_total{unit="seconds",what="reserved"} 3`,
	} {
		require.Contains(t, text, line)
	}
}

// A claim after a lease that lapsed is a take-over, one after a retry is none; the queue tells what waits and how long.
func TestTakeOversAndTheQueueAreSeen(t *testing.T) {
	c := clock.Fixed()
	m := telemetry.New("test")
	inner := memstore.New(c)
	m.Backlog(inner, c)
	store := m.Store(inner, c)
	claim := func(then func(ctx context.Context, tx ports.Tx, ex *execution.Execution)) {
		require.NoError(t, store.Do(t.Context(), func(ctx context.Context, tx ports.Tx) error {
			ex, err := tx.Leases.Claim(ctx, "exe_1", "me", time.Minute)
			require.NoError(t, err)
			events := ex.Record(c.Now(), event.Draft{Type: event.ExecutionStarted})
			then(ctx, tx, &ex)
			if ex.Snapshot().State == execution.Retrying {
				events = append(events, ex.Record(c.Now(), event.Draft{Type: event.ExecutionRetrying})...)
			}
			require.NoError(t, tx.Executions.Save(ctx, ex))
			return tx.Events.Append(ctx, "ten_1", events)
		}))
	}
	require.NoError(t, store.Do(t.Context(), func(ctx context.Context, tx ports.Tx) error {
		return tx.Executions.Insert(ctx, accepted("exe_1", c.Now()))
	}))
	c.Advance(2 * time.Minute)
	text := scrape(t, m)
	require.Contains(t, text, `symphainy_queue_executions{state="accepted"} 1`)
	require.Contains(t, text, `symphainy_queue_oldest_seconds{state="accepted"} 120`)
	require.Contains(t, text, `symphainy_queue_stuck{state="accepted"} 1`)
	claim(func(_ context.Context, _ ports.Tx, ex *execution.Execution) {
		require.NoError(t, ex.Retry("busy", "", c.Now(), c.Now()))
	})
	claim(func(context.Context, ports.Tx, *execution.Execution) {})
	require.Contains(t, scrape(t, m), "symphainy_lease_takeovers_total 0")
	c.Advance(2 * time.Minute) // the owner is gone
	claim(func(context.Context, ports.Tx, *execution.Execution) {})
	require.Contains(t, scrape(t, m), "symphainy_lease_takeovers_total 1")
}
