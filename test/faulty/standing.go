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

type activityStore struct {
	faults *Store
	next   ports.ActivityStore
}

func (s activityStore) Active(ctx context.Context, sessions []ports.SessionKey, since time.Time) ([]ports.SessionKey, error) {
	return guard(s.faults, "Activity.Active", func() ([]ports.SessionKey, error) { return s.next.Active(ctx, sessions, since) })
}
