package memstore

import (
	"cmp"
	"context"
	"slices"

	"github.com/symphainy/symphainy/domain/execution"
	"github.com/symphainy/symphainy/ports"
)

type work struct{ *txn }

func (s work) Executions(ctx context.Context, f ports.WorkFilter, page ports.Page) ([]ports.WorkItem, error) {
	if err := s.reads(ctx); err != nil {
		return nil, err
	}
	now := s.now()
	rows := s.st.executions.find(func(row execution.Snapshot) bool {
		return (f.TenantID == "" || row.TenantID == f.TenantID) && (page.After == "" || row.ID < page.After) &&
			(len(f.IDs) == 0 || slices.Contains(f.IDs, row.ID)) && (len(f.States) == 0 || slices.Contains(f.States, row.State)) &&
			(f.IntentType == "" || row.Intent.Type == f.IntentType) && (!f.Stuck || stuck(row, now))
	}, func(a, b execution.Snapshot) int { return cmp.Compare(b.ID, a.ID) })
	list := []ports.WorkItem{}
	for _, row := range cut(rows, ports.Window{Limit: page.Limit}) {
		list = append(list, ports.WorkItem{Execution: execution.Restore(row), Stuck: stuck(row, now)})
	}
	return list, nil
}
