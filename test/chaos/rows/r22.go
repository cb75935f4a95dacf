package rows

import (
	"context"
	"errors"
	"time"

	"github.com/symphainy/symphainy/test/chaos/bed"
	"github.com/symphainy/symphainy/test/chaos/check"
)

func r22() Row {
	row := Row{
		ID: "R22", Title: "six properties of every stream, this row's and those of the rows before", Short: true, Last: true,
		Goal: "events checked > 0, broken 0 × 6",
	}
	const steps = 5
	row.Run = func(ctx context.Context, r *Run) Result {
		o := r.outcome(row)
		b, err := r.bed(ctx, func(o *bed.Options) {
			o.Proxies = true
			// Now and then a step's transaction, its events written, fails instead of committing: what nobody may ever see, and whose
			// numbers are taken again.
			o.Vars = append(o.Vars, "CHAOS_POINTS=step.commit=error%11")
		})
		if err != nil {
			o.wrong(err)
			return o.result(nil)
		}
		// Every execution fails before it succeeds, so that its log is written by several owners, and every one is watched over
		// connections that are cut again and again.
		l := load{clients: 6, executions: r.pick(600, 40), watch: 1, parameters: map[string]any{"steps": steps, "work_ms": 60, "fault": "flaky", "at": 3, "count": 1}}
		work := l.start(ctx, b)
		o.wrong(b.Replicas[0].Kill())
		// Without its store a replica does not start, so links are cut only once it is there.
		o.wrong(b.Replicas[0].Start(ctx))
		over, stop := context.WithCancel(ctx)
		cut := make(chan error, 1)
		go func() { cut <- cutStreams(over, b) }()
		b.NATS.Stop()
		o.wrong(pause(ctx, 300*time.Millisecond))
		o.wrong(b.NATS.Start())
		ids, err := work.submitted()
		o.wrong(err)
		o.wrong(b.Settle(ctx, r.settleTime()))
		stop()
		o.wrong(<-cut)
		o.wrong(work.watched())
		o.count("executions", len(ids))
		o.count("connections", len(b.History.Watches()))
		o.judge(ctx, b, ids, steps)
		undone, err := b.Protocol("failpoint")
		o.wrong(err)
		o.count("transactions that failed instead of committing", len(undone))
		o.want(len(undone) > 0, "no transaction failed: nothing was shown")
		r.mu.Lock()
		all := r.watched
		r.mu.Unlock()
		o.count("events of all rows checked", all.Checked)
		o.zero(all, check.Properties()...)
		o.want(all.Checked > 0, "nothing was checked")
		return o.result(b)
	}
	return row
}

// cutStreams resets the connections of one replica by chance, now and then those to its store too, until ctx ends.
func cutStreams(ctx context.Context, b *bed.Bed) error {
	for {
		if err := pause(ctx, time.Duration(100+b.Random(300))*time.Millisecond); err != nil {
			if errors.Is(err, context.Canceled) {
				return nil
			}
			return err
		}
		victim := b.Replicas[b.Random(len(b.Replicas))]
		victim.Front.Reset()
		if b.Random(3) == 0 {
			victim.Store.Reset()
		}
	}
}
