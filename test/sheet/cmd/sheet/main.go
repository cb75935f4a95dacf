// Command sheet makes the report of the security sheet from what its tests recorded, and from the score card of the chaos rows. It fails if a row
// of the tiers that ran has failed.
package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"

	"github.com/symphainy/symphainy/test/sheet"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "sheet: "+err.Error())
		os.Exit(1)
	}
}

func run() error {
	dir := flag.String("dir", ".cache/sheet", "folder of the records, and of report.json")
	chaos := flag.String("chaos", ".cache/chaos/report.json", "score card of the chaos rows, if there is one")
	tiers := flag.String("tiers", "c", "tiers that ran")
	flag.Parse()
	recorded, err := sheet.Read(filepath.Join(*dir, "records"))
	if err != nil {
		return err
	}
	if err := addChaos(recorded, *chaos); err != nil {
		return err
	}
	results := sheet.Judge(recorded, *tiers)
	raw, err := json.MarshalIndent(map[string]any{"rows": results}, "", "  ")
	if err != nil {
		return fmt.Errorf("encode the report: %w", err)
	}
	if err := os.WriteFile(filepath.Join(*dir, "report.json"), raw, 0o600); err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	if err := sheet.Print(os.Stdout, results); err != nil {
		return err
	}
	for _, r := range results {
		if r.State == sheet.Fail {
			return errors.New("rows have failed")
		}
	}
	return nil
}

// card is what is read of a score card of `make chaos`.
type card struct {
	Rows []struct {
		ID     string `json:"id"`
		Tried  int    `json:"tried"`
		Figure string `json:"figure"`
		Goal   string `json:"goal"`
		Pass   bool   `json:"pass"`
		// CannotRun says why a row did not run; it is then no record.
		CannotRun string `json:"cannot_run"`
	} `json:"rows"`
}

// addChaos adds the rows of a score card. None is no error: the rows are then not there.
func addChaos(recorded map[string][]sheet.Entry, file string) error {
	raw, err := os.ReadFile(file)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read the score card: %w", err)
	}
	var c card
	if err := json.Unmarshal(raw, &c); err != nil {
		return fmt.Errorf("read %s: %w", file, err)
	}
	for _, r := range c.Rows {
		if r.CannotRun != "" {
			continue
		}
		recorded[r.ID] = append(recorded[r.ID], sheet.Entry{ID: r.ID, Test: "make chaos", Count: r.Tried, Figure: r.Figure, Goal: r.Goal, Pass: r.Pass})
	}
	return nil
}
