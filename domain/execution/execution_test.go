package execution_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/domain/event"
	"github.com/symphainy/symphainy/domain/execution"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/domain/intent"
)

var now = time.Date(2026, 1, 2, 3, 4, 5, 6000, time.UTC)

func in(state execution.State) execution.Execution {
	return execution.Restore(execution.Snapshot{ID: "exe_1", State: state, Epoch: 1, LeaseUntil: now.Add(-time.Second)})
}

// The matrix of runtime.md §1, row by row: what may follow what.
var matrix = map[execution.State][]execution.State{
	execution.Accepted:  {execution.Running, execution.Paused, execution.Failed, execution.Cancelled},
	execution.Running:   {execution.Running, execution.Completed, execution.Failed, execution.Waiting, execution.Retrying, execution.Paused, execution.Cancelled},
	execution.Waiting:   {execution.Running, execution.Paused, execution.Failed, execution.Cancelled},
	execution.Retrying:  {execution.Running, execution.Paused, execution.Failed, execution.Cancelled},
	execution.Paused:    {execution.Running, execution.Failed, execution.Cancelled},
	execution.Completed: {}, execution.Failed: {}, execution.Cancelled: {},
}

func TestTransitionMatrix(t *testing.T) {
	require.Len(t, matrix, len(execution.States()))
	for _, from := range execution.States() {
		for _, to := range execution.States() {
			require.Equal(t, slices.Contains(matrix[from], to), from.CanBecome(to), "%s → %s", from, to)
		}
		require.Equal(t, len(matrix[from]) == 0, from.Terminal())
		require.Equal(t, !from.Terminal(), slices.Contains(execution.Live(), from))
	}
}

func TestMethodsFollowTheMatrix(t *testing.T) {
	verbs := map[execution.State]func(*execution.Execution) error{
		execution.Completed: func(e *execution.Execution) error { return e.Complete([]byte(`{}`), now) },
		execution.Failed:    func(e *execution.Execution) error { return e.Fail("code", "text", now) },
		execution.Cancelled: func(e *execution.Execution) error { return e.Cancel(now) },
		execution.Retrying:  func(e *execution.Execution) error { return e.Retry("code", "text", now, now) },
	}
	for to, verb := range verbs {
		for _, from := range execution.States() {
			e := in(from)
			before := e.Snapshot()
			if from.CanBecome(to) {
				require.NoError(t, verb(&e), "%s → %s", from, to)
				require.Equal(t, to, e.State())
				require.Empty(t, e.Snapshot().LeaseOwner)
			} else {
				require.ErrorIs(t, verb(&e), execution.ErrIllegal, "%s → %s", from, to)
				require.Equal(t, before, e.Snapshot(), "a refused transition changes nothing")
			}
		}
	}
}

func TestClaimRaisesFenceAndAttemptOnlyWhenDueAndUnowned(t *testing.T) {
	cases := map[string]struct {
		change func(*execution.Snapshot)
		ok     bool
	}{
		"accepted and due":    {func(s *execution.Snapshot) { s.State = execution.Accepted; s.DueAt = now }, true},
		"accepted, not due":   {func(s *execution.Snapshot) { s.State = execution.Accepted; s.DueAt = now.Add(1) }, false},
		"retrying and due":    {func(s *execution.Snapshot) { s.State = execution.Retrying; s.DueAt = now }, true},
		"running, lapsed":     {func(s *execution.Snapshot) { s.State = execution.Running; s.LeaseUntil = now }, true},
		"running, live owner": {func(s *execution.Snapshot) { s.State = execution.Running; s.LeaseUntil = now.Add(1) }, false},
		"waiting":             {func(s *execution.Snapshot) { s.State = execution.Waiting }, false},
		"paused":              {func(s *execution.Snapshot) { s.State = execution.Paused }, false},
		"completed":           {func(s *execution.Snapshot) { s.State = execution.Completed }, false},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			s := execution.Snapshot{ID: "exe_1", Fence: 7, Attempt: 1, LeaseOwner: "old"}
			c.change(&s)
			e := execution.Restore(s)
			err := e.Claim("me", now.Add(5*time.Second), now)
			if !c.ok {
				require.ErrorIs(t, err, execution.ErrNotClaimable)
				return
			}
			require.NoError(t, err)
			require.Equal(t, execution.Lease{ExecutionID: "exe_1", Owner: "me", Fence: 8}, e.Snapshot().Lease())
			require.Equal(t, 2, e.Snapshot().Attempt)
		})
	}
}

func TestRequestCancel(t *testing.T) {
	owned := execution.Restore(execution.Snapshot{State: execution.Running, LeaseUntil: now.Add(time.Second)})
	done, err := owned.RequestCancel(now)
	require.NoError(t, err)
	require.False(t, done, "a live owner is asked, not overruled")
	require.True(t, owned.Snapshot().CancelRequested)

	for _, s := range []execution.State{execution.Accepted, execution.Running, execution.Waiting, execution.Retrying, execution.Paused, execution.Cancelled} {
		e := in(s)
		done, err := e.RequestCancel(now)
		require.NoError(t, err)
		require.True(t, done)
		require.Equal(t, execution.Cancelled, e.State())
	}
	for _, s := range []execution.State{execution.Completed, execution.Failed} {
		e := in(s)
		_, err := e.RequestCancel(now)
		require.ErrorIs(t, err, execution.ErrEnded)
		require.Equal(t, s, e.State())
	}
}

func TestRecordNumbersEventsWithoutHoles(t *testing.T) {
	e := execution.Accept("exe_1", "content", intent.Intent{Type: "x"}, identity.Principal{TenantID: "ten_1", UserID: "usr_1"}, "ses_1", "trace", time.Time{}, now)
	first := e.Record(now, event.Draft{Type: "a"}, event.Draft{Type: "b", Data: []byte(`{"x":1}`)})
	second := e.Record(now, event.Draft{Type: "c"})
	require.Equal(t, []int64{1, 2, 3}, []int64{first[0].Seq, first[1].Seq, second[0].Seq})
	require.Equal(t, "{}", string(first[0].Data))
	require.Equal(t, int64(3), e.Snapshot().LastSeq)
	require.Equal(t, "trace", second[0].TraceID)
}

func TestWireStatus(t *testing.T) {
	want := map[execution.State]string{
		execution.Accepted: "pending", execution.Retrying: "pending", execution.Running: "running", execution.Waiting: "waiting",
		execution.Paused: "paused", execution.Completed: "completed", execution.Failed: "failed", execution.Cancelled: "cancelled",
	}
	for _, s := range execution.States() {
		require.Equal(t, want[s], s.Wire())
	}
}

func TestScopeFollowsTheOwner(t *testing.T) {
	anonymous := execution.Snapshot{TenantID: "ses_1", SessionID: "ses_1"}
	require.Equal(t, identity.Scope{TenantID: "ses_1", SessionID: "ses_1"}, anonymous.Scope())
	owned := execution.Snapshot{TenantID: "ten_1", OwnerID: "usr_1", SessionID: "ses_1"}
	require.Equal(t, identity.Scope{TenantID: "ten_1", OwnerID: "usr_1"}, owned.Scope())
	require.True(t, anonymous.Scope().Valid())
	require.True(t, owned.Scope().Valid())
}
