package storetest

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/domain/execution"
	"github.com/symphainy/symphainy/domain/typeid"
	"github.com/symphainy/symphainy/ports"
)

// deadlines compares what is overdue with the domain's rule for every state, deadline, time to start by, and end that is on its way.
func (s *suite) deadlines(t *testing.T) {
	t.Helper()
	h, now := s.member(t, ""), s.Now()
	times := []time.Time{{}, now.Add(-time.Minute).Truncate(time.Microsecond), now.Add(time.Hour).Truncate(time.Microsecond)}
	var rows []execution.Snapshot
	for _, state := range execution.States() {
		for _, deadline := range times {
			for _, start := range times {
				for _, ending := range []execution.State{"", execution.Failed} {
					rows = append(rows, s.execution(h, 1, func(r *execution.Snapshot) {
						r.State, r.Deadline, r.StartBy, r.Ending = state, deadline, start, ending
					}).Snapshot())
				}
			}
		}
	}
	s.do(t, func(ctx context.Context, tx ports.Tx) error {
		for _, r := range rows {
			require.NoError(t, tx.Executions.Insert(ctx, execution.Restore(r)))
		}
		return nil
	})
	over := get(t, s, func(ctx context.Context, tx ports.Tx) ([]string, error) { return tx.Deadlines.Overdue(ctx, 100_000) })
	require.Empty(t, get(t, s, func(ctx context.Context, tx ports.Tx) ([]string, error) { return tx.Deadlines.Overdue(ctx, 0) }))
	s.do(t, func(ctx context.Context, tx ports.Tx) error {
		for _, r := range rows {
			what := fmt.Sprintf("%s, deadline %s, start by %s, ending %q", r.State, r.Deadline, r.StartBy, r.Ending)
			got, err := tx.Deadlines.Seize(ctx, r.ID)
			if execution.Restore(r).Overdue(now) {
				require.NoError(t, err, what)
				same(t, r, got.Snapshot())
				require.Contains(t, over, r.ID, what)
				continue
			}
			requireMissing(t, err)
			require.NotContains(t, over, r.ID, what)
		}
		_, err := tx.Deadlines.Seize(ctx, id(typeid.Execution))
		requireMissing(t, err)
		return nil
	})
}
