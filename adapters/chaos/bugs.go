//go:build chaos

package chaos

import (
	"context"
	"sync"
	"time"

	"github.com/symphainy/symphainy/domain/event"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/ports"
)

// bugs are the seeded mistakes that sit between the engine and its store. Each is off unless its build tag is set; they prove that the rows
// of test/chaos see what they are there to see.
type bugs struct {
	inner ports.UnitOfWork
	// memory is what mistake B10 falls back on.
	memory ports.UnitOfWork

	mu   sync.Mutex
	next map[string]int64
	// published is what mistake B6 shows to this process's watchers, by execution and number.
	published map[string]map[int64]event.Event
}

func newBugs(u, memory ports.UnitOfWork) *bugs {
	return &bugs{inner: u, memory: memory, next: map[string]int64{}, published: map[string]map[int64]event.Event{}}
}

// earlier is how long B1 answers before it commits.
const earlier = 150 * time.Millisecond

func (b *bugs) do(ctx context.Context, fn func(ctx context.Context, tx ports.Tx) error, submits func() bool) error {
	if ackEarly {
		return b.ackEarly(ctx, fn, submits)
	}
	err := b.inner.Do(ctx, fn)
	if memoryFallBack && fault.KindOf(err) == fault.Unavailable {
		return b.memory.Do(context.WithoutCancel(ctx), fn)
	}
	return err
}

// ackEarly answers a submission when its transaction has done everything but COMMIT.
func (b *bugs) ackEarly(ctx context.Context, fn func(ctx context.Context, tx ports.Tx) error, submits func() bool) error {
	answer := make(chan error, 2)
	go func() {
		answer <- b.inner.Do(context.WithoutCancel(ctx), func(ctx context.Context, tx ports.Tx) error {
			err := fn(ctx, tx)
			if err == nil && submits() {
				answer <- nil
				time.Sleep(earlier)
			}
			return err
		})
	}()
	return <-answer
}

// append stores events; B7 numbers them from this process's memory, and B6 shows them to this process's watchers before they are committed.
func (b *bugs) append(ctx context.Context, log ports.EventLog, tenantID string, list []event.Event) error {
	if numberFromMemory {
		b.renumber(list)
	}
	if publishEarly {
		b.publish(list)
	}
	return log.Append(ctx, tenantID, list)
}

func (b *bugs) renumber(list []event.Event) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for i, e := range list {
		n, known := b.next[e.ExecutionID]
		if !known {
			n = e.Seq
		}
		list[i].Seq, b.next[e.ExecutionID] = n, n+1
	}
}

// publish gives events to the watchers of this process as they are made; what was given cannot be taken back.
func (b *bugs) publish(list []event.Event) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, e := range list {
		known := b.published[e.ExecutionID]
		if known == nil {
			known = map[int64]event.Event{}
			b.published[e.ExecutionID] = known
		}
		if _, given := known[e.Seq]; !given {
			known[e.Seq] = e
		}
	}
}

// early is a log of which this process's watchers see what was published rather than what was committed.
type early struct {
	ports.EventLog
	*bugs
}

func (l early) Read(ctx context.Context, tenantID, executionID string, after int64, limit int) ([]event.Event, error) {
	list, err := l.EventLog.Read(ctx, tenantID, executionID, after, limit)
	l.mu.Lock()
	defer l.mu.Unlock()
	for i, e := range list {
		if given, ok := l.published[executionID][e.Seq]; ok {
			list[i] = given
		}
	}
	for err == nil && len(list) < limit {
		next, ok := l.published[executionID][after+int64(len(list))+1]
		if !ok {
			break
		}
		list = append(list, next)
	}
	return list, err
}
