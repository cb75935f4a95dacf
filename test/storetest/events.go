package storetest

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/domain/event"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/typeid"
	"github.com/symphainy/symphainy/ports"
)

func (s *suite) readEvents(t *testing.T, tenantID, eid string, after int64, limit int) []event.Event {
	t.Helper()
	return get(t, s, func(ctx context.Context, tx ports.Tx) ([]event.Event, error) {
		return tx.Events.Read(ctx, tenantID, eid, after, limit)
	})
}

func (s *suite) events(t *testing.T) {
	t.Helper()
	h := s.member(t, "")
	row := s.stored(t, h, 1, nil)
	add := func(t *testing.T, list ...event.Event) error {
		t.Helper()
		return s.try(t, func(ctx context.Context, tx ports.Tx) error { return tx.Events.Append(ctx, h.tenantID, list) })
	}
	first := event.Event{
		ExecutionID: row.ID, Seq: 1, Epoch: 2, Type: awkward, Data: []byte(awkwardJSON), Time: s.abroad(1), TraceID: "trace",
	}
	full(t, first)
	second := event.Event{ExecutionID: row.ID, Seq: 2, Epoch: 1, Type: "bare", Data: []byte(`{}`), Time: s.at(2)}
	require.Empty(t, s.readEvents(t, h.tenantID, row.ID, 0, 10))
	require.NoError(t, add(t))
	require.NoError(t, add(t, first, second))

	t.Run("round trip", func(t *testing.T) {
		same(t, []event.Event{first, second}, s.readEvents(t, h.tenantID, row.ID, 0, 10))
	})
	t.Run("a number is given once", func(t *testing.T) {
		third := second
		third.Seq = 3
		require.ErrorIs(t, add(t, third, second), fault.ErrDuplicate)
		require.Len(t, s.readEvents(t, h.tenantID, row.ID, 0, 10), 2, "all of them or none")
		require.ErrorIs(t, s.try(t, func(ctx context.Context, tx ports.Tx) error {
			require.NoError(t, tx.Events.Append(ctx, h.tenantID, []event.Event{third}))
			return fault.ErrPermission
		}), fault.ErrPermission)
		require.Len(t, s.readEvents(t, h.tenantID, row.ID, 0, 10), 2)
		require.NoError(t, add(t, third))
		require.Len(t, s.readEvents(t, h.tenantID, row.ID, 0, 10), 3)
	})
	t.Run("other tenants and executions have their own", func(t *testing.T) {
		require.Empty(t, s.readEvents(t, s.member(t, "").tenantID, row.ID, 0, 10))
		require.Empty(t, s.readEvents(t, h.tenantID, id(typeid.Execution), 0, 10))
		other := s.stored(t, h, 1, nil)
		require.NoError(t, add(t, event.Event{ExecutionID: other.ID, Seq: 1, Epoch: 1, Type: "x", Data: []byte(`{}`), Time: s.at(1)}))
		require.Len(t, s.readEvents(t, h.tenantID, other.ID, 0, 10), 1)
	})
	t.Run("reading in parts", func(t *testing.T) {
		long := s.stored(t, h, 1, nil)
		var list []event.Event
		for seq := int64(1); seq <= 300; seq++ {
			list = append(list, event.Event{
				ExecutionID: long.ID, Seq: seq, Epoch: 1, Type: "agent.token", Data: fmt.Appendf(nil, `{"n":%d}`, seq),
				Time: s.at(1).Add(time.Duration(seq) * time.Microsecond),
			})
		}
		require.NoError(t, add(t, list[:1]...))
		require.NoError(t, add(t, list[1:]...))
		var all []event.Event
		for {
			part := s.readEvents(t, h.tenantID, long.ID, int64(len(all)), 128)
			require.LessOrEqual(t, len(part), 128)
			if len(part) == 0 {
				break
			}
			all = append(all, part...)
		}
		same(t, list, all)
		require.Empty(t, s.readEvents(t, h.tenantID, long.ID, 0, 0), "at most 0 are none")
		require.Empty(t, s.readEvents(t, h.tenantID, long.ID, 1000, 10), "a position in the future")
	})
}

// queue checks what of the queue can be seen through the unit of work alone; queuetest has the rest.
func (s *suite) queue(t *testing.T) {
	t.Helper()
	row := s.stored(t, s.member(t, ""), 1, nil)
	s.do(t, func(ctx context.Context, tx ports.Tx) error {
		require.NoError(t, tx.Queue.Enqueue(ctx))
		return tx.Queue.Enqueue(ctx, ports.Job{ExecutionID: row.ID}, ports.Job{ExecutionID: row.ID, DueAt: s.Now().Add(time.Hour)},
			ports.Job{ExecutionID: id(typeid.Execution), DueAt: s.at(0)})
	})
	require.ErrorIs(t, s.try(t, func(ctx context.Context, tx ports.Tx) error {
		require.NoError(t, tx.Queue.Enqueue(ctx, ports.Job{ExecutionID: row.ID}))
		return fault.ErrPermission
	}), fault.ErrPermission)
}
