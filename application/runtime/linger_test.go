package runtime

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/domain/execution"
	"github.com/symphainy/symphainy/domain/intent"
)

func TestAHandlerThatIgnoresItsContextIsReportedAndCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var reports []error
		e := &Engine{Deps: Deps{Report: func(_ context.Context, _ string, err error) {
			mu.Lock()
			defer mu.Unlock()
			reports = append(reports, err)
		}}}
		reported := func() []error {
			mu.Lock()
			defer mu.Unlock()
			return slices.Clone(reports)
		}
		s := execution.Snapshot{ID: "exe_1", Intent: intent.Intent{Type: "endless"}}
		gone := errors.New("cancelled")

		ctx, cancel := context.WithCancelCause(t.Context())
		returned := e.lingers(ctx, s)
		<-time.After(time.Hour)
		require.Zero(t, e.Lingering(), "as long as its context lasts a handler may take its time")
		cancel(gone)
		<-time.After(lingerGrace - time.Second)
		require.Zero(t, e.Lingering())
		<-time.After(2 * time.Second)
		require.Equal(t, 1, e.Lingering())
		require.Len(t, reported(), 1)
		require.ErrorIs(t, reported()[0], gone)
		require.ErrorContains(t, reported()[0], "endless, execution exe_1")
		returned()
		synctest.Wait()
		require.Zero(t, e.Lingering())

		prompt, cancel := context.WithCancelCause(t.Context())
		returned = e.lingers(prompt, s)
		cancel(gone)
		<-time.After(time.Second)
		returned()
		<-time.After(lingerGrace)
		require.Len(t, reported(), 1, "one that returns in time is nothing to report")
	})
}
