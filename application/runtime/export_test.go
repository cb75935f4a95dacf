package runtime

import "context"

// FireDue decides about the ticks that are due, as every process does once a sweep.
func (e *Engine) FireDue(ctx context.Context) error { return e.fireDue(ctx) }
