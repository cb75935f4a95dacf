// Package seats counts open sockets across the replicas of a deployment, so that the caps of sockets hold for all of them together.
//
// Each replica writes what it has open at a place before it looks at what the others have, and answers a handshake after both. Of two replicas
// that let somebody in at the same time, the one that wrote later sees the other: together they never pass a cap, though both may refuse. What is
// asked while a round of this is under way waits for the next one, so that a thousand handshakes at once cost a few statements.
package seats

import (
	"context"
	"maps"
	"sync"
	"time"

	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/typeid"
	"github.com/symphainy/symphainy/ports"
)

// Config holds the times of the counting.
type Config struct {
	// Lease is how long the counts of a replica that died still stand, Renewal how often a live one renews them.
	Lease, Renewal time.Duration
	// Round bounds one round with the store. Who waits for a round that failed is refused.
	Round time.Duration
}

// Defaults gives the times of a deployment.
func Defaults() Config {
	return Config{Lease: 8 * time.Second, Renewal: 2 * time.Second, Round: 3 * time.Second}
}

// Deps is what the counting stands on.
type Deps struct {
	UnitOfWork ports.UnitOfWork
	IDs        ports.IDs
	// Report receives failures that no handshake waits for; it must not block.
	Report func(ctx context.Context, what string, err error)
}

// errOver is a handshake at a replica that does not count yet, or no longer.
var errOver = fault.New(fault.Unavailable, "server_full", "The server is not ready for sockets; try again later.").After(time.Second)

// Counter counts the sockets of this replica and asks for those of the others.
type Counter struct {
	Deps
	cfg     Config
	replica string
	wake    chan struct{}
	stop    context.CancelFunc
	done    sync.WaitGroup

	mu    sync.Mutex
	open  map[ports.Place]int
	dirty map[ports.Place]struct{}
	asked []*question
	// counting tells that there are rounds: between Start and Stop.
	counting bool
}

// question is a handshake that waits for a round.
type question struct {
	places []ports.Place
	// answer gets one answer; it has room for it.
	answer chan answer
}

type answer struct {
	elsewhere []int
	err       error
}

// New makes a counter; it refuses until Start.
func New(d Deps, cfg Config) *Counter {
	return &Counter{
		Deps: d, cfg: cfg, replica: d.IDs.NewID(typeid.Worker), wake: make(chan struct{}, 1),
		open: map[ports.Place]int{}, dirty: map[ports.Place]struct{}{},
	}
}

// Start begins the rounds, which go on until Stop or the end of ctx.
func (c *Counter) Start(ctx context.Context) error {
	ctx, c.stop = context.WithCancel(ctx)
	c.mu.Lock()
	c.counting = true
	c.mu.Unlock()
	c.done.Go(func() {
		if err := fault.Guard(func() error { c.run(ctx); return nil }); err != nil {
			c.Report(ctx, "count sockets", err)
		}
	})
	return nil
}

// Stop ends the rounds and takes this replica's counts away from the others.
func (c *Counter) Stop(ctx context.Context) error {
	if c.stop == nil {
		return nil
	}
	c.stop()
	c.done.Wait()
	return c.UnitOfWork.Do(ctx, func(ctx context.Context, tx ports.Tx) error { return tx.Sockets.Leave(ctx, c.replica) })
}

// Take counts one socket more at each of the places, and gives how many the other replicas have open there. After an error nothing is counted.
func (c *Counter) Take(ctx context.Context, places []ports.Place) ([]int, error) {
	q := &question{places: places, answer: make(chan answer, 1)}
	c.mu.Lock()
	if !c.counting {
		c.mu.Unlock()
		return nil, errOver
	}
	c.add(places, 1)
	c.asked = append(c.asked, q)
	c.mu.Unlock()
	c.nudge()
	var a answer
	select {
	case a = <-q.answer:
	case <-ctx.Done():
		a.err = fault.ErrUnavailable.Because(ctx.Err())
	}
	if a.err != nil {
		c.Give(places)
		return nil, a.err
	}
	return a.elsewhere, nil
}

// Give counts one socket less at each of the places.
func (c *Counter) Give(places []ports.Place) { c.Move(places, nil) }

