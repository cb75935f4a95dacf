package rows

import (
	"context"
	"fmt"
	"time"

	"github.com/symphainy/symphainy/test/chaos/bed"
)

func r19() Row {
	row := Row{
		ID: "R19", Title: "back-offs that fall due while everything is down",
		Goal: "all fired, none twice, late p99 ≤ 5 s after the return",
	}
	row.Run = func(ctx context.Context, r *Run) Result {
		o := r.outcome(row)
		b, err := r.bed(ctx, nil)
		if err != nil {
			o.wrong(err)
			return o.result(nil)
		}
		l := load{clients: 10, executions: r.pick(500, 60), parameters: map[string]any{"steps": 1, "at": 1, "fault": "flaky", "count": 2}}
		work := l.start(ctx, b)
		ids, err := work.submitted()
		o.wrong(err)
		for _, replica := range b.Replicas {
			o.wrong(replica.Kill())
		}
		waiting, err := b.Int(ctx, "SELECT count(*) FROM executions WHERE state IN ('accepted', 'running', 'retrying')")
		o.wrong(err)
		o.wrong(pause(ctx, time.Duration(r.pick(30, 3))*time.Second))
		o.wrong(b.Restart(ctx))
		back := time.Now()
		o.wrong(b.Settle(ctx, r.settleTime()))
		o.count("due while down", waiting)
		o.figure("all ended %s after the return", round(time.Since(back)))
		claims, err := b.Protocol("claim")
		o.wrong(err)
		first := map[string]time.Duration{}
		for _, line := range claims {
			if _, known := first[line.Words[0]]; !known && line.At.After(back) {
				first[line.Words[0]] = line.At.Sub(back)
			}
		}
		var late []time.Duration
		for _, d := range first {
			late = append(late, d)
		}
		o.times("late", late)
		o.want(quantile(late, 0.99) <= 5*time.Second+r.lease(), "some were %s late", quantile(late, 0.99))
		o.judge(ctx, b, ids, 1)
		return o.result(b)
	}
	return row
}

func r27() Row {
	row := Row{
		ID: "R27", Title: "many long healthy executions beside dead owners",
		Goal: "all of the dead owners' rescued ≤ 10 s, no healthy one taken",
	}
	row.Run = func(ctx context.Context, r *Run) Result {
		o := r.outcome(row)
		const orphans = 20
		healthy := r.pick(2000, 100)
		b, err := r.bed(ctx, func(o *bed.Options) {
			o.Replicas = 4 // a process has at most 1,000 workers
			o.Vars = []string{fmt.Sprintf("SYMPHAINY_WORKERS=%d", healthy/3+4*orphans)}
		})
		if err != nil {
			o.wrong(err)
			return o.result(nil)
		}
		victim := b.Replicas[3]
		o.wrong(victim.Kill())
		long := map[string]any{"steps": 1, "work_ms": r.pick(90_000, 20_000)}
		work := load{clients: 20, executions: healthy, parameters: long}.start(ctx, b)
		ids, err := work.submitted()
		o.wrong(err)
		o.wrong(victim.Start(ctx, fmt.Sprintf("SYMPHAINY_WORKERS=%d", orphans)))
		more := load{clients: 4, executions: 4 * orphans, name: "more", parameters: long}.start(ctx, b)
		extra, err := more.submitted()
		o.wrong(err)
		searching, cancel := context.WithTimeout(ctx, time.Minute)
		defer cancel()
		var owned []string
		o.wrong(bed.Until(searching, 100*time.Millisecond, func() (bool, error) {
			owned, err = b.OwnedBy(ctx, victim.Worker())
			return len(owned) > 0, err
		}))
		o.wrong(victim.Kill())
		at := time.Now()
		dead := map[string]bool{}
		var deaths []death
		for _, id := range owned {
			dead[id] = true
			deaths = append(deaths, death{id, at})
		}
		o.wrong(b.Settle(ctx, r.settleTime()+2*time.Minute))
		recovered, err := recoveries(b, deaths)
		o.wrong(err)
		o.count("healthy", len(ids)+len(extra)-len(dead))
		o.count("orphans", len(dead))
		o.times("rescued", recovered)
		o.want(len(recovered) == len(dead) && len(dead) > 0 && quantile(recovered, 1) <= recoveryGoal, "%d of %d rescued, the last after %s", len(recovered), len(dead), quantile(recovered, 1))
		tables := o.judge(ctx, b, append(ids, extra...), 1)
		taken := 0
		for id, e := range tables.Executions {
			if !dead[id] && e.Attempt > 1 {
				taken++
			}
		}
		o.figure("healthy ones taken %d", taken)
		o.want(taken == 0, "%d healthy executions were taken from their owners", taken)
		return o.result(b)
	}
	return row
}
