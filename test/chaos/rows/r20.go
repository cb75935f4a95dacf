package rows

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/symphainy/symphainy/test/chaos/bed"
)

func r20() Row {
	row := Row{
		ID: "R20", Title: "SIGTERM of each replica in turn under load, with open sockets", Short: true,
		Goal: "1012 and resume elsewhere, failed HTTP 0, missing or repeated events 0, drain ≤ 30 s",
	}
	const steps, perSession = 20, 4
	row.Run = func(ctx context.Context, r *Run) Result {
		o := r.outcome(row)
		b, err := r.bed(ctx, nil)
		if err != nil {
			o.wrong(err)
			return o.result(nil)
		}
		rounds, sockets := r.pick(5, 1), r.pick(300, 48)
		parameters := map[string]any{"steps": steps, "work_ms": r.pick(4000, 350)}
		var ids []string
		var closes sync.Map
		var open sync.WaitGroup
		var mu sync.Mutex
		for s := range sockets / perSession {
			c, err := b.Anonymous(ctx, fmt.Sprintf("session-%d", s))
			if err != nil {
				o.wrong(err)
				return o.result(b)
			}
			id, err := c.Insist(ctx, bed.Intent{Type: "chaos_run", Parameters: parameters, Key: fmt.Sprintf("long-%d", s)})
			o.wrong(err)
			ids = append(ids, id)
			for n := range perSession {
				open.Go(func() {
					err := c.Socket(ctx, fmt.Sprintf("socket-%d-%d", s, n), id, func(code int) { closes.Store(fmt.Sprintf("%d-%d-%d", s, n, time.Now().UnixNano()), code) })
					mu.Lock()
					defer mu.Unlock()
					o.wrong(err)
				})
			}
		}
		over, end := context.WithCancel(ctx)
		var requests atomic.Int64
		broken := make(chan error, 1000)
		var balanced sync.WaitGroup
		for n := range 6 {
			balanced.Go(func() { balance(over, b, n, &requests, broken) })
		}
		var drains []time.Duration
		for range rounds {
			for _, replica := range b.Replicas {
				began := time.Now()
				o.wrong(stop(ctx, replica))
				drains = append(drains, time.Since(began))
				o.wrong(replica.Start(ctx))
			}
		}
		end()
		balanced.Wait()
		close(broken)
		failed := 0
		for err := range broken {
			if failed++; failed <= 3 {
				o.wrong(err)
			}
		}
		open.Wait()
		codes := map[int]int{}
		closes.Range(func(_, code any) bool {
			n, _ := code.(int)
			codes[n]++
			return true
		})
		o.count("SIGTERMs", len(drains))
		o.count("sockets", sockets)
		o.count("requests", int(requests.Load()))
		o.figure("failed HTTP %d, closes %v", failed, codes)
		o.times("drain", drains)
		o.want(failed == 0, "%d of %d requests failed", failed, requests.Load())
		o.want(codes[1012] > 0, "no socket was closed with 1012: %v", codes)
		for code, n := range codes {
			o.want(code == 1012 || code == 1000, "%d sockets were closed with %d", n, code)
		}
		o.want(quantile(drains, 1) <= 30*time.Second, "a drain took %s", quantile(drains, 1))
		o.judge(ctx, b, ids, steps)
		return o.result(b)
	}
	return row
}

// balance sends requests as a load balancer does: to a replica that takes connections, on a connection of its own; what only reads goes to the
// next one also when the connection ends before any answer. An answer of 5xx, or another connection that breaks, is a failed request.
func balance(ctx context.Context, b *bed.Bed, n int, requests *atomic.Int64, broken chan<- error) {
	c, err := b.Anonymous(ctx, fmt.Sprintf("balanced-%d", n))
	if err != nil {
		broken <- err
		return
	}
	for i := 0; ctx.Err() == nil; i++ {
		method, path, body := http.MethodGet, "/api/executions", any(nil)
		if i%4 == 0 {
			method, path = http.MethodPost, "/api/intent/submit"
			body = map[string]any{"session_id": c.Session, "intent_type": "chaos_run", "parameters": map[string]any{"steps": 0}}
		}
		for try := range 40 {
			a, err := c.Call(ctx, b.Replicas[(i+n+try)%len(b.Replicas)].URL(), method, path, body, "Connection", "close")
			if ctx.Err() != nil {
				return
			}
			var refused *net.OpError
			if errors.As(err, &refused) && refused.Op == "dial" || err != nil && a.Status == 0 && method == http.MethodGet {
				continue // a balancer tries the next one
			}
			requests.Add(1)
			if err != nil || a.Status >= http.StatusInternalServerError {
				broken <- fmt.Errorf("%s %s is answered with %d: %w", method, path, a.Status, errors.Join(err, errors.New(string(a.Body))))
			}
			break
		}
		if pause(ctx, 10*time.Millisecond) != nil {
			return
		}
	}
}
