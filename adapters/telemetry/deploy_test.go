package telemetry_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/adapters/memstore"
	"github.com/symphainy/symphainy/adapters/telemetry"
	"github.com/symphainy/symphainy/domain/agent"
	"github.com/symphainy/symphainy/domain/event"
	"github.com/symphainy/symphainy/ports"
	"github.com/symphainy/symphainy/test/clock"
)

// The dashboard and the alert rules speak of metrics that are there.
func TestDashboardAndAlertsNameWhatIsServed(t *testing.T) {
	c := clock.Fixed()
	m := telemetry.New("test")
	m.Request("GET", "/", 200, time.Millisecond)
	m.Delivered(time.Millisecond)
	store := memstore.New(c)
	m.Backlog(store, c)
	_, err := m.Model(saying{}, c).Chat(t.Context(), ports.ChatRequest{}, func(string) error { return nil })
	require.NoError(t, err)
	for _, gauge := range []string{"sockets_open", "handlers_lingering"} {
		m.Gauge(gauge, "As in bootstrap.", func() float64 { return 0 })
	}
	require.NoError(t, m.Store(store, c).Do(t.Context(), func(ctx context.Context, tx ports.Tx) error {
		require.NoError(t, tx.Executions.Insert(ctx, accepted("exe_1", c.Now())))
		ex, err := tx.Leases.Claim(ctx, "exe_1", "me", time.Minute)
		require.NoError(t, err)
		_, err = tx.Ledger.Spend(ctx, "ten_1", "day", agent.Account{Tokens: 7}, c.Now())
		require.NoError(t, err)
		require.NoError(t, ex.Complete([]byte("{}"), c.Now()))
		events := ex.Record(c.Now(), event.Draft{Type: event.StepCompleted}, event.Draft{Type: event.AgentCompleted}, event.Draft{Type: event.ExecutionWaiting})
		require.NoError(t, tx.Executions.Save(ctx, ex))
		return tx.Events.Append(ctx, "ten_1", events)
	}))
	served := scrape(t, m)
	name := regexp.MustCompile(`\bsymphainy_[a-z_]+`)
	for _, file := range []string{"dashboard.json", "alerts.yaml"} {
		raw, err := os.ReadFile(filepath.Join("..", "..", "docs", "deploy", file))
		require.NoError(t, err)
		named := name.FindAllString(string(raw), -1)
		require.NotEmpty(t, named)
		for _, n := range named {
			require.Regexp(t, `(?m)^`+n+`[{ ]`, served, "%s names %s", file, n)
		}
		if file == "dashboard.json" {
			require.True(t, json.Valid(raw))
		}
	}
}
