package ports

import (
	"context"
	"time"

	"github.com/symphainy/symphainy/domain/typeid"
)

// Clock tells the time: UTC, whole microseconds, so that every store returns what was stored.
type Clock interface {
	Now() time.Time
}

// IDs makes ids and secrets.
type IDs interface {
	// NewID gives a sortable id (UUIDv7) of the kind.
	NewID(prefix typeid.Prefix) string
	// Secret gives 256 random bits.
	Secret() []byte
}

// HealthCheck tells whether a dependency answers.
type HealthCheck interface {
	// Name is the dependency's stable name, such as "store".
	Name() string
	// Check returns nil if the dependency answers within ctx.
	Check(ctx context.Context) error
}
