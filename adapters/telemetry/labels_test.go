package telemetry_test

import (
	"context"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/adapters/memstore"
	"github.com/symphainy/symphainy/adapters/telemetry"
	"github.com/symphainy/symphainy/domain/agent"
	"github.com/symphainy/symphainy/ports"
	"github.com/symphainy/symphainy/test/clock"
	"github.com/symphainy/symphainy/test/sheet"
)

// O4: however many people, objects, addresses and wrong requests there are, there are no more series than after the first of them, and no label
// names any of them.
func TestLabelSetsAreBounded(t *testing.T) {
	c := clock.Fixed()
	m := telemetry.New("test")
	store := m.Store(memstore.New(c), c)
	model := m.Model(saying{}, c)
	series := func() (n int, text string) {
		text = scrape(t, m)
		for line := range strings.Lines(text) {
			if strings.HasPrefix(line, "symphainy_") {
				n++
			}
		}
		return n, text
	}
	things := func(i int) {
		for _, status := range []int{200, 404, 500} {
			for _, method := range []string{http.MethodGet, "BREW", fmt.Sprintf("M%d", i), "GET\n" + fmt.Sprint(i)} {
				m.Request(method, "", status, time.Millisecond) // no route: what was asked for, and how, is no label
			}
			m.Request(http.MethodGet, "/api/session/:id", status, time.Millisecond) // the router names routes and methods of its table only
		}
		require.NoError(t, store.Do(t.Context(), func(ctx context.Context, tx ports.Tx) error {
			id := fmt.Sprintf("exe_%d", i)
			require.NoError(t, tx.Executions.Insert(ctx, accepted(id, c.Now())))
			ex, err := tx.Leases.Claim(ctx, id, fmt.Sprintf("wrk_%d", i), time.Minute)
			require.NoError(t, err)
			_, err = tx.Ledger.Spend(ctx, fmt.Sprintf("ten_%d", i), fmt.Sprintf("day%d", i), agent.Account{Tokens: 7}, c.Now())
			require.NoError(t, err)
			require.NoError(t, ex.Complete([]byte("{}"), c.Now()))
			return tx.Executions.Save(ctx, ex)
		}))
		_, err := model.Chat(t.Context(), ports.ChatRequest{Model: fmt.Sprintf("model-%d", i)}, func(string) error { return nil })
		require.NoError(t, err)
	}
	things(0)
	first, _ := series()
	const more = 1000
	for i := range more {
		things(i + 1)
	}
	last, text := series()
	require.Equal(t, first, last)
	for _, id := range regexp.MustCompile(`"[^"]*"`).FindAllString(text, -1) {
		require.NotRegexp(t, `(exe|ten|wrk|usr|ses|day|model|M)[_-]?\d`, id)
	}
	sheet.Record(t, "O4", more, fmt.Sprintf("other executions, tenants, workers, budgets, models and methods: series %d before and %d after, ids in labels 0; routes are templates of the router", first, last), "fixed bound, no ids")
}
