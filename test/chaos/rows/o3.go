package rows

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/symphainy/symphainy/test/chaos/bed"
	"github.com/symphainy/symphainy/test/chaos/check"
)

// plateauSlack is how far a table may be over twice its size after the first round.
const plateauSlack = 10

// purgeTime is how long the removal may take: the purge comes every second, River's own twice a minute.
const purgeTime = 45 * time.Second

// bounded is a table whose rows end, with the condition of those that count and the change that lets the time of all its rows pass.
type bounded struct{ name, table, where, age string }

// longAgo is before everything.
const longAgo = "'2001-01-01 00:00:00+00:00'"

func boundedTables(sqlite bool) []bounded {
	list := []bounded{
		{"events", "events", "", ""}, // kept for a second here, which passes by itself
		{"tickets", "tickets", "", "UPDATE tickets SET expires_at = " + longAgo},
		{"limits", "rate_limits", "", "UPDATE rate_limits SET tat = 0"},
		{"keys", "idempotency_keys", "", "UPDATE idempotency_keys SET expires_at = " + longAgo},
		{"unsealed audit records", "audit_records", " WHERE chain_position IS NULL", ""},
	}
	if !sqlite { // the embedded database has no table of jobs
		list = append(list, bounded{"jobs", "river_job", "", "UPDATE river_job SET finalized_at = " + longAgo + " WHERE finalized_at IS NOT NULL"})
	}
	return list
}

func o3() Row {
	row := Row{
		ID: "O3", Title: "rounds of work whose leavings end",
		Goal: "jobs, events, tickets, limits, keys: never over twice the first round's; audit is sealed, and grows by what was done alone",
	}
	row.Run = func(ctx context.Context, r *Run) Result {
		o := r.outcome(row)
		// Few workers, so that jobs wait in the queue; limits that count without turning anybody away.
		vars := append(r.times(), "SYMPHAINY_PURGE_EVERY=1s", "SYMPHAINY_RETENTION_EVENTS=1s", "SYMPHAINY_WORKERS=2", "SYMPHAINY_LIMIT_LOGIN=1000/1h")
		b, err := r.bed(ctx, func(o *bed.Options) { o.Vars, o.Replicas = vars, 2 })
		if err != nil {
			o.wrong(err)
			return o.result(nil)
		}
		o.wrong(o.plateau(ctx, b, "PostgreSQL"))
		lite, err := r.Suite.New(ctx, bed.Options{SQLite: true, Vars: vars, Seed: r.Seed})
		if err != nil {
			o.wrong(err)
			return o.result(b)
		}
		o.wrong(o.plateau(ctx, lite, "SQLite"))
		o.wrong(lite.Close())
		return o.result(b)
	}
	return row
}

// plateau runs rounds. Between them all processes are stopped, the time of what the tables hold passes, and the processes start again.
func (o *outcome) plateau(ctx context.Context, b *bed.Bed, store string) error {
	tables := boundedTables(b.Options.SQLite)
	rounds, n := o.run.pick(8, 4), o.run.pick(400, 80)
	sizes := map[string][]int{}
	var audited []int
	for i := range rounds {
		if i > 0 {
			if err := ageAll(ctx, b, tables); err != nil {
				return err
			}
		}
		if err := o.workRound(ctx, b, fmt.Sprintf("%s%d", store, i), n); err != nil {
			return fmt.Errorf("round %d: %w", i, err)
		}
		if err := sizesOf(ctx, b, tables, sizes); err != nil {
			return fmt.Errorf("round %d on %s: %w", i, store, err)
		}
		records, err := b.Int(ctx, "SELECT count(*) FROM audit_records")
		if err != nil {
			return err
		}
		audited = append(audited, records)
	}
	o.count("rounds on "+store, rounds)
	var told []string
	for _, t := range tables {
		s := sizes[t.name]
		told = append(told, fmt.Sprintf("%s %v", t.name, s))
		if t.age != "" {
			o.want(s[0] > 0, "%s: no %s came of the first round: nothing was shown", store, t.name)
		}
		most := slices.Max(s)
		o.want(most <= 2*s[0]+plateauSlack, "%s: %s grow: %v", store, t.name, s)
		o.numbers[store+" "+t.name] = float64(most)
	}
	o.figure("%s: after each round %s, audit records kept %v", store, strings.Join(told, ", "), audited)
	least, most := audited[0], 0
	for i := 1; i < len(audited); i++ {
		least, most = min(least, audited[i]-audited[i-1]), max(most, audited[i]-audited[i-1])
	}
	o.want(least > 0 && most <= audited[0]+audited[0]/10+plateauSlack, "%s: rounds of the same work leave %d to %d audit records, the first %d", store, least, most, audited[0])
	return nil
}

