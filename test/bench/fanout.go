package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

// watchers is how many sockets see every event.
const watchers = 1000

// fan is S6: turns of one conversation, each seen by all watchers to its end before the next begins, beside a thin server that writes
// prepared frames to as many sockets.
func fan(ctx context.Context, d *deployment, s settings) (string, error) {
	id, secret, err := d.visitor(ctx, d.url)
	if err != nil {
		return "", err
	}
	mine, err := gather(ctx, d.url, owner{id, secret})
	if err != nil {
		return "", err
	}
	defer mine.close()
	ask := []byte(`{"type":"agent.message","text":"Hello, what can I do here?","context":{"surface":"home"}}`)
	mine.turn = func() error { return mine.conns[0].WriteMessage(websocket.TextMessage, ask) }
	limit, err := gather(ctx, d.limitURL, owner{id, secret})
	if err != nil {
		return "", err
	}
	defer limit.close()
	limit.turn = func() error {
		_, err := d.call(ctx, http.MethodPost, d.limitURL+"/l6", nil, nil, http.StatusOK)
		return err
	}
	var ours, theirs []result
	for range s.runs {
		r, err := mine.run(s.length)
		if err != nil {
			return "", err
		}
		ours = append(ours, r)
		if r, err = limit.run(s.length); err != nil {
			return "", fmt.Errorf("limit: %w", err)
		}
		theirs = append(theirs, r)
	}
	m := median(ours)
	return fmt.Sprintf("%d watchers: %.0f deliveries/s, from event to watcher p50 %s, p99 %s, holes 0; %s", watchers, m.rate, short(m.p50), short(m.p99), against(m, "L6", theirs)), nil
}

// crowd is sockets that all see the same events.
type crowd struct {
	conns []*websocket.Conn
	turn  func() error
}

func gather(ctx context.Context, url string, o owner) (*crowd, error) {
	conns, err := dialMany(ctx, url, []owner{o}, watchers)
	c := &crowd{conns: conns}
	if err != nil {
		c.close()
		return nil, err
	}
	return c, nil
}

func (c *crowd) close() {
	for _, conn := range c.conns {
		_ = conn.Close() // the measurement is over
	}
}

// run plays turns for a while; the first one warms up and does not count.
func (c *crowd) run(length time.Duration) (result, error) {
	if _, err := c.play(); err != nil {
		return result{}, err
	}
	var times []time.Duration
	began := time.Now()
	for time.Since(began) < length {
		seen, err := c.play()
		if err != nil {
			return result{}, err
		}
		times = append(times, seen...)
	}
	took := time.Since(began)
	slices.Sort(times)
	return result{rate: float64(len(times)) / took.Seconds(), p50: times[len(times)/2], p99: times[len(times)*99/100]}, nil
}

// play is one turn, seen to its end by everybody; it gives each delivery's age.
func (c *crowd) play() ([]time.Duration, error) {
	var (
		mu    sync.Mutex
		times []time.Duration
		errs  []error
		group sync.WaitGroup
	)
	for _, conn := range c.conns {
		group.Go(func() {
			mine, err := watch(conn)
			mu.Lock()
			defer mu.Unlock()
			times = append(times, mine...)
			errs = append(errs, err)
		})
	}
	if err := c.turn(); err != nil {
		c.close() // so that nobody waits for what was never sent
		errs = append(errs, err)
	}
	group.Wait()
	return times, errors.Join(errs...)
}

// watch reads one execution's events to its end, and insists on every number from 1.
func watch(conn *websocket.Conn) ([]time.Duration, error) {
	var ages []time.Duration
	for next := 1; ; {
		_, frame, err := conn.ReadMessage()
		if err != nil {
			return nil, err
		}
		if !bytes.Contains(frame, []byte(`"seq":`)) {
			continue // what a socket is told for itself
		}
		seq, err := strconv.Atoi(field(frame, `"seq":`, ",}"))
		if err != nil || seq != next {
			return nil, errors.Join(err, fmt.Errorf("a hole: %d instead of %d", seq, next))
		}
		next++
		at, err := time.Parse(time.RFC3339Nano, strings.Trim(field(frame, `"timestamp":`, ",}"), `"`))
		if err != nil {
			return nil, err
		}
		ages = append(ages, time.Since(at))
		if bytes.Contains(frame, []byte(`"execution.completed"`)) {
			return ages, nil
		}
	}
}

// field cuts a value out of a frame: cheaper than decoding it a thousand times, and the same for both sides. The last one counts,
// for the frame's own fields come after its data.
func field(frame []byte, name, end string) string {
	at := bytes.LastIndex(frame, []byte(name))
	rest := frame[at+len(name):]
	if stop := bytes.IndexAny(rest, end); stop >= 0 {
		rest = rest[:stop]
	}
	return string(rest)
}
