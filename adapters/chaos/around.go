//go:build chaos

package chaos

import (
	"context"
	"time"

	"github.com/symphainy/symphainy/domain/typeid"
	"github.com/symphainy/symphainy/ports"
)

// Clock is a host's clock that is wrong by Offset.
type Clock struct {
	ports.Clock
	Offset time.Duration
}

// Now gives the wrong time.
func (c Clock) Now() time.Time { return c.Clock.Now().Add(c.Offset) }

// IDs gives the process's worker a name that the bed knows.
type IDs struct {
	ports.IDs
	Worker string
}

// NewID gives a fresh id, or the worker's name.
func (i IDs) NewID(prefix typeid.Prefix) string {
	if prefix == typeid.Worker && i.Worker != "" {
		return i.Worker
	}
	return i.IDs.NewID(prefix)
}

// Bus has a place before and one after a hint goes out.
type Bus struct {
	ports.EventBus
	Points *Points
}

// Publish sends a hint.
func (b Bus) Publish(ctx context.Context, h ports.Hint) error {
	if err := b.Points.Hit(ctx, "publish.before"); err != nil {
		return err
	}
	err := b.EventBus.Publish(ctx, h)
	if err == nil {
		err = b.Points.Hit(ctx, "publish.after")
	}
	return err
}
