package riverqueue

import "sync"

// waking holds the executions that wait for a free worker of Wake, each at most once.
type waking struct {
	ids chan string
	mu  sync.Mutex
	in  map[string]bool
}

func newWaking(capacity int) *waking {
	return &waking{ids: make(chan string, capacity), in: map[string]bool{}}
}

// add never blocks; what is waiting already, or does not fit, is dropped.
func (w *waking) add(ids []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, id := range ids {
		if w.in[id] {
			continue
		}
		select {
		case w.ids <- id:
			w.in[id] = true
		default:
			return
		}
	}
}

// taken lets an execution come again: whoever took it looks at its row only now.
func (w *waking) taken(id string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.in, id)
}
