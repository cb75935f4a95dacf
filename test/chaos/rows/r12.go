package rows

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/symphainy/symphainy/test/chaos/bed"
	"github.com/symphainy/symphainy/test/chaos/history"
)

func r12() Row {
	row := Row{
		ID: "R12", Title: "the database's disk is full: that of its data, then that of its log",
		Goal: "503 while full, reads go on while only the data's is, acknowledged lost 0, back ≤ 5 s after there is room",
	}
	const steps = 2
	row.Run = func(ctx context.Context, r *Run) Result {
		o := r.outcome(row)
		b, err := r.bed(ctx, func(o *bed.Options) {
			o.Disk = true
			o.Vars = append(o.Vars, "SYMPHAINY_DATABASE_TIMEOUT=2s")
		})
		if err != nil {
			o.wrong(err) // also where the machine gives no namespace
			return o.result(nil)
		}
		c, err := b.Anonymous(ctx, "client")
		if err != nil {
			o.wrong(err)
			return o.result(b)
		}
		var back []time.Duration
		for round := range r.pick(3, 1) {
			for _, part := range []string{bed.DiskData, bed.DiskWAL} {
				took, err := o.full(ctx, b, c, part, round)
				if err != nil {
					o.wrong(errors.Join(errSkipped, err))
					return o.result(b)
				}
				back = append(back, took)
			}
		}
		o.count("full disks", len(back))
		o.times("back", back)
		o.want(quantile(back, 1) <= r.stretched(5*time.Second), "the service was back only %s after there was room", quantile(back, 1))
		var ids []string
		for _, op := range b.History.Ops() {
			if op.Outcome == history.OK {
				ids = append(ids, op.Result)
			}
		}
		o.count("acknowledged", len(ids))
		o.durable(ctx, b)
		o.judge(ctx, b, ids, steps)
		return o.result(b)
	}
	return row
}

// fullTime is how long a disk stays full once that was noticed.
const fullTime = 4 * time.Second

// full fills a part, holds the answers against what they have to be, makes room, and measures how long it takes until an intent is accepted.
func (o *outcome) full(ctx context.Context, b *bed.Bed, c *bed.Client, part string, round int) (time.Duration, error) {
	work := map[string]any{"steps": 2, "work_ms": 50, "note": part}
	ask := func(n int) bed.Intent {
		return bed.Intent{Type: "chaos_run", Parameters: work, Key: fmt.Sprintf("%s-%d-%d", part, round, n)}
	}
	for n := range 10 {
		if _, err := c.Insist(ctx, ask(n)); err != nil {
			return 0, err
		}
	}
	if err := b.Disk.Fill(part); err != nil {
		return 0, err
	}
	refused, reads := 0, 0
	noticed := time.Time{}
	for n, began := 100, time.Now(); noticed.IsZero() || time.Since(noticed) < fullTime; n++ {
		if time.Since(began) > time.Minute {
			return 0, fmt.Errorf("%s: a minute without room, and nothing was refused", part)
		}
		if part == bed.DiskWAL && noticed.IsZero() {
			_ = b.Exec(ctx, "SELECT pg_switch_wal()") // the next piece of log needs room; that it fails is the point
		}
		_, a, outcome := c.Submit(ctx, b.Any(), ask(n))
		if outcome != history.OK {
			o.wrong(unavailable(a))
			if refused++; noticed.IsZero() {
				noticed = time.Now()
			}
		}
		a, err := c.Call(ctx, b.Any(), http.MethodGet, "/api/executions", nil)
		switch {
		case err == nil && a.Status == http.StatusOK:
			reads++
		case part == bed.DiskData:
			o.want(false, "data: a read is answered with %d while the disk is full: %.200s", a.Status, a.Body)
		default:
			o.wrong(unavailable(a))
		}
		a, err = c.Call(ctx, b.Any(), http.MethodGet, "/health/live", nil)
		o.wrong(errors.Join(err, status(a, http.StatusOK)))
		if err := pause(ctx, 20*time.Millisecond); err != nil {
			return 0, err
		}
	}
	o.figure("%s: 503 × %d, reads × %d", part, refused, reads)
	if err := b.Disk.Free(part); err != nil {
		return 0, err
	}
	began := time.Now()
	if err := revive(ctx, b); err != nil {
		return 0, err
	}
	_, err := c.Insist(ctx, ask(99_999))
	return time.Since(began), err
}

// revive starts the server again if it has given up, as whoever makes room does.
func revive(ctx context.Context, b *bed.Bed) error {
	trying, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	return bed.Until(trying, 100*time.Millisecond, func() (bool, error) {
		if _, err := b.Int(ctx, "SELECT 1"); err == nil {
			return true, nil
		}
		return b.ControlPostgres(trying, "status") != nil && b.ControlPostgres(trying, "start") == nil, nil
	})
}
