// Command chaos breaks a deployment of the real binary on purpose and judges what is left; `make chaos` runs it. docs/guarantees.md says
// what each row shows.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/symphainy/symphainy/test/chaos/bed"
	"github.com/symphainy/symphainy/test/chaos/rows"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	passed, err := run(ctx)
	if err != nil {
		fmt.Fprintln(os.Stderr, "chaos:", err)
		os.Exit(2)
	}
	if !passed {
		os.Exit(1)
	}
}

func run(ctx context.Context) (passed bool, err error) {
	names := flag.String("rows", "", "rows to run, such as R1,R5; empty is all of the tier")
	tier := flag.String("tier", "full", "full or short")
	seed := flag.Uint64("seed", 0, "seed of the faults; 0 takes a new one")
	tags := flag.String("tags", "", "further build tags, such as bugB2")
	race := flag.Bool("race", false, "build the binary with the race detector")
	mistakes := flag.String("bugs", "", "seeded mistakes to show to the rows that must see them, such as B2,B5, or all")
	atOnce := flag.Int("at-once", 1, "rows that run side by side; more than one disturb each other's figures")
	old := flag.String("old", "", "revision of the earlier version of R25; empty is the newest tag")
	dir := flag.String("dir", ".cache/chaos", "folder of report.json and the histories")
	flag.Parse()
	list, err := choose(*names, *tier == "full")
	if err != nil {
		return false, err
	}
	if *seed == 0 {
		*seed = uint64(time.Now().UnixNano())
	}
	if err := os.MkdirAll(*dir, 0o700); err != nil {
		return false, err
	}
	if *mistakes != "" {
		return hunt(ctx, *mistakes, *seed, *dir)
	}
	var more []string
	if *race {
		more = append(more, "-race")
	}
	suite, err := bed.NewSuite(ctx, *tags, more...)
	if err != nil {
		return false, err
	}
	r := &rows.Run{Suite: suite, Full: *tier == "full", Seed: *seed, Dir: *dir, Slow: *race, AtOnce: *atOnce, Old: *old}
	passed = true
	var done []rows.Result
	r.Execute(ctx, list, func(result rows.Result) {
		done = append(done, result)
		passed = passed && (result.Pass || result.CannotRun != "")
		show(result)
	})
	if err := suite.Close(); err != nil {
		return false, err
	}
	card := report{Tags: *tags, Race: *race, Versions: versions(ctx), Rows: done}
	if err := card.keep(filepath.Join(*dir, "report.json")); err != nil {
		return false, err
	}
	return passed, card.print(os.Stdout)
}

// choose gives the named rows, or all of the tier.
func choose(names string, full bool) ([]rows.Row, error) {
	all := rows.All()
	if names == "" {
		return slices.DeleteFunc(all, func(r rows.Row) bool { return !full && !r.Short }), nil
	}
	var list []rows.Row
	for name := range strings.SplitSeq(names, ",") {
		i := slices.IndexFunc(all, func(r rows.Row) bool { return strings.EqualFold(r.ID, name) })
		if i < 0 {
			return nil, fmt.Errorf("there is no row %q", name)
		}
		list = append(list, all[i])
	}
	return list, nil
}

func versions(ctx context.Context) map[string]string {
	return map[string]string{"go": runtime.Version(), "machine": fmt.Sprintf("%s/%s, %d cores", runtime.GOOS, runtime.GOARCH, runtime.NumCPU()), "postgres": bed.PostgresVersion(ctx)}
}
