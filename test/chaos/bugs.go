package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"text/tabwriter"

	"github.com/symphainy/symphainy/test/chaos/bed"
	"github.com/symphainy/symphainy/test/chaos/rows"
)

// mistake is a seeded one: a build tag, the row that is there to see it, and what that row has to find; anything else that is wrong
// with the row does not count.
type mistake struct{ tag, what, row, finding string }

func mistakes() []mistake {
	return []mistake{
		{"bugB1", "a submission is answered before COMMIT", "R3", "not there"},
		{"bugB2", "an owner's writes are not held against its fence", "R5", "zombie"},
		{"bugB3", "work without a lease is claimed whatever its state", "R21", "terminal"},
		{"bugB4", "a starting process adopts what runs elsewhere", "R6", "taken over"},
		{"bugB5", "an idempotency key is looked up before it is stored", "R7", "extra executions"},
		{"bugB6", "events are shown before their transaction commits", "R22", "bookmarkable"},
		{"bugB7", "events are numbered from memory", "R22", "numbers"},
		{"bugB8", "streams rely on hints without a poll", "R16", "unended"},
		{"bugB9", "leases run by the clock of the host", "R17", "taken over"},
		{"bugB10", "without a store, memory answers", "R11", "from memory"},
	}
}

// sighting is what a row said of a mistake, and of the program without it.
type sighting struct {
	mistake

	without, with rows.Result
}

// caught reports whether the row passes without the mistake and finds it, by its name, with it.
func (s sighting) caught() bool { return s.without.Pass && s.with.Findings[s.finding] > 0 }

func (s sighting) verdict() string {
	switch {
	case !s.without.Pass:
		return "NOTHING SHOWN: " + s.row + " fails without it: " + first(s.without.Problems)
	case s.with.Pass:
		return "NOT CAUGHT: " + s.row + " passes"
	case !s.caught():
		return "NOT CAUGHT: " + s.row + " fails for another reason: " + first(s.with.Problems)
	}
	for _, p := range s.with.Problems {
		if strings.HasPrefix(p, s.finding+":") {
			return "caught as " + p
		}
	}
	return "caught as " + s.finding
}

func first(problems []string) string { return strings.Join(problems[:min(1, len(problems))], "") }

// hunt runs the rows in their short form, first without any mistake, then with each.
func hunt(ctx context.Context, names string, seed uint64, dir string) (caught bool, err error) {
	var list []sighting
	for _, m := range mistakes() {
		if names == "all" || slices.Contains(strings.Split(strings.ToUpper(names), ","), strings.TrimPrefix(m.tag, "bug")) {
			list = append(list, sighting{mistake: m})
		}
	}
	var needed []string
	for _, s := range list {
		if !slices.Contains(needed, s.row) {
			needed = append(needed, s.row)
		}
	}
	sound, err := runShort(ctx, "", strings.Join(needed, ","), seed, dir)
	if err != nil {
		return false, err
	}
	failed := make([]error, len(list))
	room := make(chan struct{}, huntedAtOnce)
	var all sync.WaitGroup
	for i, s := range list {
		list[i].without = sound[s.row]
		if !sound[s.row].Pass {
			continue
		}
		room <- struct{}{}
		all.Go(func() {
			defer func() { <-room }()
			found, err := runShort(ctx, s.tag, s.row, seed, filepath.Join(dir, s.tag))
			failed[i], list[i].with = err, found[s.row]
			fmt.Printf("%s: %s\n", strings.TrimPrefix(s.tag, "bug"), list[i].verdict()) //nolint:forbidigo // this is a command
		})
	}
	all.Wait()
	if err := errors.Join(failed...); err != nil {
		return false, err
	}
	return tell(list)
}

// huntedAtOnce is how many rows of a hunt run side by side, with mistakes as without.
const huntedAtOnce = 3

// runShort builds the program with a tag and runs rows in their short form.
func runShort(ctx context.Context, tag, names string, seed uint64, dir string) (map[string]rows.Result, error) {
	chosen, err := choose(names, true)
	if err != nil {
		return nil, err
	}
	suite, err := bed.NewSuite(ctx, tag)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, errors.Join(err, suite.Close())
	}
	r := &rows.Run{Suite: suite, Seed: seed, Dir: dir, AtOnce: huntedAtOnce}
	results := map[string]rows.Result{}
	r.Execute(ctx, chosen, func(result rows.Result) {
		results[result.ID] = result
		if tag == "" {
			show(result)
		}
	})
	return results, suite.Close()
}

// tell prints the table and reports whether every mistake was caught.
func tell(list []sighting) (caught bool, err error) {
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "\nmistake\twhat\trow\tverdict\n")
	caught = true
	for _, s := range list {
		caught = caught && s.caught()
		fmt.Fprintf(w, "%s\t%s\t%s\t%.160s\n", strings.TrimPrefix(s.tag, "bug"), s.what, s.row, s.verdict())
	}
	return caught, w.Flush()
}
