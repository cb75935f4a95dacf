package bootstrap

import (
	"context"
	"net"
	"net/http"
	"sync"
	"time"
)

// arrivals are the connections that were accepted and have not said anything yet. http.Server closes such a one without an answer when its
// request comes after the shutdown began, which a client sees as a request that failed.
type arrivals struct {
	mu   sync.Mutex
	open map[net.Conn]struct{}
}

func (a *arrivals) note(c net.Conn, s http.ConnState) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if s == http.StateNew {
		a.open[c] = struct{}{}
		return
	}
	delete(a.open, c)
}

func (a *arrivals) none() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.open) == 0
}

// arrivalTime bounds the wait for what connections have to say; one that says nothing is no request.
const arrivalTime = time.Second

// settle waits until nothing has just arrived.
func (a *arrivals) settle(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, arrivalTime)
	defer cancel()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !a.none() {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}
