package runtime

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/symphainy/symphainy/ports"
)

// pulseSize is how many sessions one statement of the pulse asks for.
const pulseSize = 500

// pulse carries those who follow sessions when hints are lost: every Poll it asks which of all followed sessions are worth a look, and wakes
// only those who follow them. So ten thousand followers of silent sessions cost some twenty statements a poll, not ten thousand. One goroutine runs
// while anybody follows; whoever leaves last waits for its end.
type pulse struct {
	engine *Engine

	mu        sync.Mutex
	followers map[ports.SessionKey]map[chan error]struct{}
	stop      context.CancelFunc
	done      chan struct{}
}

// follow gives a channel on which nil means that a look is worth while, and an error that the store could not be asked. leave ends it. What
// happened before the call is the caller's to look at.
func (p *pulse) follow(ctx context.Context, key ports.SessionKey) (wake <-chan error, leave func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	mine := make(chan error, 1)
	if p.followers == nil {
		p.followers = map[ports.SessionKey]map[chan error]struct{}{}
	}
	if p.followers[key] == nil {
		p.followers[key] = map[chan error]struct{}{}
	}
	p.followers[key][mine] = struct{}{}
	if p.stop == nil {
		ctx, stop := context.WithCancel(context.WithoutCancel(ctx))
		p.stop, p.done = stop, make(chan struct{})
		go p.beat(ctx, p.done)
	}
	return mine, func() { p.leave(key, mine) }
}

func (p *pulse) leave(key ports.SessionKey, mine chan error) {
	p.mu.Lock()
	delete(p.followers[key], mine)
	if len(p.followers[key]) == 0 {
		delete(p.followers, key)
	}
	var done chan struct{}
	if len(p.followers) == 0 {
		p.stop()
		done, p.stop = p.done, nil
	}
	p.mu.Unlock()
	if done != nil {
		<-done
	}
}

// beat asks at every Poll. Each look reaches back to the one before it, and by a margin further: commits become visible later than their
// times say.
func (p *pulse) beat(ctx context.Context, done chan struct{}) {
	defer close(done)
	tick := time.NewTicker(p.engine.cfg.Poll)
	defer tick.Stop()
	last := p.engine.Clock.Now()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		began := p.engine.Clock.Now()
		if p.look(ctx, last.Add(-scanMargin)) {
			last = began
		}
	}
}

// look wakes whoever follows an active session, and reports whether all could be asked about. Followers of what could not be asked about hear why.
func (p *pulse) look(ctx context.Context, since time.Time) bool {
	p.mu.Lock()
	keys := slices.Collect(maps.Keys(p.followers))
	p.mu.Unlock()
	all := true
	for some := range slices.Chunk(keys, pulseSize) {
		var active []ports.SessionKey
		err := guarded(func() error {
			ctx, cancel := context.WithTimeout(ctx, readTime)
			defer cancel()
			return p.engine.UnitOfWork.Look(ctx, func(ctx context.Context, tx ports.Tx) (err error) {
				active, err = tx.Activity.Active(ctx, some, since)
				return err
			})
		})
		if err != nil {
			all, active = false, some
		}
		if ctx.Err() != nil {
			return false
		}
		p.wake(active, err)
	}
	return all
}

func (p *pulse) wake(keys []ports.SessionKey, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, key := range keys {
		for follower := range p.followers[key] {
			select {
			case follower <- err:
			default: // it has not come to the last one yet, and will look or give up
			}
		}
	}
}
