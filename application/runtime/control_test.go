package runtime_test

import (
	"context"
	"encoding/json"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/domain/event"
	"github.com/symphainy/symphainy/domain/execution"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/domain/intent"
	"github.com/symphainy/symphainy/domain/realm"
	"github.com/symphainy/symphainy/ports"
)

func TestPauseAndResumeWhereNobodyWorks(t *testing.T) {
	w := newWorld(t, only(done))
	id := w.submit(submission("act"))
	left := w.get(id).Deadline.Sub(w.clock.Now())
	for range 2 {
		s, err := w.engine.Pause(t.Context(), ada(), id)
		require.NoError(t, err)
		require.Equal(t, execution.Paused, s.State)
	}
	w.clock.Advance(24 * time.Hour)
	w.work()
	require.Equal(t, execution.Paused, w.get(id).State, "a paused execution is not claimed, nor does its default time run")
	for range 2 {
		s, err := w.engine.Resume(t.Context(), ada(), id)
		require.NoError(t, err)
		require.Equal(t, left, s.Deadline.Sub(w.clock.Now()))
	}
	w.work()
	require.Equal(t, execution.Completed, w.get(id).State)
	require.Equal(t, []string{event.ExecutionAccepted, event.ExecutionPaused, event.ExecutionResumed, event.ExecutionStarted, event.ExecutionCompleted}, w.types(id))
	require.Equal(t, []string{"intent.submitted open", "execution.pause allowed", "execution.resume allowed", "intent.ended completed"}, w.audited())
	_, err := w.engine.Pause(t.Context(), ada(), id)
	require.ErrorIs(t, err, execution.ErrEnded)
	_, err = w.engine.Resume(t.Context(), ada(), id)
	require.ErrorIs(t, err, execution.ErrEnded)
}

func TestPauseStopsARunBeforeItsNextStep(t *testing.T) {
	inside, ran := make(chan struct{}), map[string]int{}
	w := newWorld(t, only(func(ctx context.Context, c ports.IntentCall) (ports.IntentResult, error) {
		for _, name := range []string{"one", "two"} {
			_, err := c.Step(ctx, name, func(ctx context.Context, _ string) ([]byte, error) {
				if ran[name]++; name == "one" {
					close(inside)
					<-ctx.Done() // the owner hears of it although it runs elsewhere
				}
				return nil, nil
			})
			if err != nil {
				return ports.IntentResult{}, err
			}
		}
		return ports.IntentResult{}, nil
	}))
	id := w.submit(submission("act"))
	running := w.desk.handle
	other := w.start(only(done)) // another replica, which does not run it
	var group sync.WaitGroup
	group.Go(func() { require.NoError(t, running(t.Context(), id)) })
	<-inside
	asked := time.Now()
	s, err := other.Pause(t.Context(), ada(), id)
	require.NoError(t, err)
	require.True(t, s.PauseRequested)
	group.Wait()
	require.Less(t, time.Since(asked), 250*time.Millisecond)
	require.Equal(t, execution.Paused, w.get(id).State)
	require.Equal(t, map[string]int{"one": 1}, ran, "the step that ran is kept, the next one does not begin")
	_, err = w.engine.Resume(t.Context(), ada(), id)
	require.NoError(t, err)
	w.desk.take()
	require.NoError(t, running(t.Context(), id))
	require.Equal(t, execution.Completed, w.get(id).State)
	require.Equal(t, map[string]int{"one": 1, "two": 1}, ran)
}

