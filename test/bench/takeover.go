package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"syscall"
	"time"
)

const (
	// burst is how many submissions are on their way when their server is killed.
	burst = 32
	// settleOwners is in how long another server ends what it runs itself: what still runs then belongs to the stopped one.
	settleOwners = 300 * time.Millisecond
	// longestRecovery ends a measurement that leads nowhere.
	longestRecovery = time.Minute
)

// takeOver is S9: the owner of running executions is killed. On PostgreSQL a second server takes them over; the embedded database has one, which
// is started again. Times count from the moment in which the owner stopped working until the executions have ended.
func takeOver(ctx context.Context, d *deployment, s settings) (string, error) {
	own, err := deploy(ctx, s, d.store)
	if err != nil {
		return "", err
	}
	defer own.end()
	db, err := own.open()
	if err != nil {
		return "", err
	}
	defer func() { _ = db.Close() }() // only read
	t := &killing{deployment: own, db: db}
	other := ""
	if own.dsn != "" {
		if other, err = own.serve(ctx, s); err != nil {
			return "", err
		}
	}
	var all, restarts []time.Duration
	for range s.runs {
		times, ready, err := t.round(ctx, s, other != "")
		if err != nil {
			return "", err
		}
		all, restarts = append(all, times...), append(restarts, ready)
		if other != "" { // the one that has taken over is the next to be killed
			own.url, other = other, own.url
		}
	}
	slices.Sort(all)
	slices.Sort(restarts)
	return fmt.Sprintf("%d × kill -9 of the owner, %d executions in its hands: ended again p50 %s, p99 %s, max %s; restarted and ready p50 %s, max %s", s.runs, len(all),
		short(all[len(all)/2]), short(all[len(all)*99/100]), short(all[len(all)-1]), short(restarts[len(restarts)/2]), short(restarts[len(restarts)-1])), nil
}

type killing struct {
	*deployment

	db *sql.DB
}

// round kills the server at d.url once, in the middle of its work; it gives how long each of its executions rested, and how long a new server took to be
// ready. The new one has the place of the killed one.
func (t *killing) round(ctx context.Context, s settings, another bool) ([]time.Duration, time.Duration, error) {
	loading, stop := context.WithCancel(ctx)
	defer stop()
	var clients sync.WaitGroup
	defer clients.Wait()
	defer stop()
	victim := t.url
	for range burst {
		c, _, err := runIntent(ctx, t.deployment, victim)
		if err != nil {
			return nil, 0, err
		}
		clients.Go(func() {
			for c(loading) == nil { // until its server is gone
			}
		})
	}
	time.Sleep(settle)
	stopped := time.Now()
	if err := t.running[victim].Process.Signal(syscall.SIGSTOP); err != nil {
		return nil, 0, err
	}
	held, err := t.held(ctx, another)
	if err != nil {
		return nil, 0, err
	}
	t.kill(victim)
	began := time.Now()
	if t.url, err = t.serve(ctx, s); err != nil {
		return nil, 0, err
	}
	if err := t.ready(ctx, t.url); err != nil {
		return nil, 0, err
	}
	ready := time.Since(began)
	times, err := t.recovered(ctx, held, stopped)
	return times, ready, err
}

// held gives what the stopped server was running. Beside another server that is what runs now and still runs under the same owner a moment later.
func (t *killing) held(ctx context.Context, another bool) ([]string, error) {
	before, err := t.owners(ctx)
	if err != nil {
		return nil, err
	}
	if another {
		time.Sleep(settleOwners)
		after, err := t.owners(ctx)
		if err != nil {
			return nil, err
		}
		maps.DeleteFunc(before, func(id, owner string) bool { return after[id] != owner })
	}
	owners := map[string]bool{}
	for _, owner := range before {
		owners[owner] = true
	}
	if len(owners) != 1 {
		return nil, fmt.Errorf("%d owners of the %d executions that were running", len(owners), len(before))
	}
	return slices.Collect(maps.Keys(before)), nil
}

func (t *killing) owners(ctx context.Context) (map[string]string, error) {
	rows, err := t.db.QueryContext(ctx, "SELECT id, lease_owner FROM executions WHERE state = 'running'")
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }() // it is read to its end
	out := map[string]string{}
	for rows.Next() {
		var id, owner string
		if err := rows.Scan(&id, &owner); err != nil {
			return nil, err
		}
		out[id] = owner
	}
	return out, rows.Err()
}

// recovered waits until all have ended, and gives how long after a moment each did.
func (t *killing) recovered(ctx context.Context, ids []string, since time.Time) ([]time.Duration, error) {
	query := "SELECT state, completed_at FROM executions WHERE id = ?"
	if t.dsn != "" {
		query = "SELECT state, completed_at FROM executions WHERE id = $1"
	}
	var times []time.Duration
	for _, id := range ids {
		for {
			var state string
			var at sql.NullTime
			if err := t.db.QueryRowContext(ctx, query, id).Scan(&state, &at); err != nil {
				return nil, err
			}
			if at.Valid {
				if state != "completed" {
					return nil, fmt.Errorf("%s ended as %s", id, state)
				}
				times = append(times, at.Time.Sub(since))
				break
			}
			if time.Since(since) > longestRecovery {
				return nil, errors.New("an execution was never taken over: " + id)
			}
			time.Sleep(20 * time.Millisecond)
		}
	}
	return times, nil
}
