package runtime

import (
	"context"
	"fmt"
	"time"

	"github.com/symphainy/symphainy/domain/execution"
)

// lingerGrace is how long a handler may take to return after its context has ended.
const lingerGrace = 10 * time.Second

// lingers notices a handler that goes on although its context has ended. Nothing can stop it and nothing that it writes is taken, but it keeps a
// worker, so it is reported and counted until it returns. returned ends the notice.
func (e *Engine) lingers(ctx context.Context, s execution.Snapshot) (returned func()) {
	done := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		grace := time.NewTimer(lingerGrace)
		defer grace.Stop()
		select {
		case <-done:
			return
		case <-grace.C:
		}
		e.lingering.Add(1)
		defer e.lingering.Add(-1)
		e.Report(ctx, "a handler ignores the end of its context", fmt.Errorf("%s, execution %s, keeps a worker: %w", s.Intent.Type, s.ID, context.Cause(ctx)))
		<-done
	})
	return func() {
		stop()
		close(done)
	}
}

// Lingering gives how many handlers of this process have gone on for more than ten seconds after the end of their context. Each keeps a worker.
func (e *Engine) Lingering() int { return int(e.lingering.Load()) }