func TestOthersCannotSteer(t *testing.T) {
	w := newWorld(t, only(done))
	id := w.submit(submission("act"))
	stranger, viewer := ada(), ada()
	stranger.UserID = "usr_bob"
	viewer.Roles = []identity.Role{identity.RoleViewer}
	for name, call := range map[string]func(p identity.Principal) error{
		"pause":  func(p identity.Principal) error { _, err := w.engine.Pause(t.Context(), p, id); return err },
		"resume": func(p identity.Principal) error { _, err := w.engine.Resume(t.Context(), p, id); return err },
		"retry": func(p identity.Principal) error {
			_, err := w.engine.Retry(t.Context(), p, id, ports.RetryCommand{})
			return err
		},
		"signal": func(p identity.Principal) error {
			_, err := w.engine.Signal(t.Context(), p, id, execution.Signal{Name: "go"})
			return err
		},
	} {
		require.ErrorIs(t, call(stranger), fault.ErrNotFound, name)
		require.ErrorIs(t, call(viewer), fault.ErrPermission, name)
	}
	result, err := w.engine.Bulk(t.Context(), stranger, ports.BulkCancel, ports.ExecutionFilter{})
	require.NoError(t, err)
	require.Empty(t, result.IDs)
	require.Equal(t, execution.Accepted, w.get(id).State)
}

func TestBulkDoesItToAllThatPass(t *testing.T) {
	w := newWorld(t, map[string]ports.IntentHandler{"act": done, "other": done})
	var acts []string
	for range 3 {
		acts = append(acts, w.submit(submission("act")))
	}
	other := w.submit(submission("other"))
	filter := ports.ExecutionFilter{IntentType: "act"}
	result, err := w.engine.Bulk(t.Context(), ada(), ports.BulkPause, filter)
	require.NoError(t, err)
	require.ElementsMatch(t, acts, result.IDs)
	require.Equal(t, execution.Accepted, w.get(other).State)
	result, err = w.engine.Bulk(t.Context(), ada(), ports.BulkPause, filter)
	require.NoError(t, err)
	require.Empty(t, result.IDs, "nothing is left to pause")
	result, err = w.engine.Bulk(t.Context(), ada(), ports.BulkResume, filter)
	require.NoError(t, err)
	require.Len(t, result.IDs, 3)
	result, err = w.engine.Bulk(t.Context(), ada(), ports.BulkCancel, ports.ExecutionFilter{})
	require.NoError(t, err)
	require.Len(t, result.IDs, 4)
	_, err = w.engine.Bulk(t.Context(), ada(), "explode", ports.ExecutionFilter{})
	require.Equal(t, fault.Invalid, fault.KindOf(err))
}

// threeSteps is a handler of three steps of which one fails while broken says so.
func threeSteps(ran map[string]int, broken *string) ports.IntentHandler {
	return func(ctx context.Context, c ports.IntentCall) (ports.IntentResult, error) {
		for _, name := range []string{"one", "two", "three"} {
			_, err := c.Step(ctx, name, func(context.Context, string) ([]byte, error) {
				if ran[name]++; name == *broken {
					return nil, fault.New(fault.Invalid, "broken", "No.")
				}
				return json.Marshal(name)
			})
			if err != nil {
				return ports.IntentResult{}, err
			}
		}
		return ports.IntentResult{}, nil
	}
}

func TestRetryOfWhatEndedIsANewExecutionWithTheFinishedSteps(t *testing.T) {
	ran, broken := map[string]int{}, "three"
	w := newWorld(t, only(threeSteps(ran, &broken)))
	id := w.submit(submission("act"))
	w.work()
	require.Equal(t, execution.Failed, w.get(id).State)
	again, err := w.engine.Retry(t.Context(), ada(), id, ports.RetryCommand{})
	require.NoError(t, err)
	require.NotEqual(t, id, again.ID)
	require.Equal(t, id, again.RetryOf)
	same, err := w.engine.Retry(t.Context(), ada(), id, ports.RetryCommand{})
	require.NoError(t, err)
	require.Equal(t, again.ID, same.ID, "while it lives it is the answer")
	broken = ""
	w.work()
	require.Equal(t, execution.Completed, w.get(again.ID).State)
	require.Equal(t, map[string]int{"one": 1, "two": 1, "three": 2}, ran)

	_, err = w.engine.Retry(t.Context(), ada(), again.ID, ports.RetryCommand{})
	require.Equal(t, "nothing_to_retry", fault.As(err).Code)
	_, err = w.engine.Retry(t.Context(), ada(), again.ID, ports.RetryCommand{From: "unknown"})
	require.Equal(t, "unknown_step", fault.As(err).Code)
	third, err := w.engine.Retry(t.Context(), ada(), again.ID, ports.RetryCommand{From: "two"})
	require.NoError(t, err)
	w.work()
	require.Equal(t, execution.Completed, w.get(third.ID).State)
	require.Equal(t, map[string]int{"one": 1, "two": 2, "three": 3}, ran)
}

