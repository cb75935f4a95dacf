package rows

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/symphainy/symphainy/test/chaos/bed"
)

func r21() Row {
	row := Row{
		ID: "R21", Title: "cancel against complete", Short: true,
		Goal: "one terminal state, and the log agrees",
	}
	row.Run = func(ctx context.Context, r *Run) Result {
		o := r.outcome(row)
		pairs := r.pick(1000, 160)
		b, err := r.bed(ctx, nil)
		if err != nil {
			o.wrong(err)
			return o.result(nil)
		}
		o.races(ctx, b, "PostgreSQL", pairs)
		lite, err := r.Suite.New(ctx, bed.Options{SQLite: true, Vars: r.times(), Seed: r.Seed})
		if err != nil {
			o.wrong(err)
			return o.result(b)
		}
		o.races(ctx, lite, "SQLite", pairs/4)
		o.wrong(lite.Close())
		return o.result(b)
	}
	return row
}

// races submits executions that complete about when they are cancelled, at another replica.
func (o *outcome) races(ctx context.Context, b *bed.Bed, store string, pairs int) {
	const clients = 8
	var mu sync.Mutex
	var ids []string
	var all sync.WaitGroup
	for n := range clients {
		all.Go(func() {
			mine, err := racing(ctx, b, n, pairs/clients)
			mu.Lock()
			defer mu.Unlock()
			ids = append(ids, mine...)
			o.wrong(err)
		})
	}
	all.Wait()
	tables := o.judge(ctx, b, ids, 0)
	states := map[string]int{}
	for _, id := range ids {
		states[tables.Executions[id].State]++
	}
	o.count("pairs on "+store, len(ids))
	o.figure("%s: completed %d, cancelled %d", store, states["completed"], states["cancelled"])
	o.want(states["completed"]+states["cancelled"] == len(ids), "%s: %v", store, states)
	o.want(states["completed"] > 0 && states["cancelled"] > 0, "%s: only one side ever won, so nothing was shown: %v", store, states)
}

func racing(ctx context.Context, b *bed.Bed, n, pairs int) (ids []string, err error) {
	c, err := b.Anonymous(ctx, fmt.Sprintf("racer-%d", n))
	if err != nil {
		return nil, err
	}
	// The cancellation comes later after one that was too early, and the other way round, so that both sides win on any machine.
	wait := 20 * time.Millisecond
	for i := range pairs {
		in := bed.Intent{Type: "chaos_run", Parameters: map[string]any{"steps": 1, "work_ms": b.Random(25)}, Key: fmt.Sprintf("r21-%d-%d", n, i)}
		id, err := c.Insist(ctx, in)
		if err != nil {
			return ids, err
		}
		ids = append(ids, id)
		if err := pause(ctx, time.Duration(b.Random(int(2*wait.Milliseconds())))*time.Millisecond); err != nil {
			return ids, err
		}
		a, err := c.Call(ctx, b.Any(), http.MethodPost, "/api/execution/"+id+"/cancel", nil)
		if err != nil {
			return ids, err
		}
		// One that has completed cannot be cancelled, and the answer says so.
		if a.Status != http.StatusOK && a.Status != http.StatusConflict {
			return ids, fmt.Errorf("cancel is answered with %d: %s", a.Status, a.Body)
		}
		if a.Status == http.StatusConflict {
			wait = max(wait*2/3, 2*time.Millisecond)
		} else {
			wait = min(wait*3/2, 3*time.Second)
		}
	}
	return ids, nil
}
