package rows

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/symphainy/symphainy/test/chaos/bed"
)

// refusalTime is how soon a second process has to give up.
const refusalTime = 2 * time.Second

func r26() Row {
	row := Row{
		ID: "R26", Title: "SQLite: kill -9, and a second process on the file", Short: true,
		Goal: "acknowledged lost 0, second process refused ≤ 2 s 4/4, stale locks 0",
	}
	const steps = 3
	row.Run = func(ctx context.Context, r *Run) Result {
		o := r.outcome(row)
		b, err := r.Suite.New(ctx, bed.Options{SQLite: true, Vars: r.times(), Seed: r.Seed})
		if err != nil {
			o.wrong(err)
			return o.result(nil)
		}
		kills := r.pick(50, 10)
		l := load{clients: 4, executions: kills * 6, watch: 6, every: 250 * time.Millisecond, parameters: map[string]any{"steps": steps, "work_ms": 30}}
		work := l.start(ctx, b)
		server := b.Replicas[0]
		var starts []time.Duration
		for range kills {
			o.wrong(pause(ctx, time.Duration(100+b.Random(700))*time.Millisecond))
			o.wrong(server.Kill())
			began := time.Now()
			// A stale lock would refuse this start.
			o.wrong(server.Start(ctx))
			starts = append(starts, time.Since(began))
		}
		ids, err := work.submitted()
		o.wrong(err)
		o.wrong(b.Settle(ctx, r.settleTime()))
		o.wrong(work.watched())
		o.count("kill -9", kills)
		o.count("acknowledged executions", len(ids))
		refused := 0
		for _, stopped := range []bool{false, true} {
			if stopped {
				o.wrong(server.Signal(syscall.SIGSTOP))
			}
			for _, command := range []string{"serve", "migrate"} {
				took, err := second(ctx, r, b, command)
				o.wrong(err)
				if err == nil {
					refused++
				}
				o.want(took <= r.stretched(refusalTime), "%s is refused after %s only", command, took)
			}
		}
		o.wrong(server.Signal(syscall.SIGCONT))
		o.figure("second process refused %d/4", refused)
		o.times("start after a kill", starts)
		o.judge(ctx, b, ids, steps)
		return o.result(b)
	}
	return row
}

// second runs a command on the file that the server has, which must refuse and name the file.
func second(ctx context.Context, r *Run, b *bed.Bed, command string) (time.Duration, error) {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, r.Suite.Binary, command)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + b.Dir, "SYMPHAINY_DATA_DIR=" + filepath.Join(b.Dir, "data"), "SYMPHAINY_ADDR=127.0.0.1:0"}
	began := time.Now()
	out, err := cmd.CombinedOutput()
	took := time.Since(began)
	if err == nil || ctx.Err() != nil {
		return took, fmt.Errorf("%s beside the server was not refused: %s", command, out)
	}
	if !strings.Contains(string(out), "symphainy.db") {
		return took, fmt.Errorf("%s does not name the file: %s", command, out)
	}
	return took, nil
}

// stretched gives a limit of time. Only the full tier holds the sheet's times: the short one shares the machine with other rows and tests, and
// only finds what never comes.
func (r *Run) stretched(limit time.Duration) time.Duration {
	if r.Slow || !r.Full {
		return 10 * limit
	}
	return limit
}
