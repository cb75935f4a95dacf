package wsapi

import (
	"sync"

	"github.com/symphainy/symphainy/domain/event"
)

const (
	// sharedFrames is how many encoded events are kept for the next socket that puts the same one out.
	sharedFrames = 512
	// sharedBytes is the largest frame that is kept; so all together are at most 2 MiB.
	sharedBytes = 4096
)

// frameKey names a frame: an event of a log never changes, and its conversation is part of what is written.
type frameKey struct {
	execution, conversation string
	epoch                   int
	seq                     int64
}

// frameCache holds the latest frames, so that an event with a thousand watchers is encoded once. It holds nothing that a socket is not
// about to write anyway: who may see an event is decided before. The zero value is ready.
type frameCache struct {
	mu     sync.Mutex
	frames map[frameKey][]byte
	order  [sharedFrames]frameKey
	at     int
}

// logged gives the frame of an event of a log. Nobody may change it.
func (c *frameCache) logged(e event.Event, conversationID string) ([]byte, error) {
	key := frameKey{e.ExecutionID, conversationID, e.Epoch, e.Seq}
	c.mu.Lock()
	defer c.mu.Unlock()
	if frame, ok := c.frames[key]; ok {
		return frame, nil
	}
	frame, err := logged(e, conversationID)
	if err != nil || len(frame) > sharedBytes {
		return frame, err
	}
	if c.frames == nil {
		c.frames = make(map[frameKey][]byte, sharedFrames)
	}
	delete(c.frames, c.order[c.at])
	c.frames[key], c.order[c.at] = frame, key
	c.at = (c.at + 1) % sharedFrames
	return frame, nil
}
