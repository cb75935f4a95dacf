package rows

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/symphainy/symphainy/test/chaos/bed"
	"github.com/symphainy/symphainy/test/chaos/history"
)

func r11() Row {
	row := Row{
		ID: "R11", Title: "the store stands still (SIGSTOP of all its processes)", Short: true,
		Goal: "503 with Retry-After ≤ 5 s, alive and not ready, hung 0, goroutines ≤ 2×, in-memory success 0, back ≤ 5 s",
	}
	row.Run = func(ctx context.Context, r *Run) Result {
		o := r.outcome(row)
		b, err := r.bed(ctx, func(o *bed.Options) {
			o.Private = true
			if !r.Full {
				o.Vars = append(o.Vars, "SYMPHAINY_DATABASE_TIMEOUT=2s")
			}
		})
		if err != nil {
			o.wrong(err)
			return o.result(nil)
		}
		c, err := b.Anonymous(ctx, "client")
		if err != nil {
			o.wrong(err)
			return o.result(b)
		}
		var ids []string
		for i := range 10 {
			id, err := c.Insist(ctx, bed.Intent{Type: "chaos_run", Parameters: map[string]any{"steps": 3, "work_ms": 200}, Key: fmt.Sprintf("before-%d", i)})
			o.wrong(err)
			ids = append(ids, id)
		}
		hole, bound := time.Duration(r.pick(30, 6))*time.Second, time.Duration(r.pick(10, 2))*time.Second
		calm, err := goroutines(ctx, b)
		o.wrong(err)
		pids, err := stopStore(b)
		o.wrong(err)
		gone := time.Now()
		probes := o.probe(ctx, b, c, gone.Add(hole), bound)
		busy, err := goroutines(ctx, b)
		o.wrong(err)
		o.wrong(signalAll(pids, syscall.SIGCONT))
		began := time.Now()
		id, err := c.Insist(ctx, bed.Intent{Type: "chaos_run", Parameters: map[string]any{"steps": 1}, Key: "after"})
		back := time.Since(began)
		o.wrong(err)
		ids = append(ids, id)
		o.count("probes while the store stood still", probes)
		o.figure("back after %s, goroutines %d → %d", round(back), calm, busy)
		o.want(back <= r.stretched(5*time.Second), "the service was back only after %s", back)
		o.want(busy <= 2*calm+3*probesAtOnce, "goroutines went from %d to %d", calm, busy)
		for _, op := range b.History.Ops() {
			if op.Outcome == history.OK {
				ids = append(ids, op.Result)
			}
		}
		o.judge(ctx, b, ids, 0)
		return o.result(b)
	}
	return row
}

// Of five kinds two each at a time.
const probesAtOnce, probeKinds = 10, 5

// probe asks all replicas until the time is over and holds each answer against what a deployment without a store has to say.
func (o *outcome) probe(ctx context.Context, b *bed.Bed, c *bed.Client, until time.Time, bound time.Duration) int {
	var mu sync.Mutex
	n, refused, invented, example, worst := 0, 0, 0, "", time.Duration(0)
	var all sync.WaitGroup
	gone := time.Now()
	for p := range probesAtOnce {
		all.Go(func() {
			for i := 0; time.Now().Before(until) && ctx.Err() == nil; i++ {
				base := b.Replicas[(p+i)%len(b.Replicas)].URL()
				a, err := o.ask(ctx, c, base, p, i, gone)
				mu.Lock()
				n++
				worst = max(worst, a.Took)
				if a.Status == http.StatusServiceUnavailable {
					refused++
				} else if p%probeKinds >= needsStore && a.Status != 0 {
					invented++
					example = fmt.Sprintf("%d %.200s", a.Status, a.Body)
				}
				o.wrong(err)
				mu.Unlock()
			}
		})
	}
	all.Wait()
	o.figure("503 × %d, slowest answer %s", refused, round(worst))
	o.none(invented, "from memory", "%d answers, such as %s", invented, example)
	o.want(refused > 0, "no request was answered with 503: nothing was shown")
	o.want(worst <= 2*bound+3*time.Second, "a request hung for %s", worst)
	return n
}

// noticeTime is how long a replica may call itself ready after the store is gone.
const noticeTime = 3 * time.Second

// needsStore is the first kind of probe that nothing but the store can answer.
const needsStore = 2

