// Package membus fans hints out within one process. It is the bus of a single machine; replicas need one that crosses processes.
package membus

import (
	"context"
	"errors"
	"sync"

	"github.com/symphainy/symphainy/ports"
)

// buffered is how many hints wait for a subscriber. One pending hint is enough to make it look; a few more save it from looking twice.
const buffered = 16

var _ ports.EventBus = (*Bus)(nil)

// Bus is a ports.EventBus in memory.
type Bus struct {
	mu          sync.RWMutex
	subscribers map[string]map[chan ports.Hint]struct{}
}

// New makes a bus without subscribers.
func New() *Bus { return &Bus{subscribers: map[string]map[chan ports.Hint]struct{}{}} }

// Publish gives the hint to every subscriber of its topics that has room, and to none twice by one topic. It never waits.
func (b *Bus) Publish(_ context.Context, h ports.Hint) error {
	b.mu.RLock()
	defer b.mu.RUnlock()
	if h.SessionID != "" {
		b.send(ports.TopicSession(h.SessionID), h)
	}
	if h.ExecutionID != "" {
		b.send(ports.TopicExecution(h.ExecutionID), h)
	}
	if h.Control {
		b.send(ports.TopicControl, h)
	}
	return nil
}

func (b *Bus) send(topic string, h ports.Hint) {
	for c := range b.subscribers[topic] {
		select {
		case c <- h:
		default: // a hint that is pending already makes the reader look
		}
	}
}

// Subscribe delivers the topic's hints until cancel. A topic without subscribers is forgotten.
func (b *Bus) Subscribe(topic string) (<-chan ports.Hint, func(), error) {
	if topic == "" {
		return nil, nil, errors.New("membus: a topic is needed")
	}
	c := make(chan ports.Hint, buffered)
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.subscribers[topic] == nil {
		b.subscribers[topic] = map[chan ports.Hint]struct{}{}
	}
	b.subscribers[topic][c] = struct{}{}
	return c, sync.OnceFunc(func() { b.unsubscribe(topic, c) }), nil
}

func (b *Bus) unsubscribe(topic string, c chan ports.Hint) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.subscribers[topic], c)
	if len(b.subscribers[topic]) == 0 {
		delete(b.subscribers, topic)
	}
}
