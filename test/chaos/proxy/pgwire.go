package proxy

import (
	"bytes"
	"encoding/binary"
	"strings"
	"sync"
	"sync/atomic"
)

// commitCutter decides which COMMITs are never answered.
type commitCutter struct {
	mu    sync.Mutex
	left  int
	match func(statements []string) bool
}

func (c *commitCutter) arm(n int, match func([]string) bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.left, c.match = n, match
}

func (c *commitCutter) take(statements []string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.left <= 0 || c.match == nil || !c.match(statements) {
		return false
	}
	c.left--
	return true
}

func (c *commitCutter) armed() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.match != nil
}

// pgWire follows what a client of PostgreSQL says on one connection, as far as is needed to know the statements of a transaction and its
// COMMIT. On a connection that speaks something else it does nothing.
type pgWire struct {
	cutter *commitCutter
	// cut is set once a COMMIT was said whose answer must not come through.
	cut atomic.Bool

	rest       []byte
	started    bool
	foreign    bool
	prepared   map[string]string
	statements []string
}

// longest bounds a message that is kept to be understood; longer ones are data.
const longest = 1 << 20

// sent takes a piece of what the client says.
func (w *pgWire) sent(piece []byte) {
	if w.foreign {
		return
	}
	w.rest = append(w.rest, piece...)
	for {
		kind, body, size := w.message()
		if size == 0 || w.foreign {
			break
		}
		w.understand(kind, body)
		w.rest = w.rest[size:]
	}
	if w.foreign || len(w.rest) > longest {
		w.foreign, w.rest = true, nil
	}
}

// message gives the first whole message: the start-up packet has no kind.
func (w *pgWire) message() (kind byte, body []byte, size int) {
	head := 5
	if !w.started {
		head = 4
	}
	if len(w.rest) < head {
		return 0, nil, 0
	}
	length := int(binary.BigEndian.Uint32(w.rest[head-4:]))
	if length < 4 || !w.started && length > 10_000 {
		w.foreign = true // no start-up packet is like this: another protocol
		return 0, nil, 0
	}
	if size = head - 4 + length; len(w.rest) < size {
		return 0, nil, 0
	}
	if w.started {
		kind = w.rest[0]
	}
	return kind, w.rest[head:size], size
}

func (w *pgWire) understand(kind byte, body []byte) {
	if !w.started {
		w.started, w.prepared = true, map[string]string{}
		return
	}
	switch kind {
	case 'P': // Parse: name, statement
		name, rest := text(body)
		statement, _ := text(rest)
		w.prepared[name] = statement
	case 'B': // Bind: portal, name
		_, rest := text(body)
		name, _ := text(rest)
		w.said(w.prepared[name])
	case 'Q':
		statement, _ := text(body)
		w.said(statement)
	}
}

// said notes a statement, in whichever of the two ways it was sent.
func (w *pgWire) said(statement string) {
	switch verb := strings.ToLower(strings.Trim(statement, " ;\n\t")); {
	case strings.HasPrefix(verb, "begin"):
		w.statements = nil
	case verb == "commit":
		if w.cutter.armed() && w.cutter.take(w.statements) {
			w.cut.Store(true)
		}
		w.statements = nil
	default:
		w.statements = append(w.statements, statement)
	}
}

// text reads a string that ends with a zero byte.
func text(b []byte) (string, []byte) {
	before, after, _ := bytes.Cut(b, []byte{0})
	return string(before), after
}
