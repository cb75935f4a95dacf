package execution_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/domain/execution"
)

// busy is an execution in a state with something in every field that a verb may clear.
func busy(state execution.State) execution.Execution {
	s := execution.Snapshot{
		ID: "exe_1", State: state, Epoch: 1, Attempt: 2, Fence: 4, DueAt: now.Add(time.Hour), Deadline: now.Add(10 * time.Minute),
	}
	switch state { //nolint:exhaustive // the others have nothing of their own
	case execution.Running: // its owner is gone
		s.LeaseOwner, s.LeaseUntil = "owner", now.Add(-time.Second)
	case execution.Waiting:
		s.WaitingFor, s.Waiting = execution.ForSignal, []byte(`{"signal":"go"}`)
	case execution.Retrying:
		s.ErrorCode, s.ErrorMessage = "unavailable", "Try again."
	}
	return execution.Restore(s)
}

func owned() execution.Execution {
	s := busy(execution.Running).Snapshot()
	s.LeaseUntil = now.Add(time.Second)
	return execution.Restore(s)
}

// A verb leads from each of the states in from to one state, and from all others it is refused and changes nothing.
func TestVerbsOfWaitingAndControlFollowTheMatrix(t *testing.T) {
	verbs := map[string]struct {
		from []execution.State
		to   execution.State
		do   func(*execution.Execution) error
	}{
		"suspend": {[]execution.State{execution.Running}, execution.Waiting, func(e *execution.Execution) error {
			return e.Suspend(execution.ForTimer, []byte(`{}`), now.Add(time.Hour), true, now)
		}},
		"wake": {[]execution.State{execution.Waiting}, execution.Waiting, func(e *execution.Execution) error { return e.Wake(now) }},
		"pause": {
			[]execution.State{execution.Accepted, execution.Running, execution.Waiting, execution.Retrying}, execution.Paused,
			func(e *execution.Execution) error { return e.Pause(true, now) },
		},
		"exhaust": {
			[]execution.State{execution.Accepted, execution.Running, execution.Waiting, execution.Retrying}, execution.Paused,
			func(e *execution.Execution) error { return e.Exhaust("code", "text", true, now) },
		},
		"unwind to failed": {execution.Live(), execution.Running, func(e *execution.Execution) error {
			return e.Unwind(execution.Failed, "code", "text", now)
		}},
		"unwind to cancelled": {execution.Live(), execution.Running, func(e *execution.Execution) error {
			return e.Unwind(execution.Cancelled, "", "", now)
		}},
		"unwind to completed":       {nil, "", func(e *execution.Execution) error { return e.Unwind(execution.Completed, "", "", now) }},
		"unwind to a live state":    {nil, "", func(e *execution.Execution) error { return e.Unwind(execution.Paused, "", "", now) }},
		"unwound without an unwind": {nil, "", func(e *execution.Execution) error { return e.Unwound(now) }},
	}
	for name, verb := range verbs {
		for _, from := range execution.States() {
			e := busy(from)
			before := e.Snapshot()
			err := verb.do(&e)
			if !slices.Contains(verb.from, from) {
				require.ErrorIs(t, err, execution.ErrIllegal, "%s from %s", name, from)
				require.Equal(t, before, e.Snapshot(), "%s from %s: a refused verb changes nothing", name, from)
				continue
			}
			require.NoError(t, err, "%s from %s", name, from)
			require.Equal(t, verb.to, e.State(), "%s from %s", name, from)
			require.Empty(t, e.Snapshot().LeaseOwner, "%s from %s: nobody owns it", name, from)
			require.Equal(t, before.Fence, e.Snapshot().Fence, "only a claim raises the fence")
		}
	}
}

func TestRequestPauseFromEveryState(t *testing.T) {
	for _, from := range execution.States() {
		e := busy(from)
		before := e.Snapshot()
		done, err := e.RequestPause(true, now)
		if from.Terminal() {
			require.ErrorIs(t, err, execution.ErrEnded, from)
			require.Equal(t, before, e.Snapshot())
			continue
		}
		require.NoError(t, err, from)
		require.True(t, done, from)
		require.Equal(t, execution.Paused, e.State(), from)
		require.Empty(t, e.Snapshot().WaitingFor, "what it waited for it will wait for again")
		require.Nil(t, e.Snapshot().Waiting)
		require.False(t, e.Claimable(now.Add(24*time.Hour)), "nobody claims what is paused")
		if from == execution.Paused {
			require.Equal(t, before, e.Snapshot(), "a second request changes nothing")
		}
	}

	e := owned()
	done, err := e.RequestPause(true, now)
	require.NoError(t, err)
	require.False(t, done, "a live owner is asked, not overruled")
	require.Equal(t, execution.Running, e.State())
	require.True(t, e.Snapshot().PauseRequested)
	require.NoError(t, e.Pause(true, now), "the owner obeys")
	require.False(t, e.Snapshot().PauseRequested)
}

