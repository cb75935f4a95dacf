// Package system is the real clock and the real source of ids and secrets.
package system

import (
	"crypto/rand"
	"time"

	"github.com/google/uuid"

	"github.com/symphainy/symphainy/domain/typeid"
	"github.com/symphainy/symphainy/ports"
)

var (
	_ ports.Clock = Clock{}
	_ ports.IDs   = IDs{}
)

// Clock is the host's clock.
type Clock struct{}

// Now gives the present in UTC, cut to whole microseconds: the finest that every store keeps.
func (Clock) Now() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }

// IDs makes ids of UUIDv7. Within a process each id sorts after the one before, also those of one millisecond and after the
// host's clock was set back.
type IDs struct{}

// NewID gives a fresh id of the kind.
func (IDs) NewID(prefix typeid.Prefix) string {
	// NewV7 fails only where the system has no randomness, and then crypto/rand has already ended the process.
	return typeid.Format(prefix, uuid.Must(uuid.NewV7()))
}

// Secret gives 32 bytes of the system's cryptographic randomness.
func (IDs) Secret() []byte {
	b := make([]byte, 32)
	// Never fails: crypto/rand ends the process instead of giving weak bytes.
	_, _ = rand.Read(b)
	return b
}
