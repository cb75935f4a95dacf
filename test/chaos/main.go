// Command chaos breaks a deployment of the real binary on purpose and judges what is left; `make chaos` runs it. docs/guarantees.md says
// what each row shows.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"text/tabwriter"
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

type report struct {
	Started  time.Time         `json:"started"`
	Tier     string            `json:"tier"`
	Tags     string            `json:"tags,omitempty"`
	Race     bool              `json:"race"`
	Seed     uint64            `json:"seed"`
	Versions map[string]string `json:"versions"`
	Rows     []rows.Result     `json:"rows"`
}

func run(ctx context.Context) (passed bool, err error) {
	names := flag.String("rows", "", "rows to run, such as R1,R5; empty is all of the tier")
	tier := flag.String("tier", "full", "full or short")
	seed := flag.Uint64("seed", 0, "seed of the faults; 0 takes a new one")
	tags := flag.String("tags", "", "further build tags, such as bugB2")
	race := flag.Bool("race", false, "build the binary with the race detector")
	mistakes := flag.String("bugs", "", "seeded mistakes to show to the rows that must see them, such as B2,B5, or all")
	atOnce := flag.Int("at-once", 1, "rows that run side by side; more than one disturb each other's figures")
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
	r := &rows.Run{Suite: suite, Full: *tier == "full", Seed: *seed, Dir: *dir, Slow: *race, AtOnce: *atOnce}
	out := report{Started: time.Now().UTC(), Tier: *tier, Tags: *tags, Race: *race, Seed: *seed, Versions: versions(ctx)}
	passed = true
	r.Execute(ctx, list, func(result rows.Result) {
		out.Rows = append(out.Rows, result)
		passed = passed && result.Pass
		show(result)
	})
	if err := suite.Close(); err != nil {
		return false, err
	}
	table(out)
	raw, err := json.MarshalIndent(out, "", "  ")
	if err != nil {
		return false, err
	}
	return passed, os.WriteFile(filepath.Join(*dir, "report.json"), append(raw, '\n'), 0o600)
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

// show prints a row as soon as it is done.
func show(r rows.Result) {
	verdict := "pass"
	if !r.Pass {
		verdict = "FAIL"
	}
	fmt.Printf("%s %s in %.0f s: %s; %s\n", r.ID, verdict, r.Seconds, r.Counts, r.Figure) //nolint:forbidigo // this is a command
	for _, p := range r.Problems {
		fmt.Printf("     %s\n", p) //nolint:forbidigo // this is a command
	}
	if !r.Pass {
		fmt.Printf("     again: %s\n", r.Repeat) //nolint:forbidigo // this is a command
	}
}

func table(out report) {
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "\nrow\tran\tfigure\tgoal\tpass\n")
	for _, r := range out.Rows {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%v\n", r.ID, r.Counts, r.Figure, r.Goal, r.Pass)
	}
	fmt.Fprintf(w, "tier %s, seed %d, load %s\n", out.Tier, out.Seed, func() string {
		if len(out.Rows) == 0 {
			return ""
		}
		return out.Rows[len(out.Rows)-1].LoadAvg
	}())
	if err := w.Flush(); err != nil {
		fmt.Fprintln(os.Stderr, "chaos:", err)
	}
}
