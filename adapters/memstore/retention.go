package memstore

import (
	"context"
	"time"

	"github.com/symphainy/symphainy/domain/execution"
	"github.com/symphainy/symphainy/domain/session"
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

func (s retention) Visitors(ctx context.Context, age time.Duration, limit int) ([]string, error) {
	if err := s.reads(ctx); err != nil {
		return nil, err
	}
	until := s.now().Add(-age)
	rows := s.st.sessions.find(
		func(row session.Snapshot) bool { return row.OwnerUserID == "" && !row.ExpiresAt.After(until) },
		func(a, b session.Snapshot) int { return a.ExpiresAt.Compare(b.ExpiresAt) },
	)
	ids := []string{}
	for _, row := range cut(rows, ports.Window{Limit: limit}) {
		ids = append(ids, row.ID)
	}
	return ids, nil
}

func (s retention) Forget(ctx context.Context, sessionIDs []string, age time.Duration) error {
	if err := s.writes(ctx); err != nil {
		return err
	}
	until := s.now().Add(-age)
	for _, id := range sessionIDs {
		row, err := s.st.sessions.get(id)
		if err != nil || row.OwnerUserID != "" || row.ExpiresAt.After(until) {
			continue
		}
		if err := (tickets(s)).DeleteBySession(ctx, id); err != nil {
			return err
		}
		s.st.sessions.remove(id)
	}
	return nil
}
