package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/symphainy/symphainy/test/sheet"
)

const (
	// flooders is over how many connections one tenant submits.
	flooders = 32
	// beat is how often the other tenant submits.
	beat = 100 * time.Millisecond
)

// fair is T11: how long a tenant's execution waits for a worker while another tenant has thousands in the queue, beside how long it waits
// when nobody else is there.
func fair(ctx context.Context, d *deployment, s settings) (string, error) {
	busy, err := d.account(ctx, "busy")
	if err != nil {
		return "", err
	}
	quiet, err := d.account(ctx, "quiet")
	if err != nil {
		return "", err
	}
	alone, err := starts(ctx, d, quiet, time.NewTimer(time.Duration(s.runs)*s.length).C)
	if err != nil {
		return "", err
	}
	flooding, stop := context.WithCancel(ctx)
	defer stop()
	drained := make(chan time.Time, 1)
	var longest atomic.Int64
	var flooded error
	go func() {
		flooded = d.flood(flooding, busy, s.flood, &longest)
		drained <- time.Now()
	}()
	beside, err := starts(ctx, d, quiet, drained)
	if err != nil {
		return "", err
	}
	if flooded != nil {
		return "", flooded
	}
	ratio := float64(beside.p99) / float64(alone.p99)
	line := fmt.Sprintf("accept → start of a tenant's execution: alone p50 %s, p99 %s (%d); while another submits %d, of which up to %d wait: p50 %s, p99 %s (%d); p99 ratio %.1f",
		short(alone.p50), short(alone.p99), alone.count, s.flood, longest.Load(), short(beside.p50), short(beside.p99), beside.count, ratio)
	return line, keep(sheet.Entry{
		ID: "T11", Test: "make bench (T11)", Count: s.flood + beside.count, Figure: line + "; load " + load(), Goal: "fair claim; the quiet tenant's p99 to the start below 2×", Pass: ratio < fairRatio,
	})
}

// fairRatio is the goal of T11.
const fairRatio = 2

// keep writes what a row of the security sheet measured, if its records are asked for.
func keep(e sheet.Entry) error {
	dir := os.Getenv(sheet.EnvDir)
	if dir == "" {
		return nil
	}
	return e.Keep(dir)
}

// account registers somebody with a tenant of their own.
type account struct{ token, session string }

func (d *deployment) account(ctx context.Context, name string) (account, error) {
	answer, err := d.call(ctx, http.MethodPost, d.url+"/api/auth/register", nil,
		fmt.Appendf(nil, `{"name":%q,"email":"%s@bench.example","password":"a-long-passphrase-for-bench"}`, name, name), http.StatusCreated)
	if err != nil {
		return account{}, err
	}
	var made struct {
		Token   string `json:"access_token"`
		Session string `json:"session_id"`
	}
	err = json.Unmarshal(answer, &made)
	return account{made.Token, made.Session}, err
}

// submit accepts one execution; with wait it answers when that has ended.
func (d *deployment) submit(ctx context.Context, a account, wait bool) ([]byte, error) {
	header := http.Header{"Authorization": {"Bearer " + a.token}, "Idempotency-Key": {random()}}
	status := http.StatusAccepted
	if wait {
		header.Set("Prefer", "wait=30")
		status = http.StatusOK
	}
	body := fmt.Appendf(nil, `{"session_id":%q,"intent_type":"list_files","parameters":{}}`, a.session)
	return d.call(ctx, http.MethodPost, d.url+"/api/intent/submit", header, body, status)
}

// waits is how long executions waited for a worker.
type waits struct {
	p50, p99 time.Duration
	count    int
}

// starts submits at every beat until the end, and gives from the server's own times how long each execution waited to begin.
func starts(ctx context.Context, d *deployment, a account, end <-chan time.Time) (waits, error) {
	ticks := time.NewTicker(beat)
	defer ticks.Stop()
	var times []time.Duration
	for {
		answer, err := d.submit(ctx, a, true)
		if err != nil {
			return waits{}, err
		}
		var e struct {
			Status  string    `json:"status"`
			Created time.Time `json:"created_at"`
			Started time.Time `json:"started_at"`
		}
		if err := json.Unmarshal(answer, &e); err != nil || e.Status != "completed" {
			return waits{}, errors.Join(err, fmt.Errorf("not completed: %s", answer))
		}
		times = append(times, e.Started.Sub(e.Created))
		select {
		case <-ticks.C:
		case <-end:
			slices.Sort(times)
			return waits{times[len(times)/2], times[len(times)*99/100], len(times)}, nil
		}
	}
}

// flood submits, and returns when all of it has ended.
func (d *deployment) flood(ctx context.Context, a account, n int, longest *atomic.Int64) error {
	var left atomic.Int64
	left.Store(int64(n))
	var group sync.WaitGroup
	errs := make([]error, flooders)
	for i := range flooders {
		group.Go(func() {
			for errs[i] == nil && left.Add(-1) >= 0 {
				_, errs[i] = d.submit(ctx, a, false)
			}
		})
	}
	sent := make(chan struct{})
	go func() { group.Wait(); close(sent) }()
	for all := false; ; {
		queued, err := d.queued(ctx, a)
		if err != nil {
			return err
		}
		longest.Store(max(longest.Load(), queued))
		if all && queued == 0 {
			return errors.Join(errs...)
		}
		select {
		case <-sent:
			all = true
			time.Sleep(beat)
		case <-time.After(beat):
		}
	}
}

// queued counts a tenant's live executions.
func (d *deployment) queued(ctx context.Context, a account) (int64, error) {
	answer, err := d.call(ctx, http.MethodGet, d.url+"/api/admin/queues", http.Header{"Authorization": {"Bearer " + a.token}}, nil, http.StatusOK)
	if err != nil {
		return 0, err
	}
	var queues struct {
		Count int64 `json:"count"`
	}
	err = json.Unmarshal(answer, &queues)
	return queues.Count, err
}
