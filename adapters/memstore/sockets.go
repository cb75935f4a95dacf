package memstore

import (
	"context"
	"time"

	"github.com/symphainy/symphainy/ports"
)

type sockets struct{ *txn }

// openAt is what a replica has open at a place.
type openAt struct {
	Replica string
	Place   ports.Place
	Open    int
}

// replica is how long the counts of a replica stand.
type replica struct {
	ID        string
	LiveUntil time.Time
}

func (s sockets) Live(ctx context.Context, id string, lease time.Duration) (known bool, err error) {
	if err := s.writes(ctx); err != nil {
		return false, err
	}
	now := s.now()
	s.st.replicas.prune(func(r replica) bool { return !r.LiveUntil.After(now) })
	s.st.sockets.prune(func(o openAt) bool {
		_, err := s.st.replicas.get(o.Replica)
		return err != nil
	})
	_, err = s.st.replicas.get(id)
	s.st.replicas.put(id, replica{id, now.Add(lease)})
	return err == nil, nil
}

func (s sockets) Set(ctx context.Context, id string, held []ports.Held) error {
	if err := s.writes(ctx); err != nil {
		return err
	}
	for _, h := range held {
		key := tuple(id, h.Place.Kind, h.Place.ID)
		if h.Open > 0 {
			s.st.sockets.put(key, openAt{id, h.Place, h.Open})
		} else {
			s.st.sockets.remove(key)
		}
	}
	return nil
}

func (s sockets) Others(ctx context.Context, id string, places []ports.Place) ([]int, error) {
	if err := s.reads(ctx); err != nil {
		return nil, err
	}
	found, now := make([]int, len(places)), s.now()
	for _, other := range s.st.replicas.rows() {
		if other.ID == id || !other.LiveUntil.After(now) {
			continue
		}
		for i, p := range places {
			if o, err := s.st.sockets.get(tuple(other.ID, p.Kind, p.ID)); err == nil {
				found[i] += o.Open
			}
		}
	}
	return found, nil
}

func (s sockets) Leave(ctx context.Context, id string) error {
	if err := s.writes(ctx); err != nil {
		return err
	}
	s.st.replicas.remove(id)
	s.st.sockets.prune(func(o openAt) bool { return o.Replica == id })
	return nil
}
