// Package queuetest is the conformance suite of ports.WorkQueue, together with the ports.WorkEnqueuer that feeds it: every pair of
// adapters runs it from its own test.
package queuetest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/ports"
)

// Subject is a queue under test and the ways into it.
type Subject struct {
	// Queue is not started; the suite stops what it starts. It handles at least two executions at a time.
	Queue ports.WorkQueue
	// Enqueue enqueues the jobs in a transaction and returns after its commit.
	Enqueue func(ctx context.Context, jobs ...ports.Job) error
	// EnqueueRolledBack enqueues the jobs in a transaction that is then rolled back. It returns nil if that is what happened.
	EnqueueRolledBack func(ctx context.Context, jobs ...ports.Job) error
}

// patience bounds the wait for what has to come. It is generous: a queue in a database may look for due jobs only every few seconds.
const patience = 30 * time.Second

// Run runs the suite; open gives a fresh subject for each test and frees it by t.Cleanup.
func Run(t *testing.T, open func(t *testing.T) Subject) {
	t.Helper()
	for _, part := range []struct {
		name string
		run  func(*testing.T, *bench)
	}{
		{"committed jobs are handed over", committed}, {"a rolled back job is not", rolledBack}, {"due times", dueTimes},
		{"wake", wake}, {"several at a time", several}, {"errors and panics", failures},
		{"the context of Start does not end the work", startContext}, {"stop waits", stopWaits}, {"stop cancels", stopCancels},
	} {
		t.Run(part.name, func(t *testing.T) {
			b := &bench{Subject: open(t), prefix: fmt.Sprintf("exe_%d_", time.Now().UnixNano()), seen: map[string]int{}}
			b.changed = sync.NewCond(&b.mu)
			part.run(t, b)
		})
	}
}

// bench drives one subject and remembers what was handed over.
type bench struct {
	Subject
	prefix string
	mu     sync.Mutex
	// changed is broadcast with every hand-over.
	changed *sync.Cond
	seen    map[string]int
}

func (b *bench) id(name string) string { return b.prefix + name }

// start starts the queue until the test ends; handle may be nil.
func (b *bench) start(t *testing.T, handle func(ctx context.Context, id string) error) {
	t.Helper()
	require.NoError(t, b.Queue.Start(t.Context(), func(ctx context.Context, id string) error {
		b.mu.Lock()
		b.seen[id]++
		b.changed.Broadcast()
		b.mu.Unlock()
		if handle == nil {
			return nil
		}
		return handle(ctx, id)
	}))
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		require.NoError(t, b.Queue.Stop(ctx))
	})
}

func (b *bench) enqueue(t *testing.T, jobs ...ports.Job) {
	t.Helper()
	require.NoError(t, b.Enqueue(t.Context(), jobs...))
}

// await waits until every execution was handed over at least once.
func (b *bench) await(t *testing.T, ids ...string) {
	t.Helper()
	timer := time.AfterFunc(patience, b.changed.Broadcast)
	defer timer.Stop()
	deadline := time.Now().Add(patience)
	b.mu.Lock()
	defer b.mu.Unlock()
	for {
		var missing []string
		for _, id := range ids {
			if b.seen[id] == 0 {
				missing = append(missing, id)
			}
		}
		if len(missing) == 0 {
			return
		}
		require.True(t, time.Now().Before(deadline), "not handed over: %v", missing)
		b.changed.Wait()
	}
}

func (b *bench) times(id string) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.seen[id]
}

// receive gets a value that has to come.
func receive[V any](t *testing.T, from <-chan V) V {
	t.Helper()
	select {
	case v := <-from:
		return v
	case <-time.After(patience):
		require.Fail(t, "nothing came")
		panic("unreachable")
	}
}

func committed(t *testing.T, b *bench) {
	t.Helper()
	early := b.id("before_start")
	b.enqueue(t, ports.Job{ExecutionID: early})
	b.start(t, nil)
	var all []string
	var jobs []ports.Job
	for i := range 40 {
		all = append(all, b.id(fmt.Sprint(i)))
		jobs = append(jobs, ports.Job{ExecutionID: all[i]})
	}
	b.enqueue(t)
	b.enqueue(t, jobs[:20]...)
	for _, j := range jobs[20:] {
		b.enqueue(t, j)
	}
	b.enqueue(t, jobs[0])
	b.await(t, append(all, early)...)
}

func rolledBack(t *testing.T, b *bench) {
	t.Helper()
	b.start(t, nil)
	require.NoError(t, b.EnqueueRolledBack(t.Context(), ports.Job{ExecutionID: b.id("never")}))
	for _, marker := range []string{"a", "b", "c"} {
		b.enqueue(t, ports.Job{ExecutionID: b.id(marker)})
		b.await(t, b.id(marker))
	}
	require.Zero(t, b.times(b.id("never")))
}