// Move counts a socket at other places from now on, whatever is open there.
func (c *Counter) Move(from, to []ports.Place) {
	c.mu.Lock()
	c.add(from, -1)
	c.add(to, 1)
	c.mu.Unlock()
	c.nudge()
}

func (c *Counter) add(places []ports.Place, n int) {
	for _, p := range places {
		if c.open[p] += n; c.open[p] <= 0 {
			delete(c.open, p)
		}
		c.dirty[p] = struct{}{}
	}
}

func (c *Counter) nudge() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

func (c *Counter) run(ctx context.Context) {
	tick := time.NewTicker(c.cfg.Renewal)
	defer tick.Stop()
	defer c.turnAway()
	due := true
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			due = true
		case <-c.wake:
			select {
			case <-tick.C: // both at once: after a long stop the lease comes first
				due = true
			default:
			}
		}
		due = c.round(ctx, due)
	}
}

// turnAway ends the counting and answers who still waits.
func (c *Counter) turnAway() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.counting = false
	for _, q := range c.asked {
		q.answer <- answer{err: errOver}
	}
	c.asked = nil
}

// round writes what has changed here, renews the lease if that is due, and then looks for who waits. It reports whether a renewal is still due.
// A replica with nothing open and nobody waiting costs the store nothing.
func (c *Counter) round(ctx context.Context, due bool) bool {
	c.mu.Lock()
	asked, dirty := c.asked, c.dirty
	if len(asked) == 0 && len(dirty) == 0 && len(c.open) == 0 {
		c.mu.Unlock()
		return due
	}
	c.asked, c.dirty = nil, map[ports.Place]struct{}{}
	held := c.held(dirty)
	c.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, c.cfg.Round)
	defer cancel()
	err := c.publish(ctx, held, due)
	if err != nil {
		c.mu.Lock()
		maps.Copy(c.dirty, dirty) // for the next round
		c.mu.Unlock()
	} else {
		due = false
	}
	var elsewhere []int
	if err == nil && len(asked) > 0 {
		elsewhere, err = c.elsewhere(ctx, asked)
	}
	if err != nil && (len(asked) == 0 || fault.KindOf(err) != fault.Unavailable) && ctx.Err() == nil {
		c.Report(ctx, "count sockets", err)
	}
	for _, q := range asked {
		if err != nil {
			q.answer <- answer{err: fault.ErrUnavailable.Because(err)}
			continue
		}
		q.answer <- answer{elsewhere: elsewhere[:len(q.places):len(q.places)]}
		elsewhere = elsewhere[len(q.places):]
	}
	return due
}

// held gives what is open at places; c.mu is held.
func (c *Counter) held(at map[ports.Place]struct{}) []ports.Held {
	list := make([]ports.Held, 0, len(at))
	for p := range at {
		list = append(list, ports.Held{Place: p, Open: c.open[p]})
	}
	return list
}

// publish commits this replica's counts. Where the store no longer knows it, because it was away for longer than its lease or the store has lost
// what it does not have to keep, it writes all of them.
func (c *Counter) publish(ctx context.Context, held []ports.Held, due bool) error {
	return c.UnitOfWork.Do(ctx, func(ctx context.Context, tx ports.Tx) error {
		all := held
		if due {
			known, err := tx.Sockets.Live(ctx, c.replica, c.cfg.Lease)
			if err != nil {
				return err
			}
			if !known {
				all = c.everything(held)
			}
		}
		return tx.Sockets.Set(ctx, c.replica, all)
	})
}

// everything adds to a list of counts those of all other places.
func (c *Counter) everything(held []ports.Held) []ports.Held {
	c.mu.Lock()
	defer c.mu.Unlock()
	all := map[ports.Place]struct{}{}
	for p := range c.open {
		all[p] = struct{}{}
	}
	for _, h := range held {
		all[h.Place] = struct{}{}
	}
	return c.held(all)
}

// elsewhere gives, for all places of all questions in their order, what other replicas have open.
func (c *Counter) elsewhere(ctx context.Context, asked []*question) (counts []int, err error) {
	var places []ports.Place
	for _, q := range asked {
		places = append(places, q.places...)
	}
	err = c.UnitOfWork.View(ctx, func(ctx context.Context, tx ports.Tx) (err error) {
		counts, err = tx.Sockets.Others(ctx, c.replica, places)
		return err
	})
	return counts, err
}
