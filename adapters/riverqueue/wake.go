package riverqueue

import (
	"slices"
	"sync"
)

// waking holds the executions that wait for a free worker of Wake, each at most once. What the newest call brings goes before what waits
// already: a sweep puts the most urgent first, and they must not wait behind a backlog that earlier sweeps have left here.
type waking struct {
	// more has an element while something waits.
	more     chan struct{}
	capacity int

	mu   sync.Mutex
	list []string
}

func newWaking(capacity int) *waking {
	return &waking{more: make(chan struct{}, 1), capacity: capacity}
}

// add never blocks; what does not fit is dropped from the end.
func (w *waking) add(ids []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	known := make(map[string]bool, len(ids))
	list := make([]string, 0, len(ids)+len(w.list))
	for _, id := range slices.Concat(ids, w.list) {
		if !known[id] {
			known[id] = true
			list = append(list, id)
		}
	}
	w.list = list[:min(len(list), w.capacity)]
	w.signal()
}

// take gives the first execution, false if another worker was faster. Taken, it may come again: its row is looked at only now.
func (w *waking) take() (string, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.list) == 0 {
		return "", false
	}
	id := w.list[0]
	w.list = w.list[1:]
	w.signal()
	return id, true
}

func (w *waking) signal() {
	if len(w.list) == 0 {
		return
	}
	select {
	case w.more <- struct{}{}:
	default:
	}
}
