package conversation

import (
	"context"
	"fmt"
	"time"

	"github.com/symphainy/symphainy/application/accounts"
	"github.com/symphainy/symphainy/application/agents"
	"github.com/symphainy/symphainy/domain/agent"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/ports"
)

// Guidance tells where the session's journey stands, for a caller whose right to the session has been checked.
func (s *Service) Guidance(ctx context.Context, p identity.Principal, sessionID string) (agents.Guidance, error) {
	o, err := s.overview(ctx, p, sessionID)
	return o.Guide(), err
}

func (s *Service) overview(ctx context.Context, p identity.Principal, sessionID string) (agents.Overview, error) {
	var facts ports.SessionFacts
	err := s.UnitOfWork.View(ctx, func(ctx context.Context, tx ports.Tx) (err error) {
		facts, err = agents.Facts(ctx, tx, p.Scope(), sessionID)
		return err
	})
	if err != nil {
		return agents.Overview{}, err
	}
	return agents.Overlook(facts), nil
}

// Route is where a request belongs (realms.md §5.3).
type Route struct {
	Pillar agents.Pillar
	Agent  agent.ID
	// Known tells that the message was understood well enough to be routed; otherwise Pillar may be empty.
	Known    bool
	Analysis agents.Analysis
	// Holds counts what the session has made in the pillar, by artifact type.
	Holds map[string]int
	Steps []agent.Suggestion
}

// ErrNoPillar is a pillar that nobody knows.
var ErrNoPillar = fault.New(fault.Invalid, "invalid_parameters", "Name content, insights, journey or outcomes, or write what it is about.")

// RouteTo finds the pillar that is named, or that the message is about, and what the session holds there.
func (s *Service) RouteTo(ctx context.Context, p identity.Principal, sessionID, pillar, message string) (Route, error) {
	r := Route{Analysis: agents.Analyse(message)}
	if pillar != "" {
		named, ok := agents.PillarOf(agent.ForSurface(pillar))
		if !ok {
			return Route{}, ErrNoPillar.WithFields(fault.Field{Pointer: "/pillar", Code: "invalid", Message: ErrNoPillar.Msg})
		}
		r.Pillar, r.Known = named, true
	} else {
		r.Pillar, r.Known = r.Analysis.Pillar, r.Analysis.Routable()
	}
	o, err := s.overview(ctx, p, sessionID)
	if err != nil {
		return Route{}, err
	}
	r.Steps, r.Holds, r.Agent = o.Guide().Steps, map[string]int{}, agent.Guide
	if r.Pillar != "" {
		r.Holds, r.Agent = o.Holds(r.Pillar), s.agentFor(string(r.Pillar))
	}
	return r, nil
}

// Message says in a sentence where the request goes.
func (r Route) Message() string {
	if r.Pillar == "" {
		return "This is for no pillar in particular; the guide answers."
	}
	if !r.Known {
		return fmt.Sprintf("This could be for the %s; say a little more.", r.Pillar.Title())
	}
	return fmt.Sprintf("This is for the %s.", r.Pillar.Title())
}

// CommitContext keeps a business context with the session and gives the time. From then on agents know it, as data.
func (s *Service) CommitContext(ctx context.Context, p identity.Principal, sessionID string, b agents.BusinessContext) (time.Time, error) {
	if !p.May(identity.PermWrite) {
		return time.Time{}, fault.ErrPermission
	}
	if err := b.Check(); err != nil {
		return time.Time{}, err
	}
	now := s.Clock.Now()
	return now, s.UnitOfWork.Do(ctx, func(ctx context.Context, tx ports.Tx) error {
		if p.Anonymous() {
			if err := tx.Scopes.Pin(ctx, p.SessionID); err != nil {
				return err
			}
		}
		found, err := tx.Sessions.ByID(ctx, sessionID)
		if err != nil {
			return err
		}
		metadata, err := agents.WithContext(found.Snapshot().Metadata, b)
		if err != nil {
			return err
		}
		if metadata, err = accounts.SessionMetadata(metadata); err != nil {
			return err
		}
		found.SetMetadata(metadata, now)
		return tx.Sessions.Save(ctx, found)
	})
}
