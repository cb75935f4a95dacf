package runtime_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/domain/event"
	"github.com/symphainy/symphainy/domain/execution"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/ports"
)

func emitting(n int) map[string]ports.IntentHandler {
	return only(func(ctx context.Context, c ports.IntentCall) (ports.IntentResult, error) {
		for i := range n {
			if err := c.Emit(ctx, event.Draft{Type: fmt.Sprintf("note_%d", i)}); err != nil {
				return ports.IntentResult{}, err
			}
		}
		return ports.IntentResult{}, nil
	})
}

func TestPageSaysWhetherAReaderCanContinue(t *testing.T) {
	w := newWorld(t, emitting(3))
	id := w.submit(submission("act"))
	w.work()
	total := w.get(id).LastSeq
	cases := map[string]struct {
		from      ports.Position
		recovered bool
		reason    string
		first     int64
	}{
		"from the start":  {ports.Position{}, true, "", 1},
		"in the middle":   {ports.Position{Epoch: 1, Seq: 3}, true, "", 4},
		"another epoch":   {ports.Position{Epoch: 2, Seq: 3}, false, "epoch_changed", 1},
		"the future":      {ports.Position{Epoch: 1, Seq: total + 1}, false, "future_position", 1},
		"before the past": {ports.Position{Epoch: 1, Seq: -1}, false, "negative_position", 1},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			page, err := w.engine.Page(t.Context(), ada().Scope(), id, c.from, 100)
			require.NoError(t, err)
			require.Equal(t, c.recovered, page.Recovered)
			require.Equal(t, c.reason, page.Reason)
			require.Equal(t, c.first, page.Events[0].Seq)
			require.True(t, page.Ended)
		})
	}
	page, err := w.engine.Page(t.Context(), ada().Scope(), id, ports.Position{}, 2)
	require.NoError(t, err)
	require.Len(t, page.Events, 2)
	require.False(t, page.Ended)
	_, err = w.engine.Page(t.Context(), identity.Scope{TenantID: "ten_a", OwnerID: "usr_bob"}, id, ports.Position{}, 2)
	require.ErrorIs(t, err, fault.ErrNotFound)
}

func TestFollowersSeeTheSameEventsInOrder(t *testing.T) {
	w := newWorld(t, emitting(300))
	id := w.submit(submission("act"))
	var group sync.WaitGroup
	seen := make([][]int64, 5)
	for i := range seen {
		group.Go(func() {
			require.NoError(t, w.engine.Follow(t.Context(), ada().Scope(), id, ports.Position{}, func(batch []event.Event) error {
				for _, e := range batch {
					seen[i] = append(seen[i], e.Seq)
				}
				return nil
			}))
		})
	}
	w.work()
	group.Wait()
	for _, s := range seen {
		require.Len(t, s, int(w.get(id).LastSeq))
		for i, seq := range s {
			require.Equal(t, int64(i+1), seq)
		}
	}
}

func TestFollowEndsWithItsContextAndItsReader(t *testing.T) {
	w := newWorld(t, only(done))
	id := w.submit(submission("act"))
	cause := errors.New("gone")
	ctx, cancel := context.WithCancelCause(t.Context())
	err := w.engine.Follow(ctx, ada().Scope(), id, ports.Position{}, func([]event.Event) error { cancel(cause); return nil })
	require.ErrorIs(t, err, cause)
	err = w.engine.Follow(t.Context(), ada().Scope(), id, ports.Position{}, func([]event.Event) error { return cause })
	require.ErrorIs(t, err, cause)
}

func TestASessionFeedFollowsWhatStartsLater(t *testing.T) {
	w := newWorld(t, emitting(5))
	before := w.submit(submission("act"))
	w.work()
	w.clock.Advance(time.Minute)
	since := w.clock.Now()
	running := w.submit(submission("act"))

	ctx, cancel := context.WithCancel(t.Context())
	var mu sync.Mutex
	seen := map[string][]int64{}
	var group sync.WaitGroup
	group.Go(func() {
		err := w.engine.FollowSession(ctx, ada().Scope(), "ses_a", map[string]int64{running: 1}, since, func(batch []ports.SessionEvent) error {
			mu.Lock()
			defer mu.Unlock()
			for _, e := range batch {
				seen[e.Event.ExecutionID] = append(seen[e.Event.ExecutionID], e.Event.Seq)
			}
			return nil
		})
		require.ErrorIs(t, err, context.Canceled)
	})
	later := submission("act")
	later.Intent.Lane = "con_1"
	laterID := w.submit(later)
	foreign := submission("act")
	foreign.SessionID = "ses_other"
	foreignID := w.submit(foreign)
	w.work()
	count := func(id string) int { mu.Lock(); defer mu.Unlock(); return len(seen[id]) }
	require.Eventually(t, func() bool { return count(laterID) == 8 && count(running) == 7 }, 5*time.Second, 5*time.Millisecond)
	cancel()
	group.Wait()
	require.Equal(t, []int64{2, 3, 4, 5, 6, 7, 8}, seen[running], "from where the reader stood")
	require.Equal(t, []int64{1, 2, 3, 4, 5, 6, 7, 8}, seen[laterID])
	require.NotContains(t, seen, before, "ended before the reader came")
	require.NotContains(t, seen, foreignID, "another session")
}

func TestWait(t *testing.T) {
	w := newWorld(t, only(done))
	id := w.submit(submission("act"))
	p, err := w.engine.Wait(t.Context(), ada().Scope(), id, time.Millisecond)
	require.NoError(t, err)
	require.Equal(t, execution.Accepted, p.Execution.State, "as it is when the time is over")
	var group sync.WaitGroup
	group.Go(func() {
		p, err := w.engine.Wait(t.Context(), ada().Scope(), id, time.Minute)
		require.NoError(t, err)
		require.Equal(t, execution.Completed, p.Execution.State)
		looked, err := w.engine.Page(t.Context(), ada().Scope(), id, ports.Position{}, 200)
		require.NoError(t, err)
		require.Equal(t, looked, p, "what a look at the store gives")
	})
	w.work()
	group.Wait()
}

func TestWhatRetentionRemovedIsToldToWhoAsksForIt(t *testing.T) {
	w := newWorld(t, emitting(3))
	id := w.submit(submission("act"))
	w.work()
	last := w.get(id).LastSeq
	trim := func() (n int) {
		require.NoError(t, w.store.Do(t.Context(), func(ctx context.Context, tx ports.Tx) (err error) {
			n, err = tx.Retention.TrimEvents(ctx, time.Hour, 10)
			return err
		}))
		return n
	}
	require.Zero(t, trim())
	w.clock.Advance(time.Hour)
	require.Equal(t, 1, trim())
	for seq, want := range map[int64]ports.EventPage{
		0:        {Epoch: 1, Reason: "trimmed", Start: last, Ended: true},
		last - 1: {Epoch: 1, Reason: "trimmed", Start: last, Ended: true},
		last:     {Epoch: 1, Recovered: true, Start: last, Ended: true},
		last + 1: {Epoch: 1, Reason: "future_position", Start: last, Ended: true},
	} {
		page, err := w.engine.Page(t.Context(), ada().Scope(), id, ports.Position{Seq: seq}, 10)
		require.NoError(t, err)
		require.Empty(t, page.Events)
		want.Execution = w.get(id)
		page.Events = nil
		require.Equal(t, want, page, "after %d", seq)
	}
	require.NoError(t, w.engine.Follow(t.Context(), ada().Scope(), id, ports.Position{}, func([]event.Event) error { return errors.New("nothing is left to deliver") }))
}
