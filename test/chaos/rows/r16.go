package rows

import (
	"context"
	"time"

	"github.com/symphainy/symphainy/test/chaos/bed"
	"github.com/symphainy/symphainy/test/chaos/check"
	"github.com/symphainy/symphainy/test/chaos/history"
)

func r16() Row {
	row := Row{
		ID: "R16", Title: "no NATS, no listener of the queue, under watched load", Short: true,
		Goal: "gaps 0, added p99 ≤ 1 s",
	}
	const steps = 4
	row.Run = func(ctx context.Context, r *Run) Result {
		o := r.outcome(row)
		b, err := r.bed(ctx, func(o *bed.Options) { o.Proxies = true })
		if err != nil {
			o.wrong(err)
			return o.result(nil)
		}
		l := load{clients: r.pick(10, 4), executions: r.pick(300, 40), watch: 1, every: 150 * time.Millisecond, parameters: map[string]any{"steps": steps, "work_ms": 80}}
		calm := l.start(ctx, b)
		ids, err := calm.submitted()
		o.wrong(err)
		o.wrong(calm.watched())
		before := lags(b.History.Watches())

		seen := len(b.History.Watches())
		l.name = "cut"
		l.every = 800 * time.Millisecond
		l.executions = r.pick(300, 60)
		rough := l.start(ctx, b)
		// Longer than any limit of this row: what only a hint would bring comes too late.
		b.NATS.Stop()
		o.wrong(pause(ctx, 10*time.Second))
		o.wrong(b.NATS.Start())
		cuts := r.pick(50, 6)
		for range cuts {
			b.NATS.Stop()
			for _, replica := range b.Replicas {
				replica.Store.Reset()
			}
			o.wrong(pause(ctx, time.Duration(300+b.Random(600))*time.Millisecond))
			o.wrong(b.NATS.Start())
			o.wrong(pause(ctx, time.Duration(b.Random(200))*time.Millisecond))
		}
		more, err := rough.submitted()
		o.wrong(err)
		o.wrong(rough.watched())
		after := lags(b.History.Watches()[seen:])
		o.count("cuts", cuts)
		o.count("streams", len(ids)+len(more))
		o.times("delivery without cuts", before)
		o.times("delivery with cuts", after)
		added := quantile(after, 0.99) - quantile(before, 0.99)
		o.figure("added p99 %s", round(added))
		o.zero(check.Unended(b.History.Watches()), "unended")
		o.want(added <= r.stretched(time.Second), "cuts add %s at p99", added)
		o.judge(ctx, b, append(ids, more...), steps)
		return o.result(b)
	}
	return row
}

// lags gives how long after its time each event came, for the events of a connection that came while it was open.
func lags(watches []history.Watch) []time.Duration {
	var out []time.Duration
	for _, w := range watches {
		for _, e := range w.Events {
			if e.Live {
				out = append(out, e.Lag)
			}
		}
	}
	return out
}
