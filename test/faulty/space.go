package faulty

import (
	"context"

	"github.com/symphainy/symphainy/ports"
)

type spaceStore struct {
	faults *Store
	next   ports.SpaceStore
}

func (s spaceStore) Reserve(ctx context.Context, tenantID, fileID string, bytes, quota int64) error {
	if err := s.faults.strike("Space.Reserve"); err != nil {
		return err
	}
	return s.next.Reserve(ctx, tenantID, fileID, bytes, quota)
}

func (s spaceStore) Release(ctx context.Context, tenantID, fileID string) error {
	if err := s.faults.strike("Space.Release"); err != nil {
		return err
	}
	return s.next.Release(ctx, tenantID, fileID)
}

func (s spaceStore) Used(ctx context.Context, tenantID string) (int64, error) {
	return guard(s.faults, "Space.Used", func() (int64, error) { return s.next.Used(ctx, tenantID) })
}
