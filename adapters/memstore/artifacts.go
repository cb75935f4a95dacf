package memstore

import (
	"context"
	"slices"
	"time"

	"github.com/symphainy/symphainy/domain/artifact"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/ports"
)

type artifacts struct{ *txn }

func (s artifacts) Insert(ctx context.Context, a artifact.Artifact) error {
	if err := s.writes(ctx); err != nil {
		return err
	}
	row := a.Snapshot()
	if err := needTenant(row.TenantID); err != nil {
		return err
	}
	return s.st.artifacts.insert(row.ID, row)
}

// visible reports whether the scope sees the artifact, whatever its state: its owner's, or one shared with all of the tenant.
func visible(scope identity.Scope, row artifact.Snapshot) bool {
	shared := row.Sharing == artifact.TenantShared && row.TenantID == scope.TenantID && scope.OwnerID != ""
	return shared || sees(scope, row.TenantID, row.OwnerID, row.SessionID)
}

func (s artifacts) ByID(ctx context.Context, scope identity.Scope, id string) (artifact.Artifact, error) {
	if err := s.within(ctx, scope); err != nil {
		return artifact.Artifact{}, err
	}
	row, err := s.st.artifacts.get(id)
	if err != nil || row.State == artifact.Deleted || !visible(scope, row) {
		return artifact.Artifact{}, fault.ErrNotFound
	}
	return artifact.Restore(row), nil
}

// Lock is ByID: a transaction of this store is alone.
func (s artifacts) Lock(ctx context.Context, scope identity.Scope, id string) (artifact.Artifact, error) {
	return s.ByID(ctx, scope, id)
}

func (s artifacts) Save(ctx context.Context, a artifact.Artifact) error {
	if err := s.writes(ctx); err != nil {
		return err
	}
	version := func(row *artifact.Snapshot) *int { return &row.Version }
	return s.st.artifacts.save(a.ID(), a.Snapshot(), version, func(stored artifact.Snapshot, next *artifact.Snapshot) error {
		if stored.TenantID != next.TenantID {
			return fault.ErrNotFound
		}
		next.OwnerID = stored.OwnerID
		return nil
	})
}

func (s artifacts) List(ctx context.Context, scope identity.Scope, f ports.ArtifactFilter, w ports.Window) ([]artifact.Artifact, int64, error) {
	if err := s.within(ctx, scope); err != nil {
		return nil, 0, err
	}
	if len(f.States) == 0 {
		f.States = []artifact.State{artifact.Ready, artifact.Draft, artifact.Accepted}
	}
	rows := s.st.artifacts.find(
		func(row artifact.Snapshot) bool { return visible(scope, row) && wanted(row, f) },
		func(a, b artifact.Snapshot) int { return newestFirst(a.CreatedAt, b.CreatedAt, a.ID, b.ID) },
	)
	list := []artifact.Artifact{}
	for _, row := range cut(rows, w) {
		list = append(list, artifact.Restore(row))
	}
	return list, int64(len(rows)), nil
}

func (s artifacts) Rendered(ctx context.Context, types []string, before time.Time, limit int) ([]artifact.Artifact, error) {
	if err := s.reads(ctx); err != nil {
		return nil, err
	}
	rows := s.st.artifacts.find(
		func(row artifact.Snapshot) bool {
			return slices.Contains(types, row.Type) && row.Renderings != nil && row.State != artifact.Deleted && !row.CreatedAt.After(before)
		},
		func(a, b artifact.Snapshot) int { return oldestFirst(a.CreatedAt, b.CreatedAt, a.ID, b.ID) },
	)
	list := []artifact.Artifact{}
	for _, row := range cut(rows, ports.Window{Limit: limit}) {
		list = append(list, artifact.Restore(row))
	}
	return list, nil
}

func wanted(row artifact.Snapshot, f ports.ArtifactFilter) bool {
	return slices.Contains(f.States, row.State) &&
		(len(f.Types) == 0 || slices.Contains(f.Types, row.Type)) &&
		(f.SessionID == "" || row.SessionID == f.SessionID) &&
		(f.Name == "" || row.Name == f.Name) &&
		(f.Format == "" || row.Format == f.Format) &&
		(f.Profile == "" || row.Profile == f.Profile) &&
		(f.ParentID == "" || slices.Contains(row.Parents, f.ParentID)) &&
		(f.CreatedAfter.IsZero() || row.CreatedAt.After(f.CreatedAfter)) &&
		(f.CreatedBefore.IsZero() || row.CreatedAt.Before(f.CreatedBefore)) &&
		(f.MinSize == 0 || row.Size >= f.MinSize) &&
		(f.MaxSize == 0 || row.Size <= f.MaxSize)
}

type contracts struct{ *txn }

func (s contracts) Insert(ctx context.Context, c artifact.Contract) error {
	if err := s.writes(ctx); err != nil {
		return err
	}
	if err := needTenant(c.TenantID); err != nil {
		return err
	}
	return s.st.contracts.insert(c.ID, c)
}

func (s contracts) ByID(ctx context.Context, scope identity.Scope, id string) (artifact.Contract, error) {
	return s.first(ctx, scope, func(c artifact.Contract) bool { return c.ID == id })
}

func (s contracts) ByFile(ctx context.Context, scope identity.Scope, fileID string) (artifact.Contract, error) {
	return s.first(ctx, scope, func(c artifact.Contract) bool { return c.FileID == fileID })
}

func (s contracts) first(ctx context.Context, scope identity.Scope, match func(artifact.Contract) bool) (artifact.Contract, error) {
	if err := s.within(ctx, scope); err != nil {
		return artifact.Contract{}, err
	}
	return s.st.contracts.one(func(c artifact.Contract) bool {
		return match(c) && sees(scope, c.TenantID, c.OwnerID, c.SessionID)
	})
}

func (s contracts) Save(ctx context.Context, c artifact.Contract) error {
	if err := s.writes(ctx); err != nil {
		return err
	}
	version := func(c *artifact.Contract) *int { return &c.Version }
	return s.st.contracts.save(c.ID, c, version, func(stored artifact.Contract, next *artifact.Contract) error {
		if stored.TenantID != next.TenantID {
			return fault.ErrNotFound
		}
		next.OwnerID = stored.OwnerID
		return nil
	})
}

func (s contracts) Due(ctx context.Context, now, pendingBefore time.Time, limit int) ([]artifact.Contract, error) {
	if err := s.reads(ctx); err != nil {
		return nil, err
	}
	rows := s.st.contracts.find(
		func(c artifact.Contract) bool {
			return c.Status == artifact.ContractActive && !now.Before(c.ExpiresAt) ||
				c.Status == artifact.ContractPending && c.CreatedAt.Before(pendingBefore)
		},
		func(a, b artifact.Contract) int { return oldestFirst(a.CreatedAt, b.CreatedAt, a.ID, b.ID) },
	)
	return cut(rows, ports.Window{Limit: limit}), nil
}
