package memstore

import (
	"cmp"
	"context"
	"time"

	"github.com/symphainy/symphainy/domain/execution"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/ports"
)

type deadlines struct{ *txn }

func (s deadlines) Overdue(ctx context.Context, limit int) ([]string, error) {
	if err := s.reads(ctx); err != nil {
		return nil, err
	}
	now := s.now()
	rows := s.st.executions.find(
		func(row execution.Snapshot) bool { return execution.Restore(row).Overdue(now) },
		func(a, b execution.Snapshot) int { return cmp.Or(over(a).Compare(over(b)), cmp.Compare(a.ID, b.ID)) },
	)
	ids := []string{}
	for _, row := range cut(rows, ports.Window{Limit: limit}) {
		ids = append(ids, row.ID)
	}
	return ids, nil
}

// over is the time that an overdue execution is past.
func over(row execution.Snapshot) time.Time {
	if row.Deadline.IsZero() || row.Deadline.After(row.StartBy) && !row.StartBy.IsZero() && row.State == execution.Accepted {
		return row.StartBy
	}
	return row.Deadline
}

func (s deadlines) Seize(ctx context.Context, id string) (execution.Execution, error) {
	if err := s.writes(ctx); err != nil {
		return execution.Execution{}, err
	}
	row, err := s.st.executions.get(id)
	if err != nil || !execution.Restore(row).Overdue(s.now()) {
		return execution.Execution{}, fault.ErrNotFound
	}
	return execution.Restore(row), nil
}
