package authkit

import (
	"context"
	"sync"

	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/ports"
)

// Store is a store in which tenants can be suspended and memberships removed, for which there is no use case yet.
type Store struct {
	ports.UnitOfWork

	mu        sync.Mutex
	suspended map[string]bool
	removed   map[[2]string]bool
	// down, if set, is what every transaction and view fails with.
	down error
	// before runs in a transaction of its own when countdown transactions are left to wait for.
	before    func(ctx context.Context, tx ports.Tx) error
	countdown int
	races     int
}

// Before runs fn in a transaction of its own just before the n-th transaction from now, as another process would.
func (s *Store) Before(fn func(ctx context.Context, tx ports.Tx) error, n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.before, s.countdown = fn, n
}

// LoseRaces makes the next n transactions fail with fault.ErrStale after their work, as if another process had been faster.
func (s *Store) LoseRaces(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.races = n
}

// Suspend suspends a tenant, or lifts that.
func (s *Store) Suspend(tenantID string, suspended bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.suspended == nil {
		s.suspended = map[string]bool{}
	}
	s.suspended[tenantID] = suspended
}

// Remove takes a user's membership of a tenant away.
func (s *Store) Remove(tenantID, userID string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.removed == nil {
		s.removed = map[[2]string]bool{}
	}
	s.removed[[2]string{tenantID, userID}] = true
}

// Fail makes everything fail with err from now on; nil ends that.
func (s *Store) Fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.down = err
}

// Do is ports.UnitOfWork.
func (s *Store) Do(ctx context.Context, fn func(ctx context.Context, tx ports.Tx) error) error {
	if err := s.failing(); err != nil {
		return err
	}
	if fn := s.due(); fn != nil {
		if err := s.UnitOfWork.Do(ctx, fn); err != nil {
			return err
		}
	}
	return s.UnitOfWork.Do(ctx, func(ctx context.Context, tx ports.Tx) error {
		if err := fn(ctx, s.wrap(tx)); err != nil {
			return err
		}
		return s.race()
	})
}

func (s *Store) due() func(ctx context.Context, tx ports.Tx) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.countdown--
	if s.countdown != 0 {
		return nil
	}
	return s.before
}

func (s *Store) race() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.races > 0 {
		s.races--
		return fault.ErrStale
	}
	return nil
}

// View is ports.UnitOfWork.
func (s *Store) View(ctx context.Context, fn func(ctx context.Context, tx ports.Tx) error) error {
	if err := s.failing(); err != nil {
		return err
	}
	return s.UnitOfWork.View(ctx, func(ctx context.Context, tx ports.Tx) error { return fn(ctx, s.wrap(tx)) })
}

// Look is ports.UnitOfWork.
func (s *Store) Look(ctx context.Context, fn func(ctx context.Context, tx ports.Tx) error) error {
	if err := s.failing(); err != nil {
		return err
	}
	return s.UnitOfWork.Look(ctx, func(ctx context.Context, tx ports.Tx) error { return fn(ctx, s.wrap(tx)) })
}

func (s *Store) failing() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.down
}

func (s *Store) wrap(tx ports.Tx) ports.Tx {
	tx.Tenants = tenants{TenantStore: tx.Tenants, store: s}
	tx.Standings = standings{StandingStore: tx.Standings, store: s}
	return tx
}

type tenants struct {
	ports.TenantStore
	store *Store
}

// ByID shows a suspension.
func (t tenants) ByID(ctx context.Context, id string) (identity.Tenant, error) {
	found, err := t.TenantStore.ByID(ctx, id)
	t.store.mu.Lock()
	defer t.store.mu.Unlock()
	found.Suspended = found.Suspended || t.store.suspended[id]
	return found, err
}

// Member hides a removed membership.
func (t tenants) Member(ctx context.Context, tenantID, userID string) (identity.Membership, error) {
	t.store.mu.Lock()
	gone := t.store.removed[[2]string{tenantID, userID}]
	t.store.mu.Unlock()
	if gone {
		return identity.Membership{}, fault.ErrNotFound
	}
	return t.TenantStore.Member(ctx, tenantID, userID)
}

// Memberships hides removed ones.
func (t tenants) Memberships(ctx context.Context, userID string) ([]identity.Membership, error) {
	all, err := t.TenantStore.Memberships(ctx, userID)
	t.store.mu.Lock()
	defer t.store.mu.Unlock()
	var left []identity.Membership
	for _, m := range all {
		if !t.store.removed[[2]string{m.TenantID, userID}] {
			left = append(left, m)
		}
	}
	return left, err
}

type standings struct {
	ports.StandingStore
	store *Store
}

// Of shows suspensions and hides removed memberships.
func (st standings) Of(ctx context.Context, sessionIDs []string) ([]ports.Standing, error) {
	list, err := st.StandingStore.Of(ctx, sessionIDs)
	st.store.mu.Lock()
	defer st.store.mu.Unlock()
	for i, found := range list {
		owner := found.Session.Snapshot()
		list[i].Suspended = found.Suspended || st.store.suspended[owner.TenantID]
		if st.store.removed[[2]string{owner.TenantID, owner.OwnerUserID}] {
			list[i].Role = ""
		}
	}
	return list, err
}
