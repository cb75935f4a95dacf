package memstore

import (
	"context"

	"github.com/symphainy/symphainy/ports"
)

type space struct{ *txn }

// taken is the room that a file has.
type taken struct {
	TenantID string
	Bytes    int64
}

func (s space) Reserve(ctx context.Context, tenantID, fileID string, bytes, quota int64) error {
	if err := s.writes(ctx); err != nil {
		return err
	}
	used, err := s.Used(ctx, tenantID)
	if err != nil {
		return err
	}
	key := tuple(tenantID, fileID)
	if _, err := s.st.space.get(key); err == nil {
		return nil
	}
	if quota > 0 && used+bytes > quota {
		return ports.ErrQuota
	}
	return s.st.space.insert(key, taken{tenantID, bytes})
}

func (s space) Release(ctx context.Context, tenantID, fileID string) error {
	if err := s.writes(ctx); err != nil {
		return err
	}
	if err := needTenant(tenantID); err != nil {
		return err
	}
	s.st.space.remove(tuple(tenantID, fileID))
	return nil
}

func (s space) Used(ctx context.Context, tenantID string) (int64, error) {
	if err := s.ofTenant(ctx, tenantID); err != nil {
		return 0, err
	}
	var used int64
	for _, row := range s.st.space.rows() {
		if row.TenantID == tenantID {
			used += row.Bytes
		}
	}
	return used, nil
}
