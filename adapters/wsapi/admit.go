package wsapi

import (
	"context"

	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/ports"
)

// places gives what a socket of p in a session from an address counts for.
func places(p identity.Principal, sessionID, address string) []ports.Place {
	at := []ports.Place{{Kind: "session", ID: sessionID}, {Kind: "address", ID: address}}
	if !p.Anonymous() {
		at = append(at, ports.Place{Kind: "user", ID: p.UserID}, ports.Place{Kind: "tenant", ID: p.TenantID})
	}
	return at
}

// admit takes a seat under the caps, or says why not: first under what is open here, which costs nothing, then under what is open at all replicas.
func (h *Hub) admit(ctx context.Context, at []ports.Place) (*seat, error) {
	s, before, err := h.reserve(at)
	if err != nil || h.Seats == nil {
		return s, err
	}
	elsewhere, err := h.Seats.Take(ctx, at)
	s.shared = err == nil
	for i := range elsewhere {
		if err == nil {
			err = h.full(at[i], before[i]+elsewhere[i])
		}
	}
	if err != nil {
		s.leave()
		return nil, err
	}
	return s, nil
}

// reserve takes a seat under the caps as far as this process goes. It gives how many were at each place before.
func (h *Hub) reserve(at []ports.Place) (*seat, []int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closing || len(h.open) >= h.cfg.PerProcess {
		return nil, nil, errServerFull
	}
	before := make([]int, len(at))
	for i, p := range at {
		before[i] = h.counts[p]
		if err := h.full(p, before[i]); err != nil {
			return nil, nil, err
		}
	}
	s := &seat{hub: h, places: at}
	for _, p := range at {
		h.counts[p]++
	}
	h.open[s] = struct{}{}
	return s, before, nil
}

// full says whether a place where n sockets are open takes no more.
func (h *Hub) full(p ports.Place, n int) error {
	switch p.Kind {
	case "session":
		if n >= h.cfg.PerSession {
			return errTooMany
		}
	case "user":
		if n >= h.cfg.PerUser {
			return errTooMany
		}
	case "tenant":
		if n >= h.cfg.PerTenant {
			return errServerFull
		}
	case "address":
		if n >= h.cfg.PerAddress {
			return errServerFull
		}
	}
	return nil
}

// move counts the socket at other places from now on, whatever the caps: it is open already.
func (s *seat) move(to []ports.Place) {
	s.hub.mu.Lock()
	defer s.hub.mu.Unlock()
	if s.shared {
		s.hub.Seats.Move(s.places, to)
	}
	s.hub.uncount(s)
	s.places = to
	for _, p := range to {
		s.hub.counts[p]++
	}
}

func (h *Hub) uncount(s *seat) {
	for _, p := range s.places {
		if h.counts[p]--; h.counts[p] <= 0 {
			delete(h.counts, p)
		}
	}
}

// leave gives the seat back; the socket has ended.
func (s *seat) leave() {
	h := s.hub
	h.mu.Lock()
	defer h.mu.Unlock()
	if s.shared {
		h.Seats.Give(s.places)
	}
	h.uncount(s)
	delete(h.open, s)
	if h.closing && len(h.open) == 0 {
		close(h.empty)
	}
}
