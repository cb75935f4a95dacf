package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/symphainy/symphainy/test/chaos/bed"
	"github.com/symphainy/symphainy/test/chaos/rows"
)

// seeded are the mistakes that the rows must see, with the rows that are there to see them. Each is a build tag of its own.
func seeded() []struct{ Tag, Mistake, Rows string } {
	return []struct{ Tag, Mistake, Rows string }{
		{"bugB1", "a submission is answered before COMMIT", "R3"},
		{"bugB2", "an owner's writes are not held against its fence", "R5"},
		{"bugB3", "work without a lease is claimed whatever its state", "R21"},
		{"bugB4", "a starting process adopts what runs elsewhere", "R6"},
		{"bugB5", "an idempotency key is looked up before it is stored", "R7"},
		{"bugB6", "events are published before their transaction commits", "R22"},
		{"bugB7", "events are numbered from memory", "R22"},
		{"bugB8", "streams rely on hints without a poll", "R16"},
		{"bugB9", "leases run by the clock of the host", "R17"},
		{"bugB10", "without a store, memory answers", "R11"},
	}
}

// hunt builds each mistake and runs its rows in their short form; a mistake whose rows pass was not caught.
func hunt(ctx context.Context, names string, seed uint64, dir string) (caught bool, err error) {
	caught = true
	for _, bug := range seeded() {
		if names != "all" && !slices.Contains(strings.Split(strings.ToUpper(names), ","), strings.TrimPrefix(bug.Tag, "bug")) {
			continue
		}
		list, err := choose(bug.Rows, true)
		if err != nil {
			return false, err
		}
		suite, err := bed.NewSuite(ctx, bug.Tag)
		if err != nil {
			return false, err
		}
		r := &rows.Run{Suite: suite, Seed: seed, Dir: dir}
		var by []string
		why := ""
		r.Execute(ctx, list, func(result rows.Result) {
			if !result.Pass {
				by, why = append(by, result.ID), result.Problems[0]
			}
		})
		if err := suite.Close(); err != nil {
			return false, err
		}
		verdict := "caught by " + strings.Join(by, ", ")
		if len(by) == 0 {
			verdict, caught = "NOT CAUGHT by "+bug.Rows, false
		}
		fmt.Printf("%-7s %-55s %s\n        %.200s\n", strings.TrimPrefix(bug.Tag, "bug"), bug.Mistake, verdict, why) //nolint:forbidigo // this is a command
	}
	return caught, nil
}
