package runtime_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/adapters/membus"
	"github.com/symphainy/symphainy/adapters/memstore"
	"github.com/symphainy/symphainy/domain/execution"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/ports"
	"github.com/symphainy/symphainy/test/clock"
)

// Of 64 identical submissions at once one is executed; when it has ended, the next is new work.
func TestIdenticalWorkInFlightIsOneExecution(t *testing.T) {
	w := newWorld(t, only(done))
	s := submission("act")
	s.Intent.SameKey = "same"
	var mu sync.Mutex
	ids, coalesced := map[string]int{}, 0
	var all sync.WaitGroup
	for range 64 {
		all.Go(func() {
			r, err := w.engine.Submit(t.Context(), s)
			mu.Lock()
			defer mu.Unlock()
			require.NoError(t, err)
			ids[r.Execution.ID]++
			if r.Coalesced {
				coalesced++
			}
		})
	}
	all.Wait()
	require.Len(t, ids, 1)
	require.Equal(t, 63, coalesced)
	other := s
	other.SessionID = "ses_b"
	r, err := w.engine.Submit(t.Context(), other)
	require.NoError(t, err)
	require.False(t, r.Coalesced, "another session's is another's")
	for id := range ids {
		require.Equal(t, []string{"execution.accepted"}, w.types(id))
		w.work()
		require.Equal(t, execution.Completed, w.get(id).State)
		next, err := w.engine.Submit(t.Context(), s)
		require.NoError(t, err)
		require.False(t, next.Coalesced)
		require.NotEqual(t, id, next.Execution.ID)
	}
}

func TestAFullQueueRefuses(t *testing.T) {
	w := newWorld(t, only(done))
	w.queueLimit = 3
	w.engine = w.start(only(done))
	for range 3 {
		w.submit(submission("act"))
	}
	_, err := w.engine.Submit(t.Context(), submission("act"))
	require.ErrorIs(t, err, ports.ErrQueueFull)
	require.Positive(t, fault.As(err).RetryAfter)
	other := submission("act")
	other.Principal.TenantID, other.Principal.UserID = "ten_b", "usr_b"
	_, err = w.engine.Submit(t.Context(), other)
	require.NoError(t, err, "another tenant's queue is another's")
	w.work()
	w.submit(submission("act"))
}

// A tenant with many waiting does not keep another's first from the next free worker.
func TestTenantsTakeTurns(t *testing.T) {
	var order []string
	w := newWorld(t, only(func(_ context.Context, call ports.IntentCall) (ports.IntentResult, error) {
		order = append(order, call.Execution().TenantID)
		return ports.IntentResult{}, nil
	}))
	w.clock.Set(time.Now()) // ids hold the host's time
	ask := func(tenant string) {
		s := submission("act")
		s.Principal.TenantID, s.Principal.UserID = tenant, "usr_"+tenant
		w.submit(s)
	}
	for range 20 {
		ask("ten_a")
	}
	ask("ten_b")
	w.clock.Advance(time.Second) // the jobs have waited
	w.work()
	require.Len(t, order, 21, "every job starts one, and all are done")
	require.Contains(t, order[:2], "ten_b", "the first or the second turn is the other tenant's")
}

// With a bound, what ends lets the next go, without waiting for the sweep.
func TestABoundKeepsAndLetsGo(t *testing.T) {
	running, most := 0, 0
	var mu sync.Mutex
	release := make(chan struct{})
	handlers := only(func(c context.Context, _ ports.IntentCall) (ports.IntentResult, error) {
		mu.Lock()
		running++
		most = max(most, running)
		mu.Unlock()
		select {
		case <-release:
		case <-c.Done():
		}
		mu.Lock()
		running--
		mu.Unlock()
		return ports.IntentResult{}, nil
	})
	w := &world{t: t, clock: clock.Fixed(), desk: &desk{}, bus: membus.New(), grants: &grants{roles: []identity.Role{identity.RoleMember}}, bounded: true}
	w.store = memstore.New(w.clock, memstore.OnEnqueue(w.desk.add), memstore.Bounds(ports.Concurrency{PerTenant: 1}))
	w.uow = w.store
	w.engine = w.start(handlers)
	a, b := w.submit(submission("act")), w.submit(submission("act"))
	require.NotEmpty(t, w.desk.take())
	var all sync.WaitGroup
	all.Go(func() { _ = w.desk.handle(t.Context(), a) })
	require.Eventually(t, func() bool { return w.get(a).State == execution.Running }, time.Minute, time.Millisecond)
	require.NoError(t, w.desk.handle(t.Context(), b))
	require.Equal(t, execution.Accepted, w.get(b).State, "one at a time")
	close(release)
	all.Wait()
	w.work()
	require.Equal(t, execution.Completed, w.get(b).State)
	require.Equal(t, 1, most)
}
