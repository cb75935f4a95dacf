package localqueue_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/symphainy/symphainy/adapters/localqueue"
	"github.com/symphainy/symphainy/adapters/memstore"
	"github.com/symphainy/symphainy/adapters/system"
	"github.com/symphainy/symphainy/ports"
	"github.com/symphainy/symphainy/test/clock"
	"github.com/symphainy/symphainy/test/queuetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func quiet(cfg localqueue.Config) *localqueue.Queue {
	cfg.Logger = slog.New(slog.DiscardHandler)
	return localqueue.New(cfg)
}

func TestQueue(t *testing.T) {
	queuetest.Run(t, func(*testing.T) queuetest.Subject {
		q := quiet(localqueue.Config{})
		store := memstore.New(system.Clock{}, memstore.OnEnqueue(q.Enqueued))
		boom := errors.New("boom")
		enqueue := func(ctx context.Context, end error, jobs []ports.Job) error {
			return store.Do(ctx, func(ctx context.Context, tx ports.Tx) error {
				if err := tx.Queue.Enqueue(ctx, jobs...); err != nil {
					return err
				}
				return end
			})
		}
		return queuetest.Subject{
			Queue:   q,
			Enqueue: func(ctx context.Context, jobs ...ports.Job) error { return enqueue(ctx, nil, jobs) },
			EnqueueRolledBack: func(ctx context.Context, jobs ...ports.Job) error {
				if err := enqueue(ctx, boom, jobs); !errors.Is(err, boom) {
					return fmt.Errorf("not rolled back: %w", err)
				}
				return nil
			},
		}
	})
}

// record is a handler that notes what it was given, and when.
type record struct {
	mu  sync.Mutex
	ids []string
	at  map[string]time.Time
}

func (r *record) handle(_ context.Context, id string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.at == nil {
		r.at = map[string]time.Time{}
	}
	r.ids, r.at[id] = append(r.ids, id), time.Now()
	return nil
}

func TestReadyJobsGoOnceAndInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q, r := quiet(localqueue.Config{Workers: 1, Capacity: 3}), record{}
		q.Wake("a", "b", "a")
		q.Enqueued([]ports.Job{{ExecutionID: "b"}, {ExecutionID: "c"}, {ExecutionID: "over"}})
		require.NoError(t, q.Start(t.Context(), r.handle))
		synctest.Wait()
		require.Equal(t, []string{"a", "b", "c"}, r.ids, "each once, and what does not fit is dropped")
		q.Wake("a")
		synctest.Wait()
		require.Equal(t, []string{"a", "b", "c", "a"}, r.ids, "a finished one can come again")
		require.NoError(t, q.Stop(t.Context()))
	})
}

func TestJobThatComesWhileItRunsRunsAgainAfterwards(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := quiet(localqueue.Config{Workers: 4})
		runs, atOnce, most := 0, 0, 0
		var mu sync.Mutex
		require.NoError(t, q.Start(t.Context(), func(context.Context, string) error {
			mu.Lock()
			runs++
			atOnce++
			most = max(most, atOnce)
			mu.Unlock()
			<-time.After(time.Second) // synctest's time: at once
			mu.Lock()
			atOnce--
			mu.Unlock()
			return nil
		}))
		q.Wake("a")
		synctest.Wait()
		q.Wake("a")
		q.Wake("a")
		<-time.After(5 * time.Second)
		require.NoError(t, q.Stop(t.Context()))
		require.Equal(t, 2, runs)
		require.Equal(t, 1, most)
	})
}

func TestDueTimesAreKeptToTheMoment(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q, r := quiet(localqueue.Config{Capacity: 4}), record{}
		start := time.Now()
		at := func(d time.Duration) time.Time { return start.Add(d) }
		q.Enqueued([]ports.Job{{ExecutionID: "last", DueAt: at(3 * time.Hour)}, {ExecutionID: "second", DueAt: at(2 * time.Second)}})
		require.NoError(t, q.Start(t.Context(), r.handle))
		synctest.Wait()
		q.Enqueued([]ports.Job{{ExecutionID: "first", DueAt: at(time.Second)}, {ExecutionID: "first", DueAt: at(time.Second).Local()}})
		q.Enqueued([]ports.Job{{ExecutionID: "third", DueAt: at(4 * time.Second)}, {ExecutionID: "over", DueAt: at(time.Second)}})
		<-time.After(4 * time.Hour)
		synctest.Wait()
		require.Equal(t, []string{"first", "second", "third", "last"}, r.ids)
		require.Equal(t, at(time.Second), r.at["first"])
		require.Equal(t, at(2*time.Second), r.at["second"])
		require.Equal(t, at(4*time.Second), r.at["third"])
		require.Equal(t, at(3*time.Hour), r.at["last"])
		require.NoError(t, q.Stop(t.Context()))
	})
}

func TestLifeOfAQueue(t *testing.T) {
	t.Run("starts once", func(t *testing.T) {
		q, r := quiet(localqueue.Config{}), record{}
		require.NoError(t, q.Start(t.Context(), r.handle))
		require.Error(t, q.Start(t.Context(), r.handle))
		require.NoError(t, q.Stop(t.Context()))
		require.Error(t, q.Start(t.Context(), r.handle))
		q.Wake("a")
		q.Enqueued([]ports.Job{{ExecutionID: "b"}})
		require.Empty(t, r.ids)
	})
	t.Run("stops without a start", func(t *testing.T) {
		require.NoError(t, quiet(localqueue.Config{}).Stop(t.Context()))
	})
	t.Run("says that it cut a job", func(t *testing.T) {
		q, entered := quiet(localqueue.Config{}), make(chan struct{})
		require.NoError(t, q.Start(t.Context(), func(ctx context.Context, _ string) error {
			close(entered)
			<-ctx.Done()
			return nil
		}))
		q.Wake("a")
		<-entered
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		require.ErrorIs(t, q.Stop(ctx), context.Canceled)
	})
}

func TestDueTimesFollowTheGivenClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, r := clock.Fixed(), record{}
		q := quiet(localqueue.Config{Clock: c})
		q.Enqueued([]ports.Job{{ExecutionID: "a", DueAt: c.Now().Add(time.Second)}})
		require.NoError(t, q.Start(t.Context(), r.handle))
		<-time.After(time.Hour)
		synctest.Wait()
		require.Empty(t, r.ids, "the host's time alone does not make it due")
		c.Advance(time.Second)
		<-time.After(time.Second)
		synctest.Wait()
		require.Equal(t, []string{"a"}, r.ids)
		require.NoError(t, q.Stop(t.Context()))
	})
}
