package wsapi

import "sync"

// outbox is the bounded queue between those who have something to say and the one writer of a socket. A silent socket has no writer: whoever
// queues something while none is at work is told to start one, and it ends when nothing is left. Nobody waits in put. The queue has no channel
// of frames, so there is none to close, and an empty one holds nothing.
type outbox struct {
	maxBytes, maxFrames int

	mu     sync.Mutex
	frames [][]byte
	bytes  int
	// pong is the answer to the newest ping, nil without; ping asks for one of ours.
	pong []byte
	ping bool
	// writing tells that a writer is at work, ended that the next thing to write is the last, over that it is written.
	writing, ended, over bool
	// room wakes who waits for space, done who waits for the end; nil while nobody does.
	room, done chan struct{}
}

// put queues frames as far as there is room, and gives how many that were. A frame larger than the queue passes while it is empty. start tells the
// caller to start a writer. What comes after the end is dropped.
func (o *outbox) put(frames ...[]byte) (n int, start bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.over {
		return len(frames), false
	}
	for _, frame := range frames {
		if len(o.frames) > 0 && (len(o.frames) >= o.maxFrames || o.bytes+len(frame) > o.maxBytes) {
			break
		}
		o.frames = append(o.frames, frame)
		o.bytes += len(frame)
		n++
	}
	return n, n > 0 && o.starts()
}

// starts reports whether a writer is to be started; o.mu is held.
func (o *outbox) starts() bool {
	start := !o.writing && !o.over
	o.writing = o.writing || start
	return start
}

// control asks for what is no message: a pong, or a ping without one.
func (o *outbox) control(pong []byte) (start bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if pong != nil {
		o.pong = pong // only the newest ping needs an answer (RFC 6455 §5.5.3)
	} else {
		o.ping = true
	}
	return o.starts()
}

// end asks for the last words.
func (o *outbox) end() (start bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.ended = true
	return o.starts()
}

// due is what a writer has to do next.
type due struct {
	frames [][]byte
	pong   []byte
	ping   bool
	// last asks for the last words, with what may still be said before them in the queue.
	last bool
}

// batchBytes is how much is written at once.
const batchBytes = 64 << 10

// next gives the writer its work. Without any it is not the writer any more.
func (o *outbox) next() (d due, more bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.over || !o.ended && len(o.frames) == 0 && o.pong == nil && !o.ping {
		o.writing = false
		return d, false
	}
	if o.ended {
		return due{last: true}, true
	}
	d.pong, d.ping, o.pong, o.ping = o.pong, o.ping, nil, false
	d.frames = o.take()
	return d, true
}

// take removes the oldest frames that go out at once; o.mu is held.
func (o *outbox) take() [][]byte {
	n, bytes := 0, 0
	for n < len(o.frames) && (n == 0 || bytes+len(o.frames[n]) <= batchBytes) {
		bytes += len(o.frames[n])
		n++
	}
	some := o.frames[:n:n]
	o.bytes -= bytes
	if o.frames = o.frames[n:]; len(o.frames) == 0 {
		o.frames = nil
	}
	if n > 0 && o.room != nil {
		close(o.room)
		o.room = nil
	}
	return some
}

// rest removes frames for the last words.
func (o *outbox) rest() [][]byte {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.take()
}

// finish tells that nothing will be written any more.
func (o *outbox) finish() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.over, o.writing, o.frames, o.bytes, o.pong = true, false, nil, 0, nil
	if o.done != nil {
		close(o.done)
		o.done = nil
	}
	if o.room != nil {
		close(o.room)
		o.room = nil
	}
}

// space gives what is closed when there is room again; nil if there is some now.
func (o *outbox) space() <-chan struct{} {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.frames) == 0 {
		return nil
	}
	if o.room == nil {
		o.room = make(chan struct{})
	}
	return o.room
}

// finished gives what is closed once nothing will be written any more; nil if that is so.
func (o *outbox) finished() <-chan struct{} {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.over {
		return nil
	}
	if o.done == nil {
		o.done = make(chan struct{})
	}
	return o.done
}
