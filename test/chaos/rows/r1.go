package rows

import (
	"context"
	"syscall"
	"time"

	"github.com/symphainy/symphainy/test/chaos/bed"
)

// recoveryGoal is the longest that work of a dead owner may rest, at p99.
const recoveryGoal = 10 * time.Second

func r1() Row {
	row := Row{
		ID: "R1", Title: "kill -9 of replicas under load", Short: true,
		Goal: "lost 0, ended twice 0, effects doubled 0, recovery p99 ≤ 10 s",
	}
	const steps = 5
	row.Run = func(ctx context.Context, r *Run) Result {
		o := r.outcome(row)
		b, err := r.bed(ctx, nil)
		if err != nil {
			o.wrong(err)
			return o.result(nil)
		}
		kills := r.pick(50, 5)
		l := load{clients: 8, executions: r.pick(1000, 100), watch: 5, every: 700 * time.Millisecond, parameters: map[string]any{"steps": steps, "work_ms": 400, "outside": true}}
		if !r.Full {
			l.every, l.parameters["work_ms"] = 200*time.Millisecond, 150
		}
		work := l.start(ctx, b)
		dead, err := killers(ctx, r, b, kills)
		o.wrong(err)
		ids, err := work.submitted()
		o.wrong(err)
		o.wrong(b.Settle(ctx, r.settleTime()))
		o.wrong(work.watched())
		o.count("executions", len(ids))
		o.count("kill -9", kills)
		o.judge(ctx, b, ids, steps)
		recovered, err := recoveries(b, dead)
		o.wrong(err)
		o.times("recovery", recovered)
		o.want(quantile(recovered, 0.99) <= r.stretched(recoveryGoal), "recovery p99 is %s", quantile(recovered, 0.99))
		o.outside(b)
		return o.result(b)
	}
	return row
}

// death is an execution whose owner was killed.
type death struct {
	execution string
	at        time.Time
}

// killers kills replicas by chance and starts them again; it gives the executions that lost their owners. A replica stands still for the
// moment in which it is asked what it owns.
func killers(ctx context.Context, r *Run, b *bed.Bed, kills int) (dead []death, err error) {
	for range kills {
		between := 500 + b.Random(2500)
		if !r.Full {
			between = 200 + b.Random(800)
		}
		if err := pause(ctx, time.Duration(between)*time.Millisecond); err != nil {
			return dead, err
		}
		victim := b.Replicas[b.Random(len(b.Replicas))]
		if err := victim.Signal(syscall.SIGSTOP); err != nil {
			return dead, err
		}
		owned, err := b.OwnedBy(ctx, victim.Worker())
		if err != nil {
			return dead, err
		}
		if err := victim.Kill(); err != nil {
			return dead, err
		}
		at := time.Now()
		for _, id := range owned {
			dead = append(dead, death{id, at})
		}
		if err := victim.Start(ctx); err != nil {
			return dead, err
		}
	}
	return dead, nil
}

// recoveries gives how long each execution waited for its next owner. One that was cancelled or ended meanwhile has none.
func recoveries(b *bed.Bed, dead []death) ([]time.Duration, error) {
	claims, err := b.Protocol("claim")
	if err != nil {
		return nil, err
	}
	var out []time.Duration
	for _, d := range dead {
		for _, line := range claims {
			if line.Words[0] == d.execution && line.At.After(d.at) {
				out = append(out, line.At.Sub(d.at))
				break
			}
		}
	}
	return out, nil
}

// outside counts the effects outside the store, which may repeat under their stable keys.
func (o *outcome) outside(b *bed.Bed) {
	done, err := b.Outside()
	o.wrong(err)
	repeats := 0
	for _, n := range done {
		repeats += n - 1
	}
	o.figure("outside effects repeated %d of %d", repeats, len(done))
	o.numbers["outside repeats"] = float64(repeats)
}
