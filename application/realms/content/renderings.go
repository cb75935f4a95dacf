package content

import (
	"context"
	"errors"
	"fmt"

	"github.com/symphainy/symphainy/domain/artifact"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/ports"
)

// sweepRenderings removes the renderings of artifacts whose type only caches them, artifact.RenderingLife after the artifact was made. An
// artifact that somebody changes meanwhile keeps them until the next sweep.
func (r *Realm) sweepRenderings(ctx context.Context, report *SweepReport) error {
	types := r.Config.Results.Cached()
	for len(types) > 0 {
		now := r.Clock.Now()
		var due []artifact.Artifact
		err := r.UnitOfWork.View(ctx, func(ctx context.Context, tx ports.Tx) (err error) {
			due, err = tx.Artifacts.Rendered(ctx, types, now.Add(-artifact.RenderingLife), sweepBatch)
			return err
		})
		if err != nil {
			return err
		}
		removed := 0
		for _, a := range due {
			a.DropRenderings(now)
			err := r.UnitOfWork.Do(ctx, func(ctx context.Context, tx ports.Tx) error { return tx.Artifacts.Save(ctx, a) })
			switch {
			case err == nil:
				removed++
			case !errors.Is(err, fault.ErrStale) && !errors.Is(err, fault.ErrNotFound):
				report.Errors = append(report.Errors, fmt.Sprintf("renderings of %s: %v", a.ID(), err))
			}
		}
		report.RenderingsRemoved += removed
		// A batch of which nothing could be changed would come again.
		if len(due) < sweepBatch || removed == 0 {
			return nil
		}
	}
	return nil
}
