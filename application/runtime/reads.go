package runtime

import (
	"context"
	"sync"
	"time"

	"github.com/symphainy/symphainy/domain/fault"
)

// readTime bounds a read that several wait for: it belongs to none of them, so the end of one's context must not end it.
const readTime = 10 * time.Second

// reads lets those who ask the same at the same time share one look at the store. Nobody gets a look that began before it was asked for,
// so a reader that a hint woke always sees what the hint spoke of. The zero value is ready.
type reads[K comparable, V any] struct {
	mu    sync.Mutex
	lanes map[K]*lane[V]
}

// lane is the looks for one key: at most one goes on, and at most one waits for its turn.
type lane[V any] struct {
	next *flight[V]
	busy bool
}

// flight is one look; value and err hold once done is closed.
type flight[V any] struct {
	done  chan struct{}
	value V
	err   error
}

// do gives the result of a look that begins after the call. Equal keys must mean equal looks.
func (r *reads[K, V]) do(ctx context.Context, key K, look func(context.Context) (V, error)) (V, error) {
	f := r.join(ctx, key, look)
	select {
	case <-f.done:
		return f.value, f.err
	case <-ctx.Done():
		var none V
		return none, context.Cause(ctx)
	}
}

// join gives the look that begins next, and starts it if none goes on.
func (r *reads[K, V]) join(ctx context.Context, key K, look func(context.Context) (V, error)) *flight[V] {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.lanes == nil {
		r.lanes = map[K]*lane[V]{}
	}
	l := r.lanes[key]
	if l == nil {
		l = &lane[V]{}
		r.lanes[key] = l
	}
	if l.next == nil {
		l.next = &flight[V]{done: make(chan struct{})}
	}
	f := l.next
	if !l.busy {
		l.busy = true
		go r.work(context.WithoutCancel(ctx), key, l, look)
	}
	return f
}

// work takes look after look until nobody waits.
func (r *reads[K, V]) work(ctx context.Context, key K, l *lane[V], look func(context.Context) (V, error)) {
	for f := r.take(key, l); f != nil; f = r.take(key, l) {
		f.err = guarded(func() (err error) {
			ctx, cancel := context.WithTimeoutCause(ctx, readTime, fault.ErrUnavailable)
			defer cancel()
			f.value, err = look(ctx)
			return err
		})
		close(f.done)
	}
}

func (r *reads[K, V]) take(key K, l *lane[V]) *flight[V] {
	r.mu.Lock()
	defer r.mu.Unlock()
	f := l.next
	l.next = nil
	if f == nil {
		delete(r.lanes, key)
	}
	return f
}
