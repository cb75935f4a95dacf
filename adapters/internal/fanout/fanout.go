// Package fanout gives hints to the subscribers of their topics within one process. It is what all buses of hints have in common: they
// differ only in whether and how a hint also reaches other processes.
package fanout

import (
	"errors"
	"sync"

	"github.com/symphainy/symphainy/ports"
)

// Buffered is how many hints wait for a subscriber. One pending hint is enough to make it look; a few more save it from looking twice.
const Buffered = 16

// Table knows who subscribes to what. The zero value is not usable: see New.
type Table struct {
	mu          sync.RWMutex
	subscribers map[string]map[chan ports.Hint]struct{}
}

// New makes a table without subscribers.
func New() *Table { return &Table{subscribers: map[string]map[chan ports.Hint]struct{}{}} }

// Deliver gives the hint to every subscriber of its topics that has room, and to none twice by one topic. It never waits.
func (t *Table) Deliver(h ports.Hint) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	if h.SessionID != "" {
		t.send(ports.TopicSession(h.SessionID), h)
	}
	if h.ExecutionID != "" {
		t.send(ports.TopicExecution(h.ExecutionID), h)
	}
	if h.Control {
		t.send(ports.TopicControl, h)
	}
}

func (t *Table) send(topic string, h ports.Hint) {
	for c := range t.subscribers[topic] {
		select {
		case c <- h:
		default: // a hint that is pending already makes the reader look
		}
	}
}

// Subscribe delivers the topic's hints from now until cancel, as ports.EventBus says. A topic without subscribers is forgotten.
func (t *Table) Subscribe(topic string) (hints <-chan ports.Hint, cancel func(), err error) {
	if topic == "" {
		return nil, nil, errors.New("bus: a topic is needed")
	}
	c := make(chan ports.Hint, Buffered)
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.subscribers[topic] == nil {
		t.subscribers[topic] = map[chan ports.Hint]struct{}{}
	}
	t.subscribers[topic][c] = struct{}{}
	return c, sync.OnceFunc(func() { t.unsubscribe(topic, c) }), nil
}

func (t *Table) unsubscribe(topic string, c chan ports.Hint) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.subscribers[topic], c)
	if len(t.subscribers[topic]) == 0 {
		delete(t.subscribers, topic)
	}
}
