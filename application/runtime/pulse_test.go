package runtime

import (
	"context"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/ports"
)

// lively is a store in which sessions are active that a test names, and that counts who asks.
type lively struct {
	ports.UnitOfWork
	mu     sync.Mutex
	active []ports.SessionKey
	err    error
	asked  []int
	since  []time.Time
}

func (l *lively) View(ctx context.Context, fn func(context.Context, ports.Tx) error) error {
	return fn(ctx, ports.Tx{Activity: l})
}

func (l *lively) Look(ctx context.Context, fn func(context.Context, ports.Tx) error) error {
	return fn(ctx, ports.Tx{Activity: l})
}

func (l *lively) Active(_ context.Context, sessions []ports.SessionKey, since time.Time) ([]ports.SessionKey, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.asked, l.since = append(l.asked, len(sessions)), append(l.since, since)
	return slices.DeleteFunc(slices.Clone(sessions), func(k ports.SessionKey) bool { return !slices.Contains(l.active, k) }), l.err
}

// seen gives who asked about how many, and since when.
func (l *lively) seen() ([]int, []time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.asked), slices.Clone(l.since)
}

// asks gives of how many sessions each look was.
func (l *lively) asks() []int {
	asked, _ := l.seen()
	return asked
}

type synced struct{ ports.Clock }

func (synced) Now() time.Time { return time.Now() }

func session(id string) ports.SessionKey { return ports.SessionKey{TenantID: "ten", SessionID: id} }

func newPulse(store *lively) *pulse {
	return &pulse{engine: &Engine{Deps: Deps{UnitOfWork: store, Clock: synced{}}, cfg: Config{Poll: time.Second}}}
}

func TestThePulseWakesOnlyThoseWhoFollowSomethingActive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &lively{active: []ports.SessionKey{session("a")}}
		p := newPulse(store)
		first, leaveFirst := p.follow(t.Context(), session("a"))
		second, leaveSecond := p.follow(t.Context(), session("a"))
		quiet, leaveQuiet := p.follow(t.Context(), session("b"))
		<-time.After(1500 * time.Millisecond)
		require.NoError(t, <-first)
		require.NoError(t, <-second)
		require.Empty(t, quiet)
		require.Equal(t, []int{2}, store.asks(), "one look for all, each session once")
		leaveFirst()
		leaveSecond()
		<-time.After(time.Second)
		require.Equal(t, []int{2, 1}, store.asks(), "nobody asks about what nobody follows")
		leaveQuiet()
		<-time.After(time.Minute)
		require.Len(t, store.asks(), 2, "nothing runs when nobody follows")
		again, leave := p.follow(t.Context(), session("a"))
		require.NoError(t, <-again)
		leave()
	})
}

func TestThePulseLeavesNoTimeOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &lively{}
		began := synced{}.Now()
		p := newPulse(store)
		wake, leave := p.follow(t.Context(), session("a"))
		defer leave()
		<-time.After(2500 * time.Millisecond)
		_, since := store.seen()
		require.Equal(t, []time.Time{began.Add(-scanMargin), began.Add(time.Second - scanMargin)}, since)
		store.mu.Lock()
		store.err = fault.ErrUnavailable
		store.mu.Unlock()
		require.ErrorIs(t, <-wake, fault.ErrUnavailable, "who follows hears that the store is gone")
		store.mu.Lock()
		store.err, store.since = nil, nil
		store.mu.Unlock()
		<-time.After(1500 * time.Millisecond)
		_, since = store.seen()
		require.Equal(t, []time.Time{began.Add(2*time.Second - scanMargin)}, since, "what could not be asked is asked again")
	})
}

func TestThePulseAsksInBoundedLooks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &lively{}
		p := newPulse(store)
		var leaves []func()
		for i := range pulseSize + 1 {
			_, leave := p.follow(t.Context(), ports.SessionKey{TenantID: "ten", SessionID: string(rune('a' + i))})
			leaves = append(leaves, leave)
		}
		<-time.After(1500 * time.Millisecond)
		require.Equal(t, []int{pulseSize, 1}, store.asks())
		for _, leave := range leaves {
			leave()
		}
	})
}

func TestAStoreThatPanicsEndsNoPulse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPulse(nil)
		wake, leave := p.follow(t.Context(), session("a"))
		var internal *fault.Error
		require.ErrorAs(t, <-wake, &internal)
		leave()
	})
}
