// Package membus fans hints out within one process. It is the bus of a single machine; replicas need one that crosses processes.
package membus

import (
	"context"

	"github.com/symphainy/symphainy/adapters/internal/fanout"
	"github.com/symphainy/symphainy/ports"
)

var _ ports.EventBus = (*Bus)(nil)

// Bus is a ports.EventBus in memory.
type Bus struct{ table *fanout.Table }

// New makes a bus without subscribers.
func New() *Bus { return &Bus{table: fanout.New()} }

// Publish gives the hint to every subscriber of its topics that has room, and to none twice by one topic. It never waits or fails.
func (b *Bus) Publish(_ context.Context, h ports.Hint) error {
	b.table.Deliver(h)
	return nil
}

// Subscribe delivers the topic's hints until cancel. A topic without subscribers is forgotten.
func (b *Bus) Subscribe(topic string) (hints <-chan ports.Hint, cancel func(), err error) {
	return b.table.Subscribe(topic)
}
