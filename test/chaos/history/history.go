// Package history records what clients of a bed did and saw: one line of JSON for each operation and each watched connection.
package history

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"sync"
	"time"
)

// Outcome is what a client knows of an operation.
type Outcome string

// The outcomes. Unknown is an operation that may have happened: its answer did not come.
const (
	OK      Outcome = "ok"
	Fail    Outcome = "fail"
	Unknown Outcome = "unknown"
)

// Op is one operation of one client.
type Op struct {
	Client  string    `json:"client"`
	Op      string    `json:"op"`
	Args    any       `json:"args,omitempty"`
	Start   time.Time `json:"start"`
	End     time.Time `json:"end"`
	Outcome Outcome   `json:"outcome"`
	// Result is the id of what was made or found, Status the HTTP status, 0 without an answer.
	Result string `json:"result,omitempty"`
	Status int    `json:"status,omitempty"`
}

// Seen is one event as a watcher got it.
type Seen struct {
	Execution string `json:"execution"`
	Epoch     int    `json:"epoch"`
	Seq       int64  `json:"seq"`
	Type      string `json:"type"`
	// Lag is how long after its time the event came. Live tells that it came while its reader was waiting, so that Lag says something.
	Lag  time.Duration `json:"lag,omitempty"`
	Live bool          `json:"live,omitempty"`
}

// Watch is one connection of a watcher; its next one goes on where this one ended.
type Watch struct {
	Watcher    string `json:"watcher"`
	Connection int    `json:"connection"`
	Execution  string `json:"execution"`
	// After is the number that the watcher asked to go on from. Recovered and Reason are what the server said of that.
	After     int64  `json:"after"`
	Recovered bool   `json:"recovered"`
	Reason    string `json:"reason,omitempty"`
	Events    []Seen `json:"events"`
	// Ended tells that the server said that the log has ended.
	Ended bool `json:"ended"`
}

// History collects operations and watches of all clients of a bed.
type History struct {
	mu      sync.Mutex
	ops     []Op
	watches []Watch
}

// Did adds an operation.
func (h *History) Did(op Op) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.ops = append(h.ops, op)
}

// Saw adds a watched connection.
func (h *History) Saw(w Watch) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.watches = append(h.watches, w)
}

// Ops gives the operations so far, in the order of their ends.
func (h *History) Ops() []Op {
	h.mu.Lock()
	defer h.mu.Unlock()
	return append([]Op(nil), h.ops...)
}

// Watches gives the watched connections so far.
func (h *History) Watches() []Watch {
	h.mu.Lock()
	defer h.mu.Unlock()
	return append([]Watch(nil), h.watches...)
}

// Write writes everything as lines of JSON and gives the SHA-256 of the file.
func (h *History) Write(path string) (string, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return "", err
	}
	defer f.Close()
	hash := sha256.New()
	out := bufio.NewWriter(f)
	line := func(v any) error {
		raw, err := json.Marshal(v)
		if err != nil {
			return err
		}
		raw = append(raw, '\n')
		hash.Write(raw)
		_, err = out.Write(raw)
		return err
	}
	for _, op := range h.Ops() {
		if err := line(op); err != nil {
			return "", err
		}
	}
	for _, w := range h.Watches() {
		if err := line(w); err != nil {
			return "", err
		}
	}
	if err := out.Flush(); err != nil {
		return "", fmt.Errorf("write the history: %w", err)
	}
	return hex.EncodeToString(hash.Sum(nil)), nil
}

// On is what an operation is done to, with its argument, for operations whose histories are held against a sequential object.
type On struct {
	Object   string `json:"object"`
	Argument string `json:"argument,omitempty"`
}
