package wsapi

import (
	"context"
	"sync"
	"time"
)

// outbox is the bounded queue between those who have something to say and the one writer. Nobody waits in put; the goroutine that
// follows the log waits in putWait, so that a burst longer than the queue goes out as fast as the peer reads. The queue has no channel
// of frames, so there is none to close.
type outbox struct {
	maxBytes, maxFrames int

	mu     sync.Mutex
	frames [][]byte
	bytes  int
	// more wakes the writer, room those who wait for space; both hold at most one pending signal.
	more chan struct{}
	room chan struct{}
}

func newOutbox(maxBytes, maxFrames int) *outbox {
	return &outbox{maxBytes: maxBytes, maxFrames: maxFrames, more: make(chan struct{}, 1), room: make(chan struct{}, 1)}
}

// put queues a frame and reports whether there was room. A frame larger than the queue passes while it is empty.
func (o *outbox) put(frame []byte) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.frames) > 0 && (len(o.frames) >= o.maxFrames || o.bytes+len(frame) > o.maxBytes) {
		return false
	}
	o.frames = append(o.frames, frame)
	o.bytes += len(frame)
	signal(o.more)
	return true
}

// errSlow is a queue that stayed full.
var errSlow = ending{closeSlowReader, "slow reader"}

// putWait queues a frame, waiting up to d for room.
func (o *outbox) putWait(ctx context.Context, frame []byte, d time.Duration) error {
	if o.put(frame) {
		return nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-timer.C:
			return errSlow
		case <-o.room:
		}
		if o.put(frame) {
			return nil
		}
	}
}

// take removes the oldest frame; nil if there is none.
func (o *outbox) take() []byte {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.frames) == 0 {
		return nil
	}
	f := o.frames[0]
	o.frames[0] = nil
	o.frames = o.frames[1:]
	o.bytes -= len(f)
	signal(o.room)
	return f
}

// clear drops everything that waits.
func (o *outbox) clear() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.frames, o.bytes = nil, 0
}

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
