package rows

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/symphainy/symphainy/test/chaos/bed"
)

func l7() Row {
	row := Row{
		ID: "L7", Title: "decisions that wait while everything is killed", Short: true,
		Goal: "each runs once after its approval",
	}
	row.Run = func(ctx context.Context, r *Run) Result {
		o := r.outcome(row)
		b, err := r.bed(ctx, nil)
		if err != nil {
			o.wrong(err)
			return o.result(nil)
		}
		c, err := b.Anonymous(ctx, "decider")
		if err != nil {
			o.wrong(err)
			return o.result(b)
		}
		var ids []string
		kills := r.pick(20, 3)
		for i := range kills {
			id, err := c.Insist(ctx, bed.Intent{Type: "chaos_run", Parameters: map[string]any{"steps": 2, "at": 2, "fault": "decide", "note": fmt.Sprint(i)}, Key: fmt.Sprintf("l7-%d", i)})
			if err != nil {
				o.wrong(errors.Join(errSkipped, err))
				break
			}
			ids = append(ids, id)
			if err := decided(ctx, b, c, id); err != nil {
				o.wrong(err)
				break
			}
		}
		o.count("decisions", len(ids))
		o.count("kills of everything", 2*kills)
		tables := o.judge(ctx, b, ids, 2)
		for _, id := range ids {
			o.want(tables.Executions[id].State == "completed", "%s is %q", id, tables.Executions[id].State)
		}
		return o.result(b)
	}
	return row
}

// decided waits until an execution waits, kills everything, approves twice at once, and kills everything again.
func decided(ctx context.Context, b *bed.Bed, c *bed.Client, id string) error {
	waiting, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	var hash string
	err := bed.Until(waiting, 50*time.Millisecond, func() (bool, error) {
		err := b.Query(ctx, "SELECT waiting->>'arguments_hash' FROM executions WHERE state = 'waiting' AND id = '"+id+"'", func(r *sql.Rows) error { return r.Scan(&hash) })
		return hash != "", err
	})
	if err != nil {
		return fmt.Errorf("%s does not wait: %w", id, err)
	}
	if err := b.Restart(ctx); err != nil {
		return err
	}
	answers := make(chan int, 2)
	for range 2 {
		go func() {
			a, err := c.Call(ctx, b.Any(), http.MethodPost, "/api/execution/"+id+"/decision", map[string]any{"decision": "approve", "arguments_hash": hash})
			if err != nil {
				a.Status = 0
			}
			answers <- a.Status
		}()
	}
	if one, other := <-answers, <-answers; one != http.StatusOK && other != http.StatusOK {
		return fmt.Errorf("approving %s is answered with %d and %d", id, one, other)
	}
	return b.Restart(ctx)
}
