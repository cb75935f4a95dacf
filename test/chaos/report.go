package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"text/tabwriter"

	"github.com/symphainy/symphainy/test/chaos/rows"
)

// report is the score card: the newest result of each row, of as many runs as it took.
type report struct {
	Tags     string            `json:"tags,omitempty"`
	Race     bool              `json:"race"`
	Versions map[string]string `json:"versions"`
	Rows     []rows.Result     `json:"rows"`
}

// keep writes the report to a file, together with the rows of earlier runs that this one did not run again.
func (r *report) keep(path string) error {
	var before report
	raw, err := os.ReadFile(path)
	switch {
	case errors.Is(err, os.ErrNotExist):
	case err != nil:
		return err
	default:
		if err := json.Unmarshal(raw, &before); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
	}
	merged := map[string]rows.Result{}
	for _, result := range slices.Concat(before.Rows, r.Rows) {
		merged[result.ID] = result
	}
	r.Rows = nil
	for _, row := range rows.All() {
		if result, ok := merged[row.ID]; ok {
			r.Rows = append(r.Rows, result)
		}
	}
	if raw, err = json.MarshalIndent(r, "", "  "); err != nil {
		return err
	}
	return os.WriteFile(path, append(raw, '\n'), 0o600)
}

// print writes the score card, and how much its tries can say: in n of them without a failure the true rate is, at 95 %, below 3/n.
func (r *report) print(to io.Writer) error {
	w := tabwriter.NewWriter(to, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "\nrow\ttier\tran\tfigure\tgoal\tload\tverdict\n")
	passed, failed, tried := 0, 0, 0
	for _, row := range r.Rows {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", row.ID, row.Tier, row.Counts, row.Figure, row.Goal, row.LoadAvg, verdict(row))
		switch {
		case row.Pass:
			passed++
			tried += row.Tried
		case row.CannotRun == "":
			failed++
		}
	}
	fmt.Fprintf(w, "rows passed %d, failed %d, of %d in the sheet; executions judged in rows that passed %d: lost, doubled or ended twice in 0 of them, so at 95 %% below %.2g %%\n",
		passed, failed, len(rows.All()), tried, 300/float64(max(1, tried)))
	return w.Flush()
}

func verdict(r rows.Result) string {
	switch {
	case r.CannotRun != "":
		return "cannot run: " + r.CannotRun
	case r.Pass:
		return "pass"
	}
	return "FAIL"
}

// show prints a row as soon as it is done.
func show(r rows.Result) {
	fmt.Printf("%s %s in %.0f s: %s; %s\n", r.ID, verdict(r), r.Seconds, r.Counts, r.Figure) //nolint:forbidigo // this is a command
	for _, p := range r.Problems {
		fmt.Printf("     %s\n", p) //nolint:forbidigo // this is a command
	}
	if verdict(r) == "FAIL" {
		fmt.Printf("     again: %s\n", r.Repeat) //nolint:forbidigo // this is a command
	}
}
