package rows

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/symphainy/symphainy/test/chaos/bed"
)

// load is work that clients ask for.
type load struct {
	clients, executions int
	parameters          map[string]any
	// every is the time between two submissions of one client.
	every time.Duration
	// watch is that each so many-th execution is watched; 0 watches none.
	watch int
	// name sets the load's keys apart from those of another load of the same bed.
	name string
}

// running is a load that is on its way.
type running struct {
	mu      sync.Mutex
	ids     []string
	err     error
	submits sync.WaitGroup
	watches sync.WaitGroup
	// stop ends the watchers.
	stop context.CancelFunc
}

// start begins to submit; clients insist until each intent is accepted.
func (l load) start(ctx context.Context, b *bed.Bed) *running {
	watching, stop := context.WithCancel(ctx)
	r := &running{stop: stop}
	next := make(chan int)
	r.submits.Go(func() {
		defer close(next)
		for i := range l.executions {
			select {
			case next <- i:
			case <-ctx.Done():
				return
			}
		}
	})
	for n := range l.clients {
		r.submits.Go(func() { r.fail(l.client(ctx, watching, b, r, n, next)) })
	}
	return r
}

func (l load) client(ctx, watching context.Context, b *bed.Bed, r *running, n int, next <-chan int) error {
	c, err := b.Anonymous(ctx, fmt.Sprintf("client%s-%d", l.name, n))
	if err != nil {
		return err
	}
	for i := range next {
		began := time.Now()
		id, err := c.Insist(ctx, bed.Intent{Type: "chaos_run", Parameters: l.parameters, Key: fmt.Sprintf("key%s-%d-%d", l.name, n, i)})
		if err != nil {
			return err
		}
		r.mu.Lock()
		r.ids = append(r.ids, id)
		r.mu.Unlock()
		if l.watch > 0 && i%l.watch == 0 {
			r.watches.Go(func() { r.fail(c.Watch(watching, fmt.Sprintf("watcher%s-%d", l.name, i), id)) })
		}
		rest := time.NewTimer(max(0, l.every-time.Since(began)))
		select {
		case <-rest.C:
		case <-ctx.Done():
			rest.Stop()
			return ctx.Err()
		}
	}
	return nil
}

func (r *running) fail(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.err = errors.Join(r.err, err)
}

// submitted waits for the last submission and gives what was accepted.
func (r *running) submitted() ([]string, error) {
	r.submits.Wait()
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]string(nil), r.ids...), r.err
}

// watchTime is how long watchers may take once everything that they watch should have ended.
const watchTime = time.Minute

// watched waits for the watchers too. It is called when what they watch should have ended; a stream that does not end is an error.
func (r *running) watched() error {
	r.submits.Wait()
	defer time.AfterFunc(watchTime, r.stop).Stop()
	r.watches.Wait()
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.err
}

// pause waits, unless ctx ends before.
func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
