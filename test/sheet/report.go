package sheet

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
)

// The states of a row in a report.
const (
	Pass    = "pass"
	Fail    = "FAIL"
	NotHere = "not here"
	Other   = "other tier"
	None    = "not built"
)

// Result is a row with what its tests said.
type Result struct {
	ID     string   `json:"id"`
	Tier   string   `json:"tier"`
	What   string   `json:"what"`
	State  string   `json:"state"`
	Count  int      `json:"count"`
	Figure string   `json:"figure"`
	Goal   string   `json:"goal"`
	Tests  []string `json:"tests,omitempty"`
}

// Judge makes the report of what was recorded in the tiers that ran.
func Judge(recorded map[string][]Entry, tiers string) []Result {
	var out []Result
	for _, row := range Rows() {
		r := Result{ID: row.ID, Tier: row.Tier, What: row.What, State: Pass}
		var figures, goals []string
		for _, e := range recorded[row.ID] {
			r.Count += e.Count
			if !slices.Contains(r.Tests, e.Test) {
				r.Tests = append(r.Tests, e.Test)
			}
			if !slices.Contains(figures, e.Figure) {
				figures = append(figures, e.Figure)
			}
			if !slices.Contains(goals, e.Goal) {
				goals = append(goals, e.Goal)
			}
			if !e.Pass {
				r.State = Fail
			}
		}
		r.Figure, r.Goal = strings.Join(figures, "; "), strings.Join(goals, "; ")
		switch {
		case len(recorded[row.ID]) > 0:
		case row.Why != "":
			r.State, r.Figure = NotHere, row.Why
		case !strings.Contains(tiers, row.Tier):
			r.State = Other
		default:
			r.State, r.Figure = None, "no test records it"
		}
		out = append(out, r)
	}
	return out
}

// Print writes a report for people, and its sums.
func Print(w io.Writer, results []Result) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	sums := map[string]int{}
	for _, r := range results {
		sums[r.State]++
		if _, err := fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%d\t%s\t%s\n", r.ID, r.Tier, r.State, r.What, r.Count, r.Figure, r.Goal); err != nil {
			return fmt.Errorf("print the report: %w", err)
		}
	}
	if err := table.Flush(); err != nil {
		return fmt.Errorf("print the report: %w", err)
	}
	_, err := fmt.Fprintf(w, "\n%d rows: %d pass, %d fail, %d not built, %d cannot run here, %d of another tier\n",
		len(results), sums[Pass], sums[Fail], sums[None], sums[NotHere], sums[Other])
	return err
}
