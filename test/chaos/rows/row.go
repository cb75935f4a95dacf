// Package rows holds the rows of the test sheet (docs/guarantees.md): each builds a bed, breaks something in it under load, and judges what
// is left.
package rows

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/symphainy/symphainy/test/chaos/bed"
	"github.com/symphainy/symphainy/test/chaos/check"
)

// Row is one row of the sheet.
type Row struct {
	ID    string
	Title string
	// Goal is what has to hold.
	Goal string
	// Short rows have a form that is part of every test run.
	Short bool
	// Last is a row that judges what the others left.
	Last bool
	Run  func(ctx context.Context, r *Run) Result
}

// Result is what a row found.
type Result struct {
	ID      string             `json:"id"`
	Title   string             `json:"title"`
	Counts  string             `json:"counts"`
	Figure  string             `json:"figure"`
	Goal    string             `json:"goal"`
	Pass    bool               `json:"pass"`
	Numbers map[string]float64 `json:"numbers,omitempty"`
	// Tried is how many executions were judged, each a try that could have failed.
	Tried int `json:"tried"`
	// Problems says what is wrong, the first of each kind; Findings counts what checkers found, by name.
	Problems []string       `json:"problems,omitempty"`
	Findings map[string]int `json:"findings,omitempty"`
	// Tier and At say in which form the row was run, and when.
	Tier    string    `json:"tier"`
	At      time.Time `json:"at"`
	Seconds float64   `json:"seconds"`
	LoadAvg string    `json:"loadavg"`
	Seed    uint64    `json:"seed"`
	// CannotRun says why the row was not run here; it then neither passed nor failed.
	CannotRun string `json:"cannot_run,omitempty"`
	// History is the file with what clients did and saw, and its SHA-256.
	History string `json:"history,omitempty"`
	Hash    string `json:"history_sha256,omitempty"`
	Repeat  string `json:"repeat"`
}

// Run is one run of rows.
type Run struct {
	Suite *bed.Suite
	// Full is the sheet as it is written; otherwise leases are a fifth and big counts a fifth, and some rows are smaller still.
	Full bool
	Seed uint64
	// Dir gets histories.
	Dir string
	// Slow tells that the binary looks for races.
	Slow bool
	// Old is the revision of the earlier version of R25; "" is the newest tag.
	Old string
	// AtOnce is how many rows run side by side; 0 is one, so that no row's faults are another's noise.
	AtOnce int

	mu      sync.Mutex
	watched check.Finding
	saved   map[string][2]string
}

// All gives the rows in the order in which they are worth running.
func All() []Row {
	return []Row{
		r1(), r2(), r3(), r4(), r5(), r6(), r7(), r8(), r9(), r10(), r11(), r12(), r13(), r14(), r15(), r16(), r17(), r18(), r19(), r20(), r21(), r26(), r27(), r28(), w16(), l7(), r22(), r23(), r24(), r25(), o3(), o5(), control(), size(),
	}
}

// pick gives the full count, or the short one.
func (r *Run) pick(full, short int) int {
	if r.Full {
		return full
	}
	return short
}

// lease is how long a lease holds in this run.
func (r *Run) lease() time.Duration {
	if r.Full {
		return 5 * time.Second
	}
	return time.Second
}

// times are the engine's times in this run. Short leases lapse on a busy machine without any fault, so they do not count as poison.
func (r *Run) times() []string {
	if r.Full {
		return nil
	}
	l := r.lease()
	return []string{
		"SYMPHAINY_RUNTIME_LEASE=" + l.String(), "SYMPHAINY_RUNTIME_RENEWAL=" + (l * 3 / 10).String(), "SYMPHAINY_RUNTIME_SWEEP=" + (l / 5).String(),
		"SYMPHAINY_RUNTIME_MAX_CLAIMS=1000", "SYMPHAINY_DATABASE_CONNECTIONS=8",
	}
}

// bed starts a bed of three replicas with a bus.
func (r *Run) bed(ctx context.Context, change func(*bed.Options)) (*bed.Bed, error) {
	o := bed.Options{Replicas: 3, NATS: true, Vars: r.times(), Seed: r.Seed}
	if change != nil {
		change(&o)
	}
	return r.Suite.New(ctx, o)
}

// outcome collects what a row finds.
type outcome struct {
	row      Row
	run      *Run
	counts   []string
	figures  []string
	numbers  map[string]float64
	problems []string
	found    map[string]int
	tried    int
}

func (r *Run) outcome(row Row) *outcome {
	return &outcome{row: row, run: r, numbers: map[string]float64{}, found: map[string]int{}}
}

