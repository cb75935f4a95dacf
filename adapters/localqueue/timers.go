package localqueue

import (
	"container/heap"
	"time"

	"github.com/symphainy/symphainy/ports"
)

// timers is the jobs that wait for their time, soonest first, each (execution, time) once. The zero value is empty.
type timers struct {
	jobs  dueHeap
	known map[ports.Job]bool
}

// add keeps a job and reports whether there was room for it.
func (t *timers) add(j ports.Job, capacity int) bool {
	// The same moment in another zone, or with a monotonic part, would be another key.
	j.DueAt = j.DueAt.UTC().Round(0)
	if t.known == nil {
		t.known = map[ports.Job]bool{}
	}
	switch {
	case t.known[j]:
		return true
	case len(t.jobs) >= capacity:
		return false
	}
	t.known[j] = true
	heap.Push(&t.jobs, j)
	return true
}

// next gives the earliest due time; zero if nothing waits.
func (t *timers) next() time.Time {
	if len(t.jobs) == 0 {
		return time.Time{}
	}
	return t.jobs[0].DueAt
}

// due removes and gives the executions whose time has come.
func (t *timers) due(now time.Time) []string {
	var ids []string
	for len(t.jobs) > 0 && !t.jobs[0].DueAt.After(now) {
		if j, ok := heap.Pop(&t.jobs).(ports.Job); ok {
			delete(t.known, j)
			ids = append(ids, j.ExecutionID)
		}
	}
	return ids
}

// dueHeap is a heap.Interface by due time.
type dueHeap []ports.Job

func (h dueHeap) Len() int           { return len(h) }
func (h dueHeap) Less(i, j int) bool { return h[i].DueAt.Before(h[j].DueAt) }
func (h dueHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }

// Push adds x, a ports.Job, at the end; it is container/heap's to call.
func (h *dueHeap) Push(x any) {
	if j, ok := x.(ports.Job); ok {
		*h = append(*h, j)
	}
}

// Pop removes the last job; it is container/heap's to call.
func (h *dueHeap) Pop() any {
	last := (*h)[len(*h)-1]
	*h = (*h)[:len(*h)-1]
	return last
}

// keepTime is the one goroutine, with the one timer, that makes jobs ready when their time has come.
func (q *Queue) keepTime() {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		timer.Reset(q.release())
		select {
		case <-timer.C:
		case <-q.rescheduled:
		case <-q.closing:
			return
		}
	}
}

// release makes due jobs ready and gives how long to wait for the next.
func (q *Queue) release() time.Duration {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.phase != started {
		return time.Hour
	}
	now := q.cfg.Clock.Now()
	for _, id := range q.timers.due(now) {
		q.ready(id)
	}
	if next := q.timers.next(); !next.IsZero() {
		// Not less than a millisecond: a clock that stands still must not make this a busy loop.
		return max(next.Sub(now), time.Millisecond)
	}
	return time.Hour
}

// reschedule makes the timekeeper look again; one pending request is enough.
func (q *Queue) reschedule() {
	select {
	case q.rescheduled <- struct{}{}:
	default:
	}
}