// workRound leaves something in each table.
func (o *outcome) workRound(ctx context.Context, b *bed.Bed, name string, n int) error {
	const steps, clients = 1, 12
	ids, err := load{clients: clients, executions: n, name: name, parameters: map[string]any{"steps": steps, "work_ms": 5}}.start(ctx, b).submitted()
	if err != nil {
		return err
	}
	c, err := b.Anonymous(ctx, name)
	if err != nil {
		return err
	}
	for i := range n / 10 {
		a, err := c.Call(ctx, b.Any(), http.MethodPost, "/api/runtime/agent/ticket", map[string]any{"session_id": c.Session})
		if err != nil || a.Status >= http.StatusMultipleChoices {
			return errors.Join(err, fmt.Errorf("a ticket is answered with %d: %s", a.Status, a.Body))
		}
		nobody := *c
		nobody.Secret = ""
		a, err = nobody.Call(ctx, b.Any(), http.MethodPost, "/api/auth/login", map[string]any{"email": fmt.Sprintf("nobody-%s-%d@chaos.example", strings.ToLower(name), i), "password": "not-the-right-one"})
		if err := errors.Join(err, status(a, http.StatusUnauthorized)); err != nil {
			return err
		}
	}
	if err := b.Settle(ctx, o.run.settleTime()); err != nil {
		return err
	}
	tables, err := b.Tables(ctx)
	if err != nil {
		return err
	}
	o.tried += len(ids)
	o.zero(check.Accepted(ids, tables))
	o.zero(check.Effects(ids, steps, tables))
	return nil
}

// sizesOf waits until no table is larger than it may be, and notes how large they are then; what stays too large is noted too.
func sizesOf(ctx context.Context, b *bed.Bed, tables []bounded, sizes map[string][]int) error {
	limit, cancel := context.WithTimeout(ctx, purgeTime)
	defer cancel()
	now := map[string]int{}
	err := bed.Until(limit, 200*time.Millisecond, func() (bool, error) {
		small := true
		for _, t := range tables {
			n, err := b.Int(ctx, "SELECT count(*) FROM "+t.table+t.where)
			if err != nil {
				return false, err
			}
			now[t.name] = n
			switch before := sizes[t.name]; {
			case t.age == "":
				small = small && n <= plateauSlack
			case len(before) > 0:
				small = small && n <= 2*before[0]+plateauSlack
			}
		}
		return small, nil
	})
	if err != nil && limit.Err() == nil {
		return err
	}
	for _, t := range tables {
		sizes[t.name] = append(sizes[t.name], now[t.name])
	}
	return nil
}

// ageAll lets the time of all that the tables hold pass, while nobody works.
func ageAll(ctx context.Context, b *bed.Bed, tables []bounded) error {
	for _, replica := range b.Replicas {
		if err := stop(ctx, replica); err != nil {
			return err
		}
	}
	for _, t := range tables {
		if t.age == "" {
			continue
		}
		if err := b.Exec(ctx, t.age); err != nil {
			return fmt.Errorf("%s: %w", t.name, err)
		}
	}
	for _, replica := range b.Replicas {
		if err := replica.Start(ctx); err != nil {
			return err
		}
	}
	return nil
}
