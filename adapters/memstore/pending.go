package memstore

import (
	"context"
	"slices"

	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/domain/intent"
	"github.com/symphainy/symphainy/ports"
)

type pendingIntents struct{ *txn }

func (s pendingIntents) Insert(ctx context.Context, p intent.Pending) error {
	if err := s.writes(ctx); err != nil {
		return err
	}
	if err := needTenant(p.TenantID); err != nil {
		return err
	}
	return s.st.pending.insert(p.ID, p)
}

func (s pendingIntents) ByID(ctx context.Context, scope identity.Scope, id string) (intent.Pending, error) {
	if err := s.within(ctx, scope); err != nil {
		return intent.Pending{}, err
	}
	p, err := s.st.pending.get(id)
	if err != nil || !sees(scope, p.TenantID, p.OwnerID, p.SessionID) {
		return intent.Pending{}, fault.ErrNotFound
	}
	return p, nil
}

func (s pendingIntents) Save(ctx context.Context, p intent.Pending) error {
	if err := s.writes(ctx); err != nil {
		return err
	}
	version := func(p *intent.Pending) *int { return &p.Version }
	return s.st.pending.save(p.ID, p, version, func(stored intent.Pending, next *intent.Pending) error {
		if stored.TenantID != next.TenantID {
			return fault.ErrNotFound
		}
		next.OwnerID = stored.OwnerID
		return nil
	})
}

func (s pendingIntents) List(ctx context.Context, scope identity.Scope, f ports.PendingFilter, w ports.Window) ([]intent.Pending, int64, error) {
	if err := s.within(ctx, scope); err != nil {
		return nil, 0, err
	}
	rows := s.st.pending.find(
		func(p intent.Pending) bool {
			return sees(scope, p.TenantID, p.OwnerID, p.SessionID) &&
				(f.TargetArtifactID == "" || p.TargetArtifactID == f.TargetArtifactID) &&
				(f.Type == "" || p.Type == f.Type) &&
				(len(f.Status) == 0 || slices.Contains(f.Status, p.Status))
		},
		func(a, b intent.Pending) int { return oldestFirst(a.CreatedAt, b.CreatedAt, a.ID, b.ID) },
	)
	return cut(rows, w), int64(len(rows)), nil
}
