package rows

import (
	"context"
	"errors"
	"fmt"
	"syscall"
	"time"

	"github.com/symphainy/symphainy/test/chaos/bed"
)

func r15() Row {
	row := Row{
		ID: "R15", Title: "a replica stands still inside a claim's transaction", Short: true,
		Goal: "the lock is freed, others wait at most a lease of 5 s",
	}
	row.Run = func(ctx context.Context, r *Run) Result {
		o := r.outcome(row)
		b, err := r.bed(ctx, nil)
		if err != nil {
			o.wrong(err)
			return o.result(nil)
		}
		c, err := b.Anonymous(ctx, "client")
		if err != nil {
			o.wrong(err)
			return o.result(b)
		}
		victim := b.Replicas[0]
		o.wrong(victim.Kill())
		var ids []string
		var blocked []time.Duration
		for i := range r.pick(20, 3) {
			id, waited, err := stuckClaim(ctx, b, c, victim, i)
			if err != nil {
				o.wrong(errors.Join(errSkipped, err))
				break
			}
			ids, blocked = append(ids, id...), append(blocked, waited)
		}
		o.count("replicas stopped inside a claim", len(blocked))
		o.times("blocked", blocked)
		o.want(quantile(blocked, 1) <= r.stretched(5*time.Second), "others were blocked for %s", quantile(blocked, 1))
		o.judge(ctx, b, ids, 1)
		return o.result(b)
	}
	return row
}

// stuckClaim starts the victim so that it waits before the COMMIT of its first claim, stops it there, and measures how long that execution
// waits for another owner.
func stuckClaim(ctx context.Context, b *bed.Bed, c *bed.Client, victim *bed.Replica, round int) (ids []string, waited time.Duration, err error) {
	// With a bound nothing starts in the transaction that accepts it: all is claimed from the queue.
	if err := victim.Start(ctx, "CHAOS_POINTS=claim.commit=sleep:1900ms@1", "SYMPHAINY_CONCURRENCY_PER_SESSION=100000"); err != nil {
		return nil, 0, err
	}
	pid := victim.PID()
	deadline, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	// The others stand still until the victim has claimed.
	if err := others(b, victim, syscall.SIGSTOP); err != nil {
		return nil, 0, err
	}
	b.Prefer = victim
	id, err := c.Insist(deadline, bed.Intent{Type: "chaos_run", Parameters: map[string]any{"steps": 1}, Key: fmt.Sprintf("r15-%d", round)})
	b.Prefer = nil
	if err != nil {
		return nil, 0, errors.Join(err, others(b, victim, syscall.SIGCONT))
	}
	ids = []string{id}
	var at time.Time
	err = bed.Until(deadline, 5*time.Millisecond, func() (bool, error) {
		points, err := b.Protocol("failpoint")
		for _, line := range points {
			if line.PID == pid {
				at = line.At
				return true, errors.Join(err, victim.Signal(syscall.SIGSTOP))
			}
		}
		return false, err
	})
	if err = errors.Join(err, others(b, victim, syscall.SIGCONT)); err != nil {
		return ids, 0, err
	}
	claims, err := b.Protocol("claim")
	if err != nil {
		return ids, 0, err
	}
	var stuck string
	for _, line := range claims {
		if line.PID == pid {
			stuck = line.Words[0]
			break
		}
	}
	err = bed.Until(deadline, 10*time.Millisecond, func() (bool, error) {
		claims, err := b.Protocol("claim")
		for _, line := range claims {
			if line.PID != pid && line.Words[0] == stuck && line.At.After(at) {
				waited = line.At.Sub(at)
				return true, err
			}
		}
		return false, err
	})
	return ids, waited, errors.Join(err, victim.Signal(syscall.SIGCONT), victim.Kill())
}

// others sends a signal to all replicas but one.
func others(b *bed.Bed, but *bed.Replica, s syscall.Signal) error {
	var err error
	for _, r := range b.Replicas {
		if r != but {
			err = errors.Join(err, r.Signal(s))
		}
	}
	return err
}
