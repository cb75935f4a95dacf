package rows

import (
	"context"
	"fmt"
	"net/http"
	"sync"

	"github.com/symphainy/symphainy/test/chaos/bed"
)

func r7() Row {
	row := Row{
		ID: "R7", Title: "parallel identical submissions", Short: true,
		Goal: "one execution per key, other bodies 422, other principals independent",
	}
	const parallel = 64
	row.Run = func(ctx context.Context, r *Run) Result {
		o := r.outcome(row)
		keys := r.pick(200, 20)
		b, err := r.bed(ctx, nil)
		if err != nil {
			o.wrong(err)
			return o.result(nil)
		}
		o.identical(ctx, b, "PostgreSQL", keys, parallel)
		lite, err := r.Suite.New(ctx, bed.Options{SQLite: true, Vars: r.times(), Seed: r.Seed})
		if err != nil {
			o.wrong(err)
			return o.result(b)
		}
		o.identical(ctx, lite, "SQLite", max(keys/4, 10), parallel)
		o.wrong(lite.Close())
		return o.result(b)
	}
	return row
}

// identical submits each key many times at once, then with another body, then as another principal.
func (o *outcome) identical(ctx context.Context, b *bed.Bed, store string, keys, parallel int) {
	one, err := b.Anonymous(ctx, "one")
	o.wrong(err)
	other, err := b.Anonymous(ctx, "other")
	o.wrong(err)
	if one == nil || other == nil {
		return
	}
	answers, reused, independent := 0, 0, 0
	var ids []string
	for k := range keys {
		in := bed.Intent{Type: "chaos_run", Parameters: map[string]any{"steps": 1}, Key: fmt.Sprintf("r7-%d", k)}
		same := o.together(ctx, b, one, in, parallel)
		answers += parallel
		o.want(len(same) > 0, "%s: key %s made no execution", store, in.Key)
		o.none(len(same)-1, "extra executions", "%s: key %s made %d", store, in.Key, len(same))
		changed := in
		changed.Parameters = map[string]any{"steps": 2}
		if _, a, _ := one.Submit(ctx, b.Any(), changed); a.Status == http.StatusUnprocessableEntity {
			reused++
		}
		theirs, _, _ := other.Submit(ctx, b.Any(), in)
		if theirs != "" && !same[theirs] {
			independent++
			ids = append(ids, theirs)
		}
		for id := range same {
			ids = append(ids, id)
		}
	}
	o.count("submissions on "+store, answers)
	o.figure("%s: %d keys, other body 422 × %d, independent × %d", store, keys, reused, independent)
	o.want(reused == keys && independent == keys, "%s: of %d keys %d refuse another body, %d are free for others", store, keys, reused, independent)
	n, err := b.Int(ctx, "SELECT count(*) FROM executions")
	o.wrong(err)
	o.want(n == 2*keys, "%s: %d executions, expected %d", store, n, 2*keys)
	o.judge(ctx, b, ids, 1)
}

// together submits one intent many times at once over all replicas and gives the executions that the answers name.
func (o *outcome) together(ctx context.Context, b *bed.Bed, c *bed.Client, in bed.Intent, parallel int) map[string]bool {
	var mu sync.Mutex
	same := map[string]bool{}
	var all sync.WaitGroup
	for i := range parallel {
		base := b.Replicas[i%len(b.Replicas)].URL()
		all.Go(func() {
			id, a, _ := c.Submit(ctx, base, in)
			var err error
			if a.Status == http.StatusServiceUnavailable {
				// So many at once may be too many for the store; a client asks again.
				id, err = c.Insist(ctx, in)
			}
			mu.Lock()
			defer mu.Unlock()
			o.wrong(err)
			if id != "" {
				same[id] = true
			} else if err == nil {
				o.want(false, "%s is answered with %d: %s", in.Key, a.Status, a.Body)
			}
		})
	}
	all.Wait()
	return same
}
