package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// client is one simulated client; each call is one unit of work.
type client func(ctx context.Context) error

// result is what one run came to.
type result struct {
	rate     float64
	p50, p99 time.Duration
	// cpu is what the server itself used for a unit of work: of all figures the one that a busy machine changes least.
	cpu time.Duration
	// memory is what the server held when the run ended.
	memory int64
}

// run lets n clients work for a while, after a short warm-up. One failed unit of work fails the run: figures of errors mean nothing.
func (d *deployment) run(ctx context.Context, url string, n int, length time.Duration, prepare prepare) (result, error) {
	clients := make([]client, n)
	for i := range clients {
		c, done, err := prepare(ctx, d, url)
		if err != nil {
			return result{}, err
		}
		defer done()
		clients[i] = c
	}
	if _, err := work(ctx, clients, length/5); err != nil {
		return result{}, err
	}
	began, used := time.Now(), processor(d.pids[url])
	times, err := work(ctx, clients, length)
	if err != nil {
		return result{}, err
	}
	took := time.Since(began)
	slices.Sort(times)
	return result{
		rate: float64(len(times)) / took.Seconds(), p50: times[len(times)/2], p99: times[len(times)*99/100],
		cpu: (processor(d.pids[url]) - used) / time.Duration(len(times)), memory: resident(d.pids[url]),
	}, nil
}

func work(ctx context.Context, clients []client, length time.Duration) ([]time.Duration, error) {
	var (
		mu    sync.Mutex
		times []time.Duration
		errs  []error
		group sync.WaitGroup
	)
	until := time.Now().Add(length)
	for _, c := range clients {
		group.Go(func() {
			var mine []time.Duration
			var err error
			for err == nil && time.Now().Before(until) {
				began := time.Now()
				if err = c(ctx); err == nil {
					mine = append(mine, time.Since(began))
				}
			}
			mu.Lock()
			defer mu.Unlock()
			times = append(times, mine...)
			if err != nil {
				errs = append(errs, err)
			}
		})
	}
	group.Wait()
	if len(times) == 0 {
		errs = append(errs, errors.New("nothing was done"))
	}
	return times, errors.Join(errs...)
}

// processor gives the processor time that a process has used, from Linux's own account in hundredths of a second; 0 elsewhere.
func processor(pid int) time.Duration {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0
	}
	// The name, in brackets, may contain anything; the 14th and 15th fields are the 12th and 13th after it.
	fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
	var ticks int64
	for _, i := range []int{11, 12} {
		if n, err := strconv.ParseInt(fields[i], 10, 64); err == nil {
			ticks += n
		}
	}
	return time.Duration(ticks) * 10 * time.Millisecond
}

func median(rs []result) result {
	pick := func(by func(result) float64) float64 {
		values := make([]float64, len(rs))
		for i, r := range rs {
			values[i] = by(r)
		}
		slices.Sort(values)
		return values[len(values)/2]
	}
	return result{
		rate:   pick(func(r result) float64 { return r.rate }),
		p50:    time.Duration(pick(func(r result) float64 { return float64(r.p50) })),
		p99:    time.Duration(pick(func(r result) float64 { return float64(r.p99) })),
		cpu:    time.Duration(pick(func(r result) float64 { return float64(r.cpu) })),
		memory: int64(pick(func(r result) float64 { return float64(r.memory) })),
	}
}
