package wsapi

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/ports"
)

// Who asks while a look is under way shares the next one, and is not given the one before.
func TestHandshakesShareALookAtTheirSessions(t *testing.T) {
	busy, quiet := ports.SessionKey{TenantID: "t", SessionID: "busy"}, ports.SessionKey{TenantID: "t", SessionID: "quiet"}
	var looks atomic.Int64
	looking, goOn := make(chan struct{}), make(chan struct{})
	c := calm{active: func(_ context.Context, sessions []ports.SessionKey, since time.Time) ([]ports.SessionKey, error) {
		if looks.Add(1) == 1 {
			close(looking)
			<-goOn
			return nil, nil // before anything began
		}
		require.Equal(t, time.Unix(1, 0), since, "the earliest that any of them asked for")
		require.ElementsMatch(t, []ports.SessionKey{busy, quiet}, sessions)
		return []ports.SessionKey{busy}, nil
	}}
	var group sync.WaitGroup
	ask := func(key ports.SessionKey, since int64, want bool) {
		group.Go(func() {
			active, err := c.stirs(t.Context(), key, time.Unix(since, 0))
			if err != nil || active != want {
				t.Errorf("%s: %v, %v", key.SessionID, active, err)
			}
		})
	}
	ask(busy, 9, false)
	<-looking
	for i := range int64(50) {
		ask(busy, i+1, true)
		ask(quiet, i+1, false)
	}
	require.Eventually(t, func() bool {
		c.mu.Lock()
		defer c.mu.Unlock()
		return len(c.asked) == 100
	}, 10*time.Second, time.Millisecond)
	close(goOn)
	group.Wait()
	require.Equal(t, int64(2), looks.Load())
}

// A look that fails or panics is told to all who wait for it; who waits no longer is let go.
func TestALookThatFails(t *testing.T) {
	down := errors.New("down")
	c := calm{active: func(context.Context, []ports.SessionKey, time.Time) ([]ports.SessionKey, error) { return nil, down }}
	_, err := c.stirs(t.Context(), ports.SessionKey{}, time.Time{})
	require.ErrorIs(t, err, down)
	c.active = func(context.Context, []ports.SessionKey, time.Time) ([]ports.SessionKey, error) { panic("no") }
	_, err = c.stirs(t.Context(), ports.SessionKey{}, time.Time{})
	require.Error(t, err)
	goOn := make(chan struct{})
	defer close(goOn)
	c.active = func(context.Context, []ports.SessionKey, time.Time) ([]ports.SessionKey, error) {
		<-goOn
		return nil, nil
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = c.stirs(ctx, ports.SessionKey{}, time.Time{})
	require.Equal(t, fault.Unavailable, fault.KindOf(err))
}
