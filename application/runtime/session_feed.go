package runtime

import (
	"context"
	"time"

	"github.com/symphainy/symphainy/domain/execution"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/ports"
)

// scanMargin is how far a scan for changed executions looks back beyond the last one: commits become visible later than their times say.
const scanMargin = 10 * time.Second

// sessionFeed follows all executions of one session.
type sessionFeed struct {
	engine  *Engine
	scope   identity.Scope
	session string
	// delivered is the last delivered number by execution; ended holds when executions ended whose logs are complete. Both forget what
	// ended before since, which neither a scan nor a hint brings up again.
	delivered map[string]int64
	ended     map[string]time.Time
	// since is how far back the next scan looks.
	since   time.Time
	deliver func([]ports.SessionEvent) error
}

// FollowSession delivers the logs of all executions of a session, those that start later too.
func (e *Engine) FollowSession(ctx context.Context, scope identity.Scope, sessionID string, known map[string]int64, since time.Time, deliver func([]ports.SessionEvent) error) error {
	hints, unsubscribe, err := e.Bus.Subscribe(ports.TopicSession(sessionID))
	if err != nil {
		return err
	}
	defer unsubscribe()
	f := &sessionFeed{
		engine: e, scope: scope, session: sessionID, delivered: map[string]int64{}, ended: map[string]time.Time{}, since: since, deliver: deliver,
	}
	for id, seq := range known {
		f.delivered[id] = seq
	}
	wake, leave := e.pulse.follow(ctx, ports.SessionKey{TenantID: scope.TenantID, SessionID: sessionID})
	defer leave()
	for hint := (ports.Hint{}); ; {
		if err := f.lookAside(ctx, hint); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case hint = <-hints:
			hint = certain(hint, hints)
		case err := <-wake:
			if err != nil {
				return err
			}
			hint = ports.Hint{}
		}
	}
}

// certain is the hint, or, if others may have found no room behind it, none: then everything is worth a look. Hints that wait may all be about what
// has been delivered.
func certain(h ports.Hint, rest <-chan ports.Hint) ports.Hint {
	if len(rest) >= cap(rest)-1 {
		return ports.Hint{}
	}
	return h
}

// lookAside looks on a stack of its own: a look grows it tenfold, and a follower that then waits for hours would keep that.
func (f *sessionFeed) lookAside(ctx context.Context, h ports.Hint) error {
	var err error
	done := make(chan struct{})
	go func() {
		defer close(done)
		err = guarded(func() error { return f.look(ctx, h) })
	}()
	<-done
	return err
}

// look reads what a hint names, or, without one, whatever changed.
func (f *sessionFeed) look(ctx context.Context, h ports.Hint) error {
	if h.ExecutionID != "" {
		if h.LastSeq > 0 && h.LastSeq <= f.delivered[h.ExecutionID] {
			return nil
		}
		seen, err := f.engine.seeAfter(ctx, f.place(h.ExecutionID), h.LastSeq)
		if err != nil || f.over(seen.Execution) {
			return nil //nolint:nilerr // a hint may name what this scope cannot see; the scan reports a store that is gone
		}
		if full, err := f.bring(seen); err != nil || !full {
			return err
		}
		return f.drain(ctx, seen.Execution)
	}
	began := f.engine.Clock.Now()
	filter := ports.ExecutionFilter{SessionID: f.session, ActiveSince: f.since}
	for page := (ports.Page{Limit: pageSize}); ; {
		list, err := f.engine.Executions(ctx, f.scope, filter, page)
		if err != nil {
			return err
		}
		for i := len(list) - 1; i >= 0; i-- {
			if err := f.drain(ctx, list[i]); err != nil {
				return err
			}
		}
		if len(list) < pageSize {
			break
		}
		page.After = list[len(list)-1].ID
	}
	if next := began.Add(-scanMargin); next.After(f.since) {
		f.forget(next)
	}
	return nil
}

// over reports whether the execution ended before what the feed looks at.
func (f *sessionFeed) over(s execution.Snapshot) bool {
	return s.State.Terminal() && s.CompletedAt.Before(f.since)
}

func (f *sessionFeed) forget(since time.Time) {
	f.since = since
	for id, at := range f.ended {
		if at.Before(since) {
			delete(f.ended, id)
			delete(f.delivered, id)
		}
	}
}

// drain delivers all of an execution's log that is not delivered yet.
func (f *sessionFeed) drain(ctx context.Context, s execution.Snapshot) error {
	for s.LastSeq > f.delivered[s.ID] {
		seen, err := f.see(ctx, s.ID)
		if err != nil {
			return err
		}
		if full, err := f.bring(seen); err != nil || !full {
			return err
		}
	}
	return nil
}

func (f *sessionFeed) see(ctx context.Context, id string) (ports.EventPage, error) {
	return f.engine.see(ctx, f.place(id))
}

func (f *sessionFeed) place(id string) place {
	return place{f.scope, id, ports.Position{Seq: f.delivered[id]}}
}

// bring delivers what a look has found, and reports whether there may be more of it.
func (f *sessionFeed) bring(seen ports.EventPage) (bool, error) {
	s, page := seen.Execution, seen
	if len(page.Events) > 0 {
		batch := make([]ports.SessionEvent, len(page.Events))
		for i, ev := range page.Events {
			batch[i] = ports.SessionEvent{Event: ev, ConversationID: s.Intent.Lane}
		}
		if err := f.deliver(batch); err != nil {
			return false, err
		}
		f.delivered[s.ID] = page.Events[len(page.Events)-1].Seq
	}
	if page.Ended {
		f.ended[s.ID] = f.engine.Clock.Now()
	}
	return len(page.Events) == pageSize, nil
}
