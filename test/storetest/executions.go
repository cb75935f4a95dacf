package storetest

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/domain/event"
	"github.com/symphainy/symphainy/domain/execution"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/domain/intent"
	"github.com/symphainy/symphainy/domain/typeid"
	"github.com/symphainy/symphainy/ports"
)

func (s *suite) fullExecution(h home) execution.Snapshot {
	p := h.principal
	p.Roles = []identity.Role{identity.RoleOwner, identity.RoleOperator}
	return execution.Snapshot{
		ID: id(typeid.Execution), TenantID: h.tenantID, OwnerID: h.user.ID, SessionID: h.session.ID(),
		Intent: intent.Intent{
			ID: id(typeid.Intent), Type: "parse_content", Parameters: []byte(awkwardJSON), Metadata: []byte(awkwardJSON),
			SolutionID: "solution", Lane: id(typeid.Conversation), SameKey: "same",
		},
		Realm: "content", Principal: p, State: execution.Failed, Attempt: 2, Fence: 1 << 40, LeaseOwner: id(typeid.Worker),
		LeaseUntil: s.abroad(1), DueAt: s.abroad(2), LastSeq: 1 << 41, TrimmedSeq: 1 << 40, Epoch: 3, CancelRequested: true, Progress: []byte(`{"done":1}`),
		Artifacts: []byte(awkwardJSON), ErrorCode: "code", ErrorMessage: awkward, Waiting: []byte(`{"for":"you"}`),
		WaitingFor: execution.ForSignal, PauseRequested: true, Ending: execution.Cancelled, ChildKey: awkward, RetryOf: id(typeid.Execution),
		StartBy: s.abroad(8), DeadlineLeft: 3*time.Second + time.Microsecond,
		ParentID: id(typeid.Execution), TraceID: "4bf92f3577b34da6a3ce929d0e0e4736", Deadline: s.abroad(3), Version: 9,
		CreatedAt: s.abroad(4), StartedAt: s.abroad(5), CompletedAt: s.abroad(6), UpdatedAt: s.abroad(7),
	}
}

func (s *suite) saveExecution(t *testing.T, row execution.Snapshot) error {
	t.Helper()
	return s.try(t, func(ctx context.Context, tx ports.Tx) error { return tx.Executions.Save(ctx, execution.Restore(row)) })
}

func (s *suite) findExecution(t *testing.T, scope identity.Scope, eid string) (execution.Execution, error) {
	t.Helper()
	return look(t, s, func(ctx context.Context, tx ports.Tx) (execution.Execution, error) {
		return tx.Executions.ByID(ctx, scope, eid)
	})
}

func (s *suite) executions(t *testing.T) {
	t.Helper()
	h, v := s.member(t, ""), s.visitor(t)
	row := s.fullExecution(h)
	full(t, row)
	insert := func(t *testing.T, row execution.Snapshot) error {
		t.Helper()
		return s.try(t, func(ctx context.Context, tx ports.Tx) error { return tx.Executions.Insert(ctx, execution.Restore(row)) })
	}
	t.Run("round trip", func(t *testing.T) {
		bare := execution.Snapshot{ID: id(typeid.Execution), TenantID: v.tenantID, SessionID: v.session.ID(), State: execution.Paused}
		for _, want := range []execution.Snapshot{row, bare} {
			require.NoError(t, insert(t, want))
			same(t, want, s.reload(t, want))
			s.do(t, func(ctx context.Context, tx ports.Tx) error {
				got, err := tx.Executions.Lock(ctx, want.Scope(), want.ID)
				require.NoError(t, err)
				same(t, want, got.Snapshot())
				return nil
			})
		}
		require.ErrorIs(t, insert(t, row), fault.ErrDuplicate)
	})
	t.Run("other scopes do not see it", func(t *testing.T) {
		mine, theirs := s.stored(t, h, 1, nil), s.stored(t, v, 1, nil)
		for name, c := range map[string]struct {
			scope identity.Scope
			id    string
		}{
			"another tenant":       {s.member(t, "").scope, mine.ID},
			"a colleague":          {s.member(t, h.tenantID).scope, mine.ID},
			"a visitor":            {v.scope, mine.ID},
			"the visitor, by user": {identity.Scope{TenantID: v.tenantID, OwnerID: h.user.ID}, theirs.ID},
			"another visitor":      {s.visitor(t).scope, theirs.ID},
			"a session in the tenant": {
				identity.Scope{TenantID: h.tenantID, SessionID: h.session.ID()}, mine.ID,
			},
			"unknown":    {h.scope, id(typeid.Execution)},
			"other case": {h.scope, strings.ToUpper(mine.ID)},
		} {
			_, err := s.findExecution(t, c.scope, c.id)
			require.ErrorIs(t, err, fault.ErrNotFound, name)
			err = s.try(t, func(ctx context.Context, tx ports.Tx) error {
				_, err := tx.Executions.Lock(ctx, c.scope, c.id)
				return err
			})
			require.ErrorIs(t, err, fault.ErrNotFound, name)
		}
	})
	t.Run("save", func(t *testing.T) {
		stored := s.stored(t, h, 1, nil)
		next := s.fullExecution(h)
		next.ID, next.Principal, next.Version = stored.ID, stored.Principal, stored.Version
		next.Intent, next.CreatedAt, next.Realm, next.ParentID = stored.Intent, stored.CreatedAt, stored.Realm, stored.ParentID
		next.ChildKey, next.RetryOf, next.TrimmedSeq = stored.ChildKey, stored.RetryOf, stored.TrimmedSeq
		require.NoError(t, s.saveExecution(t, next))
		require.ErrorIs(t, s.saveExecution(t, stored), fault.ErrStale)
		next.Version++
		same(t, next, s.reload(t, stored))
		unknown := s.execution(h, 1, nil).Snapshot()
		requireMissing(t, s.saveExecution(t, unknown))
	})
	t.Run("save never changes tenant, owner and principal", func(t *testing.T) {
		stored, other := s.stored(t, h, 1, nil), s.member(t, "")
		moved := stored
		moved.TenantID = other.tenantID
		requireMissing(t, s.saveExecution(t, moved))
		given := stored
		given.OwnerID, given.Principal = other.user.ID, other.principal
		_ = s.saveExecution(t, given) // refused or without that effect
		got := s.reload(t, stored)
		same(t, stored.Principal, got.Principal)
		require.Equal(t, stored.OwnerID, got.OwnerID)
	})
	t.Run("lock keeps other writers out", func(t *testing.T) { s.lockedWriters(t, s.stored(t, h, 1, nil)) })
}

// lockedWriters lets several writers record an event each under the row's lock: none is stale, and the log has no hole.
func (s *suite) lockedWriters(t *testing.T, row execution.Snapshot) {
	t.Helper()
	const writers = 8
	for _, err := range race(writers, func(int) error {
		return s.try(t, func(ctx context.Context, tx ports.Tx) error {
			e, err := tx.Executions.Lock(ctx, row.Scope(), row.ID)
			if err != nil {
				return err
			}
			events := e.Record(s.at(1), event.Draft{Type: "one"}, event.Draft{Type: "two"})
			if err := tx.Events.Append(ctx, row.TenantID, events); err != nil {
				return err
			}
			return tx.Executions.Save(ctx, e)
		})
	}) {
		require.NoError(t, err)
	}
	require.Equal(t, int64(2*writers), s.reload(t, row).LastSeq)
	log := s.readEvents(t, row.TenantID, row.ID, 0, 100)
	require.Len(t, log, 2*writers)
	for i, e := range log {
		require.Equal(t, int64(i+1), e.Seq)
	}
}
