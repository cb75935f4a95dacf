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
}

func newBugs(u, memory ports.UnitOfWork) *bugs {
	return &bugs{inner: u, memory: memory, next: map[string]int64{}}
}

// early is how long B1 answers before it commits.
const early = 150 * time.Millisecond

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
				time.Sleep(early)
			}
			return err
		})
	}()
	return <-answer
}

// append stores events; B7 numbers them from this process's memory, and B6 stores them in a transaction of their own, so that they are seen
// before what they tell of is there.
func (b *bugs) append(ctx context.Context, log ports.EventLog, tenantID string, list []event.Event) error {
	if numberFromMemory {
		b.renumber(list)
	}
	if publishEarly && len(list) > 0 && list[0].Seq > 1 {
		return b.inner.Do(ctx, func(ctx context.Context, tx ports.Tx) error { return tx.Events.Append(ctx, tenantID, list) })
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