func TestARetryWithAKeyIsMadeOnce(t *testing.T) {
	ran, broken := map[string]int{}, "three"
	w := newWorld(t, only(threeSteps(ran, &broken)))
	id := w.submit(submission("act"))
	w.work()
	require.Equal(t, execution.Failed, w.get(id).State)
	command := ports.RetryCommand{IdempotencyKey: "k1"}
	var first execution.Snapshot
	for range 2 {
		again, err := w.engine.Retry(t.Context(), ada(), id, command)
		require.NoError(t, err)
		require.NotEqual(t, id, again.ID)
		w.work()
		require.Equal(t, execution.Failed, w.get(again.ID).State)
		if first.ID != "" {
			require.Equal(t, first.ID, again.ID, "also after it has ended")
		}
		first = again
	}
	require.Equal(t, 3-1, ran["three"], "the first run, and one retry")
	_, err := w.engine.Retry(t.Context(), ada(), id, ports.RetryCommand{IdempotencyKey: "k1", From: "two"})
	require.ErrorIs(t, err, intent.ErrIdempotencyReused)
	_, err = w.engine.Retry(t.Context(), ada(), id, ports.RetryCommand{IdempotencyKey: "not a key"})
	require.ErrorIs(t, err, intent.ErrParameters)
	other, err := w.engine.Retry(t.Context(), ada(), id, ports.RetryCommand{IdempotencyKey: "k2"})
	require.NoError(t, err)
	require.NotEqual(t, first.ID, other.ID, "another key is another retry")
	_, err = w.engine.Retry(t.Context(), ada(), other.ID, ports.RetryCommand{IdempotencyKey: "k3", From: "one"})
	require.Equal(t, "execution_goes_on", fault.As(err).Code)
	for range 2 {
		same, err := w.engine.Retry(t.Context(), ada(), other.ID, ports.RetryCommand{IdempotencyKey: "k3"})
		require.NoError(t, err, "what was refused took no key")
		require.Equal(t, other.ID, same.ID)
	}
	w.work()
	same, err := w.engine.Retry(t.Context(), ada(), other.ID, ports.RetryCommand{IdempotencyKey: "k3"})
	require.NoError(t, err)
	require.Equal(t, other.ID, same.ID, "the same retry, although it has ended by now")
}

func TestRetryOfWhatGoesOnHurries(t *testing.T) {
	calls := 0
	w := newWorld(t, only(func(context.Context, ports.IntentCall) (ports.IntentResult, error) {
		if calls++; calls == 1 {
			return ports.IntentResult{}, fault.ErrUnavailable
		}
		return ports.IntentResult{}, nil
	}))
	id := w.submit(submission("act"))
	w.work()
	require.Equal(t, execution.Retrying, w.get(id).State)
	_, err := w.engine.Retry(t.Context(), ada(), id, ports.RetryCommand{From: "one"})
	require.Equal(t, "execution_goes_on", fault.As(err).Code)
	s, err := w.engine.Retry(t.Context(), ada(), id, ports.RetryCommand{})
	require.NoError(t, err)
	require.Equal(t, id, s.ID)
	w.work()
	require.Equal(t, execution.Completed, w.get(id).State)
	require.Empty(t, w.get(id).ErrorCode, "a completed execution has no error")
}