func TestResumeFromEveryState(t *testing.T) {
	for _, from := range execution.States() {
		e := busy(from)
		before := e.Snapshot()
		changed, err := e.Resume(now)
		switch {
		case from.Terminal():
			require.ErrorIs(t, err, execution.ErrEnded, from)
			require.Equal(t, before, e.Snapshot())
		case from == execution.Paused:
			require.NoError(t, err)
			require.True(t, changed)
			require.True(t, e.Claimable(now), "due at once")
			require.Zero(t, e.Snapshot().Attempt, "all attempts are before it")
		default:
			require.NoError(t, err, from)
			require.False(t, changed, from)
			require.Equal(t, before, e.Snapshot(), "%s: nothing to resume, nothing changes", from)
		}
	}

	e := owned()
	_, err := e.RequestPause(true, now)
	require.NoError(t, err)
	changed, err := e.Resume(now)
	require.NoError(t, err)
	require.True(t, changed)
	require.False(t, e.Snapshot().PauseRequested, "a pause that was only asked for is taken back")
	require.Equal(t, execution.Running, e.State())
}

func TestExhaustKeepsTheReasonUntilItIsResumed(t *testing.T) {
	e := owned()
	require.NoError(t, e.Exhaust("attempts_exhausted", "No attempt is left.", true, now))
	require.Equal(t, "attempts_exhausted", e.Snapshot().ErrorCode)
	_, err := e.Resume(now)
	require.NoError(t, err)
	require.Empty(t, e.Snapshot().ErrorCode)
	require.Empty(t, e.Snapshot().ErrorMessage)
}

func TestHurryFromEveryState(t *testing.T) {
	for _, from := range execution.States() {
		e := busy(from)
		before := e.Snapshot()
		require.Equal(t, from == execution.Retrying, e.Hurry(now), from)
		if from != execution.Retrying {
			require.Equal(t, before, e.Snapshot())
			continue
		}
		require.True(t, e.Claimable(now))
		require.False(t, e.Hurry(now), "it is due already")
	}
}

func TestUnwindEndsWhereItWasGoing(t *testing.T) {
	for _, ending := range []execution.State{execution.Failed, execution.Cancelled} {
		e := owned()
		_, err := e.RequestPause(true, now)
		require.NoError(t, err)
		require.NoError(t, e.Unwind(ending, "code", "text", now))
		s := e.Snapshot()
		require.Equal(t, ending, s.Ending)
		require.True(t, e.Claimable(now), "the undos run under a claim of their own")
		require.Zero(t, s.Attempt)
		require.True(t, s.Deadline.IsZero(), "deadlines do not hold for undos")
		require.False(t, s.PauseRequested || s.CancelRequested)

		before := e.Snapshot()
		require.ErrorIs(t, e.Unwind(execution.Cancelled, "", "", now), execution.ErrIllegal, "it is under way already")
		done, err := e.RequestCancel(now)
		require.NoError(t, err)
		require.False(t, done)
		require.Equal(t, before, e.Snapshot(), "a cancel meanwhile changes nothing")

		require.NoError(t, e.Retry("other", "An undo failed.", now, now))
		require.Equal(t, "code", e.Snapshot().ErrorCode, "the reason of the end stays")
		require.NoError(t, e.Claim("owner", now.Add(time.Second), now))
		require.NoError(t, e.Unwound(now))
		require.Equal(t, ending, e.State())
		require.Equal(t, "code", e.Snapshot().ErrorCode)
		require.Empty(t, e.Snapshot().Ending)
	}
}

func TestOverdueIsForWhatNobodyWorksOn(t *testing.T) {
	for _, s := range execution.States() {
		late := execution.Restore(execution.Snapshot{State: s, Deadline: now})
		require.Equal(t, !s.Terminal() && s != execution.Running, late.Overdue(now), "%s past its deadline", s)
		require.False(t, late.Overdue(now.Add(-1)), "%s before its deadline", s)
		require.False(t, execution.Restore(execution.Snapshot{State: s}).Overdue(now), "%s without a deadline", s)

		unstarted := execution.Restore(execution.Snapshot{State: s, StartBy: now})
		require.Equal(t, s == execution.Accepted, unstarted.NeverStarted(now), s)
		require.Equal(t, s == execution.Accepted, unstarted.Overdue(now), s)

		unwinding := execution.Restore(execution.Snapshot{State: s, Deadline: now, Ending: execution.Failed})
		require.False(t, unwinding.Overdue(now), "%s: undos have no deadline", s)
	}
}
