package runtime_test

import (
	"context"
	"sync"

	"github.com/symphainy/symphainy/ports"
)

// board is the smallest bus: it keeps hints apart by topic and drops what nobody has room for.
type board struct {
	mu   sync.Mutex
	subs map[string][]chan ports.Hint
}

func (b *board) Publish(_ context.Context, h ports.Hint) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	topics := []string{ports.TopicSession(h.SessionID), ports.TopicExecution(h.ExecutionID)}
	if h.Control {
		topics = append(topics, ports.TopicControl)
	}
	for _, t := range topics {
		for _, c := range b.subs[t] {
			select {
			case c <- h:
			default:
			}
		}
	}
	return nil
}

func (b *board) Subscribe(topic string) (<-chan ports.Hint, func(), error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	c := make(chan ports.Hint, 4)
	b.subs[topic] = append(b.subs[topic], c)
	return c, func() {}, nil
}
