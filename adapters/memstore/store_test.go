package memstore_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/adapters/memstore"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/ports"
	"github.com/symphainy/symphainy/test/clock"
)

func TestOnEnqueueSeesOnlyCommittedJobs(t *testing.T) {
	var seen []ports.Job
	store := memstore.New(clock.Fixed(), memstore.OnEnqueue(func(jobs []ports.Job) { seen = append(seen, jobs...) }))
	due := clock.Fixed().Now().Add(time.Minute)
	enqueue := func(end error) error {
		return store.Do(t.Context(), func(ctx context.Context, tx ports.Tx) error {
			require.NoError(t, tx.Queue.Enqueue(ctx, ports.Job{ExecutionID: "exe_1"}))
			require.NoError(t, tx.Queue.Enqueue(ctx, ports.Job{ExecutionID: "exe_2", DueAt: due}))
			require.Empty(t, seen, "nothing is seen before the commit")
			return end
		})
	}
	boom := errors.New("boom")
	require.ErrorIs(t, enqueue(boom), boom)
	require.Empty(t, seen)
	require.NoError(t, enqueue(nil))
	require.Equal(t, []ports.Job{{ExecutionID: "exe_1"}, {ExecutionID: "exe_2", DueAt: due}}, seen)
}

func TestOnEnqueueRunsOutsideTheLock(t *testing.T) {
	var store *memstore.Store
	inner := 0
	store = memstore.New(clock.Fixed(), memstore.OnEnqueue(func([]ports.Job) {
		require.NoError(t, store.Do(context.Background(), func(context.Context, ports.Tx) error { inner++; return nil }))
	}))
	require.NoError(t, store.Do(t.Context(), func(ctx context.Context, tx ports.Tx) error {
		return tx.Queue.Enqueue(ctx, ports.Job{ExecutionID: "exe_1"})
	}))
	require.Equal(t, 1, inner)
}

func TestTransactionInsideATransactionIsAnError(t *testing.T) {
	store := memstore.New(clock.Fixed())
	none := func(context.Context, ports.Tx) error { return nil }
	for _, outer := range []func(context.Context, func(context.Context, ports.Tx) error) error{store.Do, store.View} {
		require.NoError(t, outer(t.Context(), func(ctx context.Context, _ ports.Tx) error {
			require.Equal(t, fault.Internal, fault.KindOf(store.Do(ctx, none)))
			require.Equal(t, fault.Internal, fault.KindOf(store.View(ctx, none)))
			return nil
		}))
	}
	other := memstore.New(clock.Fixed())
	require.NoError(t, store.Do(t.Context(), func(ctx context.Context, _ ports.Tx) error { return other.Do(ctx, none) }))
}

func TestTxIsOverWithItsCallback(t *testing.T) {
	store := memstore.New(clock.Fixed())
	var leaked ports.Tx
	require.NoError(t, store.Do(t.Context(), func(_ context.Context, tx ports.Tx) error { leaked = tx; return nil }))
	require.Error(t, leaked.Users.Insert(t.Context(), identity.User{ID: "usr_1", EmailKey: "a@b"}))
	_, err := leaked.Users.Count(t.Context())
	require.Error(t, err)
}

func TestWriterWaitsUntilItsContextEnds(t *testing.T) {
	store := memstore.New(clock.Fixed())
	ctx, cancel := context.WithCancel(t.Context())
	require.NoError(t, store.Do(t.Context(), func(context.Context, ports.Tx) error {
		waiting := make(chan error, 1)
		go func() { waiting <- store.Do(ctx, func(context.Context, ports.Tx) error { return nil }) }()
		cancel()
		err := <-waiting
		require.ErrorIs(t, err, fault.ErrUnavailable)
		require.ErrorIs(t, err, context.Canceled)
		return nil
	}))
}

func TestViewDoesNotWaitForAWriter(t *testing.T) {
	store := memstore.New(clock.Fixed())
	user := identity.User{ID: "usr_1", EmailKey: "a@b"}
	require.NoError(t, store.Do(t.Context(), func(ctx context.Context, tx ports.Tx) error {
		require.NoError(t, tx.Users.Insert(ctx, user))
		return store.View(t.Context(), func(ctx context.Context, tx ports.Tx) error {
			_, err := tx.Users.ByID(ctx, user.ID)
			require.ErrorIs(t, err, fault.ErrNotFound)
			return nil
		})
	}))
}
