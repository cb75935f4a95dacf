package runtimehttp

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"slices"
	"time"

	"github.com/symphainy/symphainy/domain/event"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/ports"
)

const (
	// streamTries is how often a broken stream is opened again without any event in between.
	streamTries = 5
	streamPause = 50 * time.Millisecond
)

// errSilent ends a connection that says nothing any more, not even that it is alive.
var errSilent = errors.New("the Runtime's stream is silent")

// Follow follows one log over as many connections as it takes. Each goes on behind the last event that was delivered.
func (c *Client) Follow(ctx context.Context, scope identity.Scope, executionID string, from ports.Position, deliver func([]event.Event) error) error {
	return c.follow(ctx, scope, routeFollow, func() any { return following{executionID, from} }, func(l line) error {
		if len(l.Events) == 0 {
			return nil
		}
		if err := deliver(l.Events); err != nil {
			return err
		}
		last := l.Events[len(l.Events)-1]
		from = ports.Position{Epoch: last.Epoch, Seq: last.Seq}
		return nil
	})
}

// FollowSession follows all logs of a session over as many connections as it takes.
func (c *Client) FollowSession(ctx context.Context, scope identity.Scope, sessionID string, known map[string]int64, since time.Time, deliver func([]ports.SessionEvent) error) error {
	known = maps.Clone(known)
	if known == nil {
		known = map[string]int64{}
	}
	ended := map[string]time.Time{}
	return c.follow(ctx, scope, routeFollowSession, func() any { return followingSession{sessionID, known, since} }, func(l line) error {
		if l.Again && l.Since.After(since) {
			since = l.Since
			forget(known, ended, since)
		}
		if len(l.SessionEvents) == 0 {
			return nil
		}
		if err := deliver(l.SessionEvents); err != nil {
			return err
		}
		for _, e := range l.SessionEvents {
			known[e.Event.ExecutionID] = e.Event.Seq
			if slices.Contains([]string{event.ExecutionCompleted, event.ExecutionFailed, event.ExecutionCancelled}, e.Event.Type) {
				ended[e.Event.ExecutionID] = e.Event.Time
			}
		}
		return nil
	})
}

// forget drops what ended before since: the Runtime does not bring it up again.
func forget(known map[string]int64, ended map[string]time.Time, since time.Time) {
	for id, at := range ended {
		if at.Before(since) {
			delete(known, id)
			delete(ended, id)
		}
	}
}

// follow reads a stream until it ends, ctx ends, or take fails. A connection that breaks is made anew.
func (c *Client) follow(ctx context.Context, scope identity.Scope, route string, request func() any, take func(line) error) error {
	pause := streamPause
	for try := 1; ; {
		progress, ended, err := c.connection(ctx, scope, route, request(), take)
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case ended || err != nil:
			return err
		case progress:
			try, pause = 1, streamPause
			continue
		case try == streamTries:
			return fault.ErrUnavailable.Because(errors.New("the Runtime's stream breaks again and again"))
		}
		timer := time.NewTimer(pause)
		select {
		case <-ctx.Done():
			timer.Stop()
			return context.Cause(ctx)
		case <-timer.C:
		}
		try, pause = try+1, 2*pause
	}
}

// connection reads one connection of a stream. err ends the stream, as ended does; without either the connection broke or is to be made
// anew. progress tells that something came.
func (c *Client) connection(ctx context.Context, scope identity.Scope, route string, in any, take func(line) error) (progress, ended bool, err error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	res, err := c.send(ctx, byScope(scope), route, in)
	if err != nil {
		return false, false, err
	}
	defer res.Body.Close() //nolint:errcheck // a failure to read is seen by the reader
	silence := time.AfterFunc(3*pulse, func() { cancel(errSilent) })
	defer silence.Stop()
	for lines := json.NewDecoder(res.Body); ; {
		var l line
		if err := lines.Decode(&l); err != nil {
			return progress, false, brokenOr(err)
		}
		silence.Stop() // while the reader works, nothing is missed
		switch {
		case l.Problem != nil:
			return progress, false, faultOf(*l.Problem)
		case l.Ended:
			return progress, true, nil
		}
		if err := take(l); err != nil {
			return progress, false, err
		}
		progress = progress || l.Again || len(l.Events)+len(l.SessionEvents) > 0
		if l.Again {
			return progress, false, nil
		}
		silence.Reset(3 * pulse)
	}
}

// brokenOr tells a broken connection (nil) from a Runtime that does not speak our language.
func brokenOr(err error) error {
	var syntax *json.SyntaxError
	var mismatch *json.UnmarshalTypeError
	if errors.As(err, &syntax) && !errors.Is(err, io.ErrUnexpectedEOF) || errors.As(err, &mismatch) {
		return fault.ErrUnavailable.Because(err)
	}
	return nil
}
