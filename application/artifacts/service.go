package artifacts

import (
	"context"

	"github.com/symphainy/symphainy/domain/artifact"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/ports"
)

// Service reads artifacts for the Experience plane. It is safe for concurrent use.
type Service struct {
	uow   ports.UnitOfWork
	blobs ports.BlobStore
	clock ports.Clock
}

// New makes the service.
func New(uow ports.UnitOfWork, blobs ports.BlobStore, clock ports.Clock) *Service {
	return &Service{uow: uow, blobs: blobs, clock: clock}
}

// MaxWindow is the most that one page of a list holds.
const MaxWindow = 200

// Get finds an artifact by id or reference; unknown, foreign and deleted ones are fault.ErrNotFound.
func (s *Service) Get(ctx context.Context, scope identity.Scope, id string) (artifact.Snapshot, error) {
	return s.find(ctx, scope, "", id)
}

// List gives what the scope sees, newest first, and how many there are without the window. The limit is held to 1..MaxWindow.
func (s *Service) List(ctx context.Context, scope identity.Scope, f ports.ArtifactFilter, w ports.Window) (found []artifact.Snapshot, total int64, err error) {
	w.Limit, w.Offset = min(max(w.Limit, 1), MaxWindow), max(w.Offset, 0)
	err = s.uow.View(ctx, func(ctx context.Context, tx ports.Tx) error {
		list, n, err := tx.Artifacts.List(ctx, scope, f, w)
		found, total = snapshots(list), n
		return err
	})
	return found, total, err
}

// Resolve finds an artifact that can be worked with, or could be again: also archived and obsolete ones, but not one that is still
// pending or has failed. artifactType, if not empty, must be its type. All else is fault.ErrNotFound.
func (s *Service) Resolve(ctx context.Context, scope identity.Scope, artifactType, id string) (artifact.Snapshot, error) {
	found, err := s.find(ctx, scope, artifactType, id)
	if err != nil {
		return artifact.Snapshot{}, err
	}
	switch found.State {
	case artifact.Ready, artifact.Archived, artifact.Draft, artifact.Accepted, artifact.Obsolete:
		return found, nil
	case artifact.Pending, artifact.Failed, artifact.Deleted:
	}
	return artifact.Snapshot{}, fault.ErrNotFound
}

func (s *Service) find(ctx context.Context, scope identity.Scope, artifactType, id string) (found artifact.Snapshot, err error) {
	err = s.uow.View(ctx, func(ctx context.Context, tx ports.Tx) error {
		a, err := Find(ctx, tx, scope, artifactType, id)
		found = a.Snapshot()
		return err
	})
	return found, err
}

func snapshots(list []artifact.Artifact) []artifact.Snapshot {
	out := make([]artifact.Snapshot, len(list))
	for i, a := range list {
		out[i] = a.Snapshot()
	}
	return out
}
