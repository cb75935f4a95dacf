package check

import (
	"cmp"
	"slices"

	"github.com/symphainy/symphainy/test/chaos/history"
)

// Properties are the six words of what a watcher may rely on.
func Properties() []string {
	return []string{"ordered", "unique", "reliable", "resumable", "bookmarkable", "filtered"}
}

// Watches judges what watchers saw against the logs of the table:
//
//   - ordered: numbers rise within a connection;
//   - unique: a watcher gets no event twice, over all its connections;
//   - reliable: no number is left out, and a log that was said to have ended was delivered to its end;
//   - resumable: a connection begins right after what was asked for; where it cannot, the server says so with a reason and begins at 1;
//   - bookmarkable: what an event's number names is what the log holds there;
//   - filtered: nothing of another execution comes.
func Watches(watches []history.Watch, t Tables) Finding {
	f := newFinding()
	watches = slices.Clone(watches)
	slices.SortStableFunc(watches, func(a, b history.Watch) int {
		return cmp.Or(cmp.Compare(a.Watcher, b.Watcher), cmp.Compare(a.Connection, b.Connection))
	})
	had := map[string]map[int64]bool{}
	for _, w := range watches {
		if had[w.Watcher] == nil || !w.Recovered {
			had[w.Watcher] = map[int64]bool{}
		}
		judge(&f, w, t, had[w.Watcher])
	}
	return f
}

func judge(f *Finding, w history.Watch, t Tables, had map[int64]bool) {
	log := t.Logs[w.Execution]
	last := w.After
	if !w.Recovered {
		last = 0
		if w.Reason == "" {
			f.add("resumable", "%s/%d: not recovered, and no reason", w.Watcher, w.Connection)
		}
	}
	for i, e := range w.Events {
		f.Checked++
		if e.Execution != w.Execution {
			f.add("filtered", "%s/%d: an event of %s", w.Watcher, w.Connection, e.Execution)
			continue
		}
		switch {
		case i == 0 && e.Seq != last+1:
			f.add("resumable", "%s/%d: asked after %d, got %d", w.Watcher, w.Connection, last, e.Seq)
		case i > 0 && e.Seq < last:
			f.add("ordered", "%s/%d: %d after %d", w.Watcher, w.Connection, e.Seq, last)
		case i > 0 && e.Seq > last+1:
			f.add("reliable", "%s/%d: %d after %d", w.Watcher, w.Connection, e.Seq, last)
		}
		if had[e.Seq] {
			f.add("unique", "%s/%d: %d again", w.Watcher, w.Connection, e.Seq)
		}
		had[e.Seq] = true
		if e.Seq < 1 || e.Seq > int64(len(log)) || log[e.Seq-1].Seq != e.Seq || log[e.Seq-1].Type != e.Type || log[e.Seq-1].Epoch != e.Epoch {
			f.add("bookmarkable", "%s/%d: %d is %s, the log does not say so", w.Watcher, w.Connection, e.Seq, e.Type)
		}
		last = e.Seq
	}
	if w.Ended && last != int64(len(log)) {
		f.add("reliable", "%s/%d: ended at %d of %d", w.Watcher, w.Connection, last, len(log))
	}
}

// Unended finds the watchers that never came to the end of their log, over all their connections: "unended".
func Unended(watches []history.Watch) Finding {
	f := newFinding()
	at := map[string]int64{}
	ended := map[string]bool{}
	for _, w := range watches {
		if n := len(w.Events); n > 0 {
			at[w.Watcher] = max(at[w.Watcher], w.Events[n-1].Seq)
		}
		ended[w.Watcher] = ended[w.Watcher] || w.Ended
	}
	for watcher, over := range ended {
		f.Checked++
		if !over {
			f.add("unended", "%s stands at %d", watcher, at[watcher])
		}
	}
	return f
}
