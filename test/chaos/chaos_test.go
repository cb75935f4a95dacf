package main

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	// What the binary is made of, so that cached results of these tests do not outlive a change of it.
	_ "github.com/symphainy/symphainy/bootstrap"
	"github.com/symphainy/symphainy/test/chaos/bed"
	"github.com/symphainy/symphainy/test/chaos/rows"
)

// races are the rows whose binary looks for races too, where the tests do: they run the most different code at once.
func races(id string) bool { return underRace && (id == "R1" || id == "R22") }

// tested reports whether a row is part of the tests: owners that are killed, and ends that race. `make chaos TIER=short` runs all short
// rows, which take more time than the tests should.
func tested(id string) bool { return id == "R1" || id == "R21" }

// The short form of the sheet: leases of half a second and smaller counts, the same goals. One row after the other, because each takes
// the whole machine.
func TestShortTier(t *testing.T) {
	plain := shortRun(t, false)
	raced := plain
	if underRace {
		raced = shortRun(t, true)
	}
	t.Run("rows", func(t *testing.T) {
		for _, row := range rows.All() {
			if !row.Short || !tested(row.ID) {
				continue
			}
			t.Run(row.ID, func(t *testing.T) {
				if races(row.ID) {
					passes(t, raced, row)
				} else {
					passes(t, plain, row)
				}
			})
		}
	})
	// The last one, because it judges the streams of all.
	for _, row := range rows.All() {
		if row.ID == "R22" {
			t.Run(row.ID, func(t *testing.T) { passes(t, raced, row) })
		}
	}
}

func shortRun(t *testing.T, race bool) *rows.Run {
	t.Helper()
	var flags []string
	if race {
		flags = append(flags, "-race")
	}
	suite, err := bed.NewSuite(t.Context(), "", flags...)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, suite.Close()) })
	return &rows.Run{Suite: suite, Seed: 20250101, Dir: t.TempDir(), Slow: race}
}

func passes(t *testing.T, r *rows.Run, row rows.Row) {
	t.Helper()
	result := r.One(t.Context(), row)
	t.Logf("%s: %s; %s (%.1f s)", row.ID, result.Counts, result.Figure, result.Seconds)
	require.True(t, result.Pass, "%s", strings.Join(result.Problems, "\n"))
}

// A release holds none of this: neither the realm, nor failpoints, nor a seeded mistake.
func TestReleaseHasNoChaos(t *testing.T) {
	t.Parallel()
	chaotic := func(args ...string) []string {
		out, err := exec.Command("go", append(append([]string{"list", "-deps"}, args...), "github.com/symphainy/symphainy/cmd/symphainy")...).Output()
		require.NoError(t, err)
		var found []string
		for name := range strings.Lines(string(out)) {
			if strings.Contains(name, "chaos") {
				found = append(found, strings.TrimSpace(name))
			}
		}
		return found
	}
	require.Empty(t, chaotic())
	require.Len(t, chaotic("-tags", "chaos"), 2, "the test looks in the right place")
}