func TestPoliciesOfAnIntent(t *testing.T) {
	unavailable := func(context.Context, ports.IntentCall) (ports.IntentResult, error) {
		return ports.IntentResult{}, fault.New(fault.Unavailable, "far_away", "Far away.")
	}
	run := func(t *testing.T, p realm.RetryPolicy) (*world, string) {
		t.Helper()
		w := &world{t: t, edit: func(s *realm.IntentSpec) { s.Policy = &p }}
		w = w.open(only(unavailable))
		id := w.submit(submission("act"))
		for range 5 {
			w.work()
			w.clock.Advance(2 * time.Minute)
		}
		return w, id
	}
	t.Run("never", func(t *testing.T) {
		w, id := run(t, realm.RetryPolicy{Attempts: 5, Initial: time.Second, Factor: 1, Cap: time.Second, Never: []string{"far_away"}})
		require.Equal(t, 1, w.get(id).Attempt)
		require.Equal(t, "far_away", w.get(id).ErrorCode)
	})
	t.Run("elapsed", func(t *testing.T) {
		w, id := run(t, realm.RetryPolicy{Attempts: 5, Initial: time.Second, Factor: 1, Cap: time.Second, Elapsed: time.Minute})
		require.Equal(t, 2, w.get(id).Attempt)
		require.Equal(t, execution.Failed, w.get(id).State)
	})
	t.Run("paused when exhausted", func(t *testing.T) {
		w, id := run(t, realm.RetryPolicy{Attempts: 2, Initial: time.Second, Factor: 1, Cap: time.Second, Exhausted: realm.Pause})
		require.Equal(t, execution.Paused, w.get(id).State)
		require.Equal(t, "far_away", w.get(id).ErrorCode)
		_, err := w.engine.Resume(t.Context(), ada(), id)
		require.NoError(t, err)
		w.work()
		require.Equal(t, execution.Retrying, w.get(id).State, "it has all its attempts again")
	})
}

func TestTimeoutsHoldInEveryState(t *testing.T) {
	open := func(t *testing.T, edit func(*realm.IntentSpec), h ports.IntentHandler) (*world, string) {
		t.Helper()
		w := (&world{t: t, edit: edit}).open(only(h))
		s := submission("act")
		edit(&s.Spec)
		return w, w.submit(s)
	}
	swept := func(w *world, id, code string) {
		w.t.Helper()
		w.start(only(done)) // its first sweep finds what is overdue
		require.Eventually(w.t, func() bool { return w.get(id).State == execution.Failed }, 5*time.Second, 5*time.Millisecond)
		require.Equal(w.t, code, w.get(id).ErrorCode)
	}
	t.Run("queued", func(t *testing.T) {
		w, id := open(t, func(s *realm.IntentSpec) { s.QueueTimeout = time.Minute }, done)
		w.clock.Advance(time.Minute)
		swept(w, id, "queue_timeout")
	})
	t.Run("waiting", func(t *testing.T) {
		w, id := open(t, func(s *realm.IntentSpec) { s.Timeout = time.Minute }, func(ctx context.Context, c ports.IntentCall) (ports.IntentResult, error) {
			return ports.IntentResult{}, c.Sleep(ctx, "long", time.Hour)
		})
		w.work()
		w.clock.Advance(time.Minute)
		swept(w, id, "timeout")
	})
	t.Run("paused", func(t *testing.T) {
		w, id := open(t, func(s *realm.IntentSpec) { s.Timeout = time.Minute }, done)
		_, err := w.engine.Pause(t.Context(), ada(), id)
		require.NoError(t, err)
		w.clock.Advance(time.Minute)
		swept(w, id, "timeout")
	})
	t.Run("an attempt", func(t *testing.T) {
		calls := 0
		w, id := open(t, func(s *realm.IntentSpec) { s.AttemptTimeout = 10 * time.Millisecond }, func(ctx context.Context, _ ports.IntentCall) (ports.IntentResult, error) {
			if calls++; calls == 1 {
				<-ctx.Done()
				return ports.IntentResult{}, ctx.Err()
			}
			return ports.IntentResult{}, nil
		})
		w.work()
		require.Equal(t, "attempt_timeout", w.get(id).ErrorCode)
		w.clock.Advance(time.Minute)
		w.work()
		require.Equal(t, execution.Completed, w.get(id).State)
	})
}
