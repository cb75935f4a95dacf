package bed

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/symphainy/symphainy/test/chaos/history"
)

// Watch follows an execution by server-sent events until its log ends, at replicas by chance, going on elsewhere when a connection is
// lost. Every connection goes into the history.
func (c *Client) Watch(ctx context.Context, watcher, id string) error {
	var after int64
	for connection := 1; ; connection++ {
		w := history.Watch{Watcher: watcher, Connection: connection, Execution: id, After: after, Recovered: true}
		opened := c.follow(ctx, c.bed.Any(), &w)
		if n := len(w.Events); n > 0 {
			after = w.Events[n-1].Seq
		}
		if opened {
			c.bed.History.Saw(w)
		}
		if w.Ended {
			return nil
		}
		pause := time.NewTimer(30 * time.Millisecond)
		select {
		case <-ctx.Done():
			pause.Stop()
			return fmt.Errorf("watching %s, at %d: %w", id, after, ctx.Err())
		case <-pause.C:
		}
	}
}

// follow reads one connection to its end, and reports whether there was one.
func (c *Client) follow(ctx context.Context, base string, w *history.Watch) bool {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, base+"/api/execution/"+w.Execution+"/events", nil)
	if err != nil {
		return false
	}
	req.Header.Set("Accept", "text/event-stream")
	if w.After > 0 {
		req.Header.Set("Last-Event-ID", "1-"+strconv.FormatInt(w.After, 10))
	}
	c.credentials(req.Header)
	res, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(req)
	if err != nil {
		return false
	}
	defer res.Body.Close()
	if res.StatusCode == http.StatusNoContent { // read to its end before
		w.Ended = true
		return true
	}
	if res.StatusCode != http.StatusOK {
		return false
	}
	readEvents(bufio.NewScanner(res.Body), w)
	return true
}

// readEvents reads events as they come. A log has ended where its last event is the execution's end: a connection that is merely lost
// does not say so.
func readEvents(lines *bufio.Scanner, w *history.Watch) {
	lines.Buffer(nil, 8<<20)
	opened := time.Now()
	var name, id, data string
	for lines.Scan() {
		field, value, _ := strings.Cut(lines.Text(), ": ")
		switch field {
		case "id":
			id = value
		case "event":
			name = value
		case "data":
			data = value
		case "":
			take(w, opened, name, id, data)
			name, id, data = "", "", ""
		}
	}
}

func take(w *history.Watch, opened time.Time, name, id, data string) {
	var e struct {
		ExecutionID string    `json:"execution_id"`
		Seq         int64     `json:"seq"`
		Reason      string    `json:"reason"`
		Timestamp   time.Time `json:"timestamp"`
	}
	if name == "" || json.Unmarshal([]byte(data), &e) != nil {
		return
	}
	if name == "stream.resumed" {
		w.Recovered, w.Reason = false, e.Reason
		return
	}
	epoch, seq, ok := strings.Cut(id, "-")
	if !ok {
		return
	}
	// What is no number reads as 0, which no log holds, so that the checkers see it.
	n, _ := strconv.ParseInt(seq, 10, 64)
	p, _ := strconv.Atoi(epoch)
	w.Events = append(w.Events, history.Seen{
		Execution: e.ExecutionID, Epoch: p, Seq: n, Type: name, Lag: time.Since(e.Timestamp), Live: e.Timestamp.After(opened),
	})
	switch name {
	case "execution.completed", "execution.failed", "execution.cancelled":
		w.Ended = true
	}
}
