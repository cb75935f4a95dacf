package execution_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/domain/execution"
)

func TestSuspendFreesTheOwnerUntilItIsDue(t *testing.T) {
	e := owned()
	require.NoError(t, e.Suspend(execution.ForTimer, []byte(`{"until":1}`), now.Add(time.Minute), false, now))
	s := e.Snapshot()
	require.Equal(t, execution.ForTimer, s.WaitingFor)
	require.Empty(t, s.LeaseOwner)
	require.False(t, e.Claimable(now.Add(time.Minute-1)))
	require.True(t, e.Claimable(now.Add(time.Minute)))
	require.NoError(t, e.Claim("other", now.Add(time.Hour), now.Add(time.Minute)))
	require.Equal(t, s.Attempt, e.Snapshot().Attempt, "going on is no new attempt")
	require.Equal(t, s.Fence+1, e.Snapshot().Fence)
}

func TestSuspendWithoutATimeLastsUntilWake(t *testing.T) {
	e := owned()
	require.NoError(t, e.Suspend(execution.ForDecision, []byte(`{"prompt":"?"}`), time.Time{}, false, now))
	require.False(t, e.Claimable(now.Add(1000*time.Hour)))
	require.NoError(t, e.Wake(now))
	require.True(t, e.Claimable(now))
	require.Empty(t, e.Snapshot().WaitingFor)
	require.Nil(t, e.Snapshot().Waiting)
}

// The clock of a deadline: still while waiting or paused if it is told so, and running on otherwise.
func TestTheDeadlineStandsStill(t *testing.T) {
	const left, away = 10 * time.Minute, 72 * time.Hour
	stops := map[string]func(e *execution.Execution, still bool) error{
		"suspend": func(e *execution.Execution, still bool) error {
			return e.Suspend(execution.ForSignal, nil, time.Time{}, still, now)
		},
		"pause":   func(e *execution.Execution, still bool) error { return e.Pause(still, now) },
		"exhaust": func(e *execution.Execution, still bool) error { return e.Exhaust("code", "text", still, now) },
		"pause while waiting": func(e *execution.Execution, still bool) error {
			if err := e.Suspend(execution.ForSignal, nil, time.Time{}, still, now); err != nil {
				return err
			}
			return e.Pause(still, now.Add(away/2))
		},
	}
	goOn := func(e *execution.Execution, at time.Time) error {
		if e.State() == execution.Waiting {
			return e.Wake(at)
		}
		_, err := e.Resume(at)
		return err
	}
	for name, stop := range stops {
		e := owned()
		require.NoError(t, stop(&e, true), name)
		require.True(t, e.Snapshot().Deadline.IsZero(), name)
		require.Equal(t, left, e.Snapshot().DeadlineLeft, name)
		require.False(t, e.Overdue(now.Add(away)), name)
		require.NoError(t, goOn(&e, now.Add(away)), name)
		require.Equal(t, now.Add(away+left), e.Snapshot().Deadline, "%s: what was left goes on", name)
		require.Zero(t, e.Snapshot().DeadlineLeft, name)

		e = owned()
		require.NoError(t, stop(&e, false), name)
		require.Equal(t, now.Add(left), e.Snapshot().Deadline, name)
		require.True(t, e.Overdue(now.Add(left)), "%s: a deadline of the intent's own does not stand still", name)
	}
}

func TestAPassedDeadlineKeepsAMoment(t *testing.T) {
	s := owned().Snapshot()
	s.Deadline = now.Add(-time.Minute)
	e := execution.Restore(s)
	require.NoError(t, e.Pause(true, now))
	_, err := e.Resume(now.Add(time.Hour))
	require.NoError(t, err)
	require.Equal(t, now.Add(time.Hour+time.Millisecond), e.Snapshot().Deadline, "a passed deadline is not none")
}

func TestNoDeadlineStaysNone(t *testing.T) {
	s := owned().Snapshot()
	s.Deadline = time.Time{}
	e := execution.Restore(s)
	require.NoError(t, e.Suspend(execution.ForChildren, nil, time.Time{}, true, now))
	require.NoError(t, e.Wake(now.Add(time.Hour)))
	require.True(t, e.Snapshot().Deadline.IsZero())
}

func TestAwakeWithoutAWaitChangesNothing(t *testing.T) {
	e := owned()
	before := e.Snapshot()
	e.Awake(now.Add(time.Hour))
	require.Equal(t, before, e.Snapshot())
}
