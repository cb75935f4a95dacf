package runtime

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"
)

func TestManyWhoAskAtOnceShareTwoLooks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var r reads[string, int64]
		var looks atomic.Int64
		first := make(chan struct{})
		look := func(context.Context) (int64, error) {
			n := looks.Add(1)
			if n == 1 {
				<-first
			}
			return n, nil
		}
		var group sync.WaitGroup
		ask := func(want int64) {
			group.Go(func() {
				got, err := r.do(t.Context(), "a", look)
				require.NoError(t, err)
				require.Equal(t, want, got)
			})
		}
		ask(1)
		synctest.Wait()
		for range 100 {
			ask(2) // the first look began before they asked: it may not know what they were told of
		}
		synctest.Wait()
		close(first)
		group.Wait()
		synctest.Wait()
		require.EqualValues(t, 2, looks.Load())
		require.Empty(t, r.lanes, "nothing is kept when nobody waits")
	})
}

func TestKeysDoNotShare(t *testing.T) {
	var r reads[string, string]
	for _, key := range []string{"a", "b"} {
		got, err := r.do(t.Context(), key, func(context.Context) (string, error) { return key, nil })
		require.NoError(t, err)
		require.Equal(t, key, got)
	}
}

func TestALookOutlivesWhoAskedFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var r reads[string, string]
		proceed := make(chan struct{})
		gone, cancel := context.WithCancel(t.Context())
		look := func(ctx context.Context) (string, error) {
			<-proceed
			return "seen", ctx.Err()
		}
		var group sync.WaitGroup
		group.Go(func() {
			_, err := r.do(gone, "a", look)
			require.ErrorIs(t, err, context.Canceled)
		})
		synctest.Wait()
		group.Go(func() {
			got, err := r.do(t.Context(), "a", look)
			require.NoError(t, err)
			require.Equal(t, "seen", got)
		})
		synctest.Wait()
		cancel()
		synctest.Wait()
		close(proceed)
		group.Wait()
	})
}

func TestALookThatFailsOrPanicsFailsForAllWhoWait(t *testing.T) {
	var r reads[string, int]
	broken := errors.New("broken")
	_, err := r.do(t.Context(), "a", func(context.Context) (int, error) { return 0, broken })
	require.ErrorIs(t, err, broken)
	_, err = r.do(t.Context(), "b", func(context.Context) (int, error) { panic("oops") })
	require.ErrorContains(t, err, "oops")
	got, err := r.do(t.Context(), "c", func(context.Context) (int, error) { return 7, nil })
	require.NoError(t, err)
	require.Equal(t, 7, got)
}
