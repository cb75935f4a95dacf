package bootstrap

import (
	"context"
	"errors"
	"sync/atomic"

	"github.com/symphainy/symphainy/ports"
)

// readiness tells load balancers whether to send requests here: from the first accepted connection until the stop begins.
type readiness struct{ open atomic.Bool }

var _ ports.HealthCheck = (*readiness)(nil)

var errNotReady = errors.New("the server is starting or stopping")

// Name is the check's name.
func (r *readiness) Name() string { return "server" }

// Check fails before the server accepts connections and after it began to stop.
func (r *readiness) Check(context.Context) error {
	if !r.open.Load() {
		return errNotReady
	}
	return nil
}
