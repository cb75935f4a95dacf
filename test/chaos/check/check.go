// Package check judges what a bed left behind. Its functions are pure: they get histories and tables, and give what is wrong with them.
package check

import (
	"fmt"
	"slices"

	"github.com/symphainy/symphainy/test/chaos/history"
)

// Execution is a row of the table.
type Execution struct {
	ID      string
	State   string
	Attempt int
	LastSeq int64
	Epoch   int
}

// Terminal reports whether nothing can follow.
func (e Execution) Terminal() bool {
	return e.State == "completed" || e.State == "failed" || e.State == "cancelled"
}

// Effect is one effect of one step.
type Effect struct {
	Execution string
	Name      string
}

// Event is an entry of a log in the table; Attempt is 0 where the event does not say it.
type Event struct {
	history.Seen

	Attempt int
}

// Tables are what the store holds at the end.
type Tables struct {
	Executions map[string]Execution
	Effects    []Effect
	Logs       map[string][]Event
}

// Finding is the outcome of one check: how much was looked at and what is wrong, by name.
type Finding struct {
	Checked  int
	Problems map[string][]string
}

func newFinding() Finding { return Finding{Problems: map[string][]string{}} }

func (f *Finding) add(kind, format string, args ...any) {
	f.Problems[kind] = append(f.Problems[kind], fmt.Sprintf(format, args...))
}

// Count is the number of problems of a kind.
func (f Finding) Count(kind string) int { return len(f.Problems[kind]) }

// Total is the number of problems.
func (f Finding) Total() (n int) {
	for _, p := range f.Problems {
		n += len(p)
	}
	return n
}

// Accepted holds accepted executions against the table: "lost" is one that is not there, "stuck" one that has not ended.
func Accepted(ids []string, t Tables) Finding {
	f := newFinding()
	for _, id := range ids {
		f.Checked++
		e, ok := t.Executions[id]
		switch {
		case !ok:
			f.add("lost", "%s was accepted and is not there", id)
		case !e.Terminal():
			f.add("stuck", "%s is %s after %d attempts", id, e.State, e.Attempt)
		}
	}
	return f
}

// Effects holds effects against what completed executions must have left: "lost" is one that is missing, "doubled" one too many.
func Effects(ids []string, steps int, t Tables) Finding {
	f := newFinding()
	count := map[string]int{}
	for _, e := range t.Effects {
		count[e.Name]++
	}
	for _, id := range ids {
		for step := 1; step <= steps; step++ {
			name := fmt.Sprintf("%s/%d", id, step)
			n := count[name]
			f.Checked++
			if n > 1 {
				f.add("doubled", "%s is there %d times", name, n)
			}
			if n == 0 && t.Executions[id].State == "completed" {
				f.add("lost", "%s is not there", name)
			}
		}
	}
	return f
}

// Logs judges the logs of the table: "numbers" for holes and repeats, "terminal" for an execution that ended other than once or goes on
// after its end, "state" for a log that does not agree with the execution's row, "zombie" for an event of an attempt after a later one began.
func Logs(t Tables) Finding {
	f := newFinding()
	for id, log := range t.Logs {
		f.Checked += len(log)
		ends, attempt := 0, 0
		last := ""
		for i, e := range log {
			if e.Seq != int64(i)+1 {
				f.add("numbers", "%s: the event at place %d has number %d", id, i+1, e.Seq)
			}
			if ends > 0 {
				f.add("terminal", "%s: %s after the end", id, e.Type)
			}
			switch e.Type {
			case "execution.completed", "execution.failed", "execution.cancelled":
				ends++
				last = e.Type[len("execution."):]
			case "execution.started":
				attempt = e.Attempt
			}
			if e.Attempt != 0 && e.Attempt < attempt {
				f.add("zombie", "%s: %s of attempt %d after attempt %d began", id, e.Type, e.Attempt, attempt)
			}
		}
		row, known := t.Executions[id]
		switch {
		case !known:
			f.add("state", "%s has a log and no row", id)
		case row.Terminal() && (ends != 1 || last != row.State):
			f.add("terminal", "%s is %s, its log has %d ends, the last %q", id, row.State, ends, last)
		case !row.Terminal() && ends > 0:
			f.add("state", "%s is %s, its log says %s", id, row.State, last)
		}
		if known && row.LastSeq != int64(len(log)) {
			f.add("state", "%s: the row says %d events, the log has %d", id, row.LastSeq, len(log))
		}
	}
	return f
}

// Merge adds findings together.
func Merge(all ...Finding) Finding {
	sum := newFinding()
	for _, f := range all {
		sum.Checked += f.Checked
		for kind, problems := range f.Problems {
			sum.Problems[kind] = append(sum.Problems[kind], problems...)
		}
	}
	return sum
}

// Kinds gives the names of what was found, sorted.
func (f Finding) Kinds() []string {
	var kinds []string
	for k := range f.Problems {
		kinds = append(kinds, k)
	}
	slices.Sort(kinds)
	return kinds
}

// TakenOver finds attempts that began although the one before had not given its execution back: its owner was dead, or was held to be: "taken
// over".
func TakenOver(t Tables) Finding {
	f := newFinding()
	for id, log := range t.Logs {
		owned := false
		for _, e := range log {
			switch e.Type {
			case "execution.started":
				f.Checked++
				if owned {
					f.add("taken over", "%s: attempt %d", id, e.Attempt)
				}
				owned = true
			case "execution.retrying", "execution.waiting", "execution.paused":
				owned = false
			}
		}
	}
	return f
}
