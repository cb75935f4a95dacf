package gormstore

import (
	"context"
	"errors"

	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/ports"
)

type space struct{ t *transaction }

var _ ports.SpaceStore = space{}

// spaceLock is the first half of the advisory locks under which reservations of a tenant follow each other on PostgreSQL; the second is
// the tenant. SQLite has one writer.
const spaceLock = 0x73796d73

type bytesRow struct {
	Bytes int64 `gorm:"column:bytes"`
}

func (s space) Reserve(ctx context.Context, tenantID, fileID string, bytes, quota int64) error {
	if err := s.t.in(ctx, tenantID); err != nil {
		return err
	}
	if !s.t.sqlite {
		if _, err := s.t.exec(ctx, "SELECT pg_advisory_xact_lock(?, hashtext(?))", spaceLock, tenantID); err != nil {
			return err
		}
	}
	_, err := one[bytesRow](ctx, s.t, "SELECT bytes FROM file_space WHERE tenant_id = ? AND file_id = ?", tenantID, fileID)
	if !errors.Is(err, fault.ErrNotFound) {
		return err
	}
	used, err := s.Used(ctx, tenantID)
	if err != nil {
		return err
	}
	if quota > 0 && used+bytes > quota {
		return ports.ErrQuota
	}
	_, err = s.t.exec(ctx, "INSERT INTO file_space (tenant_id, file_id, bytes) VALUES (?, ?, ?)", tenantID, fileID, bytes)
	return err
}

func (s space) Release(ctx context.Context, tenantID, fileID string) error {
	if err := s.t.in(ctx, tenantID); err != nil {
		return err
	}
	_, err := s.t.exec(ctx, "DELETE FROM file_space WHERE tenant_id = ? AND file_id = ?", tenantID, fileID)
	return err
}

func (s space) Used(ctx context.Context, tenantID string) (int64, error) {
	if err := s.t.in(ctx, tenantID); err != nil {
		return 0, err
	}
	row, err := one[bytesRow](ctx, s.t, "SELECT CAST(COALESCE(SUM(bytes), 0) AS BIGINT) AS bytes FROM file_space WHERE tenant_id = ?", tenantID)
	return row.Bytes, err
}
