// Package sheet collects what the rows of the security sheet measured. A test that holds a row, or a part of one, says so with Record; `make sheet`
// runs these tests and makes one report of what they said. A row that nobody recorded is never a pass.
package sheet

import (
	_ "embed"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// EnvDir names the variable that names the folder for records. Without it nothing is written.
const EnvDir = "SYMPHAINY_SHEET"

// EnvTier names the variable that says which tier runs. "full" is the nightly one: rows that are smaller in every run are tried in full.
const EnvTier = "SYMPHAINY_SHEET_TIER"

// Cases gives how many cases a row tries: in the nightly tier, in `make sheet`, and in a plain test run.
func Cases(nightly, sheet, plain int) int {
	switch {
	case os.Getenv(EnvTier) == "full":
		return nightly
	case os.Getenv(EnvDir) != "":
		return sheet
	}
	return plain
}

// Entry is what one test has to say about a row.
type Entry struct {
	ID   string `json:"id"`
	Test string `json:"test"`
	// Count is how many cases were tried.
	Count int `json:"count"`
	// Figure is what was measured, Goal what it has to be.
	Figure string `json:"figure"`
	Goal   string `json:"goal"`
	Pass   bool   `json:"pass"`
}

// Row is a line of the sheet.
type Row struct {
	ID, Tier, What string
	// Why says why the row cannot run in the tiers of `make sheet`; empty if it can.
	Why string
}

//go:embed rows.txt
var rows string

// Rows gives the sheet in its order.
func Rows() []Row {
	var list []Row
	for line := range strings.Lines(rows) {
		f := strings.Split(strings.TrimRight(line, "\n"), "|")
		if len(f) == 4 && !strings.HasPrefix(line, "#") {
			list = append(list, Row{f[0], f[1], f[2], f[3]})
		}
	}
	return list
}

// Record says that a test has tried count cases of a row and what came out. It counts as a pass only if the test passes to its end.
func Record(t testing.TB, id string, count int, figure, goal string) {
	t.Helper()
	known := false
	for _, r := range Rows() {
		known = known || r.ID == id
	}
	if !known || count < 1 {
		t.Fatalf("sheet: %q with %d cases is no record of a row", id, count)
	}
	t.Logf("%s: %d cases, %s (goal: %s)", id, count, figure, goal)
	dir := os.Getenv(EnvDir)
	if dir == "" {
		return
	}
	t.Cleanup(func() {
		e := Entry{ID: id, Test: t.Name(), Count: count, Figure: figure, Goal: goal, Pass: !t.Failed()}
		if err := e.Keep(dir); err != nil {
			t.Errorf("sheet: %v", err)
		}
	})
}

// Keep writes the entry into a file of its own: tests of many processes record at once.
func (e Entry) Keep(dir string) error {
	raw, err := json.Marshal(e)
	if err != nil {
		return fmt.Errorf("encode a record: %w", err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("make the folder: %w", err)
	}
	f, err := os.CreateTemp(dir, e.ID+"-*.json")
	if err != nil {
		return fmt.Errorf("make a record: %w", err)
	}
	_, err = f.Write(raw)
	return errors.Join(err, f.Close())
}

// Read gives the records of a folder by row.
func Read(dir string) (map[string][]Entry, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil {
		return nil, fmt.Errorf("list the records: %w", err)
	}
	found := map[string][]Entry{}
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("read a record: %w", err)
		}
		var e Entry
		if err := json.Unmarshal(raw, &e); err != nil {
			return nil, fmt.Errorf("read %s: %w", file, err)
		}
		found[e.ID] = append(found[e.ID], e)
	}
	return found, nil
}

// Times gives how often a test repeats something: full where the sheet is recorded, else a few.
func Times(full, few int) int {
	if os.Getenv(EnvDir) != "" {
		return full
	}
	return few
}

// RecordMachine records a row of state machines that was run with enough random sequences: -rapid.checks says how many.
func RecordMachine(t testing.TB, id string, enough int, figure string) {
	t.Helper()
	checks, err := strconv.Atoi(flag.Lookup("rapid.checks").Value.String())
	if err != nil {
		t.Fatalf("sheet: %v", err)
	}
	if checks >= enough {
		Record(t, id, checks, figure, fmt.Sprintf("%d each, violations 0", enough))
	}
}
