package memstore

import (
	"context"
	"time"

	"github.com/symphainy/symphainy/domain/execution"
	"github.com/symphainy/symphainy/ports"
)

type retention struct{ *txn }

func (s retention) TrimEvents(ctx context.Context, age time.Duration, limit int) (int, error) {
	if err := s.writes(ctx); err != nil {
		return 0, err
	}
	until := s.now().Add(-age)
	rows := s.st.executions.find(
		func(row execution.Snapshot) bool {
			return row.State.Terminal() && !row.CompletedAt.IsZero() && !row.CompletedAt.After(until) && row.TrimmedSeq < row.LastSeq
		},
		func(a, b execution.Snapshot) int { return a.CompletedAt.Compare(b.CompletedAt) },
	)
	rows = cut(rows, ports.Window{Limit: limit})
	for _, row := range rows {
		s.st.logs.remove(row.ID)
		row.TrimmedSeq = row.LastSeq
		s.st.executions.put(row.ID, row)
	}
	return len(rows), nil
}
