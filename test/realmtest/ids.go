package realmtest

import (
	"crypto/sha256"
	"encoding/binary"
	"sync/atomic"

	"github.com/symphainy/symphainy/domain/typeid"
	"github.com/symphainy/symphainy/ports"
)

// IDs makes ids that tell the time of a clock, as UUIDv7 do, and count: equal runs get equal ids.
type IDs struct {
	Clock ports.Clock
	n     atomic.Uint64
}

var _ ports.IDs = (*IDs)(nil)

// NewID gives the next id.
func (i *IDs) NewID(prefix typeid.Prefix) string {
	var id [16]byte
	binary.BigEndian.PutUint64(id[:8], uint64(i.Clock.Now().UnixMilli())<<16|0x7000)
	binary.BigEndian.PutUint64(id[8:], 1<<63|i.n.Add(1))
	return typeid.Format(prefix, id)
}

// Secret gives 32 bytes that no other call gives; they are not secret.
func (i *IDs) Secret() []byte {
	var seed [8]byte
	binary.BigEndian.PutUint64(seed[:], i.n.Add(1))
	sum := sha256.Sum256(seed[:])
	return sum[:]
}
