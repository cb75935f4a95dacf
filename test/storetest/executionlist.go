package storetest

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/domain/execution"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/domain/session"
	"github.com/symphainy/symphainy/domain/typeid"
	"github.com/symphainy/symphainy/ports"
)

func (s *suite) executionList(t *testing.T) {
	t.Helper()
	h := s.member(t, "")
	second := session.NewActive(id(typeid.Session), h.user.ID, h.tenantID, nil, s.at(0))
	// Oldest first; the third and fourth share their time and are ordered by id.
	edits := []struct {
		minutes int
		edit    func(*execution.Snapshot)
	}{
		{1, func(r *execution.Snapshot) { r.Intent.Type, r.Realm = "assess_data_quality", "insights" }},
		{2, func(r *execution.Snapshot) { r.State, r.CompletedAt = execution.Completed, s.at(10) }},
		{3, func(r *execution.Snapshot) { r.State, r.CompletedAt = execution.Failed, s.at(20) }},
		{3, func(r *execution.Snapshot) { r.SessionID = second.ID() }},
		{5, func(r *execution.Snapshot) {
			r.State, r.RetryOf, r.ParentID, r.ChildKey = execution.Waiting, "exe_first", "exe_parent", "all/1"
		}},
	}
	e := make([]string, len(edits))
	s.do(t, func(ctx context.Context, tx ports.Tx) error {
		require.NoError(t, tx.Sessions.Insert(ctx, second))
		for i, v := range edits {
			one := s.execution(h, v.minutes, v.edit)
			e[i] = one.ID()
			require.NoError(t, tx.Executions.Insert(ctx, one))
		}
		return nil
	})
	s.stored(t, s.member(t, h.tenantID), 4, nil)
	s.stored(t, s.member(t, ""), 4, nil)

	list := func(scope identity.Scope, f ports.ExecutionFilter, page ports.Page) []string {
		return ids(get(t, s, func(ctx context.Context, tx ports.Tx) ([]execution.Execution, error) {
			return tx.Executions.List(ctx, scope, f, page)
		}), execution.Execution.ID)
	}
	t.Run("filters", func(t *testing.T) {
		for name, c := range map[string]struct {
			filter ports.ExecutionFilter
			want   []string
		}{
			"none":       {ports.ExecutionFilter{}, []string{e[4], e[3], e[2], e[1], e[0]}},
			"session":    {ports.ExecutionFilter{SessionID: second.ID()}, []string{e[3]}},
			"one state":  {ports.ExecutionFilter{Status: []execution.State{execution.Waiting}}, []string{e[4]}},
			"two states": {ports.ExecutionFilter{Status: []execution.State{execution.Failed, execution.Completed}}, []string{e[2], e[1]}},
			"intent":     {ports.ExecutionFilter{IntentType: "assess_data_quality"}, []string{e[0]}},
			"parent":     {ports.ExecutionFilter{ParentID: "exe_parent"}, []string{e[4]}},
			"no parent":  {ports.ExecutionFilter{ParentID: "exe_other"}, []string{}},
			"realm":      {ports.ExecutionFilter{Realm: "content"}, []string{e[4], e[3], e[2], e[1]}},
			"retry":      {ports.ExecutionFilter{RetryOf: "exe_first"}, []string{e[4]}},
			"after":      {ports.ExecutionFilter{CreatedAfter: s.at(3)}, []string{e[4]}},
			"before":     {ports.ExecutionFilter{CreatedBefore: s.at(3)}, []string{e[1], e[0]}},
			"between":    {ports.ExecutionFilter{CreatedAfter: s.at(1), CreatedBefore: s.abroad(5)}, []string{e[3], e[2], e[1]}},
			"active":     {ports.ExecutionFilter{ActiveSince: s.at(20)}, []string{e[4], e[3], e[2], e[0]}},
			"active too": {ports.ExecutionFilter{ActiveSince: s.at(20).Add(time.Microsecond)}, []string{e[4], e[3], e[0]}},
			"several":    {ports.ExecutionFilter{Realm: "content", ActiveSince: s.at(21), CreatedAfter: s.at(3)}, []string{e[4]}},
			"except":     {ports.ExecutionFilter{Except: []string{"parse_content", "unknown"}}, []string{e[0]}},
			"nothing":    {ports.ExecutionFilter{IntentType: "PARSE_CONTENT"}, []string{}},
			"foreign":    {ports.ExecutionFilter{SessionID: id(typeid.Session)}, []string{}},
		} {
			require.Equal(t, c.want, list(h.scope, c.filter, ports.Page{Limit: 50}), name)
		}
	})
	t.Run("pages", func(t *testing.T) {
		for limit := 1; limit <= 3; limit++ {
			all := pages(t, limit, func(p ports.Page) []string { return list(h.scope, ports.ExecutionFilter{}, p) })
			require.Equal(t, reversed(e), all, "limit %d", limit)
		}
		live := ports.ExecutionFilter{Status: execution.Live()}
		require.Equal(t, []string{e[0]}, list(h.scope, live, ports.Page{Limit: 5, After: e[2]}), "the cursor need not pass the filter any more")
		require.Empty(t, list(h.scope, ports.ExecutionFilter{}, ports.Page{}), "at most 0 are none")
	})
	t.Run("scopes", func(t *testing.T) {
		v := s.visitor(t)
		require.Empty(t, list(v.scope, ports.ExecutionFilter{}, ports.Page{Limit: 5}))
		one := s.stored(t, v, 1, nil)
		require.Equal(t, []string{one.ID}, list(v.scope, ports.ExecutionFilter{}, ports.Page{Limit: 5}))
		require.Empty(t, list(v.scope, ports.ExecutionFilter{SessionID: h.session.ID()}, ports.Page{Limit: 5}))
	})
}
