package rows

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/symphainy/symphainy/test/chaos/bed"
)

// size is no fault: it measures what an execution and a replica cost, for the arithmetic of docs/guarantees.md.
func size() Row {
	row := Row{ID: "SIZE", Title: "what executions and replicas cost", Goal: "figures only"}
	row.Run = func(ctx context.Context, r *Run) Result {
		o := r.outcome(row)
		for _, replicas := range []int{1, 3} {
			for _, steps := range []int{0, 5} {
				o.wrong(o.cost(ctx, r, replicas, steps))
			}
		}
		return o.result(nil)
	}
	return row
}

// cost runs executions as fast as they go and divides what the database did by their number.
func (o *outcome) cost(ctx context.Context, r *Run, replicas, steps int) error {
	b, err := r.Suite.New(ctx, bed.Options{Replicas: replicas, NATS: true, Private: true, Seed: r.Seed})
	if err != nil {
		return err
	}
	defer func() { o.wrong(b.Close()) }()
	const commits = "SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()"
	quiet := 5 * time.Second
	before, err := settled(ctx, b, commits, 0)
	if err != nil {
		return err
	}
	idle, err := settled(ctx, b, commits, quiet)
	if err != nil {
		return err
	}
	perSecond := float64(idle-before) / quiet.Seconds()
	wal, err := b.Int(ctx, "SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::bigint")
	if err != nil {
		return err
	}
	n := r.pick(2000, 200)
	began := time.Now()
	ids, err := load{clients: 24, executions: n, parameters: map[string]any{"steps": steps}}.start(ctx, b).submitted()
	if err != nil {
		return err
	}
	if err := b.Settle(ctx, r.settleTime()); err != nil {
		return err
	}
	took := time.Since(began)
	after, err := settled(ctx, b, commits, time.Second)
	if err != nil {
		return err
	}
	walAfter, err := b.Int(ctx, "SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::bigint")
	if err != nil {
		return err
	}
	stored, err := b.Int(ctx, "SELECT sum(pg_total_relation_size(c.oid))::bigint FROM pg_class c JOIN pg_namespace s ON s.oid = c.relnamespace WHERE c.relkind = 'r' AND s.nspname = 'public'")
	if err != nil {
		return err
	}
	connections, err := b.Int(ctx, "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'symphainy' OR query ILIKE '%river%'")
	if err != nil {
		return err
	}
	o.count(fmt.Sprintf("executions × %d steps on %d replicas", steps, replicas), len(ids))
	o.figure("%d replicas, %d steps: %.0f/s, %.1f commits, %.1f kB WAL, %.1f kB stored each; idle %.1f commits/s, %d connections, RSS %s",
		replicas, steps, float64(n)/took.Seconds(), (float64(after-idle)-perSecond*(took.Seconds()+1))/float64(n), float64(walAfter-wal)/float64(n)/1000,
		float64(stored)/float64(n)/1000, perSecond, connections, memory(b))
	return nil
}

// settled reads a counter after a wait in which the database's statistics are flushed.
func settled(ctx context.Context, b *bed.Bed, query string, after time.Duration) (int, error) {
	if err := pause(ctx, after+1200*time.Millisecond); err != nil {
		return 0, err
	}
	return b.Int(ctx, query)
}

// memory gives the resident memory of each replica.
func memory(b *bed.Bed) string {
	var all []string
	for _, r := range b.Replicas {
		raw, err := os.ReadFile("/proc/" + strconv.Itoa(r.PID()) + "/status")
		if err != nil {
			all = append(all, "?")
			continue
		}
		for line := range strings.Lines(string(raw)) {
			if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok {
				all = append(all, strings.TrimSpace(rest))
			}
		}
	}
	return strings.Join(all, ", ")
}
