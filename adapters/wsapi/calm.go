package wsapi

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/ports"
)

const (
	// calmSize is how many sessions one statement asks about.
	calmSize = 500
	// calmTime bounds a look that many wait for: it belongs to none of them.
	calmTime = 5 * time.Second
)

// calm tells of the sessions of handshakes whether anything goes on in them, which mostly nothing does. All who ask while a look is under way
// share the next one, so that a thousand handshakes cost a few statements; nobody gets a look that began before the question.
type calm struct {
	active func(ctx context.Context, sessions []ports.SessionKey, since time.Time) ([]ports.SessionKey, error)

	mu    sync.Mutex
	asked []*stir
	busy  bool
}

// stir is one handshake's question.
type stir struct {
	session ports.SessionKey
	since   time.Time
	done    chan struct{}
	active  bool
	err     error
}

// stirs reports whether the session has an execution that is live, or that ended at or after since.
func (c *calm) stirs(ctx context.Context, session ports.SessionKey, since time.Time) (bool, error) {
	q := &stir{session: session, since: since, done: make(chan struct{})}
	c.mu.Lock()
	c.asked = append(c.asked, q)
	if !c.busy {
		c.busy = true
		go c.guarded(context.WithoutCancel(ctx))
	}
	c.mu.Unlock()
	select {
	case <-q.done:
		return q.active, q.err
	case <-ctx.Done():
		return false, fault.ErrUnavailable.Because(context.Cause(ctx))
	}
}

// guarded is work; what panics there is the answer of those who asked, and here nothing is left that could.
func (c *calm) guarded(ctx context.Context) {
	_ = fault.Guard(func() error { c.work(ctx); return nil })
}

// work takes look after look until nobody asks.
func (c *calm) work(ctx context.Context) {
	for {
		c.mu.Lock()
		some := c.asked[:min(len(c.asked), calmSize)]
		c.asked = c.asked[len(some):]
		c.busy = len(some) > 0
		c.mu.Unlock()
		if len(some) == 0 {
			return
		}
		c.look(ctx, some)
	}
}

func (c *calm) look(ctx context.Context, asked []*stir) {
	var active []ports.SessionKey
	err := fault.Guard(func() (err error) {
		ctx, cancel := context.WithTimeout(ctx, calmTime)
		defer cancel()
		sessions := make([]ports.SessionKey, 0, len(asked))
		since := asked[0].since
		for _, q := range asked {
			if !slices.Contains(sessions, q.session) {
				sessions = append(sessions, q.session)
			}
			if q.since.Before(since) {
				since = q.since // for some it reaches further back than they asked, and they look in vain
			}
		}
		active, err = c.active(ctx, sessions, since)
		return err
	})
	for _, q := range asked {
		q.active, q.err = slices.Contains(active, q.session), err
		close(q.done)
	}
}
