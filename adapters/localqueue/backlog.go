package localqueue

// backlog is the executions that are ready, first come first served, each at most once. The zero value is empty.
type backlog struct {
	order  []string
	queued map[string]bool
	// running are the executions being handled; true for one that became ready again meanwhile.
	running map[string]bool
}

type outcome int

const (
	added outcome = iota
	known
	full
)

// add puts an execution at the end. One that is being handled waits for that: the handler may have looked before the reason for this
// call had happened.
func (b *backlog) add(id string, capacity int) outcome {
	if b.queued == nil {
		b.queued, b.running = map[string]bool{}, map[string]bool{}
	}
	if _, running := b.running[id]; running {
		b.running[id] = true
		return known
	}
	switch {
	case b.queued[id]:
		return known
	case len(b.order) >= capacity:
		return full
	}
	b.queued[id] = true
	b.order = append(b.order, id)
	return added
}

// take gives the first execution and marks it as being handled.
func (b *backlog) take() (string, bool) {
	if len(b.order) == 0 {
		return "", false
	}
	id := b.order[0]
	b.order[0] = ""
	b.order = b.order[1:]
	delete(b.queued, id)
	b.running[id] = false
	return id, true
}

// done ends the handling of an execution and reports whether it became ready again meanwhile.
func (b *backlog) done(id string) bool {
	again := b.running[id]
	delete(b.running, id)
	return again
}
