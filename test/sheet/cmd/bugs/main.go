// Command bugs makes the platform wrong in each of the seeded ways, one at a time, and shows which row of the security sheet sees it. It fails if
// one is not seen, or if the rows do not hold without it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/symphainy/symphainy/test/sheet"
	"github.com/symphainy/symphainy/test/sheet/seeded"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "bugs: "+err.Error())
		os.Exit(1) //nolint:gocritic // nothing is left to do
	}
}

func run(ctx context.Context) error {
	records := flag.String("records", ".cache/sheet/records", "folder for the records of rows F9 and F13")
	only := flag.String("only", "", "mistakes to look at, such as B11,H3; all without")
	flag.Parse()
	root, err := os.Getwd()
	if err != nil {
		return err
	}
	chosen := slices.DeleteFunc(seeded.Mistakes(), func(m seeded.Mistake) bool {
		return *only != "" && !slices.Contains(strings.Split(*only, ","), m.ID)
	})
	if err := sound(ctx, root, chosen); err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "seeded")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	var sights []seeded.Sight
	for _, m := range chosen {
		s, err := m.Look(ctx, root, dir)
		if err != nil {
			return err
		}
		fmt.Printf("%s: %s\n", m.ID, s.Why) //nolint:forbidigo // this is a command
		sights = append(sights, s)
	}
	return report(sights, *records, *only == "")
}

// sound runs the rows' tests without any mistake.
func sound(ctx context.Context, root string, chosen []seeded.Mistake) error {
	runs := map[string][]string{}
	for _, m := range chosen {
		runs[m.Package] = append(runs[m.Package], m.Run)
	}
	for pkg, names := range runs {
		slices.Sort(names)
		cmd := exec.CommandContext(ctx, "go", "test", "-vet=off", "-count=1", "-run", strings.Join(slices.Compact(names), "|"), pkg)
		cmd.Dir = root
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("the rows do not hold as they are: %s\n%s", pkg, out)
		}
	}
	return nil
}

// report prints the table and, of a whole run, keeps the records of F9 and F13.
func report(sights []seeded.Sight, records string, whole bool) error {
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "\nmistake\twhat\trow\tverdict\n")
	tried, caught := map[byte]int{}, map[byte]int{}
	var missed []string
	for _, s := range sights {
		fmt.Fprintf(w, "%s\t%s\t%s\t%.120s\n", s.ID, s.What, s.Row, s.Why)
		tried[s.ID[0]]++
		if s.Caught {
			caught[s.ID[0]]++
		} else {
			missed = append(missed, s.ID)
		}
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if whole {
		for _, e := range []sheet.Entry{
			{ID: "F9", Count: tried['B'], Figure: fmt.Sprintf("B11–B24 caught %d/%d; B1–B10: make chaos-bugs", caught['B'], tried['B']), Goal: "24/24", Pass: caught['B'] == tried['B'] && tried['B'] == 14},
			{ID: "F13", Count: tried['H'], Figure: fmt.Sprintf("broken rules %d, rows failed for %d; as it is, for 0", tried['H'], caught['H']), Goal: "at least 20 of 28, ours 0", Pass: caught['H'] >= 20},
		} {
			e.Test = "make sheet-bugs"
			if err := e.Keep(filepath.FromSlash(records)); err != nil {
				return err
			}
		}
	}
	if len(missed) > 0 {
		return errors.New("not seen: " + strings.Join(missed, ", "))
	}
	return nil
}
