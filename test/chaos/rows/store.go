package rows

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"syscall"
	"time"

	"github.com/symphainy/symphainy/test/chaos/bed"
)

// storeRow is a row that does something to the database under load.
func storeRow(id, title, goal string, window time.Duration, fault func(ctx context.Context, r *Run, b *bed.Bed, gone *[]time.Duration) (int, error)) Row {
	row := Row{ID: id, Title: title, Goal: goal}
	const steps = 3
	row.Run = func(ctx context.Context, r *Run) Result {
		o := r.outcome(row)
		b, err := r.bed(ctx, func(o *bed.Options) { o.Private, o.Proxies = true, true })
		if err != nil {
			o.wrong(err)
			return o.result(nil)
		}
		pids := map[int]int{}
		for i, replica := range b.Replicas {
			pids[i] = replica.PID()
		}
		over, end := context.WithCancel(ctx)
		var out outage
		var watcher sync.WaitGroup
		watcher.Go(func() { out.measure(over, b) })
		l := load{clients: 10, executions: r.pick(1000, 60), watch: 10, every: 200 * time.Millisecond, parameters: map[string]any{"steps": steps, "work_ms": 60}}
		work := l.start(ctx, b)
		var gone []time.Duration
		n, err := fault(ctx, r, b, &gone)
		o.wrong(err)
		ids, err := work.submitted()
		o.wrong(err)
		end()
		watcher.Wait()
		o.wrong(b.Settle(ctx, r.settleTime()))
		o.wrong(work.watched())
		o.count("faults", n)
		o.count("executions", len(ids))
		o.times("error window", out.windows)
		o.times("database gone", gone)
		// What the database itself takes to come back is not the replicas' to answer for.
		o.want(quantile(out.windows, 0.99) <= r.stretched(window)+quantile(gone, 1), "an error window lasted %s", quantile(out.windows, 0.99))
		for i, replica := range b.Replicas {
			o.want(replica.Running() && replica.PID() == pids[i], "replica %d did not outlive the faults", i)
		}
		o.durable(ctx, b)
		o.judge(ctx, b, ids, steps)
		return o.result(b)
	}
	return row
}

// outage measures the times in which a reader got nothing but errors.
type outage struct{ windows []time.Duration }

func (out *outage) measure(ctx context.Context, b *bed.Bed) {
	c, err := b.Anonymous(ctx, "reader")
	if err != nil {
		return
	}
	var since time.Time
	for ctx.Err() == nil {
		a, err := c.Call(ctx, b.Any(), http.MethodGet, "/api/executions", nil)
		bad := err != nil || a.Status >= http.StatusInternalServerError
		switch {
		case bad && since.IsZero():
			since = time.Now()
		case !bad && !since.IsZero():
			out.windows = append(out.windows, time.Since(since))
			since = time.Time{}
		}
		if pause(ctx, 20*time.Millisecond) != nil {
			return
		}
	}
}

// durable asserts the settings on which acknowledgements stand.
func (o *outcome) durable(ctx context.Context, b *bed.Bed) {
	for _, setting := range []string{"fsync", "synchronous_commit"} {
		var value string
		err := b.Query(ctx, "SHOW "+setting, func(r *sql.Rows) error { return r.Scan(&value) })
		o.wrong(err)
		o.want(value == "on", "%s is %q", setting, value)
	}
}

// repeatedly does something n times with pauses, and waits each time until the store answers again; gone gets how long that took.
func repeatedly(ctx context.Context, b *bed.Bed, n int, every time.Duration, gone *[]time.Duration, do func() error) (int, error) {
	for i := range n {
		if err := pause(ctx, every/2+time.Duration(b.Random(int(every.Milliseconds())))*time.Millisecond); err != nil {
			return i, err
		}
		began := time.Now()
		if err := do(); err != nil {
			return i, err
		}
		waiting, cancel := context.WithTimeout(ctx, time.Minute)
		err := bed.Until(waiting, 20*time.Millisecond, func() (bool, error) {
			return b.Exec(ctx, "SELECT 1") == nil, nil // on a connection of its own
		})
		cancel()
		*gone = append(*gone, time.Since(began))
		if err != nil {
			return i, fmt.Errorf("the database did not come back: %w", err)
		}
	}
	return n, nil
}

