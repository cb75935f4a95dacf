package rows

import (
	"context"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/symphainy/symphainy/test/chaos/bed"
	"github.com/symphainy/symphainy/test/chaos/check"
)

// rowTime bounds a row.
const rowTime = 40 * time.Minute

// Execute runs rows, the last ones after all others, and hears of one result at a time.
func (r *Run) Execute(ctx context.Context, list []Row, done func(Result)) {
	var telling sync.Mutex
	for _, last := range []bool{false, true} {
		var all sync.WaitGroup
		room := make(chan struct{}, max(1, r.AtOnce))
		for _, row := range list {
			if row.Last != last {
				continue
			}
			room <- struct{}{}
			all.Go(func() {
				result := r.One(ctx, row)
				<-room
				telling.Lock()
				defer telling.Unlock()
				done(result)
			})
		}
		all.Wait()
	}
}

// With gives a run of the same sheet on another binary; slow tells that it looks for races.
func (r *Run) With(suite *bed.Suite, slow bool) *Run {
	r.mu.Lock()
	defer r.mu.Unlock()
	return &Run{
		Suite: suite, Full: r.Full, Seed: r.Seed, Dir: r.Dir, Slow: slow, Old: r.Old, AtOnce: r.AtOnce, watched: check.Merge(r.watched), saved: r.saved,
	}
}

// One runs one row.
func (r *Run) One(ctx context.Context, row Row) Result {
	r.mu.Lock()
	if r.saved == nil {
		r.saved = map[string][2]string{}
		r.watched = check.Merge()
	}
	r.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, rowTime)
	defer cancel()
	began := time.Now()
	result := row.Run(ctx, r)
	result.Seconds, result.Seed, result.LoadAvg = time.Since(began).Seconds(), r.Seed, loadAverage()
	result.Tier, result.At = map[bool]string{true: "full", false: "short"}[r.Full], began.UTC()
	result.Repeat = fmt.Sprintf("make chaos ROWS=%s SEED=%d TIER=%s", row.ID, r.Seed, result.Tier)
	r.mu.Lock()
	result.History, result.Hash = r.saved[row.ID][0], r.saved[row.ID][1]
	r.mu.Unlock()
	return result
}

func loadAverage() string {
	raw, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	return strings.Join(strings.Fields(string(raw))[:3], " ")
}