func dueTimes(t *testing.T, b *bench) {
	t.Helper()
	handed := make(chan time.Time, 10)
	soon, far, past := b.id("soon"), b.id("far"), b.id("past")
	b.start(t, func(_ context.Context, id string) error {
		if id == soon {
			handed <- time.Now()
		}
		return nil
	})
	due := time.Now().Add(120 * time.Millisecond)
	b.enqueue(t, ports.Job{ExecutionID: far, DueAt: time.Now().Add(time.Hour)}, ports.Job{ExecutionID: soon, DueAt: due},
		ports.Job{ExecutionID: past, DueAt: time.Now().Add(-time.Hour)})
	b.await(t, past)
	require.False(t, receive(t, handed).Before(due.Truncate(time.Microsecond)), "handed over before its time")
	require.Zero(t, b.times(far))
}

func wake(t *testing.T, b *bench) {
	t.Helper()
	b.start(t, nil)
	b.Queue.Wake()
	b.Queue.Wake(b.id("one"))
	b.await(t, b.id("one"))
	b.Queue.Wake(b.id("one"), b.id("two"))
	b.await(t, b.id("two"))
	flood := make([]string, 50_000)
	for i := range flood {
		flood[i] = b.id(fmt.Sprint("flood", i))
	}
	done := make(chan struct{})
	go func() {
		b.Queue.Wake(flood...)
		close(done)
	}()
	receive(t, done)
	b.await(t, flood[0])
}

func several(t *testing.T, b *bench) {
	t.Helper()
	met := make(chan struct{})
	arrived := make(chan struct{}, 2)
	b.start(t, func(context.Context, string) error {
		arrived <- struct{}{}
		<-met
		return nil
	})
	b.enqueue(t, ports.Job{ExecutionID: b.id("one")}, ports.Job{ExecutionID: b.id("two")})
	receive(t, arrived)
	receive(t, arrived)
	close(met)
}

func failures(t *testing.T, b *bench) {
	t.Helper()
	b.start(t, func(_ context.Context, id string) error {
		switch id {
		case b.id("error"):
			return errors.New("a handler's error")
		case b.id("panic"):
			panic("a handler's panic")
		}
		return nil
	})
	// More of them than workers, so that a worker lost to each would show.
	for i := range 20 {
		b.enqueue(t, ports.Job{ExecutionID: b.id("error")}, ports.Job{ExecutionID: b.id("panic")})
		good := b.id(fmt.Sprint("good", i))
		b.enqueue(t, ports.Job{ExecutionID: good})
		b.await(t, good)
	}
	b.await(t, b.id("error"), b.id("panic"))
}

func startContext(t *testing.T, b *bench) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	entered, leave := make(chan struct{}), make(chan struct{})
	state := make(chan error, 1)
	require.NoError(t, b.Queue.Start(ctx, func(ctx context.Context, _ string) error {
		close(entered)
		<-leave
		state <- ctx.Err()
		return nil
	}))
	b.enqueue(t, ports.Job{ExecutionID: b.id("one")})
	receive(t, entered)
	cancel()
	close(leave)
	require.NoError(t, receive(t, state))
	require.NoError(t, b.Queue.Stop(t.Context()))
}

func stopWaits(t *testing.T, b *bench) {
	t.Helper()
	entered, leave := make(chan struct{}), make(chan struct{})
	var result error
	ended := false
	require.NoError(t, b.Queue.Start(t.Context(), func(ctx context.Context, id string) error {
		if id != b.id("slow") {
			return nil
		}
		close(entered)
		<-leave
		result, ended = ctx.Err(), true
		return nil
	}))
	b.enqueue(t, ports.Job{ExecutionID: b.id("slow")})
	receive(t, entered)
	stopped := make(chan error, 1)
	go func() { stopped <- b.Queue.Stop(context.Background()) }()
	select {
	case <-stopped:
		require.Fail(t, "Stop did not wait for the running job")
	case <-time.After(30 * time.Millisecond):
	}
	close(leave)
	require.NoError(t, receive(t, stopped))
	require.True(t, ended)
	require.NoError(t, result, "a job that ends in time is not cancelled")
	b.Queue.Wake(b.id("late"))
	require.NoError(t, b.Queue.Stop(t.Context()), "a second Stop does no harm")
}

func stopCancels(t *testing.T, b *bench) {
	t.Helper()
	entered := make(chan struct{})
	ended := false
	require.NoError(t, b.Queue.Start(t.Context(), func(ctx context.Context, _ string) error {
		close(entered)
		<-ctx.Done()
		ended = true
		return ctx.Err()
	}))
	b.enqueue(t, ports.Job{ExecutionID: b.id("stubborn")})
	receive(t, entered)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	stopped := make(chan error, 1)
	go func() { stopped <- b.Queue.Stop(ctx) }()
	receive(t, stopped) // whether cutting a job is an error is the adapter's to say
	require.True(t, ended, "Stop returned before the cancelled job had ended")
}
