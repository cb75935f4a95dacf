package rows

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/symphainy/symphainy/test/chaos/bed"
	"github.com/symphainy/symphainy/test/chaos/check"
	"github.com/symphainy/symphainy/test/chaos/history"
)

func r24() Row {
	row := Row{
		ID: "R24", Title: "a copy taken under load (pg_basebackup), restored after the loss of everything",
		Goal: "what was accepted before the copy is there, repeating everything is harmless, violations 0",
	}
	const steps = 3
	row.Run = func(ctx context.Context, r *Run) Result {
		o := r.outcome(row)
		b, err := r.bed(ctx, func(o *bed.Options) { o.Private = true })
		if err != nil {
			o.wrong(err)
			return o.result(nil)
		}
		c, err := b.Anonymous(ctx, "client")
		if err != nil {
			o.wrong(err)
			return o.result(b)
		}
		asked := startAsking(ctx, c, map[string]any{"steps": steps, "work_ms": 100, "outside": true})
		o.wrong(pause(ctx, time.Duration(r.pick(10, 2))*time.Second))
		before := b.History.Ops()
		began := time.Now()
		o.wrong(b.CopyPostgres(ctx))
		copied := time.Since(began)
		o.wrong(pause(ctx, time.Duration(r.pick(10, 2))*time.Second))
		o.wrong(asked.stop())
		for _, replica := range b.Replicas {
			o.wrong(replica.Kill())
		}
		lost := time.Now()
		if err := b.RestorePostgres(ctx); err != nil {
			o.wrong(errors.Join(errSkipped, err))
			return o.result(b)
		}
		o.wrong(b.Restart(ctx))
		_, err = c.Insist(ctx, asked.intent(-1))
		o.wrong(err)
		back := time.Since(lost)
		kept, err := b.Keys(ctx)
		o.wrong(err)
		var early []string
		for _, op := range before {
			if op.Outcome == history.OK {
				early = append(early, op.Result)
			}
		}
		ids := o.repeat(ctx, b, c, asked, kept)
		o.count("accepted before the copy", len(early))
		o.count("accepted in all", int(asked.next.Load()))
		o.count("in the copy", len(kept))
		o.figure("copy in %s, first answer %s after the loss", round(copied), round(back))
		o.want(len(early) > 0 && len(kept) < len(ids), "nothing was accepted before the copy, or nothing after it: %d, %d of %d", len(early), len(kept), len(ids))
		tables := o.judge(ctx, b, ids, steps)
		o.zero(check.Accepted(early, tables))
		o.outside(b)
		return o.result(b)
	}
	return row
}

// repeat asks for everything again under its key: what the copy holds is answered with the same execution, the rest is made anew.
func (o *outcome) repeat(ctx context.Context, b *bed.Bed, c *bed.Client, asked *asking, kept map[string][]string) (ids []string) {
	changed := 0
	for n := range asked.next.Load() {
		in := asked.intent(n)
		id, err := c.Insist(ctx, in)
		o.wrong(err)
		if known := kept[in.Key]; len(known) > 0 && known[0] != id {
			changed++
		}
		ids = append(ids, id)
	}
	o.none(changed, "changed", "%d keys are answered with another execution", changed)
	known, err := b.Keys(ctx)
	o.wrong(err)
	for key, list := range known {
		o.none(len(list)-1, "extra executions", "%s made %d", key, len(list))
	}
	return ids
}

// asking is a client that submits from several goroutines until it is stopped.
type asking struct {
	parameters map[string]any
	next       atomic.Int64
	end        context.CancelFunc
	all        sync.WaitGroup
	mu         sync.Mutex
	failed     error
}

func startAsking(ctx context.Context, c *bed.Client, parameters map[string]any) *asking {
	until, end := context.WithCancel(ctx)
	a := &asking{parameters: parameters, end: end}
	for range 4 {
		a.all.Go(func() {
			for until.Err() == nil {
				_, err := c.Insist(ctx, a.intent(a.next.Add(1)-1))
				a.mu.Lock()
				a.failed = errors.Join(a.failed, err)
				a.mu.Unlock()
				_ = pause(until, 50*time.Millisecond) // the loop sees the end
			}
		})
	}
	return a
}

func (a *asking) intent(n int64) bed.Intent {
	return bed.Intent{Type: "chaos_run", Parameters: a.parameters, Key: fmt.Sprintf("asked-%d", n)}
}

// stop waits for the last submission.
func (a *asking) stop() error {
	a.end()
	a.all.Wait()
	return a.failed
}
