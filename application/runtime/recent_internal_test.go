package runtime

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/domain/event"
	"github.com/symphainy/symphainy/domain/execution"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/ports"
)

func eventsOf(id string, epoch int, from, to int64) []event.Event {
	var list []event.Event
	for seq := from; seq <= to; seq++ {
		list = append(list, event.Event{ExecutionID: id, Epoch: epoch, Seq: seq, Data: []byte("{}")})
	}
	return list
}

func standing(id string, epoch int, last int64) execution.Snapshot {
	return execution.Snapshot{ID: id, TenantID: "ten_a", OwnerID: "usr_a", State: execution.Running, Epoch: epoch, LastSeq: last}
}

func TestWhatWasJustWrittenIsHandedOnOnlyWhereALookWouldGiveTheSame(t *testing.T) {
	owner := identity.Scope{TenantID: "ten_a", OwnerID: "usr_a"}
	for name, c := range map[string]struct {
		write func(*recent)
		scope identity.Scope
		from  ports.Position
		last  int64
		want  []int64
		no    bool
	}{
		"from the start":           {from: ports.Position{}, last: 5, want: []int64{1, 2, 3, 4, 5}},
		"in the middle":            {from: ports.Position{Epoch: 1, Seq: 3}, last: 5, want: []int64{4, 5}},
		"up to date":               {from: ports.Position{Seq: 5}, last: 5, want: []int64{}},
		"no hint":                  {no: true},
		"the hint knows more":      {last: 6, no: true},
		"the future":               {from: ports.Position{Seq: 6}, last: 5, no: true},
		"the past":                 {from: ports.Position{Seq: -1}, last: 5, no: true},
		"another epoch":            {from: ports.Position{Epoch: 2, Seq: 1}, last: 5, no: true},
		"another owner":            {scope: identity.Scope{TenantID: "ten_a", OwnerID: "usr_b"}, last: 5, no: true},
		"another tenant":           {scope: identity.Scope{TenantID: "ten_b", OwnerID: "usr_a"}, last: 5, no: true},
		"others wrote between":     {write: func(r *recent) { r.add("ten_a", eventsOf("exe_1", 1, 7, 8)); r.stands(standing("exe_1", 1, 8)) }, last: 8, no: true},
		"after what others wrote":  {write: func(r *recent) { r.add("ten_a", eventsOf("exe_1", 1, 7, 8)); r.stands(standing("exe_1", 1, 8)) }, from: ports.Position{Seq: 6}, last: 8, want: []int64{7, 8}},
		"ended in the other order": {write: func(r *recent) { r.add("ten_a", eventsOf("exe_1", 1, 2, 3)); r.stands(standing("exe_1", 1, 3)) }, last: 5, want: []int64{1, 2, 3, 4, 5}},
		"written by another scope": {write: func(r *recent) { r.add("ten_b", eventsOf("exe_1", 1, 6, 6)) }, from: ports.Position{Seq: 5}, last: 6, no: true},
		"begun anew":               {write: func(r *recent) { r.add("ten_a", eventsOf("exe_1", 2, 1, 2)); r.stands(standing("exe_1", 2, 2)) }, last: 2, want: []int64{1, 2}},
		"row not told of yet":      {write: func(r *recent) { r.add("ten_a", eventsOf("exe_1", 2, 1, 2)) }, last: 2, no: true},
		"longer than a page": {
			write: func(r *recent) {
				r.add("ten_a", eventsOf("exe_1", 1, 6, 6+pageSize))
				r.stands(standing("exe_1", 1, 6+pageSize))
			},
			last: 6 + pageSize, no: true,
		},
	} {
		t.Run(name, func(t *testing.T) {
			var r recent
			r.add("ten_a", eventsOf("exe_1", 1, 1, 3))
			r.stands(standing("exe_1", 1, 3))
			r.add("ten_a", eventsOf("exe_1", 1, 4, 5))
			r.stands(standing("exe_1", 1, 5))
			if c.write != nil {
				c.write(&r)
			}
			if !c.scope.Valid() {
				c.scope = owner
			}
			page, ok := r.page(place{c.scope, "exe_1", c.from}, c.last)
			require.Equal(t, !c.no, ok)
			if c.no {
				return
			}
			got := []int64{}
			for _, e := range page.Events {
				got = append(got, e.Seq)
			}
			require.Equal(t, c.want, got)
			require.True(t, page.Recovered)
			require.Equal(t, c.from.Seq, page.Start)
		})
	}
}

func TestWhatWasJustWrittenIsBounded(t *testing.T) {
	var r recent
	for i := range 3 * recentLogs {
		r.add("ten_a", eventsOf(fmt.Sprint("exe_", i), 1, 1, 2))
	}
	require.Len(t, r.logs, recentLogs)
	require.Len(t, r.order, recentLogs)
	require.Contains(t, r.logs, fmt.Sprint("exe_", 3*recentLogs-1))
	large := eventsOf("exe_large", 1, 1, 1)
	large[0].Data = make([]byte, recentBytes+1)
	r.add("ten_a", large)
	require.Empty(t, r.logs)
	require.Zero(t, r.bytes)
}

// unsettled is a store whose transactions run twice before they commit, or never do.
type unsettled struct {
	ports.UnitOfWork
	err error
}

func (u unsettled) Do(ctx context.Context, fn func(ctx context.Context, tx ports.Tx) error) error {
	_ = fn(ctx, ports.Tx{Events: nowhere{}})
	return errors.Join(fn(ctx, ports.Tx{Events: nowhere{}}), u.err)
}

type nowhere struct{ ports.EventLog }

func (nowhere) Append(context.Context, string, []event.Event) error { return nil }

func TestOnlyWhatIsCommittedIsNoted(t *testing.T) {
	seq := int64(0)
	write := func(ctx context.Context, tx ports.Tx) error {
		seq++ // each run writes something else
		return tx.Events.Append(ctx, "ten_a", eventsOf("exe_1", 1, seq, seq))
	}
	var r recent
	require.Error(t, noting{unsettled{err: errors.New("no commit")}, &r}.Do(t.Context(), write))
	require.Empty(t, r.logs)
	require.NoError(t, noting{unsettled{}, &r}.Do(t.Context(), write))
	require.Len(t, r.logs["exe_1"].events, 1)
	require.Equal(t, int64(4), r.logs["exe_1"].events[0].Seq, "that of the run that was committed")
}
