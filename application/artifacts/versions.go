package artifacts

import (
	"context"
	"time"

	"github.com/symphainy/symphainy/domain/artifact"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/ports"
)

// Supersede takes the newest current artifact of the caller's own that the filter finds out of the current version, and gives it back as it
// is then; a snapshot without id if there is none. It stays readable: a new version only stands in front of it. The caller stores the new
// version, with the next number and this one as its parent version.
func Supersede(ctx context.Context, tx ports.Tx, scope identity.Scope, f ports.ArtifactFilter, now time.Time) (artifact.Snapshot, error) {
	f.States = AllStates()
	for offset := 0; ; {
		page, total, err := tx.Artifacts.List(ctx, scope, f, ports.Window{Limit: MaxWindow, Offset: offset})
		if err != nil {
			return artifact.Snapshot{}, err
		}
		for _, a := range page {
			if s := a.Snapshot(); s.Current && s.OwnerID == scope.OwnerID {
				a.Supersede(now)
				return a.Snapshot(), tx.Artifacts.Save(ctx, a)
			}
		}
		offset += len(page)
		if len(page) == 0 || int64(offset) >= total {
			return artifact.Snapshot{}, nil
		}
	}
}