func r8() Row {
	return storeRow("R8", "PostgreSQL restarts (-m fast)", "lost 0, doubled 0, error window p99 ≤ 5 s, replicas restarted 0", 5*time.Second,
		func(ctx context.Context, r *Run, b *bed.Bed, gone *[]time.Duration) (int, error) {
			return repeatedly(ctx, b, r.pick(10, 2), 2*time.Second, gone, func() error { return b.ControlPostgres(ctx, "restart", "-m", "fast") })
		})
}

func r9() Row {
	return storeRow("R9", "kill -9 of one backend, which drops every connection", "lost 0, doubled 0, error window p99 ≤ 2 s", 2*time.Second,
		func(ctx context.Context, r *Run, b *bed.Bed, gone *[]time.Duration) (int, error) {
			return repeatedly(ctx, b, r.pick(20, 2), time.Second, gone, func() error {
				searching, cancel := context.WithTimeout(ctx, time.Minute)
				defer cancel()
				var pid int
				err := bed.Until(searching, 50*time.Millisecond, func() (bool, error) {
					found, err := b.Int(ctx, "SELECT pid FROM pg_stat_activity WHERE application_name = 'symphainy' ORDER BY random() LIMIT 1")
					pid = found
					return err == nil && pid > 0, nil // the last kill may not be over
				})
				if err != nil {
					return err
				}
				return signalAll([]int{pid}, syscall.SIGKILL)
			})
		})
}

func r10() Row {
	return storeRow("R10", "kill -9 of the postmaster", "acknowledged lost 0, fsync and synchronous_commit on", 30*time.Second,
		func(ctx context.Context, r *Run, b *bed.Bed, gone *[]time.Duration) (int, error) {
			return repeatedly(ctx, b, r.pick(10, 2), 2*time.Second, gone, func() error {
				pids, err := postgresOf(b)
				if err != nil {
					return err
				}
				if err := signalAll(pids[:1], syscall.SIGKILL); err != nil {
					return err
				}
				// A start is refused while backends of the dead one live.
				trying, cancel := context.WithTimeout(ctx, time.Minute)
				defer cancel()
				return bed.Until(trying, 300*time.Millisecond, func() (bool, error) { return b.ControlPostgres(trying, "start") == nil, nil })
			})
		})
}

func r14() Row {
	return storeRow("R14", "connections terminated all the time, links clogged one by one", "lost 0, doubled 0", 30*time.Second,
		func(ctx context.Context, r *Run, b *bed.Bed, _ *[]time.Duration) (int, error) {
			n := 0
			for until := time.Now().Add(time.Duration(r.pick(60, 5)) * time.Second); time.Now().Before(until); n++ {
				if err := errors.Join(b.Exec(ctx, "SELECT pg_terminate_backend(pid) FROM (SELECT pid FROM pg_stat_activity WHERE application_name = 'symphainy' ORDER BY random() LIMIT 1) one"),
					pause(ctx, 200*time.Millisecond)); err != nil {
					return n, err
				}
			}
			for range r.pick(20, 1) {
				for _, i := range []int{0, 1, 2} {
					b.Replicas[i].Store.BlackHole(true)
					if err := pause(ctx, 5*time.Second/3); err != nil {
						return n, err
					}
				}
				first := b.Random(3)
				for i := range b.Replicas {
					b.Replicas[(first+i)%3].Store.BlackHole(false)
					if err := pause(ctx, 300*time.Millisecond); err != nil {
						return n, err
					}
				}
				n++
			}
			return n, nil
		})
}
