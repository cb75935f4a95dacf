package rows

import (
	"context"
	"database/sql"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/symphainy/symphainy/test/chaos/bed"
)

// promptly is how soon a command has to be effective on a healthy deployment, wherever it is given and wherever the work runs.
const promptly = 250 * time.Millisecond

// control is no fault: it measures how long after the request a pause, a resumption and a cancellation are in the log, each given through
// another replica than the one before.
func control() Row {
	row := Row{ID: "CONTROL", Title: "commands given through any replica", Goal: "p99 ≤ 250 ms each, on an idle machine"}
	row.Run = func(ctx context.Context, r *Run) Result {
		o := r.outcome(row)
		b, err := r.Suite.New(ctx, bed.Options{Replicas: 3, NATS: true, Seed: r.Seed})
		if err != nil {
			o.wrong(err)
			return o.result(nil)
		}
		took := map[string][]time.Duration{}
		var ids []string
		c, err := b.Anonymous(ctx, "commander")
		for i := 0; err == nil && i < r.pick(200, 20); i++ {
			var id string
			id, err = commanded(ctx, b, c, i, took)
			ids = append(ids, id)
		}
		o.wrong(err)
		o.judge(ctx, b, ids, 0)
		for _, command := range []string{"pause", "resume", "cancel"} {
			all := took[command]
			o.count(command+"s", len(all))
			if len(all) == 0 {
				continue
			}
			slices.Sort(all)
			p99 := all[(len(all)*99-1)/100]
			o.figure("%s p50 %s, p99 %s", command, all[len(all)/2].Round(time.Millisecond), p99.Round(time.Millisecond))
			o.want(p99 <= promptly, "%s took %s at p99", command, p99)
		}
		return o.result(b)
	}
	return row
}

// commanded lets one execution begin, and pauses, resumes and cancels it.
func commanded(ctx context.Context, b *bed.Bed, c *bed.Client, i int, took map[string][]time.Duration) (string, error) {
	in := bed.Intent{Type: "chaos_run", Parameters: map[string]any{"steps": 1, "work_ms": 60_000}, Key: fmt.Sprintf("control-%d", i)}
	id, err := c.Insist(ctx, in)
	if err != nil {
		return id, err
	}
	if _, err := logged(ctx, b, id, "execution.started", 1); err != nil {
		return id, err
	}
	for n, command := range []struct {
		name, event string
		occurrence  int
	}{{"pause", "execution.paused", 1}, {"resume", "execution.started", 2}, {"cancel", "execution.cancelled", 1}} {
		asked := time.Now()
		a, err := c.Call(ctx, b.Replicas[(i+n)%len(b.Replicas)].URL(), http.MethodPost, "/api/execution/"+id+"/"+command.name, nil)
		if err != nil {
			return id, err
		}
		if a.Status != http.StatusOK {
			return id, fmt.Errorf("%s is answered with %d: %s", command.name, a.Status, a.Body)
		}
		at, err := logged(ctx, b, id, command.event, command.occurrence)
		if err != nil {
			return id, err
		}
		took[command.name] = append(took[command.name], at.Sub(asked))
	}
	return id, nil
}

// logged waits until an event is in the log for the n-th time, and gives its time.
func logged(ctx context.Context, b *bed.Bed, id, event string, n int) (time.Time, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	var at time.Time
	err := bed.Until(ctx, 20*time.Millisecond, func() (bool, error) {
		seen := 0
		err := b.Query(ctx, "SELECT time FROM events WHERE execution_id = '"+id+"' AND type = '"+event+"' ORDER BY seq", func(rows *sql.Rows) error {
			seen++
			if seen == n {
				return rows.Scan(&at)
			}
			return nil
		})
		return seen >= n, err
	})
	return at, err
}
