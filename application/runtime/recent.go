package runtime

import (
	"context"
	"sync"

	"github.com/symphainy/symphainy/domain/event"
	"github.com/symphainy/symphainy/domain/execution"
	"github.com/symphainy/symphainy/ports"
)

// Bounds of what is kept of what was just written: followers read it within milliseconds, and later from the store.
const (
	recentLogs  = 512
	recentBytes = 4 << 20
)

// recent holds the newest events of executions that this process has committed, so that followers in the same process are handed them and need
// no look at the store. What others write makes a hole in it, and then followers look. The zero value is ready.
type recent struct {
	mu    sync.Mutex
	logs  map[string]*tail
	order []string // of the logs, the oldest first
	bytes int
}

// tail is the end of one log, without holes.
type tail struct {
	tenant string
	// now is the execution as somebody has committed it; its LastSeq may lie behind the events for a moment.
	now    execution.Snapshot
	events []event.Event
	bytes  int
}

// add takes events that have been committed for a tenant's execution.
func (r *recent) add(tenant string, list []event.Event) {
	if len(list) == 0 {
		return
	}
	id, first := list[0].ExecutionID, list[0]
	r.mu.Lock()
	defer r.mu.Unlock()
	t := r.logs[id]
	if t == nil {
		if r.logs == nil {
			r.logs = map[string]*tail{}
		}
		t = &tail{}
		r.logs[id] = t
		r.order = append(r.order, id)
	}
	if n := len(t.events); n > 0 {
		newest := t.events[n-1]
		if first.Epoch == newest.Epoch && first.Seq <= newest.Seq {
			return // two transactions have ended in the other order
		}
		if first.Epoch != newest.Epoch || first.Seq != newest.Seq+1 || t.tenant != tenant || n+len(list) > pageSize {
			r.bytes -= t.bytes
			t.events, t.bytes = nil, 0
		}
	}
	t.tenant = tenant
	if len(list) > pageSize {
		list = list[len(list)-pageSize:]
	}
	t.events = append(t.events, list...)
	for _, e := range list {
		t.bytes += len(e.Data)
		r.bytes += len(e.Data)
	}
	r.bound()
}

// bound forgets the oldest logs that are too many.
func (r *recent) bound() {
	for len(r.order) > recentLogs || r.bytes > recentBytes && len(r.order) > 0 {
		r.bytes -= r.logs[r.order[0]].bytes
		delete(r.logs, r.order[0])
		r.order = r.order[1:]
	}
}

// stands takes an execution as it has been committed.
func (r *recent) stands(s execution.Snapshot) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if t := r.logs[s.ID]; t != nil && (t.now.ID == "" || s.Epoch > t.now.Epoch || s.Epoch == t.now.Epoch && s.LastSeq >= t.now.LastSeq) {
		t.now = s
	}
}

// page gives what a look at the place would give, for a reader who knows that the log goes at least as far as last. False means that he has to look:
// for lack of events, or because the place is not one that is simply gone on from, or is not in the scope of who asks.
func (r *recent) page(at place, last int64) (ports.EventPage, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	t := r.logs[at.execution]
	if last <= 0 || t == nil || len(t.events) == 0 {
		return ports.EventPage{}, false
	}
	s, first, newest := t.now, t.events[0].Seq, t.events[len(t.events)-1]
	switch {
	case s.ID == "" || s.Scope() != at.scope || t.tenant != at.scope.TenantID:
		return ports.EventPage{}, false
	case newest.Seq < last || newest.Seq < s.LastSeq || newest.Epoch != s.Epoch || at.from.Epoch != 0 && at.from.Epoch != s.Epoch:
		return ports.EventPage{}, false
	case at.from.Seq < first-1 || at.from.Seq > newest.Seq || at.from.Seq < s.TrimmedSeq:
		return ports.EventPage{}, false
	}
	list := t.events[at.from.Seq-first+1:]
	return ports.EventPage{
		Execution: s, Epoch: s.Epoch, Recovered: true, Start: at.from.Seq, Events: list[:len(list):len(list)],
		Ended: s.State.Terminal() && newest.Seq <= s.LastSeq,
	}, true
}

// noting is a UnitOfWork that notes the events of transactions once they have committed.
type noting struct {
	ports.UnitOfWork
	recent *recent
}

// Do implements ports.UnitOfWork.
func (n noting) Do(ctx context.Context, fn func(ctx context.Context, tx ports.Tx) error) error {
	var noted *notes
	err := n.UnitOfWork.Do(ctx, func(ctx context.Context, tx ports.Tx) error {
		noted = &notes{EventLog: tx.Events} // anew for every run of fn
		tx.Events = noted
		return fn(ctx, tx)
	})
	if err == nil && noted != nil {
		for _, l := range noted.lists {
			n.recent.add(l.tenant, l.events)
		}
	}
	return err
}

// notes is the log of one transaction, which belongs to its goroutine.
type notes struct {
	ports.EventLog
	lists []written
}

type written struct {
	tenant string
	events []event.Event
}

// Append implements ports.EventLog.
func (n *notes) Append(ctx context.Context, tenantID string, list []event.Event) error {
	err := n.EventLog.Append(ctx, tenantID, list)
	if err == nil {
		n.lists = append(n.lists, written{tenantID, list})
	}
	return err
}