func (o *outcome) count(what string, n int) {
	o.counts = append(o.counts, fmt.Sprintf("%d %s", n, what))
	o.numbers[what] = float64(n)
}

func (o *outcome) figure(format string, args ...any) {
	o.figures = append(o.figures, fmt.Sprintf(format, args...))
}

// wrong notes a problem; nil is none.
func (o *outcome) wrong(err error) {
	if err != nil {
		o.problems = append(o.problems, err.Error())
	}
}

// want notes a problem unless it is so.
func (o *outcome) want(so bool, format string, args ...any) {
	if !so {
		o.problems = append(o.problems, fmt.Sprintf(format, args...))
	}
}

// none notes a finding by its name unless there is none of it.
func (o *outcome) none(n int, finding, format string, args ...any) {
	if n > 0 {
		o.found[finding] += n
		o.problems = append(o.problems, finding+": "+fmt.Sprintf(format, args...))
	}
}

// zero notes what a check found, the first of each kind, and adds the counts of the kinds to the figure.
func (o *outcome) zero(f check.Finding, kinds ...string) {
	for _, kind := range kinds {
		o.figure("%s %d", kind, f.Count(kind))
		o.numbers[kind] = float64(f.Count(kind))
	}
	for _, kind := range f.Kinds() {
		o.none(f.Count(kind), kind, "× %d: %s", f.Count(kind), f.Problems[kind][0])
	}
}

// mostProblems is how many are told.
const mostProblems = 12

// result closes a row: the bed must be sound, and it is ended.
func (o *outcome) result(b *bed.Bed) Result {
	if b != nil {
		o.problems = append(o.problems, b.Unsound()...)
		path := filepath.Join(o.run.Dir, strings.ToLower(o.row.ID)+".jsonl")
		hash, err := b.History.Write(path)
		o.wrong(err)
		o.run.mu.Lock()
		o.run.saved[o.row.ID] = [2]string{path, hash}
		o.run.mu.Unlock()
		o.wrong(b.Close())
	}
	if more := len(o.problems) - mostProblems; more > 0 {
		o.problems = append(o.problems[:mostProblems], fmt.Sprintf("and %d more", more))
	}
	return Result{
		ID: o.row.ID, Title: o.row.Title, Goal: o.row.Goal, Counts: strings.Join(o.counts, ", "), Figure: strings.Join(o.figures, ", "),
		Pass: len(o.problems) == 0, Numbers: o.numbers, Problems: o.problems, Findings: o.found, Tried: o.tried,
	}
}

// errSkipped is what a row says that a fault before it made meaningless.
var errSkipped = errors.New("the row could not go on")

// judge holds the tables and histories of a bed against what must be true of every row: accepted work is there and has ended, effects are
// there once, logs and streams are whole.
func (o *outcome) judge(ctx context.Context, b *bed.Bed, ids []string, steps int) check.Tables {
	o.wrong(b.Settle(ctx, o.run.settleTime()))
	tables, err := b.Tables(ctx)
	if err != nil {
		o.wrong(err)
		return tables
	}
	o.tried += len(ids)
	o.zero(check.Accepted(ids, tables), "lost", "stuck")
	o.zero(check.Effects(ids, steps, tables), "doubled")
	o.zero(check.Logs(tables), "terminal", "zombie")
	watched := check.Watches(b.History.Watches(), tables)
	o.run.mu.Lock()
	o.run.watched = check.Merge(o.run.watched, watched)
	o.run.mu.Unlock()
	o.numbers["events watched"] = float64(watched.Checked)
	o.zero(watched)
	return tables
}

// settleTime bounds how long accepted work may take to end after the faults are over.
func (r *Run) settleTime() time.Duration {
	if r.Full {
		return 3 * time.Minute
	}
	return 90 * time.Second
}

// quantile gives the q-th part of durations, 0 without any.
func quantile(list []time.Duration, q float64) time.Duration {
	if len(list) == 0 {
		return 0
	}
	sorted := slices.Clone(list)
	slices.Sort(sorted)
	return sorted[min(len(sorted)-1, int(q*float64(len(sorted))))]
}

func (o *outcome) times(what string, list []time.Duration) {
	p50, p99, most := quantile(list, 0.5), quantile(list, 0.99), quantile(list, 1)
	o.figure("%s p50 %s p99 %s max %s (n=%d)", what, round(p50), round(p99), round(most), len(list))
	o.numbers[what+" p50 ms"], o.numbers[what+" p99 ms"] = float64(p50.Milliseconds()), float64(p99.Milliseconds())
}

func round(d time.Duration) time.Duration {
	if d > time.Second {
		return d.Round(10 * time.Millisecond)
	}
	return d.Round(100 * time.Microsecond)
}
