package rows

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/symphainy/symphainy/test/chaos/bed"
	"github.com/symphainy/symphainy/test/chaos/history"
)

func r13() Row {
	row := Row{
		ID: "R13", Title: "the database has fewer connections than the replicas' pools",
		Goal: "bounded wait p99 ≤ 2 s, then 503, alive, deadlocks 0, lost 0",
	}
	const steps, connections, pool = 2, 20, 10
	row.Run = func(ctx context.Context, r *Run) Result {
		o := r.outcome(row)
		b, err := r.bed(ctx, func(o *bed.Options) {
			o.Private = true
			o.Vars = append(o.Vars, fmt.Sprintf("SYMPHAINY_DATABASE_CONNECTIONS=%d", pool), "SYMPHAINY_DATABASE_TIMEOUT=2s")
		})
		if err != nil {
			o.wrong(err)
			return o.result(nil)
		}
		// Replicas that have started lose their connections, and find fewer.
		o.wrong(b.ControlPostgres(ctx, "stop", "-m", "fast"))
		o.wrong(b.StartPostgres(ctx, bed.Change{Settings: []string{fmt.Sprintf("max_connections=%d", connections)}}))
		seen := o.crowd(ctx, b, r.pick(60, 30), time.Duration(r.pick(30, 8))*time.Second)
		o.count("requests", seen.requests)
		o.figure("503 × %d, not ready × %d", seen.refused, seen.unready)
		o.times("answer", seen.took)
		o.want(seen.refused > 0, "no request was refused: nothing was shown")
		o.want(quantile(seen.took, 0.99) <= r.stretched(2*time.Second), "p99 of the answers is %s", quantile(seen.took, 0.99))
		o.wrong(b.ControlPostgres(ctx, "stop", "-m", "fast"))
		o.wrong(b.StartPostgres(ctx, bed.Change{Settings: []string{"max_connections=200"}}))
		var ids []string
		for _, op := range b.History.Ops() {
			if op.Outcome == history.OK {
				ids = append(ids, op.Result)
			}
		}
		o.count("accepted", len(ids))
		o.judge(ctx, b, ids, steps)
		deadlocks, err := b.Int(ctx, "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
		o.wrong(err)
		o.figure("deadlocks %d", deadlocks)
		o.want(deadlocks == 0, "%d deadlocks", deadlocks)
		return o.result(b)
	}
	return row
}

// crowded is what many clients saw at once.
type crowded struct {
	requests, refused, unready int
	took                       []time.Duration
}

// crowd lets many clients submit and read for a time, and holds each answer against what it may be.
func (o *outcome) crowd(ctx context.Context, b *bed.Bed, clients int, d time.Duration) (seen crowded) {
	var mu sync.Mutex
	var all sync.WaitGroup
	end := time.Now().Add(d)
	for n := range clients {
		all.Go(func() {
			c, err := b.Anonymous(ctx, fmt.Sprintf("crowd-%d", n))
			if err != nil {
				mu.Lock()
				defer mu.Unlock()
				o.wrong(err)
				return
			}
			for i := 0; time.Now().Before(end) && ctx.Err() == nil; i++ {
				a, bad := crowdAsk(ctx, b, c, n, i)
				mu.Lock()
				seen.requests++
				seen.took = append(seen.took, a.Took)
				if a.Status == http.StatusServiceUnavailable {
					if i%4 == 2 {
						seen.unready++
					} else {
						seen.refused++
					}
				}
				o.wrong(bad)
				mu.Unlock()
			}
		})
	}
	all.Wait()
	return seen
}

// crowdAsk sends one of four requests: either it is done, or refused for now.
func crowdAsk(ctx context.Context, b *bed.Bed, c *bed.Client, n, i int) (bed.Answer, error) {
	base := b.Replicas[(n+i)%len(b.Replicas)].URL()
	switch i % 4 {
	case 0:
		_, a, outcome := c.Submit(ctx, base, bed.Intent{Type: "chaos_run", Parameters: map[string]any{"steps": 2}, Key: fmt.Sprintf("crowd-%d-%d", n, i)})
		if outcome == history.OK {
			return a, nil
		}
		return a, unavailable(a)
	case 1:
		a, err := c.Call(ctx, base, http.MethodGet, "/api/executions", nil)
		if err == nil && a.Status == http.StatusOK {
			return a, nil
		}
		return a, errors.Join(err, unavailable(a))
	case 2:
		a, err := c.Call(ctx, base, http.MethodGet, "/health/ready", nil)
		if err == nil && a.Status == http.StatusOK {
			return a, nil
		}
		return a, errors.Join(err, status(a, http.StatusServiceUnavailable))
	}
	a, err := c.Call(ctx, base, http.MethodGet, "/health/live", nil)
	return a, errors.Join(err, status(a, http.StatusOK))
}
