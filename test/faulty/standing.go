package faulty

import (
	"context"
	"time"

	"github.com/symphainy/symphainy/ports"
)

type standingsStore struct {
	faults *Store
	next   ports.StandingStore
}

func (s standingsStore) Of(ctx context.Context, sessionIDs []string) ([]ports.Standing, error) {
	return guard(s.faults, "Standings.Of", func() ([]ports.Standing, error) { return s.next.Of(ctx, sessionIDs) })
}

type socketsStore struct {
	faults *Store
	next   ports.SocketStore
}

func (s socketsStore) Live(ctx context.Context, replica string, lease time.Duration) (bool, error) {
	return guard(s.faults, "Sockets.Live", func() (bool, error) { return s.next.Live(ctx, replica, lease) })
}

func (s socketsStore) Set(ctx context.Context, replica string, held []ports.Held) error {
	if err := s.faults.strike("Sockets.Set"); err != nil {
		return err
	}
	return s.next.Set(ctx, replica, held)
}

func (s socketsStore) Others(ctx context.Context, replica string, places []ports.Place) ([]int, error) {
	return guard(s.faults, "Sockets.Others", func() ([]int, error) { return s.next.Others(ctx, replica, places) })
}

func (s socketsStore) Leave(ctx context.Context, replica string) error {
	if err := s.faults.strike("Sockets.Leave"); err != nil {
		return err
	}
	return s.next.Leave(ctx, replica)
}

type activityStore struct {
	faults *Store
	next   ports.ActivityStore
}

func (s activityStore) Active(ctx context.Context, sessions []ports.SessionKey, since time.Time) ([]ports.SessionKey, error) {
	return guard(s.faults, "Activity.Active", func() ([]ports.SessionKey, error) { return s.next.Active(ctx, sessions, since) })
}