// ask sends one of five requests and says what is wrong with the answer.
func (o *outcome) ask(ctx context.Context, c *bed.Client, base string, p, i int, gone time.Time) (bed.Answer, error) {
	switch p % probeKinds {
	case 0:
		a, err := c.Call(ctx, base, http.MethodGet, "/health/live", nil)
		defer func() { _ = pause(ctx, 100*time.Millisecond) }() // the end of ctx ends the loop of the caller
		return a, errors.Join(err, status(a, http.StatusOK))
	case 1:
		a, err := c.Call(ctx, base, http.MethodGet, "/health/ready", nil)
		if a.Status == http.StatusOK && time.Since(gone) < noticeTime {
			return a, err // judged before the store was gone
		}
		return a, errors.Join(err, status(a, http.StatusServiceUnavailable))
	case 2:
		_, a, outcome := c.Submit(ctx, base, bed.Intent{Type: "chaos_run", Parameters: map[string]any{"steps": 1}, Key: fmt.Sprintf("hole-%d-%d", p, i)})
		if outcome == history.OK {
			return a, errors.New("a submission was accepted while the store stood still")
		}
		return a, unavailable(a)
	case 3:
		nobody := *c
		nobody.Secret = ""
		a, err := nobody.Call(ctx, base, http.MethodPost, "/api/session/create-anonymous", nil)
		return a, errors.Join(err, unavailable(a))
	}
	a, err := c.Call(ctx, base, http.MethodGet, "/api/executions", nil)
	return a, errors.Join(err, unavailable(a))
}

func status(a bed.Answer, want int) error {
	if a.Status != want {
		return fmt.Errorf("answered with %d instead of %d: %s", a.Status, want, a.Body)
	}
	return nil
}

// unavailable says what is wrong with a refusal for want of a store.
func unavailable(a bed.Answer) error {
	if err := status(a, http.StatusServiceUnavailable); err != nil {
		return err
	}
	seconds, err := strconv.Atoi(a.Header.Get("Retry-After"))
	if err != nil || seconds < 1 || seconds > 5 {
		return fmt.Errorf("503 with Retry-After %q", a.Header.Get("Retry-After"))
	}
	return nil
}

// goroutines asks the first replica how many it has.
func goroutines(ctx context.Context, b *bed.Bed) (int, error) {
	known, err := b.Protocol("goroutines")
	if err != nil {
		return 0, err
	}
	if err := b.Replicas[0].Signal(syscall.SIGUSR1); err != nil {
		return 0, err
	}
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	var n int
	return n, bed.Until(ctx, 10*time.Millisecond, func() (bool, error) {
		lines, err := b.Protocol("goroutines")
		if err != nil || len(lines) == len(known) {
			return false, err
		}
		n, err = strconv.Atoi(lines[len(lines)-1].Words[0])
		return true, err
	})
}

// postgresOf gives the processes of the bed's own server, the postmaster first.
func postgresOf(b *bed.Bed) ([]int, error) {
	raw, err := os.ReadFile(filepath.Join(b.Server.Folder(), "data", "postmaster.pid"))
	if err != nil {
		return nil, err
	}
	first, _, _ := strings.Cut(string(raw), "\n")
	postmaster, err := strconv.Atoi(first)
	if err != nil {
		return nil, err
	}
	pids := []int{postmaster}
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return nil, err
	}
	for _, path := range stats {
		stat, err := os.ReadFile(path)
		if err != nil {
			continue // it has ended since
		}
		_, after, _ := strings.Cut(string(stat), ") ")
		fields := strings.Fields(after)
		if len(fields) < 2 || fields[1] != first {
			continue
		}
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(path)))
		if err != nil {
			return nil, err
		}
		pids = append(pids, pid)
	}
	return pids, nil
}

// stopStore stops the bed's own server and gives its processes. The postmaster goes first: while it runs, it makes processes that no list holds.
func stopStore(b *bed.Bed) ([]int, error) {
	pids, err := postgresOf(b)
	if err != nil {
		return nil, err
	}
	if err := signalAll(pids[:1], syscall.SIGSTOP); err != nil {
		return nil, err
	}
	if pids, err = postgresOf(b); err != nil {
		return nil, err
	}
	return pids, signalAll(pids, syscall.SIGSTOP)
}

func signalAll(pids []int, s syscall.Signal) error {
	for _, pid := range pids {
		if err := syscall.Kill(pid, s); err != nil && !errors.Is(err, syscall.ESRCH) {
			return err
		}
	}
	return nil
}
