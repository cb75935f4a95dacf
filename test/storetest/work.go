package storetest

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/domain/execution"
	"github.com/symphainy/symphainy/ports"
)

func (s *suite) work(t *testing.T) {
	t.Helper()
	h := s.member(t, "")
	now := s.Now()
	rows := map[string]execution.Snapshot{
		"queued": s.stored(t, h, 1, func(r *execution.Snapshot) { r.DueAt = now }),
		"late":   s.stored(t, s.member(t, h.tenantID), 1, func(r *execution.Snapshot) { r.DueAt = now.Add(-2 * time.Minute) }),
		"runs": s.stored(t, h, 1, func(r *execution.Snapshot) {
			r.State, r.LeaseOwner, r.LeaseUntil, r.Intent.Type = execution.Running, "o", now.Add(time.Minute), "other"
		}),
		"dead": s.stored(t, h, 1, func(r *execution.Snapshot) {
			r.State, r.LeaseOwner, r.LeaseUntil = execution.Running, "o", now.Add(-time.Minute)
		}),
		"paused": s.stored(t, h, 1, func(r *execution.Snapshot) { r.State, r.DueAt = execution.Paused, now.Add(-time.Hour) }),
		"over": s.stored(t, h, 1, func(r *execution.Snapshot) {
			r.State, r.DueAt, r.CompletedAt = execution.Failed, now.Add(-time.Hour), now
		}),
	}
	foreign := s.stored(t, s.member(t, ""), 1, nil)
	s.do(t, func(ctx context.Context, tx ports.Tx) error { // not to be found by others
		for _, name := range []string{"queued", "late", "dead", "runs"} {
			t.Cleanup(func() {
				_ = s.UnitOfWork.Do(context.WithoutCancel(t.Context()), func(ctx context.Context, tx ports.Tx) error {
					row := rows[name]
					row.State, row.CompletedAt, row.LeaseUntil = execution.Cancelled, now, time.Time{}
					return tx.Executions.Save(ctx, execution.Restore(row))
				})
			})
		}
		return nil
	})
	list := func(f ports.WorkFilter, page ports.Page) (names []string, stuck []string) {
		for _, item := range get(t, s, func(ctx context.Context, tx ports.Tx) ([]ports.WorkItem, error) {
			return tx.Work.Executions(ctx, f, page)
		}) {
			for name, row := range rows {
				if row.ID == item.Execution.ID() {
					names = append(names, name)
					same(t, row, item.Execution.Snapshot())
					if item.Stuck {
						stuck = append(stuck, name)
					}
				}
			}
		}
		return names, stuck
	}
	all, late := list(ports.WorkFilter{TenantID: h.tenantID}, ports.Page{Limit: 100})
	require.ElementsMatch(t, []string{"queued", "late", "runs", "dead", "paused", "over"}, all, "of the whole tenant, and of no other")
	require.ElementsMatch(t, []string{"late", "dead"}, late)
	for name, c := range map[string]struct {
		filter ports.WorkFilter
		want   []string
	}{
		"stuck":  {ports.WorkFilter{TenantID: h.tenantID, Stuck: true}, []string{"late", "dead"}},
		"states": {ports.WorkFilter{TenantID: h.tenantID, States: []execution.State{execution.Paused, execution.Failed}}, []string{"paused", "over"}},
		"type":   {ports.WorkFilter{TenantID: h.tenantID, IntentType: "other"}, []string{"runs"}},
		"ids":    {ports.WorkFilter{TenantID: h.tenantID, IDs: []string{rows["late"].ID, foreign.ID}}, []string{"late"}},
		"of all": {ports.WorkFilter{IDs: []string{rows["late"].ID, rows["over"].ID, foreign.ID}}, []string{"late", "over"}},
	} {
		got, _ := list(c.filter, ports.Page{Limit: 100})
		require.ElementsMatch(t, c.want, got, name)
	}
	var paged []string
	for page := (ports.Page{Limit: 2}); ; {
		part, _ := list(ports.WorkFilter{TenantID: h.tenantID}, page)
		if len(part) == 0 {
			break
		}
		paged = append(paged, part...)
		page.After = rows[part[len(part)-1]].ID
	}
	require.Equal(t, all, paged)
	require.Empty(t, get(t, s, func(ctx context.Context, tx ports.Tx) ([]ports.WorkItem, error) {
		return tx.Work.Executions(ctx, ports.WorkFilter{}, ports.Page{})
	}))
}
