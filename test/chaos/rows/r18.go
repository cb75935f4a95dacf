package rows

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/symphainy/symphainy/test/chaos/bed"
)

func r18() Row {
	row := Row{
		ID: "R18", Title: "handlers that panic, end the process, loop, return or emit too much", Short: true,
		Goal: "failed after their attempts or bounded, others' loss 0, replicas outlive panics",
	}
	row.Run = func(ctx context.Context, r *Run) Result {
		o := r.outcome(row)
		claims := r.pick(6, 3)
		b, err := r.bed(ctx, func(o *bed.Options) { o.Vars = []string{fmt.Sprintf("SYMPHAINY_RUNTIME_MAX_CLAIMS=%d", claims)} })
		if err != nil {
			o.wrong(err)
			return o.result(nil)
		}
		times := r.pick(20, 2)
		bad := []struct {
			name, intent string
			parameters   map[string]any
			ends         string
		}{
			{"panic", "chaos_run", map[string]any{"steps": 1, "at": 1, "fault": "panic"}, "failed"},
			{"loop", "chaos_bounded", map[string]any{"steps": 1, "at": 1, "fault": "loop"}, "failed"},
			{"large result", "chaos_run", map[string]any{"steps": 1, "at": 1, "fault": "large", "count": r.pick(50<<20, 4<<20)}, ""},
			{"many events", "chaos_run", map[string]any{"steps": 1, "at": 1, "fault": "emit", "count": r.pick(1_000_000, 10_000) / times}, "completed"},
			{"refused", "chaos_run", map[string]any{"steps": 1, "at": 1, "fault": "refuse"}, "failed"},
		}
		others := load{clients: 4, executions: r.pick(400, 60), every: 150 * time.Millisecond, parameters: map[string]any{"steps": 2, "work_ms": 20}}
		work := others.start(ctx, b)
		c, err := b.Anonymous(ctx, "broken")
		if err != nil {
			o.wrong(err)
			return o.result(b)
		}
		expected := map[string]string{}
		for _, kind := range bad {
			for i := range times {
				id, err := c.Insist(ctx, bed.Intent{Type: kind.intent, Parameters: kind.parameters, Key: fmt.Sprintf("%s-%d", strings.ReplaceAll(kind.name, " ", "-"), i)})
				o.wrong(err)
				expected[id] = kind.ends
			}
			o.count(kind.name, times)
		}
		exits := r.pick(20, 1)
		deaths := o.exits(ctx, b, c, exits, expected)
		o.count("ends of a process", deaths)
		ids, err := work.submitted()
		o.wrong(err)
		for id := range expected {
			ids = append(ids, id)
		}
		tables := o.judge(ctx, b, ids, 0)
		ended := map[string]int{}
		for id, want := range expected {
			state := tables.Executions[id].State
			ended[state]++
			o.want(want == "" || state == want, "%s is %q, expected %q", id, state, want)
		}
		o.figure("broken ones: %v", ended)
		lost := 0
		for id, e := range tables.Executions {
			if _, broken := expected[id]; !broken && e.State != "completed" {
				lost++
			}
		}
		o.figure("others not completed %d of %d", lost, len(tables.Executions)-len(expected))
		o.want(lost == 0, "%d executions of others did not complete", lost)
		return o.result(b)
	}
	return row
}

// exits lets handlers end their processes, one after the other, and starts those again. Each has to be given up after as many processes as
// the settings say.
func (o *outcome) exits(ctx context.Context, b *bed.Bed, c *bed.Client, n int, expected map[string]string) (deaths int) {
	over, stop := context.WithCancel(ctx)
	var mu sync.Mutex
	var all sync.WaitGroup
	for _, r := range b.Replicas {
		all.Go(func() {
			for over.Err() == nil {
				if _, err := r.Ended(over); err != nil {
					return
				}
				mu.Lock()
				deaths++
				mu.Unlock()
				if err := r.Start(ctx); err != nil {
					mu.Lock()
					o.wrong(err)
					mu.Unlock()
					return
				}
			}
		})
	}
	for i := range n {
		id, err := c.Insist(ctx, bed.Intent{Type: "chaos_run", Parameters: map[string]any{"steps": 1, "at": 1, "fault": "exit"}, Key: fmt.Sprintf("exit-%d", i)})
		mu.Lock()
		o.wrong(err)
		expected[id] = "failed"
		mu.Unlock()
		if err != nil {
			break
		}
		_, err = c.Ended(ctx, id)
		mu.Lock()
		o.wrong(err)
		mu.Unlock()
	}
	stop()
	all.Wait()
	return deaths
}
