package bootstrap

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// A chore is done at once and at every tick; one that fails or panics is reported and goes on.
func TestUpkeep(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var log strings.Builder
		runs := 0
		u := &upkeep{log: slog.New(slog.NewTextHandler(&log, nil)), chores: []chore{{"count", time.Minute, func(context.Context) error {
			switch runs++; runs {
			case 2:
				return errors.New("the store is away")
			case 3:
				panic("bug")
			}
			return nil
		}}}}
		u.start(t.Context())
		<-time.After(3*time.Minute + time.Second) // in synctest, this takes no time
		u.stop()
		require.Equal(t, 4, runs)
		require.Contains(t, log.String(), "the store is away")
		require.Contains(t, log.String(), "panic: bug")
	})
}

func TestReadiness(t *testing.T) {
	t.Parallel()
	r := &readiness{}
	require.Error(t, r.Check(t.Context()))
	r.open.Store(true)
	require.NoError(t, r.Check(t.Context()))
}
