package main

import (
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	// What the binary is made of, so that cached results of these tests do not outlive a change of it.
	_ "github.com/symphainy/symphainy/bootstrap"
	"github.com/symphainy/symphainy/test/chaos/bed"
	"github.com/symphainy/symphainy/test/chaos/rows"
)

// The short form of the sheet: leases of half a second and smaller counts, the same goals. Most rows wait more than they compute, so that some
// run side by side. The last one, which judges the streams of all, runs by itself, on a binary that looks for races where the tests do.
func TestShortTier(t *testing.T) {
	all, err := choose("", false)
	require.NoError(t, err)
	before := slices.DeleteFunc(slices.Clone(all), func(r rows.Row) bool { return r.Last })
	last := slices.DeleteFunc(all, func(r rows.Row) bool { return !r.Last })
	run := &rows.Run{Suite: shortSuite(t), Seed: 20250101, Dir: t.TempDir(), AtOnce: sideBySide}
	execute(t, run, before)
	if underRace {
		run = run.With(shortSuite(t, "-race"), true)
	}
	execute(t, run, last)
}

// sideBySide is how many rows run at once; two cores carry so many.
const sideBySide = 4

func shortSuite(t *testing.T, flags ...string) *bed.Suite {
	t.Helper()
	suite, err := bed.NewSuite(t.Context(), "", flags...)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, suite.Close()) })
	return suite
}

func execute(t *testing.T, r *rows.Run, list []rows.Row) {
	t.Helper()
	results := map[string]rows.Result{}
	r.Execute(t.Context(), list, func(result rows.Result) { results[result.ID] = result })
	for _, row := range list {
		t.Run(row.ID, func(t *testing.T) {
			result := results[row.ID]
			t.Logf("%s: %s; %s (%.1f s)", row.ID, result.Counts, result.Figure, result.Seconds)
			require.True(t, result.Pass, "%s", strings.Join(result.Problems, "\n"))
		})
	}
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
